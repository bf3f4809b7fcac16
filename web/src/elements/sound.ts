/** What is heard: the other side's voice, and the tones of the phone itself. */
import type { PhoneView } from '../phone/state';
import { chosen } from './chosen-devices';
import { Tones } from './tones';

export class Sound {
  readonly tones = new Tones();
  readonly #voice = new Audio();
  #stream: MediaStream | null = null;

  /** `blocked` hears whether the browser wants a click before it plays. */
  constructor(private readonly blocked: (blocked: boolean) => void) {
    this.#voice.autoplay = true;
  }

  /** In the click that calls or answers: from then on the browser lets the voice be heard. */
  wake(): void {
    this.tones.wake();
    if (this.#stream) return this.#play();
    this.#voice.srcObject = new MediaStream();
    this.#voice.play().catch(() => undefined);
  }

  voice(stream: MediaStream | null): void {
    this.#stream = stream;
    this.#voice.srcObject = stream;
    if (stream) this.#play();
    else this.blocked(false);
  }

  /** The stream that is heard, for the tests. */
  get heard(): MediaStream | null {
    return this.#stream;
  }

  /** The bell, or the ringback where the network sends none. */
  ring(view: PhoneView): void {
    const state = view.leader ? view.call?.state : null;
    if (state === 'incoming') this.tones.play('bell');
    else this.tones.play(state === 'ringing' && !this.#stream ? 'ringback' : null);
  }

  async useSpeaker(): Promise<void> {
    if ('setSinkId' in this.#voice) await this.#voice.setSinkId(chosen('audiooutput') ?? '').catch(() => undefined);
  }

  close(): void {
    this.voice(null);
    this.tones.close();
  }

  #play(): void {
    void this.useSpeaker();
    this.#voice.play().then(
      () => this.blocked(false),
      (error: unknown) => this.blocked(error instanceof Error && error.name === 'NotAllowedError'),
    );
  }
}
