import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { SipToken } from '../api';
import { PhoneError } from './failures';
import { Phone } from './phone';
import type { Leg, LegEvents, SignallingEvents } from './signalling';

/** A SIP stack that does as the test says. */
class FakeLeg implements Leg {
  events: LegEvents | null = null;
  readonly did: string[] = [];
  constructor(
    readonly number: string,
    readonly name = '',
    readonly headers: readonly string[] = [],
  ) {}
  listen(events: LegEvents): void {
    this.events = events;
  }
  answer = () => void this.did.push('answer');
  end = (status?: number) => void this.did.push(`end ${status ?? ''}`.trim());
  mute = (on: boolean) => void this.did.push(`mute ${on}`);
  hold = () => true;
  sendDigit = (digit: string) => void this.did.push(`digit ${digit}`);
  transfer = async () => true;
  restartIce = () => this.did.push('restart') > 0;
  replaceMicrophone = async () => undefined;
  statistics = async () => null;
  dialog = () => ({ callId: 'c', localTag: 'l', remoteTag: 'r' });
}

const token: SipToken = {
  username: '1:201',
  password: 'p',
  uri: 'sip:201@x',
  display_name: '',
  ttl: 3600,
  ice_servers: [],
};
const track = { stop: vi.fn() };
const microphone = () =>
  Promise.resolve({ getTracks: () => [track], getAudioTracks: () => [track] } as unknown as MediaStream);
const kept = new Map<string, string>();
let events: SignallingEvents;
let legs: FakeLeg[];
let stack: Record<'start' | 'connect' | 'probe' | 'stop' | 'renew', ReturnType<typeof vi.fn>>;
let fetchToken: ReturnType<typeof vi.fn>;

async function phone(mic = microphone, online = true): Promise<Phone> {
  const made = new Phone({
    api: { token: fetchToken as never, config: async () => ({ ws_url: 'ws://x/sip', realm: 'x', domain: 'x' }) },
    signalling: (_url, _token, heard) => {
      events = heard;
      return {
        ...stack,
        call: (to: string, _mic: MediaStream, headers?: readonly string[]) =>
          legs[legs.push(new FakeLeg(to, '', headers)) - 1],
      } as never;
    },
    microphone: mic,
    storage: {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
      removeItem: (key) => void kept.delete(key),
    },
    changed: () => undefined,
    sound: () => undefined,
    random: () => 1,
    online: () => online,
  });
  await made.start();
  await settled();
  return made;
}

const settled = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  kept.clear();
  legs = [];
  stack = { start: vi.fn(), connect: vi.fn(), probe: vi.fn((alive) => alive?.()), stop: vi.fn(), renew: vi.fn() };
  fetchToken = vi.fn(async () => token);
});
afterEach(() => void vi.useRealTimers());

async function talking(): Promise<Phone> {
  const made = await phone();
  events.registered();
  made.call('202');
  await settled();
  legs[0]?.events?.progress();
  legs[0]?.events?.answered();
  return made;
}

test('registers, calls, talks, sends digits and hangs up', async () => {
  const made = await talking();
  expect(made.view).toMatchObject({ registration: 'registered', call: { state: 'active', number: '202' } });
  made.digit('5');
  made.mute(true);
  made.hangUp();
  expect(legs[0]?.did).toEqual(['digit 5', 'mute true', 'end']);
  expect(made.view.call?.state).toBe('ended');
  expect(track.stop).toHaveBeenCalled();
  expect(kept.size).toBe(0);
});

test('credentials are renewed before they end, and given to the stack', async () => {
  await phone();
  events.registered();
  await vi.advanceTimersByTimeAsync(3600 * 0.8 * 1000);
  expect(fetchToken).toHaveBeenCalledTimes(2);
  expect(stack['renew']).toHaveBeenCalledWith(token);
});

test('a refused token is fetched anew once, then a person hears of it', async () => {
  const made = await phone();
  events.registrationFailed(403);
  await settled();
  expect(stack['renew']).toHaveBeenCalledOnce();
  events.registrationFailed(403);
  expect(made.view).toMatchObject({ registration: 'failed', failure: { code: 'registration_refused' } });
});

test('who has no extension is told, and nothing is tried again', async () => {
  fetchToken.mockRejectedValue(new PhoneError({ code: 'no_extension' }));
  const made = await phone();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(made.view.failure?.code).toBe('no_extension');
  expect(fetchToken).toHaveBeenCalledOnce();
});

test('a lost line is tried again with its back-off, at once where the network comes back, and the sound gets a new path', async () => {
  const made = await talking();
  events.disconnected();
  expect(made.view.registration).toBe('waiting');
  made.woken();
  expect(stack['connect']).toHaveBeenCalledOnce();
  events.registered();
  expect(legs[0]?.did).toEqual(['restart']);
});

test('a path that broke is looked for until there is one, but not over a line that is silent', async () => {
  const made = await talking();
  const ice = (state: RTCIceConnectionState) => legs[0]?.events?.iceState(state);
  ice('connected');
  stack['probe'].mockImplementation(() => undefined);
  ice('disconnected');
  await vi.advanceTimersByTimeAsync(4000);
  expect([made.view.call?.reconnecting, legs[0]?.did]).toEqual([true, []]);
  stack['probe'].mockImplementation((alive) => alive?.());
  events.disconnected();
  events.registered();
  expect(legs[0]?.did).toEqual(['restart']);
  ice('checking');
  ice('failed');
  await vi.advanceTimersByTimeAsync(3000);
  expect(legs[0]?.did).toEqual(['restart', 'restart']);
  ice('connected');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(legs[0]?.did).toEqual(['restart', 'restart']);
  expect(made.view.call).toMatchObject({ state: 'active', reconnecting: false });
});

test('a path that does not come back is given up once the PBX has done so', async () => {
  const made = await talking();
  legs[0]?.events?.iceState('connected');
  legs[0]?.events?.iceState('disconnected');
  await vi.advanceTimersByTimeAsync(89_000);
  expect(made.view.call).toMatchObject({ state: 'active', reconnecting: true });
  await vi.advanceTimersByTimeAsync(1000);
  expect(made.view.call).toMatchObject({ state: 'failed', failure: { code: 'call_lost' } });
  expect(legs[0]?.did.at(-1)).toBe('end');
});

test('a call that never had a path says that no sound gets through', async () => {
  const made = await talking();
  legs[0]?.events?.iceState('checking');
  legs[0]?.events?.iceState('failed');
  expect(made.view.call).toMatchObject({ state: 'failed', failure: { code: 'media' } });
  expect(legs[0]?.did).toEqual(['end']);
});

test('a call that broke with its line is taken up by Replaces; after 60 s it is given up', async () => {
  const made = await talking();
  const answeredAt = made.view.call?.answeredAt;
  events.disconnected();
  legs[0]?.events?.ended({ by: 'local', status: 0, reason: '', lost: true });
  expect(made.view.call).toMatchObject({ state: 'active', reconnecting: true });
  await vi.advanceTimersByTimeAsync(5000);
  events.registered();
  await settled();
  expect(legs[1]?.headers).toEqual(['Replaces: c;to-tag=r;from-tag=l', 'Require: replaces']);
  legs[1]?.events?.answered();
  expect(made.view.call).toMatchObject({ state: 'active', reconnecting: false, answeredAt });
  events.disconnected();
  legs[1]?.events?.ended({ by: 'local', status: 0, reason: '', lost: true });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(made.view.call).toMatchObject({ state: 'failed', failure: { code: 'call_lost' } });
});

test('the next page takes up the call of the one before it', async () => {
  await talking();
  const next = await phone();
  expect(next.view.call).toMatchObject({ state: 'active', reconnecting: true, number: '202' });
  events.registered();
  await settled();
  expect(legs[1]?.headers[0]).toMatch(/^Replaces: c;/);
});

test('a call comes in, a second one hears busy, and it is rejected with 603', async () => {
  const made = await phone();
  events.registered();
  const [first, second] = [new FakeLeg('202', 'Piet'), new FakeLeg('203')];
  events.incoming(first);
  events.incoming(second);
  expect(second.did).toEqual(['end 486']);
  expect(made.view.call).toMatchObject({ state: 'incoming', number: '202', name: 'Piet' });
  made.hangUp();
  expect(first.did).toEqual(['end 603']);
});

test.each([
  [false, 'no_network'],
  [true, 'server_away'],
])('a line that is lost says whether there is a network at all (%s)', async (online, code) => {
  const made = await phone(microphone, online);
  events.disconnected();
  expect(made.view).toMatchObject({ registration: 'waiting', failure: { code } });
});

test('without a microphone a call fails and says so', async () => {
  const made = await phone(() => Promise.reject(new PhoneError({ code: 'microphone_refused' })));
  events.registered();
  made.call('202');
  await settled();
  expect(made.view.call).toMatchObject({ state: 'failed', failure: { code: 'microphone_refused' } });
  expect(legs).toEqual([]);
});

test('the final answer says why a call failed', async () => {
  const made = await phone();
  events.registered();
  made.call('+31 20-123 (4)');
  await settled();
  expect(legs[0]?.number).toBe('+31201234');
  legs[0]?.events?.ended({ by: 'remote', status: 486, reason: 'Busy Here', lost: false });
  expect(made.view.call?.failure?.code).toBe('busy');
});
