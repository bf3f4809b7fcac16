/** What the phone wants of a SIP stack. JsSIP fulfils it (jssip.ts), and a double in the tests. */
import type { SipToken } from '../api';
import type { DialogId } from './parked';

export interface SignallingEvents {
  /** The WebSocket is up, and a REGISTER on its way. */
  connected(): void;
  disconnected(): void;
  registered(): void;
  /** Status 0: no answer at all. */
  registrationFailed(status: number): void;
  incoming(leg: Leg): void;
}

export interface LegEvents {
  progress(): void;
  answered(): void;
  /** We or they hold or resume. */
  hold(who: 'local' | 'remote', held: boolean): void;
  ended(how: LegEnd): void;
  /** What is heard; again whenever it changes. */
  sound(stream: MediaStream): void;
  iceState(state: RTCIceConnectionState): void;
}

export interface LegEnd {
  readonly by: 'local' | 'remote' | 'system';
  /** The final response, 0 where none came. */
  readonly status: number;
  readonly reason: string;
  /** The connection broke: the PBX may have parked the call. */
  readonly lost: boolean;
  readonly failure?: 'media';
}

/** Our end of one call. */
export interface Leg {
  readonly number: string;
  readonly name: string;
  listen(events: LegEvents): void;
  answer(microphone: MediaStream): void;
  /** Cancels, rejects or hangs up, whichever fits. */
  end(status?: number): void;
  mute(on: boolean): void;
  /** False where an offer is open already: nothing happens, try again. */
  hold(on: boolean): boolean;
  sendDigit(digit: string): void;
  transfer(target: string): Promise<boolean>;
  /** Offers new ICE credentials; `answered` is called once they are taken. False where an offer is open already. */
  restartIce(answered: () => void): boolean;
  replaceMicrophone(stream: MediaStream): Promise<void>;
  statistics(): Promise<RTCStatsReport | null>;
  dialog(): DialogId | null;
}

export interface Signalling {
  start(): void;
  /** Tries to connect now, where it is not connected. */
  connect(): void;
  /** Asks the far end whether it is still there: calls `alive` where it is, and disconnects where it is not. */
  probe(alive?: () => void): void;
  stop(): void;
  renew(token: SipToken): void;
  call(target: string, microphone: MediaStream, headers?: readonly string[]): Leg;
}

export type MakeSignalling = (wsUrl: string, token: SipToken, events: SignallingEvents) => Signalling;
