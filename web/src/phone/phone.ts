/** The phone of one tab: it registers, places and takes calls, and takes up again what a reload or a dead line broke off. */
import type { Api, SipToken } from '../api';
import { Backoff, realTimer, type Timer } from './backoff';
import { Call, type CallSurroundings } from './call';
import { Credentials } from './credentials';
import { type Failure, failureOf } from './failures';
import { ParkingSpace, replacesHeader } from './parked';
import type { Leg, MakeSignalling, Signalling } from './signalling';
import type { PhoneView } from './state';

/** What a person does with the phone, from whichever tab. */
export interface PhoneControls {
  call(number: string): void;
  answer(): void;
  /** Rejects, cancels or hangs up. */
  hangUp(): void;
  mute(on: boolean): void;
  hold(on: boolean): void;
  digit(digit: string): void;
  transfer(target: string): void;
  /** Puts a call that is over out of sight. */
  clear(): void;
  retry(): void;
}

export interface PhoneParts {
  readonly api: Pick<Api, 'token' | 'config'>;
  readonly signalling: MakeSignalling;
  readonly microphone: () => Promise<MediaStream>;
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly changed: (view: PhoneView) => void;
  readonly sound: (stream: MediaStream | null) => void;
  readonly online?: () => boolean;
  readonly timer?: Timer;
  readonly now?: () => number;
  readonly random?: () => number;
}

export class Phone implements PhoneControls {
  #registration: PhoneView['registration'] = 'offline';
  #failure: Failure | null = null;
  #call: Call | null = null;
  #signalling: Signalling | null = null;
  #stopped = false;
  readonly #parking: ParkingSpace;
  readonly #credentials: Credentials;
  readonly #backoff: Backoff;
  readonly #timer: Timer;
  readonly #now: () => number;
  /** A token that the PBX refuses is fetched anew once, not for ever. */
  #refusals = 0;

  constructor(private readonly parts: PhoneParts) {
    this.#timer = parts.timer ?? realTimer;
    this.#now = parts.now ?? Date.now;
    this.#parking = new ParkingSpace(parts.storage);
    this.#backoff = new Backoff(() => this.#connect(), this.#timer, parts.random);
    this.#credentials = new Credentials(
      parts.api.token,
      (token) => void this.#renewed(token),
      (failure) => this.#withoutToken(failure),
      this.#timer,
    );
  }

  get view(): PhoneView {
    return { registration: this.#registration, failure: this.#failure, call: this.#call?.view ?? null, leader: true };
  }

  async start(): Promise<void> {
    this.#stopped = false;
    this.#show('connecting', null);
    await this.#credentials.start();
  }

  /** Hangs up and unregisters, unless the call is to be `left` for another tab to take up. */
  stop(left = false): void {
    this.#stopped = true;
    this.#credentials.stop();
    this.#backoff.stop();
    if (!left) {
      this.#call?.end();
      this.#parking.clear();
    }
    this.#call = null;
    this.#signalling?.stop();
    this.#signalling = null;
    this.#show('offline', null);
  }

  call(number: string): void {
    const target = number.replace(/[\s().-]/g, '');
    if (!target || this.#call?.live) return;
    const call = new Call('outbound', target, '', this.#around());
    this.#call = call;
    this.#changed();
    if (!/^[\w*#+.@-]+$/.test(target)) return call.fail({ code: 'bad_number' });
    const signalling = this.#signalling;
    if (this.#registration !== 'registered' || !signalling) return call.fail(this.#whyNot());
    void this.#withMicrophone(call, (microphone) => {
      call.use(signalling.call(target.replaceAll('#', '%23'), microphone), microphone);
    });
  }

  answer(): void {
    const call = this.#call;
    if (call?.view.state !== 'incoming') return;
    void this.#withMicrophone(call, (microphone) => call.answer(microphone));
  }

  hangUp(): void {
    const call = this.#call;
    // 603: this person does not want it, and no other device of theirs need ring on.
    call?.end(call.view.state === 'incoming' ? 603 : undefined);
  }

  mute(on: boolean): void {
    this.#call?.mute(on);
  }

  hold(on: boolean): void {
    this.#call?.hold(on);
  }

  digit(digit: string): void {
    if (/^[0-9*#A-D]$/.test(digit)) this.#call?.digit(digit);
  }

  transfer(target: string): void {
    const number = target.replace(/[\s().-]/g, '');
    if (number) void this.#call?.transfer(number.replaceAll('#', '%23'));
  }

  clear(): void {
    if (!this.#call || this.#call.live) return;
    this.#call = null;
    this.#changed();
  }

  retry(): void {
    if (this.#signalling) this.woken();
    else void this.start();
  }

  /** The machine woke, the network changed or a person is impatient: what may be dead is tried. */
  woken(): void {
    if (this.#stopped) return;
    if (this.#backoff.waiting) return this.#backoff.hurry();
    this.#signalling?.probe();
  }

  /** Another network: the sound needs a new path though the old one has not failed yet. */
  networkChanged(): void {
    this.woken();
    if (this.#registration === 'registered') this.#call?.recover();
  }

  async changeMicrophone(): Promise<void> {
    if (!this.#call?.live || this.#call.view.answeredAt === null) return;
    await this.#call.replaceMicrophone(await this.parts.microphone());
  }

  async #renewed(token: SipToken): Promise<void> {
    if (this.#signalling) return this.#signalling.renew(token);
    try {
      const { ws_url } = await this.parts.api.config();
      if (this.#stopped || this.#signalling) return;
      this.#signalling = this.parts.signalling(ws_url, this.#credentials.current ?? token, {
        connected: () => this.#show('registering', null),
        disconnected: () => this.#disconnected(),
        registered: () => this.#registered(),
        registrationFailed: (status) => this.#refused(status),
        incoming: (leg) => this.#incoming(leg),
      });
      this.#adopt(token);
      this.#signalling.start();
    } catch (error) {
      this.#show('failed', failureOf(error));
      this.#timer.set(() => this.#stopped || this.#signalling || void this.start(), CONFIG_RETRY_MS);
    }
  }

  #withoutToken(failure: Failure): void {
    // The old credentials are good for a while yet.
    if (this.#registration === 'registered' && failure.code !== 'session_over') return;
    this.#show('failed', failure);
  }

  #connect(): void {
    this.#show('connecting', this.#failure);
    this.#signalling?.connect();
  }

  #disconnected(): void {
    if (this.#stopped) return;
    this.#show('waiting', this.#whyNot());
    this.#backoff.failed();
  }

  #registered(): void {
    this.#refusals = 0;
    this.#backoff.succeeded();
    this.#show('registered', null);
    if (this.#call?.waiting) void this.#takeUp(this.#call);
    else this.#call?.recover(true);
  }

  #refused(status: number): void {
    if (status === 0 || this.#stopped) return;
    this.#refusals += 1;
    if (REFUSED.has(status) && this.#refusals === 1) return void this.#credentials.renew();
    this.#show('failed', { code: REFUSED.has(status) ? 'registration_refused' : 'server_away' });
    this.#timer.set(() => this.#stopped || void this.#credentials.renew(), REFUSED_RETRY_MS);
  }

  #incoming(leg: Leg): void {
    if (this.#call?.live) return leg.end(486);
    this.#call = new Call('inbound', leg.number, leg.name, this.#around());
    this.#call.use(leg);
    this.#changed();
  }

  /** A call of the page before this one. */
  #adopt(token: SipToken): void {
    const parked = this.#call ? null : this.#parking.find(token.uri, this.#now());
    if (parked) this.#call = Call.parked(parked, this.#around());
    this.#changed();
  }

  async #takeUp(call: Call): Promise<void> {
    const parked = this.#parking.find(this.#credentials.current?.uri ?? null, this.#now());
    if (!parked) return call.fail({ code: 'call_lost' });
    await this.#withMicrophone(call, (microphone) => {
      if (!call.waiting || !this.#signalling) return microphone.getTracks().forEach((track) => void track.stop());
      const headers = [replacesHeader(parked.dialog), 'Require: replaces'];
      call.takeUp(this.#signalling.call(parked.number.replaceAll('#', '%23'), microphone, headers), microphone);
    });
  }

  async #withMicrophone(call: Call, go: (microphone: MediaStream) => void): Promise<void> {
    try {
      const microphone = await this.parts.microphone();
      if (call.live) return go(microphone);
      for (const track of microphone.getTracks()) track.stop();
    } catch (error) {
      call.fail(failureOf(error));
    }
  }

  #around(): CallSurroundings {
    return {
      timer: this.#timer,
      now: this.#now,
      changed: () => this.#changed(),
      sound: this.parts.sound,
      whenAlive: (then) => {
        if (this.#registration === 'registered') this.#signalling?.probe(then);
      },
      lost: () => {
        if (this.#registration === 'registered' && this.#call?.waiting) void this.#takeUp(this.#call);
      },
    };
  }

  #whyNot(): Failure {
    if (this.#failure && this.#failure.code !== 'no_network') return this.#failure;
    return { code: (this.parts.online?.() ?? true) ? 'server_away' : 'no_network' };
  }

  #show(registration: PhoneView['registration'], failure: Failure | null): void {
    this.#registration = registration;
    this.#failure = failure;
    this.#changed();
  }

  #changed(): void {
    this.#park();
    this.parts.changed(this.view);
  }

  /** Written down at each change, and so each second in talk: a page gets no time to do it when it goes. */
  #park(): void {
    const view = this.#call?.view;
    if (!view || this.#stopped) return;
    const dialog = this.#call?.leg?.dialog();
    const uri = this.#credentials.current?.uri;
    if (!this.#call?.live) return this.#parking.clear();
    if (!dialog || !uri || view.answeredAt === null || view.reconnecting) return;
    const { direction, number, name, muted, answeredAt } = view;
    this.#parking.keep({ direction, number, name, muted, answeredAt, dialog, uri, seenAt: this.#now() });
  }
}

const REFUSED: ReadonlySet<number> = new Set([401, 403, 407]);
const CONFIG_RETRY_MS = 10_000;
const REFUSED_RETRY_MS = 60_000;
