import { expect, test } from 'vitest';
import { mos, mosOfRating } from './mos';

const perfect = { rttMs: 20, jitterMs: 1, loss: 0, codec: 'opus' };

test('a clean short line is as good as it gets', () => {
  expect(mos(perfect)).toBeGreaterThan(4.3);
  expect(mos(perfect)).toBeLessThanOrEqual(4.5);
});

test('loss, delay and jitter each make it worse, and never better', () => {
  for (const worse of [{ loss: 0.05 }, { rttMs: 600 }, { jitterMs: 120 }]) {
    expect(mos({ ...perfect, ...worse })).toBeLessThan(mos(perfect) - 0.1);
  }
  let last = 5;
  for (let loss = 0; loss <= 1; loss += 0.02) {
    const now = mos({ ...perfect, loss });
    expect(now).toBeLessThanOrEqual(last);
    last = now;
  }
});

test('figures of G.107 annex B', () => {
  expect(mosOfRating(93.2)).toBeCloseTo(4.41, 2);
  expect(mosOfRating(80)).toBeCloseTo(4.02, 2);
  expect(mosOfRating(50)).toBeCloseTo(2.58, 2);
  expect(mosOfRating(-5)).toBe(1);
  expect(mosOfRating(120)).toBe(4.5);
});

test('nonsense from a browser stays within the scale', () => {
  for (const bad of [Number.NaN, Infinity, -1]) {
    const score = mos({ rttMs: bad, jitterMs: bad, loss: bad, codec: '' });
    expect(score).toBeGreaterThanOrEqual(1);
    expect(score).toBeLessThanOrEqual(4.5);
  }
});
