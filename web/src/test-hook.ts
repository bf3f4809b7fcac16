/** What the browser tests may see and do, on a page that is opened with `?test`; nobody else gets it. */
import type { Command, SharedPhone } from './phone/shared';
import type { PhoneView } from './phone/state';

export interface Heard {
  /** The loudest frequency, in Hz, and its level in dB of full scale. */
  readonly frequency: number;
  readonly level: number;
}

export interface TestHook {
  view(): PhoneView;
  do(...command: Command): void;
  /** What comes in now; null while there is no stream. */
  heard(): Promise<Heard | null>;
}

declare global {
  interface Window {
    kiestoonTest?: TestHook;
  }
}

export function underTest(): boolean {
  return new URLSearchParams(location.search).has('test');
}

export function offerTestHook(phone: SharedPhone, stream: () => MediaStream | null): void {
  if (!underTest()) return;
  let listening: { stream: MediaStream; analyser: AnalyserNode } | null = null;
  window.kiestoonTest = {
    view: () => phone.view,
    do: (...command) => phone.do(...command),
    async heard() {
      const now = stream();
      if (!now?.getAudioTracks().length) return null;
      if (listening?.stream !== now) listening = { stream: now, analyser: await analyserOf(now) };
      return loudest(listening.analyser);
    },
  };
}

async function analyserOf(stream: MediaStream): Promise<AnalyserNode> {
  const context = new AudioContext();
  await context.resume();
  const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0.5 });
  context.createMediaStreamSource(stream).connect(analyser);
  return analyser;
}

function loudest(analyser: AnalyserNode): Heard {
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  let best = 1;
  for (let bin = 2; bin < bins.length; bin += 1) if ((bins[bin] ?? 0) > (bins[best] ?? 0)) best = bin;
  const frequency = Math.round((best * analyser.context.sampleRate) / analyser.fftSize);
  return { frequency, level: Math.round(bins[best] ?? -200) };
}
