/** The sounds that the phone makes itself: bell, ringback, keys. Made by WebAudio, so nothing has to be fetched. */

export class Tones {
  #context: AudioContext | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;
  #playing: 'bell' | 'ringback' | null = null;

  /** In a click: later the browser would not let us. */
  wake(): AudioContext {
    this.#context ??= new AudioContext();
    if (this.#context.state === 'suspended') void this.#context.resume();
    return this.#context;
  }

  /** A soft double ring for a call that comes in, or the Dutch ringback (425 Hz, 1 s of 5) for one that goes out. */
  play(wanted: 'bell' | 'ringback' | null): void {
    if (wanted === this.#playing) return;
    this.stop();
    if (!wanted) return;
    this.#playing = wanted;
    const ring = wanted === 'bell' ? () => this.#bell() : () => this.#tone([425], 0, 1, 0.05);
    ring();
    this.#timer = setInterval(ring, wanted === 'bell' ? 3000 : 5000);
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    if (this.#playing) void this.#silence();
    this.#playing = null;
  }

  /** The pair of ITU-T Q.23, for the ear only. */
  key(digit: string): void {
    const place = '123A456B789C*0#D'.indexOf(digit);
    if (place < 0) return;
    const row = [697, 770, 852, 941][Math.floor(place / 4)] ?? 0;
    const column = [1209, 1336, 1477, 1633][place % 4] ?? 0;
    this.#tone([row, column], 0, 0.12, 0.03);
  }

  close(): void {
    this.stop();
    void this.#context?.close();
    this.#context = null;
  }

  #bell(): void {
    for (const start of [0, 0.45]) {
      this.#tone([659.3, 987.8], start, 0.18, 0.06);
      this.#tone([784, 1174.7], start + 0.18, 0.2, 0.06);
    }
  }

  #tone(frequencies: readonly number[], start: number, seconds: number, volume: number): void {
    const context = this.wake();
    const at = context.currentTime + start;
    const gain = new GainNode(context, { gain: 0 });
    // Ramps, so that nothing clicks.
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(volume, at + 0.015);
    gain.gain.setValueAtTime(volume, at + seconds - 0.03);
    gain.gain.linearRampToValueAtTime(0, at + seconds);
    gain.connect(context.destination);
    for (const frequency of frequencies) {
      const oscillator = new OscillatorNode(context, { frequency });
      oscillator.connect(gain);
      oscillator.start(at);
      oscillator.stop(at + seconds);
    }
  }

  async #silence(): Promise<void> {
    // What is ringing stops with its context; the next sound makes another.
    const context = this.#context;
    this.#context = null;
    await context?.close().catch(() => undefined);
  }
}
