import { expect, test } from 'vitest';
import {
  faultOf,
  type Host,
  isDeaf,
  type Live,
  provider,
  refusal,
  roundTrip,
  shortHost,
  since,
  standing,
  type Trunk,
  withSample,
} from './trunk';

const NOW = Date.parse('2026-11-22T10:00:00Z');
const host = (more: Partial<Host> = {}): Host => ({
  host: 'sip:192.0.2.10:5060;transport=udp',
  state: 'up',
  since: '2026-11-22T09:00:00Z',
  options: true,
  last_sip_code: 200,
  fault: null,
  rtt_ms: 12,
  registered_until: null,
  register_sip_code: null,
  ...more,
});
const live = (hosts: Host[], more: Partial<Live> = {}): Live => ({
  state: 'up',
  registered_until: '2026-11-22T10:30:00Z',
  registers: true,
  calls_in: 0,
  calls_out: 0,
  channels: null,
  hosts,
  ...more,
});
const trunk = (live: Live | null, enabled = true): Trunk => ({
  organisation: 'default',
  name: 'voys',
  preset: 'voipgrid',
  enabled,
  numbers: {},
  live,
});

test.each<[string, Trunk, string]>([
  ['registered, its host up', trunk(live([host()])), 'up'],
  ['without registration', trunk(live([host()], { registers: false, registered_until: null })), 'up'],
  ['never registered', trunk(live([host()], { registered_until: null })), 'attention'],
  ['registered no longer', trunk(live([host()], { registered_until: '2026-11-22T09:59:59Z' })), 'attention'],
  ['one host of two down', trunk(live([host(), host({ state: 'down' })])), 'attention'],
  ['all down', trunk(live([host({ state: 'down' })], { state: 'down' })), 'down'],
  ['too little heard', trunk(live([host({ state: 'unknown' })], { state: 'unknown' })), 'unknown'],
  ['the PBX says nothing of it', trunk(null), 'unheard'],
  ['disabled', trunk(null, false), 'off'],
])('how a trunk stands: %s', (_, trunk, expected) => {
  expect(standing(trunk, NOW)).toBe(expected);
});

test('a trunk that is up and not registered at is deaf, and says what the last attempt came to', () => {
  const refused = live([host(), host({ register_sip_code: 403 })], { registered_until: null });
  expect([isDeaf(refused, NOW), refusal(refused)]).toEqual([true, 403]);
  expect([isDeaf(live([host()]), NOW), refusal(live([host()]))]).toEqual([false, null]);
  expect(isDeaf({ ...refused, registers: false }, NOW)).toBe(false);
  expect(isDeaf({ ...refused, state: 'down' }, NOW)).toBe(false);
});

test('a trunk is up since its first host is, and down since its last', () => {
  const at = (time: string, state: string) => host({ since: `2026-11-22T${time}Z`, state });
  const time = (live: Live) => since(live)?.toISOString().slice(11, 16);
  expect(time(live([at('08:00:00', 'up'), at('07:00:00', 'up'), at('06:00:00', 'down')]))).toBe('07:00');
  expect(time(live([at('08:00:00', 'down'), at('09:00:00', 'down')], { state: 'down' }))).toBe('09:00');
  expect(since(live([]))).toBeNull();
  expect(since(live([host({ since: 'gisteren' })]))).toBeNull();
});

test('why a host is down', () => {
  expect(faultOf(host({ fault: 'silent', last_sip_code: null }))).toBe('silent');
  expect(faultOf(host({ fault: 'no_address', last_sip_code: null }))).toBe('no_address');
  expect(faultOf(host({ fault: 'status', last_sip_code: 503 }))).toBe('status');
  expect(faultOf(host({ fault: 'a word of a later server', last_sip_code: null }))).toBe('other');
});

test('the round trip is of the first host that is not down', () => {
  expect(roundTrip(live([host({ state: 'down' }), host({ rtt_ms: 30 })]))).toBe(30);
  expect(roundTrip(live([host({ rtt_ms: null })]))).toBeNull();
});

test('samples are the last forty that differ from the one before', () => {
  let samples: readonly number[] = [];
  for (const ms of [1, 1, null, 2, 1]) samples = withSample(samples, ms);
  expect(samples).toEqual([1, 2, 1]);
  for (let ms = 0; ms < 100; ms += 1) samples = withSample(samples, ms);
  expect([samples.length, samples.at(-1)]).toEqual([40, 99]);
});

test('hosts and providers as a person knows them', () => {
  expect(shortHost('sips:sip.example.net:5061;transport=tls')).toBe('sip.example.net:5061');
  expect(provider('voipgrid')).toBe('VoIPGRID (Voys)');
  expect(provider('eigen')).toBe('eigen');
});
