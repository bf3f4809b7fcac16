/** An estimate of how a call sounds, by the E-model (ITU-T G.107), from what getStats measures. Pure. */

/** Equipment impairment and robustness against loss (G.113 appendix I; Opus and G.722 by their published fits). */
const CODECS: Readonly<Record<string, { ie: number; bpl: number }>> = {
  opus: { ie: 0, bpl: 20 },
  g722: { ie: 0, bpl: 18 },
  pcma: { ie: 0, bpl: 25.1 },
  pcmu: { ie: 0, bpl: 25.1 },
};

export interface Measured {
  readonly rttMs: number;
  readonly jitterMs: number;
  /** Of the packets of the last seconds, 0 to 1. */
  readonly loss: number;
  /** As in the SDP; an unknown one is taken for G.711. */
  readonly codec: string;
}

/** Mean opinion score, 1.0 (unusable) to 4.5 (as good as it gets). */
export function mos({ rttMs, jitterMs, loss, codec }: Measured): number {
  const { ie, bpl } = CODECS[codec.toLowerCase()] ?? { ie: 0, bpl: 25.1 };
  // One way: half the round trip, a jitter buffer of twice the jitter, and what coding itself takes.
  const delay = bounded(rttMs / 2, 0, 5000) + 2 * bounded(jitterMs, 0, 1000) + 20;
  const percent = 100 * bounded(loss, 0, 1);
  return mosOfRating(BASE - delayImpairment(delay) - (ie + (95 - ie) * (percent / (percent + bpl))));
}

/** G.107 annex B. */
export function mosOfRating(rating: number): number {
  if (!(rating > 0)) return 1;
  if (rating >= 100) return 4.5;
  return bounded(1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6, 1, 4.5);
}

/** Id, simplified as by Cole and Rosenbluth: the knee lies where talk begins to collide. */
function delayImpairment(ms: number): number {
  return 0.024 * ms + (ms > 177.3 ? 0.11 * (ms - 177.3) : 0);
}

function bounded(value: number, low: number, high: number): number {
  return Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : low;
}

/** R with all other impairments at their defaults. */
const BASE = 93.2;
