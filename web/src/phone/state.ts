/** The states of a call and of the registration, and what leads from one to the next. Pure. */
import type { Failure } from './failures';
import type { Quality } from './quality';

export type CallState = 'idle' | 'connecting' | 'ringing' | 'incoming' | 'active' | 'held' | 'ended' | 'failed';
export type CallEvent =
  | 'dial'
  | 'progress'
  | 'offer'
  | 'answered'
  | 'held'
  | 'resumed'
  | 'over'
  | 'refused'
  | 'cleared';

/** `waiting`: the connection is down, and the next attempt has its time. */
export type RegistrationState = 'offline' | 'connecting' | 'registering' | 'registered' | 'waiting' | 'failed';

/** A call as it is shown, also in other tabs: plain data. Times are milliseconds since 1970. */
export interface CallView {
  readonly state: CallState;
  readonly direction: 'inbound' | 'outbound';
  readonly number: string;
  readonly name: string;
  readonly answeredAt: number | null;
  readonly endedAt: number | null;
  readonly muted: boolean;
  /** The other side holds us: its doing, beside our own `held`. */
  readonly heldByOther: boolean;
  /** Its sound or its signalling is interrupted, and being restored. */
  readonly reconnecting: boolean;
  readonly transferring: boolean;
  readonly failure: Failure | null;
  readonly quality: Quality | null;
}

/** All that a tab shows of the phone. */
export interface PhoneView {
  readonly registration: RegistrationState;
  readonly failure: Failure | null;
  readonly call: CallView | null;
  /** Whether this tab holds the connection; the others show and command. */
  readonly leader: boolean;
}

/** The state after `event`, or null where `event` has no meaning in `state`: it came late, and changes nothing. */
export function after(state: CallState, event: CallEvent): CallState | null {
  return TRANSITIONS[state][event] ?? null;
}

/** Whether a call in `state` takes up the line. */
export function isLive(state: CallState): boolean {
  return state !== 'idle' && state !== 'ended' && state !== 'failed';
}

const TRANSITIONS: Readonly<Record<CallState, Partial<Record<CallEvent, CallState>>>> = {
  idle: { dial: 'connecting', offer: 'incoming' },
  connecting: { progress: 'ringing', answered: 'active', over: 'ended', refused: 'failed' },
  ringing: { progress: 'ringing', answered: 'active', over: 'ended', refused: 'failed' },
  incoming: { answered: 'active', over: 'ended', refused: 'failed' },
  active: { held: 'held', over: 'ended', refused: 'failed' },
  held: { resumed: 'active', over: 'ended', refused: 'failed' },
  ended: { cleared: 'idle', dial: 'connecting', offer: 'incoming' },
  failed: { cleared: 'idle', dial: 'connecting', offer: 'incoming' },
};
