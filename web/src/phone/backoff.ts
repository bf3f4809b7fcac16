/** When to try a connection again: soon at first, then more rarely, at once where the network comes back. */

export interface Timer {
  set(run: () => void, ms: number): unknown;
  clear(handle: unknown): void;
}

export const realTimer: Timer = {
  set: (run, ms) => setTimeout(run, ms),
  clear: (handle) => clearTimeout(handle as number),
};

export class Backoff {
  #attempts = 0;
  #handle: unknown = null;

  /** `random` gives 0 to 1, and spreads the clients of a PBX that has restarted. */
  constructor(
    private readonly attempt: () => void,
    private readonly timer: Timer = realTimer,
    private readonly random: () => number = Math.random,
  ) {}

  /** An attempt has failed, or the connection was lost. A second call while one is waiting changes nothing. */
  failed(): void {
    if (this.#handle !== null) return;
    const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#attempts);
    this.#attempts += 1;
    this.#handle = this.timer.set(() => this.#fire(), ceiling * (0.5 + this.random() / 2));
  }

  /** It worked: the next loss starts with the shortest wait. */
  succeeded(): void {
    this.#attempts = 0;
    this.stop();
  }

  /** The network came back or the machine woke: whoever is waiting goes now. */
  hurry(): void {
    if (this.#handle === null) return;
    this.#attempts = 0;
    this.#fire();
  }

  get waiting(): boolean {
    return this.#handle !== null;
  }

  stop(): void {
    if (this.#handle !== null) this.timer.clear(this.#handle);
    this.#handle = null;
  }

  #fire(): void {
    this.stop();
    this.attempt();
  }
}

const FIRST_MS = 1000;
const LONGEST_MS = 30_000;
