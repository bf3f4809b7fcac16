import * as JsSIP from 'jssip';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { JsSipLeg } from './jssip-leg';
import type { LegEnd } from './signalling';

/** As much of a peer connection as JsSIP and an exchange of offers need. */
class FakeConnection extends EventTarget {
  signalingState = 'stable';
  iceGatheringState = 'complete';
  iceConnectionState = 'new';
  localDescription: { sdp: string } | null = null;
  generation = 1;
  offers = 0;
  constructor() {
    super();
    connections.push(this);
  }
  getSenders = () => [];
  addTrack = () => undefined;
  close = () => undefined;
  createOffer = async (options: RTCOfferOptions | null) => {
    if (options?.iceRestart) this.generation += 1;
    this.offers += 1;
    return { type: 'offer', sdp: sdp(this.generation, this.offers) };
  };
  createAnswer = async () => ({ type: 'answer', sdp: sdp(this.generation, this.offers) });
  async setLocalDescription(description: { type: string; sdp: string }): Promise<void> {
    this.signalingState = description.type === 'offer' ? 'have-local-offer' : 'stable';
    if (description.type !== 'rollback') this.localDescription = description;
    setTimeout(() => this.dispatchEvent(new Event('icegatheringstatechange')));
  }
  async setRemoteDescription({ type }: { type: string }): Promise<void> {
    if (type === 'answer' && this.signalingState !== 'have-local-offer') throw new Error('no offer is open');
    this.signalingState = type === 'offer' ? 'have-remote-offer' : 'stable';
  }
  fails(): void {
    this.iceConnectionState = 'failed';
    this.dispatchEvent(new Event('iceconnectionstatechange'));
  }
}

const sdp = (generation: number, version: number) =>
  `v=0\r\no=- 1 ${version} IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=ice-ufrag:g${generation}\r\nm=audio 9 RTP/AVP 8\r\na=sendrecv\r\n`;

/** The other end of the WebSocket: keeps what it is sent, and answers as the test says. */
class FakePbx {
  via_transport = 'WS';
  url = 'ws://pbx/sip';
  sip_uri = 'sip:pbx;transport=ws';
  readonly heard: string[] = [];
  up = false;
  onconnect(): void {}
  ondisconnect(_error: boolean): void {}
  ondata(_data: string): void {}
  connect(): void {
    this.up = true;
    this.onconnect();
  }
  disconnect = () => undefined;
  isConnected = () => this.up;
  isConnecting = () => false;
  send(message: string): boolean {
    if (this.up) this.heard.push(message);
    return this.up;
  }
  breaks(): void {
    this.up = false;
    this.ondisconnect(true);
  }
  get(method: string): string[] {
    return this.heard.filter((message) => message.startsWith(`${method} `));
  }
  answers(status: number, more = '', body = ''): void {
    const request = this.get('INVITE').at(-1) ?? '';
    const lines = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map((name) => header(request, name));
    const tagged = lines.map((line) => (line.startsWith('To:') && !line.includes(';tag=') ? `${line};tag=p` : line));
    const type = body ? 'Content-Type: application/sdp\r\n' : '';
    const end = `Contact: <sip:pbx>\r\n${more}${type}Content-Length: ${body.length}\r\n\r\n${body}`;
    this.ondata(`SIP/2.0 ${status} X\r\n${tagged.join('\r\n')}\r\n${end}`);
  }
  /** A re-INVITE of its own. */
  offers(): void {
    const ours = this.get('INVITE')[0] ?? '';
    const from = header(ours, 'From').replace('From:', 'To:');
    const lines = [
      'INVITE sip:201@x;transport=ws SIP/2.0',
      'Via: SIP/2.0/WS pbx;branch=z9hG4bKtheirs',
      'Max-Forwards: 70',
      `${header(ours, 'To').replace('To:', 'From:')};tag=p`,
      from,
      header(ours, 'Call-ID'),
      'CSeq: 7 INVITE',
      'Contact: <sip:pbx>',
      'Content-Type: application/sdp',
    ];
    const body = sdp(9, 9);
    this.ondata(`${lines.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  }
}

const header = (message: string, name: string) =>
  message.split('\r\n').find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`)) ?? '';
const cseq = (message?: string) => Number(header(message ?? '', 'CSeq').split(' ')[1]);

let pbx: FakePbx;
let leg: JsSipLeg;
let connections: FakeConnection[];
let over: LegEnd[];
let holds: string[];
let agent: InstanceType<typeof JsSIP.UA>;
const settled = () => vi.advanceTimersByTimeAsync(1);

beforeEach(async () => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  connections = [];
  over = [];
  holds = [];
  vi.stubGlobal('RTCPeerConnection', FakeConnection);
  vi.stubGlobal('window', globalThis);
  vi.stubGlobal(
    'RTCSessionDescription',
    class {
      constructor(init: object) {
        Object.assign(this, init);
      }
    },
  );
  pbx = new FakePbx();
  agent = new JsSIP.UA({ sockets: [pbx as never], uri: 'sip:201@x', register: false, session_timers: false });
  agent.start();
  leg = new JsSipLeg(null, () => []);
  leg.listen({
    progress: () => undefined,
    answered: () => undefined,
    hold: (who, held) => void holds.push(`${who} ${held}`),
    ended: (how) => void over.push(how),
    sound: () => undefined,
    iceState: () => undefined,
  });
  leg.dial(agent, '202', { getTracks: () => [], getAudioTracks: () => [], getVideoTracks: () => [] } as never, []);
  await settled();
  pbx.answers(200, '', sdp(1, 1));
  await settled();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const ended = () => [over.length, pbx.get('BYE').length];

test('after a 491 the offer is made anew within the time of who made the Call-ID, and the call goes on', async () => {
  const answered = vi.fn();
  expect(leg.restartIce(answered)).toBe(true);
  await settled();
  expect(pbx.get('INVITE')).toHaveLength(2);
  pbx.answers(491);
  await settled();
  expect(connections[0]?.signalingState).toBe('stable');
  await vi.advanceTimersByTimeAsync(2090);
  expect(pbx.get('INVITE')).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1910);
  const [, first, second] = pbx.get('INVITE');
  expect(cseq(second)).toBe(cseq(first) + 1);
  expect(second).toContain('a=ice-ufrag:g3');
  pbx.answers(200, '', sdp(1, 2));
  await settled();
  expect(answered).toHaveBeenCalledOnce();
  expect(connections[0]?.signalingState).toBe('stable');
  expect(ended()).toEqual([0, 0]);
});

test('491 upon 491 is the end of the offer, but not of the call', async () => {
  leg.restartIce(() => undefined);
  for (let times = 0; times < 10; times += 1) {
    await settled();
    pbx.answers(491);
    await vi.advanceTimersByTimeAsync(4000);
  }
  expect(pbx.get('INVITE')).toHaveLength(7);
  expect(leg.restartIce(() => undefined)).toBe(true);
  expect(ended()).toEqual([0, 0]);
});

test('a hold that is refused is taken back', async () => {
  expect(leg.hold(true)).toBe(true);
  await settled();
  expect(pbx.get('INVITE')[1]).toContain('a=sendonly');
  pbx.answers(488);
  await settled();
  expect(holds).toEqual(['local true', 'local false']);
  expect(connections[0]?.signalingState).toBe('stable');
  expect(leg.hold(true)).toBe(true);
  await settled();
  pbx.answers(200, '', sdp(1, 2));
  await settled();
  expect(holds).toEqual(['local true', 'local false', 'local true']);
  expect(ended()).toEqual([0, 0]);
});

test('two offers at once are made one after the other', async () => {
  const answered = vi.fn();
  leg.restartIce(answered);
  leg.hold(true);
  await settled();
  expect(pbx.get('INVITE')).toHaveLength(2);
  pbx.answers(200, '', sdp(1, 2));
  await settled();
  expect(answered).toHaveBeenCalledOnce();
  expect(pbx.get('INVITE')).toHaveLength(3);
  pbx.answers(200, '', sdp(1, 3));
  await settled();
  expect([connections[0]?.signalingState, ...ended()]).toEqual(['stable', 0, 0]);
});

test('a server that asks for some seconds gets them', async () => {
  leg.hold(true);
  await settled();
  pbx.answers(500, 'Retry-After: 3\r\n');
  await vi.advanceTimersByTimeAsync(2900);
  expect(pbx.get('INVITE')).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(200);
  expect(pbx.get('INVITE')).toHaveLength(3);
  expect(ended()).toEqual([0, 0]);
});

test('an offer of the other side that crosses ours is refused, and ours still gets its answer', async () => {
  leg.hold(true);
  await settled();
  pbx.offers();
  await settled();
  const finals = pbx.heard.filter((message) => /^SIP\/2.0 [2-6]/.test(message));
  expect(finals.map((message) => message.slice(8, 11))).toEqual(['491']);
  pbx.answers(200, '', sdp(1, 2));
  await settled();
  expect(connections[0]?.signalingState).toBe('stable');
  expect(ended()).toEqual([0, 0]);
});

test('a line that breaks under an offer does not end the call, and the next offer holds as was wanted', async () => {
  leg.hold(true);
  await settled();
  pbx.breaks();
  await settled();
  expect(ended()).toEqual([0, 0]);
  pbx.connect();
  leg.restartIce(() => undefined);
  await settled();
  expect(pbx.get('INVITE').at(-1)).toContain('a=sendonly');
  pbx.answers(200, '', sdp(1, 2));
  await settled();
  expect(ended()).toEqual([0, 0]);
});

test('a path that fails is no reason to hang up; a dialog that the other side has lost is', async () => {
  connections[0]?.fails();
  expect(ended()).toEqual([0, 0]);
  leg.restartIce(() => undefined);
  await settled();
  pbx.answers(481);
  await settled();
  expect(over).toHaveLength(1);
});
