/** Whether a browser can do what the calls need at all: two peer connections in one page, and the tone at the far end. */
import type { Page } from 'playwright-core';

/** The frequency that was heard; run on a page of a secure origin. */
export function loopback(page: Page): Promise<{ frequency: number; level: number; state: string }> {
  return page.evaluate(async () => {
    const context = new AudioContext();
    await context.resume();
    const near = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: false, noiseSuppression: false },
    });
    const a = new RTCPeerConnection();
    const b = new RTCPeerConnection();
    a.onicecandidate = ({ candidate }) => void (candidate && b.addIceCandidate(candidate));
    b.onicecandidate = ({ candidate }) => void (candidate && a.addIceCandidate(candidate));
    const heard = new Promise<MediaStream>((resolve) => {
      b.ontrack = ({ streams }) => streams[0] && resolve(streams[0]);
    });
    for (const track of near.getTracks()) a.addTrack(track, near);
    await a.setLocalDescription();
    if (a.localDescription) await b.setRemoteDescription(a.localDescription);
    await b.setLocalDescription();
    if (b.localDescription) await a.setRemoteDescription(b.localDescription);
    const far = await heard;
    const player = new Audio();
    player.srcObject = far;
    await player.play();
    const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0.5 });
    context.createMediaStreamSource(far).connect(analyser);
    const bins = new Float32Array(analyser.frequencyBinCount);
    let best = 0;
    for (let tries = 0; tries < 60; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      analyser.getFloatFrequencyData(bins);
      best = bins.reduce((top, value, at) => (value > (bins[top] ?? 0) ? at : top), 1);
      if (tries > 10 && (bins[best] ?? -200) > -50) break;
    }
    const frequency = Math.round((best * context.sampleRate) / analyser.fftSize);
    const result = { frequency, level: Math.round(bins[best] ?? -200), state: a.iceConnectionState };
    a.close();
    b.close();
    for (const track of near.getTracks()) track.stop();
    await context.close();
    return result;
  });
}
