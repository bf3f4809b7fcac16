/** How a call sounds now: two readings of getStats, a second or more apart, become one figure. */
import { mos } from './mos';

export interface Quality {
  readonly rttMs: number;
  readonly jitterMs: number;
  /** Of the packets since the reading before, 0 to 1. */
  readonly loss: number;
  readonly codec: string;
  readonly mos: number;
  /** Packets heard since the reading before; none for long means silence, not peace. */
  readonly received: number;
}

/** What one reading says; counters run from the start of the call. */
export interface Reading {
  readonly received: number;
  readonly lost: number;
  readonly jitterMs: number;
  readonly rttMs: number;
  readonly codec: string;
}

type Row = Readonly<Record<string, unknown>>;

/** Reads the figures of the audio that comes in; null while there are none. */
export function read(report: { forEach(visit: (row: Row) => void): void }): Reading | null {
  const rows = new Map<string, Row>();
  let inbound: Row | null = null;
  let pair: Row | null = null;
  let remote: Row | null = null;
  report.forEach((row) => {
    rows.set(String(row['id']), row);
    if (row['type'] === 'inbound-rtp' && row['kind'] === 'audio') inbound = row;
    if (row['type'] === 'remote-inbound-rtp' && row['kind'] === 'audio') remote = row;
    if (row['type'] === 'candidate-pair' && row['nominated'] === true && row['state'] === 'succeeded') pair = row;
  });
  if (!inbound) return null;
  const mime = String(rows.get(String(inbound['codecId']))?.['mimeType'] ?? '');
  return {
    received: figure(inbound['packetsReceived']),
    lost: Math.max(0, figure(inbound['packetsLost'])),
    jitterMs: 1000 * figure(inbound['jitter']),
    rttMs: 1000 * (figure(pair?.['currentRoundTripTime']) || figure(remote?.['roundTripTime'])),
    codec: mime.split('/')[1] ?? '',
  };
}

/** What lies between two readings. A renegotiation may start the counters anew: then the second stands alone. */
export function between(before: Reading | null, now: Reading): Quality {
  const base = before && now.received >= before.received && now.lost >= before.lost ? before : null;
  const received = now.received - (base?.received ?? 0);
  const lost = now.lost - (base?.lost ?? 0);
  const loss = received + lost > 0 ? lost / (received + lost) : 0;
  const { rttMs, jitterMs, codec } = now;
  return { rttMs, jitterMs, loss, codec, received, mos: mos({ rttMs, jitterMs, loss, codec }) };
}

/** In words: where people begin to notice, to complain, and to give up (G.107 table B.1, in MOS). */
export function verdict(score: number): 'good' | 'fair' | 'poor' | 'bad' {
  if (score >= 4) return 'good';
  if (score >= 3.6) return 'fair';
  return score >= 3.1 ? 'poor' : 'bad';
}

function figure(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
