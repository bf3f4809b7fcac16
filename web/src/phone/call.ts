/** One call, from its first ring to its end: its state, what may be done with it, and how it is kept alive. */
import type { Timer } from './backoff';
import { type Failure, failureOfStatus } from './failures';
import { PARKED_MS, type ParkedCall } from './parked';
import { between, type Reading, read } from './quality';
import type { Leg, LegEnd, LegEvents } from './signalling';
import { after, type CallEvent, type CallView, isLive } from './state';

export interface CallSurroundings {
  readonly timer: Timer;
  readonly now: () => number;
  readonly changed: () => void;
  readonly sound: (stream: MediaStream | null) => void;
  /** Calls `then` once the line has shown that it is alive; never where it is not. */
  readonly whenAlive: (then: () => void) => void;
  /** The connection broke under it: a new leg is wanted, by takeUp, as soon as there is a connection. */
  readonly lost: () => void;
}

export class Call {
  #view: CallView;
  #leg: Leg | null = null;
  #microphone: MediaStream | null = null;
  #second: unknown = null;
  #repair: unknown = null;
  #givingUp: unknown = null;
  #reading: Reading | null = null;
  #ice: RTCIceConnectionState = 'new';
  #lastHope: unknown = null;
  /** Whether there ever was a path for the sound. */
  #reached = false;

  constructor(
    direction: CallView['direction'],
    number: string,
    name: string,
    private readonly around: CallSurroundings,
  ) {
    this.#view = { ...BLANK, direction, number, name };
    this.#step(direction === 'outbound' ? 'dial' : 'offer');
  }

  /** A call that this page, or the one before it, has lost: in talk, but without a leg until takeUp. */
  static parked(call: ParkedCall, around: CallSurroundings): Call {
    const taken = new Call(call.direction, call.number, call.name, around);
    taken.#view = { ...taken.#view, state: 'active', answeredAt: call.answeredAt, muted: call.muted };
    taken.#reached = true;
    taken.#wait(PARKED_MS - (around.now() - call.seenAt));
    return taken;
  }

  get view(): CallView {
    return this.#view;
  }

  get live(): boolean {
    return isLive(this.#view.state);
  }

  /** In talk, and without a leg. */
  get waiting(): boolean {
    return this.live && this.#givingUp !== null && this.#leg === null;
  }

  get leg(): Leg | null {
    return this.#leg;
  }

  use(leg: Leg, microphone: MediaStream | null = null): void {
    this.#leg = leg;
    this.#microphone = microphone ?? this.#microphone;
    leg.listen(this.#listener(leg));
  }

  /** The INVITE with Replaces is on its way. */
  takeUp(leg: Leg, microphone: MediaStream): void {
    this.#reading = null;
    this.#ice = 'new';
    this.use(leg, microphone);
  }

  answer(microphone: MediaStream): void {
    if (this.#view.state !== 'incoming') return stop(microphone);
    this.#microphone = microphone;
    this.#leg?.answer(microphone);
  }

  /** Cancels, rejects or hangs up. What has no leg ends at once. */
  end(status?: number): void {
    const leg = this.#leg;
    leg?.end(status);
    if (this.live) this.#over('over', null);
  }

  fail(failure: Failure): void {
    this.#leg?.end();
    this.#over('refused', failure);
  }

  mute(on: boolean): void {
    this.#leg?.mute(on);
    this.#show({ muted: on });
  }

  /** Where an offer is open, a moment later once more. */
  hold(on: boolean, tries = 10): void {
    if (!this.live || !this.#leg || this.#leg.hold(on) || tries === 0) return;
    this.around.timer.set(() => this.hold(on, tries - 1), RETRY_OFFER_MS);
  }

  digit(digit: string): void {
    if (this.#view.state === 'active') this.#leg?.sendDigit(digit);
  }

  async transfer(target: string): Promise<void> {
    const leg = this.#leg;
    if (!leg || !this.live) return;
    this.#show({ transferring: true, failure: null });
    const done = await leg.transfer(target);
    if (!this.live) return;
    if (done) return this.end();
    this.#show({ transferring: false, failure: { code: 'transfer' } });
  }

  async replaceMicrophone(stream: MediaStream): Promise<void> {
    await this.#leg?.replaceMicrophone(stream);
    stop(this.#microphone);
    this.#microphone = stream;
  }

  /** The path of the sound may have changed: find a new one, until it is found. `now`: do not wait for the next try. */
  recover(now = false): void {
    if (now) this.#clear('repair');
    const leg = this.#leg;
    if (!leg || !this.#inTalk || this.#repair !== null) return;
    this.#show({ reconnecting: true });
    const attempt = this.around.timer.set(() => {
      this.#repair = null;
      if (this.#view.reconnecting) this.recover();
    }, RESTART_EVERY_MS);
    this.#repair = attempt;
    this.#lastHope ??= this.around.timer.set(() => this.fail({ code: 'call_lost' }), HOPELESS_MS);
    // An offer into a dead line is lost with it, or comes when it no longer fits.
    this.around.whenAlive(() => {
      // A path that still works stays "connected" all the while: then the answer is the end of it.
      if (this.#leg === leg && this.#repair === attempt) leg.restartIce(() => this.#restored());
    });
  }

  get #inTalk(): boolean {
    return this.#view.state === 'active' || this.#view.state === 'held';
  }

  #listener(leg: Leg): LegEvents {
    const ours = (what: () => void) => {
      if (this.#leg === leg) what();
    };
    return {
      progress: () => ours(() => this.#step('progress')),
      answered: () => ours(() => this.#answered()),
      hold: (who, held) => ours(() => this.#held(who, held)),
      ended: (how) => ours(() => this.#ended(how)),
      sound: (stream) => ours(() => this.around.sound(stream)),
      iceState: (state) => ours(() => this.#iceState(state)),
    };
  }

  #answered(): void {
    this.#stopWaiting();
    if (this.#view.muted) this.#leg?.mute(true);
    this.#view = { ...this.#view, reconnecting: false, answeredAt: this.#view.answeredAt ?? this.around.now() };
    this.#step('answered');
    this.around.changed();
    if (this.#second === null) this.#everySecond();
    if (this.#ice === 'failed') this.#iceState('failed');
  }

  #held(who: 'local' | 'remote', held: boolean): void {
    if (who === 'remote') this.#show({ heldByOther: held });
    else this.#step(held ? 'held' : 'resumed');
  }

  #iceState(state: RTCIceConnectionState): void {
    this.#ice = state;
    if (state === 'connected' || state === 'completed') this.#reached = true;
    if (state === 'failed' && !this.#reached && this.#inTalk) return this.fail({ code: 'media' });
    if (state === 'disconnected' || state === 'failed') this.recover();
    else this.#restored();
  }

  #restored(): void {
    if (this.#ice !== 'connected' && this.#ice !== 'completed') return;
    this.#clear('repair');
    this.#clear('lastHope');
    if (this.#view.reconnecting) this.#show({ reconnecting: false });
  }

  #ended(how: LegEnd): void {
    const answered = this.#view.answeredAt !== null;
    if (this.#givingUp !== null && how.by !== 'local' && !how.lost) return this.#over('refused', { code: 'call_lost' });
    if (how.lost && answered) {
      this.#leg = null;
      this.#clear('repair');
      this.#clear('lastHope');
      if (this.#givingUp === null) this.#wait(PARKED_MS);
      this.around.lost();
      return;
    }
    if (how.failure) return this.#over('refused', { code: how.failure });
    const refused = answered || this.#view.direction === 'inbound' ? null : refusal(how);
    this.#over(refused ? 'refused' : 'over', refused);
  }

  #wait(ms: number): void {
    this.#show({ reconnecting: true });
    this.#givingUp = this.around.timer.set(() => this.fail({ code: 'call_lost' }), Math.max(0, ms));
  }

  #stopWaiting(): void {
    this.#clear('givingUp');
  }

  #over(event: 'over' | 'refused', failure: Failure | null): void {
    if (!this.live) return;
    this.#leg = null;
    this.#clear('repair');
    this.#clear('lastHope');
    this.#clear('second');
    this.#stopWaiting();
    stop(this.#microphone);
    this.#microphone = null;
    this.around.sound(null);
    this.#view = { ...this.#view, failure, endedAt: this.around.now(), reconnecting: false, transferring: false };
    this.#step(event);
  }

  #everySecond(): void {
    this.#second = this.around.timer.set(() => {
      void this.#measure().finally(() => {
        if (this.live && this.#second !== null) this.#everySecond();
      });
    }, 1000);
  }

  async #measure(): Promise<void> {
    const leg = this.#leg;
    const report = await leg?.statistics().catch(() => null);
    if (!report || this.#leg !== leg || !this.live) return;
    const now = read(report as never);
    if (!now) return;
    const quality = between(this.#reading, now);
    this.#reading = now;
    this.#show({ quality });
  }

  #step(event: CallEvent): void {
    const state = after(this.#view.state, event);
    if (state) this.#show({ state });
  }

  #show(part: Partial<CallView>): void {
    this.#view = { ...this.#view, ...part };
    this.around.changed();
  }

  #clear(which: 'repair' | 'second' | 'givingUp' | 'lastHope'): void {
    const { timer } = this.around;
    if (which === 'repair') this.#repair = timer.clear(this.#repair) ?? null;
    else if (which === 'lastHope') this.#lastHope = timer.clear(this.#lastHope) ?? null;
    else if (which === 'second') this.#second = timer.clear(this.#second) ?? null;
    else this.#givingUp = timer.clear(this.#givingUp) ?? null;
  }
}

function refusal(how: LegEnd): Failure | null {
  if (how.by === 'local' && !how.lost) return null;
  return how.status === 0 && how.lost ? { code: 'server_away' } : failureOfStatus(how.status, how.reason);
}

function stop(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

const BLANK: CallView = {
  state: 'idle',
  direction: 'outbound',
  number: '',
  name: '',
  answeredAt: null,
  endedAt: null,
  muted: false,
  heldByOther: false,
  reconnecting: false,
  transferring: false,
  failure: null,
  quality: null,
};
const RETRY_OFFER_MS = 300;
const RESTART_EVERY_MS = 3000;
/** The PBX notices within 30 s, and waits another minute. */
const HOPELESS_MS = PARKED_MS + 30_000;
