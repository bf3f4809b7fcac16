/** The phone that a page uses: its own where its tab leads, else the leading tab's, seen and commanded from afar. */
import { type Channel, Leader, type Locks } from './leader';
import { ParkingSpace } from './parked';
import { Phone, type PhoneControls, type PhoneParts } from './phone';
import type { PhoneView } from './state';

/** One call of PhoneControls. */
export type Command = {
  [Name in keyof PhoneControls]: [Name, ...Parameters<PhoneControls[Name]>];
}[keyof PhoneControls];

export class SharedPhone {
  view: PhoneView = { registration: 'connecting', failure: null, call: null, leader: false };
  readonly #leader: Leader<PhoneView, Command>;
  #own: Phone | null = null;

  constructor(
    private readonly parts: PhoneParts,
    locks: Locks | null,
    channel: Channel,
  ) {
    this.#leader = new Leader(locks, channel, {
      leading: () => this.#lead(),
      deposed: () => this.#stopOwn(true),
      command: ([name, ...values]) => this.#perform(name, values),
      asked: () => this.#leader.tell(this.view),
      view: (view) => this.#show({ ...view, leader: false }),
    });
  }

  /** A tab that was reloaded in mid-call has a call to take up: it leads, whoever took over meanwhile. */
  start(): void {
    this.#leader.start(new ParkingSpace(this.parts.storage).find(null, (this.parts.now ?? Date.now)()) !== null);
  }

  stop(): void {
    this.#stopOwn(false);
    this.#leader.stop();
  }

  do(...command: Command): void {
    this.#leader.command(command);
  }

  woken(): void {
    this.#own?.woken();
  }

  networkChanged(): void {
    this.#own?.networkChanged();
  }

  async changeMicrophone(): Promise<void> {
    await this.#own?.changeMicrophone();
  }

  #lead(): void {
    this.#own = new Phone({
      ...this.parts,
      changed: (view) => {
        this.#show(view);
        this.#leader.tell(view);
      },
    });
    void this.#own.start();
  }

  #stopOwn(left: boolean): void {
    const own = this.#own;
    this.#own = null;
    own?.stop(left);
  }

  #perform(name: keyof PhoneControls, values: unknown[]): void {
    const act = this.#own?.[name] as ((...values: unknown[]) => void) | undefined;
    if (act) act.apply(this.#own, values);
  }

  #show(view: PhoneView): void {
    this.view = view;
    this.parts.changed(view);
  }
}
