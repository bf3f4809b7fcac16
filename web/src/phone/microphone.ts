/** The microphone: which one, and why there is none. */
import { failureOfMicrophone, PhoneError } from './failures';

/** Opens the chosen microphone, or any other where that one is gone. Throws a PhoneError. */
export async function openMicrophone(deviceId: string | null): Promise<MediaStream> {
  const media = navigator.mediaDevices as MediaDevices | undefined;
  if (!media?.getUserMedia) throw new PhoneError({ code: 'insecure_page' });
  try {
    return await media.getUserMedia({ audio: constraints(deviceId), video: false });
  } catch (error) {
    const failure = failureOfMicrophone(error);
    if (failure.code === 'no_microphone' && deviceId) return openMicrophone(null);
    throw new PhoneError(failure);
  }
}

function constraints(deviceId: string | null): MediaTrackConstraints {
  const voice = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  return deviceId ? { ...voice, deviceId: { exact: deviceId } } : voice;
}
