import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Backoff, realTimer } from './backoff';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('waits 1, 2, 4, 8, 16, 30, 30 seconds, and 1 again after it worked', () => {
  const at: number[] = [];
  const start = Date.now();
  const backoff: Backoff = new Backoff(
    () => {
      at.push(Date.now() - start);
      if (at.length < 7) backoff.failed();
    },
    realTimer,
    () => 1,
  );
  backoff.failed();
  vi.advanceTimersByTime(200_000);
  expect(at).toEqual([1000, 3000, 7000, 15_000, 31_000, 61_000, 91_000]);
  backoff.succeeded();
  backoff.failed();
  vi.advanceTimersByTime(1000);
  expect(at).toHaveLength(8);
});

test('spreads clients over the half of each wait', () => {
  const attempt = vi.fn();
  const backoff = new Backoff(attempt, realTimer, () => 0);
  backoff.failed();
  vi.advanceTimersByTime(499);
  expect(attempt).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(attempt).toHaveBeenCalledOnce();
});

test('goes at once where the network comes back, and only if it was waiting', () => {
  const attempt = vi.fn();
  const backoff = new Backoff(attempt);
  backoff.hurry();
  expect(attempt).not.toHaveBeenCalled();
  backoff.failed();
  backoff.hurry();
  vi.advanceTimersByTime(60_000);
  expect(attempt).toHaveBeenCalledOnce();
});
