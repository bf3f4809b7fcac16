import { expect, test } from 'vitest';
import { between, read, verdict } from './quality';

const rows = (received: number, lost: number) =>
  new Map(
    [
      {
        id: 'in',
        type: 'inbound-rtp',
        kind: 'audio',
        codecId: 'c',
        packetsReceived: received,
        packetsLost: lost,
        jitter: 0.004,
      },
      { id: 'c', type: 'codec', mimeType: 'audio/opus' },
      { id: 'p', type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: 0.03 },
      { id: 'x', type: 'candidate-pair', nominated: false, state: 'succeeded', currentRoundTripTime: 9 },
    ].map((row) => [row.id, row]),
  );

test('reads what getStats says of the audio that comes in', () => {
  expect(read(rows(100, 3))).toEqual({ received: 100, lost: 3, jitterMs: 4, rttMs: 30, codec: 'opus' });
  expect(read(new Map())).toBeNull();
});

test('loss counts from the last reading, and anew where the counters did', () => {
  const first = read(rows(100, 0));
  const second = read(rows(140, 10));
  const fresh = read(rows(9, 1));
  if (!first || !second || !fresh) throw new Error('no reading');
  expect(between(first, second)).toMatchObject({ received: 40, loss: 0.2 });
  expect(between(second, fresh)).toMatchObject({ received: 9, loss: 0.1 });
});

test('a score in words', () => {
  expect([4.3, 3.7, 3.2, 2].map(verdict)).toEqual(['good', 'fair', 'poor', 'bad']);
});
