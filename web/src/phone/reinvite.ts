/**
 * Our re-INVITEs in place of JsSIP's. Those hang up where one is refused, repeat an outdated offer after glare, and take an
 * offer of the other side that they have just refused. By RFC 3261 section 14.1 a refused offer changes nothing.
 */
import RequestSender from 'jssip/lib/Dialog/RequestSender.js';
import { realTimer, type Timer } from './backoff';

interface Response {
  readonly method: string;
  readonly status_code: number;
  readonly body: string | null;
  getHeader(name: string): string | undefined;
}

interface Crossing {
  readonly request: { readonly body: string | null };
  reject(options: { status_code: number }): void;
}

/** What of JsSIP's session is needed, private parts included. */
export interface Session {
  readonly direction: string;
  readonly connection: RTCPeerConnection;
  _sendReinvite: (options?: Asked) => void;
  _connectionPromiseQueue: Promise<unknown>;
  readonly _contact: unknown;
  readonly _rtcOfferConstraints: RTCOfferOptions | null;
  readonly _sessionTimers: { readonly running: boolean; readonly currentExpires: number; readonly refresher: boolean };
  _localHold: boolean;
  _createLocalDescription(type: 'offer', constraints: RTCOfferOptions): Promise<string>;
  _mangleOffer(sdp: string): string;
  _handleSessionTimersInIncomingResponse(response: Response): void;
  _onhold(originator: 'local'): void;
  _onunhold(originator: 'local'): void;
  isEnded(): boolean;
  sendRequest(method: 'INVITE' | 'ACK', options?: object): void;
  terminate(options: { cause: string; status_code: number; reason_phrase: string }): void;
  onRequestTimeout(): void;
  onDialogError(): void;
  on(event: 'reinvite' | 'update', listener: (crossing: Crossing) => void): unknown;
}

/** As hold, unhold, renegotiate and the session timer ask for one. */
interface Asked {
  readonly rtcOfferConstraints?: RTCOfferOptions | null;
  readonly eventHandlers?: { succeeded?: () => void };
  readonly extraHeaders?: readonly string[];
}

/** All that is wanted of the next offer. */
interface Wanted {
  readonly iceRestart: boolean;
  readonly headers: readonly string[];
  readonly done: readonly (() => void)[];
  readonly tries: number;
}

function together(one: Wanted, other: Wanted | null): Wanted {
  if (!other) return one;
  const iceRestart = one.iceRestart || other.iceRestart;
  return { ...one, iceRestart, headers: [...one.headers, ...other.headers], done: [...one.done, ...other.done] };
}

export class Reinvites {
  #waiting: Wanted | null = null;
  #timer: unknown = null;
  #open = false;
  /** Whether we hold, as both sides have agreed. */
  #held = false;

  constructor(
    private readonly session: Session,
    private readonly timer: Timer = realTimer,
    private readonly random: () => number = Math.random,
  ) {
    session._sendReinvite = (asked = {}) => this.#ask(asked);
    // While ours is open theirs must wait: JsSIP answers 491 and then takes the offer all the same.
    const cross = (crossing: Crossing) => {
      if (this.#open && crossing.request.body) crossing.reject({ status_code: 491 });
    };
    session.on('reinvite', cross);
    session.on('update', cross);
  }

  #ask({ rtcOfferConstraints, eventHandlers, extraHeaders = [] }: Asked): void {
    const iceRestart = rtcOfferConstraints?.iceRestart === true;
    const done = eventHandlers?.succeeded ? [eventHandlers.succeeded] : [];
    const wanted = together({ iceRestart, headers: extraHeaders, done, tries: 0 }, this.#takeWaiting());
    // JsSIP looks whether an offer is open, but does not see one that is just being made.
    if (this.#open) this.#waiting = wanted;
    else this.#offer(wanted);
  }

  #offer(wanted: Wanted): void {
    const { session } = this;
    this.#open = true;
    const constraints = { ...session._rtcOfferConstraints, iceRestart: wanted.iceRestart };
    session._connectionPromiseQueue = session._connectionPromiseQueue
      .then(() => (session.isEnded() ? null : session._createLocalDescription('offer', constraints)))
      .then((sdp) => {
        if (sdp !== null && !session.isEnded()) this.#send(wanted, session._mangleOffer(sdp));
      })
      .catch(() => this.#refused());
  }

  #send(wanted: Wanted, body: string): void {
    const { session } = this;
    const hold = session._localHold;
    let answered = false;
    const { running, currentExpires, refresher } = session._sessionTimers;
    const expires = running ? [`Session-Expires: ${currentExpires};refresher=${refresher ? 'uac' : 'uas'}`] : [];
    session.sendRequest('INVITE', {
      extraHeaders: [...wanted.headers, `Contact: ${session._contact}`, 'Content-Type: application/sdp', ...expires],
      body,
      eventHandlers: {
        onSuccessResponse: (response: Response) => {
          if (session.isEnded()) return;
          session.sendRequest('ACK');
          if (!answered) this.#answered(wanted, hold, response);
          answered = true;
        },
        onErrorResponse: (response: Response) => this.#failed(wanted, response),
        // Not the end: over the next connection it is offered again, by whoever notices that there is one.
        onTransportError: () => this.#lost(wanted),
        onRequestTimeout: () => session.onRequestTimeout(),
        onDialogError: () => session.onDialogError(),
      },
    });
  }

  #answered(wanted: Wanted, hold: boolean, response: Response): void {
    const { session } = this;
    session._handleSessionTimersInIncomingResponse(response);
    session._connectionPromiseQueue = session._connectionPromiseQueue
      .then(() => session.connection.setRemoteDescription({ type: 'answer', sdp: response.body ?? '' }))
      .then(
        () => {
          this.#open = false;
          this.#held = hold;
          for (const done of wanted.done) done();
          const next = this.#takeWaiting();
          if (next && !session.isEnded()) this.#offer(next);
        },
        () => {
          // Agreed by signalling, but not by us: there is no way back to what was.
          const end = { cause: 'WebRTC Error', status_code: 488, reason_phrase: 'Not Acceptable Here' };
          if (!session.isEnded()) session.terminate(end);
        },
      );
  }

  #failed(wanted: Wanted, response: Response): void {
    const wait = this.#waitAfter(response);
    if (wait === null || wanted.tries >= MOST_TRIES) return this.#refused();
    this.#rollBack();
    this.#again({ ...together(wanted, this.#takeWaiting()), tries: wanted.tries + 1 }, wait);
  }

  /** RFC 3261 section 14.1: who made the Call-ID waits longer. Null where it is no use to try again. */
  #waitAfter(response: Response): number | null {
    if (response.status_code === 491) {
      const [from, to] = this.session.direction === 'outgoing' ? [2100, 4000] : [0, 2000];
      return from + 10 * Math.round((this.random() * (to - from)) / 10);
    }
    const seconds = Number.parseInt(response.getHeader('Retry-After') ?? '', 10);
    return seconds >= 0 && seconds <= 10 ? 1000 * seconds : null;
  }

  #lost(wanted: Wanted): void {
    this.#rollBack();
    this.#waiting = together(wanted, this.#takeWaiting());
  }

  #again(wanted: Wanted, wait: number): void {
    this.#waiting = wanted;
    this.#timer = this.timer.set(() => {
      // Another offer has priority, and carries this one's wishes.
      const due = this.#takeWaiting();
      if (due && !this.session.isEnded()) this.#offer(due);
    }, wait);
  }

  #takeWaiting(): Wanted | null {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (this.#timer !== null) this.timer.clear(this.#timer);
    this.#timer = null;
    return waiting;
  }

  /** All stays as it was agreed last. */
  #refused(): void {
    const { session } = this;
    this.#rollBack();
    this.#takeWaiting();
    if (session.isEnded() || session._localHold === this.#held) return;
    session._localHold = this.#held;
    if (this.#held) session._onhold('local');
    else session._onunhold('local');
  }

  #rollBack(): void {
    const { session } = this;
    this.#open = false;
    session._connectionPromiseQueue = session._connectionPromiseQueue.then(async () => {
      if (session.isEnded() || session.connection.signalingState !== 'have-local-offer') return;
      await session.connection.setLocalDescription({ type: 'rollback' }).catch(() => undefined);
    });
  }
}

/** JsSIP repeats the same request a second after a 491, with the offer of then and a sequence number that may be past. */
const receive = RequestSender.prototype._receiveResponse;
RequestSender.prototype._receiveResponse = function (this: RequestSender, response: Response): void {
  if (response.method === 'INVITE' && response.status_code === 491) this._eventHandlers.onErrorResponse(response);
  else receive.call(this, response);
};

const MOST_TRIES = 5;
