/** The microphone: which one, and why there is none. */
import { failureOfMicrophone, PhoneError } from './failures';

/**
 * Opens the chosen microphone, or any other where that one is gone. Throws a PhoneError. `processed`: without echo and
 * noise, which also takes a test's steady tone for noise.
 */
export async function openMicrophone(deviceId: string | null, processed = true): Promise<MediaStream> {
  const media = navigator.mediaDevices as MediaDevices | undefined;
  if (!media?.getUserMedia) throw new PhoneError({ code: 'insecure_page' });
  try {
    return await media.getUserMedia({ audio: constraints(deviceId, processed), video: false });
  } catch (error) {
    const failure = failureOfMicrophone(error);
    if (failure.code === 'no_microphone' && deviceId) return openMicrophone(null, processed);
    throw new PhoneError(failure);
  }
}

function constraints(deviceId: string | null, on: boolean): MediaTrackConstraints {
  const voice = { echoCancellation: on, noiseSuppression: on, autoGainControl: on };
  return deviceId ? { ...voice, deviceId: { exact: deviceId } } : voice;
}
