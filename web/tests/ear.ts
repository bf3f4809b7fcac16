/** Listens to a recording while it is made: which tone is in it now. */
import { readFileSync, statSync } from 'node:fs';
import { until } from './processes';

export class Ear {
  /** `recording` is the WAV file that is being written, where there is one. */
  constructor(
    private readonly whose: string,
    private readonly recording: () => string | null,
  ) {}

  async hears(tone: number): Promise<void> {
    await this.#listens(`${tone} Hz`, (heard) => Math.abs(heard.frequency - tone) <= 15 && heard.level > -35);
  }

  async hearsNothingOf(tone: number): Promise<void> {
    await this.#listens(`no ${tone} Hz`, (heard) => Math.abs(heard.frequency - tone) > 15 || heard.level < -60);
  }

  async #listens(what: string, fits: (heard: Hearing) => boolean): Promise<void> {
    let last: Hearing = SILENCE;
    const look = async () => {
      last = await this.#next();
      return fits(last);
    };
    await until(`${what} at ${this.whose}`, look, () => JSON.stringify(last));
  }

  /** Half a second of what comes in from now on; nothing coming for two seconds is silence. */
  async #next(): Promise<Hearing> {
    const file = this.recording();
    const header = file ? readFileSync(file).subarray(0, HEADER) : Buffer.alloc(0);
    if (!file || header.length < HEADER) return SILENCE;
    // They differ from codec to codec; linphone tells them once its first call is over.
    const [channels, rate] = [header.readUInt16LE(22) || 1, header.readUInt32LE(24) || 48_000];
    const from = statSync(file).size;
    const start = from - ((from - HEADER) % (2 * channels));
    const end = Date.now() + 2000;
    while (Date.now() < end && this.recording() === file) {
      if (statSync(file).size >= from + channels * rate)
        return loudest(readFileSync(file).subarray(start), channels, rate);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return SILENCE;
  }
}

interface Hearing {
  /** The loudest frequency, in Hz, and its level in dB of full scale. */
  readonly frequency: number;
  readonly level: number;
}

/** The first channel of 16-bit samples, by Goertzel's algorithm at every second hertz: half a second tells those apart. */
function loudest(bytes: Buffer, channels: number, rate: number): Hearing {
  const frame = 2 * channels;
  const samples = Array.from(
    { length: Math.floor(bytes.length / frame) },
    (_, at) => bytes.readInt16LE(frame * at) / 32_768,
  );
  let best = SILENCE;
  for (let frequency = 300; frequency <= 2400; frequency += 2) {
    const turn = 2 * Math.cos((2 * Math.PI * frequency) / rate);
    let one = 0;
    let two = 0;
    for (const sample of samples) {
      const now = sample + turn * one - two;
      two = one;
      one = now;
    }
    const power = Math.max(0, one * one + two * two - turn * one * two) / (samples.length / 2) ** 2;
    const level = Math.round(10 * Math.log10(power / 2 + 1e-20));
    if (level > best.level) best = { frequency, level };
  }
  return best;
}

const SILENCE: Hearing = { frequency: 0, level: -200 };
/** Of a WAV file, in bytes. */
const HEADER = 44;
