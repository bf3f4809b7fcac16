import { expect, test } from 'vitest';
import { failureOfMicrophone, failureOfStatus } from './failures';
import { ParkingSpace, replacesHeader } from './parked';
import { after, isLive } from './state';

test('a call goes out, rings, talks, is held and ends', () => {
  let state = after('idle', 'dial');
  for (const event of ['progress', 'progress', 'answered', 'held', 'resumed', 'over'] as const) {
    expect(state).not.toBeNull();
    state = after(state ?? 'idle', event);
  }
  expect(state).toBe('ended');
  expect(after('ended', 'dial')).toBe('connecting');
});

test('what comes late changes nothing', () => {
  expect(after('ended', 'answered')).toBeNull();
  expect(after('failed', 'over')).toBeNull();
  expect(after('active', 'progress')).toBeNull();
  expect(after('idle', 'over')).toBeNull();
  expect(['connecting', 'ringing', 'incoming', 'active', 'held'].every((state) => isLive(state as 'active'))).toBe(
    true,
  );
});

test('SIP codes and microphone errors have reasons of their own', () => {
  const codes = [486, 600, 404, 603, 408, 480, 403, 488, 503, 599].map((status) => failureOfStatus(status)?.code);
  expect(codes).toEqual([
    'busy',
    'busy',
    'not_found',
    'rejected',
    'no_answer',
    'unavailable',
    'not_allowed',
    'media',
    'overloaded',
    'overloaded',
  ]);
  expect(failureOfStatus(487)).toBeNull();
  expect(failureOfStatus(499, 'Odd')).toEqual({ code: 'unknown', detail: '499 Odd' });
  const named = (name: string) => failureOfMicrophone(Object.assign(new Error('x'), { name })).code;
  expect(['NotFoundError', 'NotAllowedError', 'NotReadableError'].map(named)).toEqual([
    'no_microphone',
    'microphone_refused',
    'microphone_busy',
  ]);
});

test('a parked call is found by its owner for 60 seconds; the tags are turned round (RFC 3891)', () => {
  const kept = new Map<string, string>();
  const space = new ParkingSpace({
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  });
  const dialog = { callId: 'c', localTag: 'l', remoteTag: 'r' };
  const call = {
    dialog,
    direction: 'outbound',
    number: '201',
    name: '',
    muted: false,
    answeredAt: 5,
    uri: 'sip:200@x',
    seenAt: 1000,
  } as const;
  space.keep(call);
  expect(space.find('sip:200@x', 60_999)).toEqual(call);
  expect(space.find('sip:200@x', 61_000)).toBeNull();
  space.keep(call);
  expect(space.find('sip:201@x', 2000)).toBeNull();
  expect(kept.size).toBe(0);
  kept.set('kiestoon.call', '{');
  expect(space.find(null, 0)).toBeNull();
  expect(replacesHeader(dialog)).toBe('Replaces: c;to-tag=r;from-tag=l');
});
