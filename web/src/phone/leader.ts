/** One tab leads: it holds the lock and the connection. The others show what it tells and command it. */

/** The browser's Web Locks, as far as they are needed. */
export interface Locks {
  request(
    name: string,
    options: { steal?: boolean; signal?: AbortSignal },
    held: () => Promise<void>,
  ): Promise<unknown>;
}

/** A BroadcastChannel, as far as it is needed. */
export interface Channel {
  onmessage: ((event: { data: unknown }) => void) | null;
  postMessage(data: unknown): void;
  close(): void;
}

export type Message<View, Command> =
  | { readonly is: 'view'; readonly view: View }
  | { readonly is: 'command'; readonly command: Command }
  /** A new tab asks what there is to show. */
  | { readonly is: 'asking' };

export interface LeaderEvents<View, Command> {
  leading(): void;
  /** Another tab has taken the lead, as one does that has a call to take up. */
  deposed(): void;
  /** For the leader. */
  command(command: Command): void;
  asked(): void;
  /** For the others. */
  view(view: View): void;
}

export class Leader<View, Command> {
  #leading = false;
  #release: (() => void) | null = null;
  readonly #leaving = new AbortController();

  constructor(
    private readonly locks: Locks | null,
    private readonly channel: Channel,
    private readonly events: LeaderEvents<View, Command>,
  ) {
    channel.onmessage = ({ data }) => this.#heard(data as Message<View, Command>);
  }

  get leading(): boolean {
    return this.#leading;
  }

  /** Stands for election; `steal` takes the lead from whoever has it. */
  start(steal = false): void {
    this.channel.postMessage({ is: 'asking' });
    // An insecure page has no locks, and may not use a microphone either: it leads alone.
    if (!this.locks) return this.#lead();
    const options = steal ? { steal } : { signal: this.#leaving.signal };
    this.locks
      .request(LOCK, options, () => {
        this.#lead();
        return new Promise<void>((resolve) => {
          this.#release = resolve;
        });
      })
      .catch(() => this.#deposed());
  }

  tell(view: View): void {
    if (this.#leading) this.channel.postMessage({ is: 'view', view } satisfies Message<View, Command>);
  }

  command(command: Command): void {
    if (this.#leading) this.events.command(command);
    else this.channel.postMessage({ is: 'command', command } satisfies Message<View, Command>);
  }

  stop(): void {
    this.#leading = false;
    this.#leaving.abort();
    this.#release?.();
    this.channel.onmessage = null;
    this.channel.close();
  }

  #lead(): void {
    this.#leading = true;
    this.events.leading();
  }

  #deposed(): void {
    if (!this.#leading) return;
    this.#leading = false;
    this.events.deposed();
    this.start();
  }

  #heard(message: Message<View, Command>): void {
    if (message.is === 'view' && !this.#leading) this.events.view(message.view);
    if (message.is === 'command' && this.#leading) this.events.command(message.command);
    if (message.is === 'asking' && this.#leading) this.events.asked();
  }
}

const LOCK = 'kiestoon-phone';
