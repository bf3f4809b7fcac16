/** Short-lived SIP credentials: fetched, and fetched anew while the old ones are still good. */
import type { SipToken } from '../api';
import { realTimer, type Timer } from './backoff';
import { type Failure, failureOf } from './failures';

export class Credentials {
  #timer: unknown = null;
  #stopped = false;
  current: SipToken | null = null;

  /** `renewed` gets each new token; `failed` hears why there is none, and nothing is retried where that is final. */
  constructor(
    private readonly fetchToken: () => Promise<SipToken>,
    private readonly renewed: (token: SipToken) => void,
    private readonly failed: (failure: Failure) => void,
    private readonly timer: Timer = realTimer,
  ) {}

  async start(): Promise<void> {
    this.#stopped = false;
    await this.renew();
  }

  /** Also called after sleep, where timers have stood still. */
  async renew(): Promise<void> {
    this.#clear();
    try {
      const token = await this.fetchToken();
      if (this.#stopped) return;
      this.current = token;
      this.#again(Math.max(MIN_MS, token.ttl * 1000 * RENEW_AT));
      this.renewed(token);
    } catch (error) {
      if (this.#stopped) return;
      const failure = failureOf(error);
      if (!FINAL.has(failure.code)) this.#again(RETRY_MS);
      this.failed(failure);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.current = null;
    this.#clear();
  }

  #again(ms: number): void {
    this.#clear();
    this.#timer = this.timer.set(() => void this.renew(), Math.min(ms, LONGEST_MS));
  }

  #clear(): void {
    if (this.#timer !== null) this.timer.clear(this.#timer);
    this.#timer = null;
  }
}

/** A person must do something first. */
const FINAL: ReadonlySet<string> = new Set(['no_extension', 'session_over', 'wrong_password']);
/** A renewal that fails has a fifth of the life left to be repeated in. */
const RENEW_AT = 0.8;
const MIN_MS = 5000;
const RETRY_MS = 10_000;
/** setTimeout counts in 31 bits. */
const LONGEST_MS = 2 ** 31 - 1;
