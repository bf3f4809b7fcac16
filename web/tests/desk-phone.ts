/** A real desk phone: baresip, driven over its control socket, humming a tone of its own and recording what it hears. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ear } from './ear';
import type { House } from './house';
import { freePort, type Program, program, until } from './processes';

interface Event {
  readonly event?: boolean;
  readonly type?: string;
  readonly param?: string;
}

export class DeskPhone {
  #socket: Socket | null = null;
  #unread = Buffer.alloc(0);
  #events: Event[] = [];
  readonly #ear: Ear;

  private constructor(
    readonly number: string,
    readonly tone: number,
    private readonly house: House,
    private readonly folder: string,
    private readonly running: Program,
  ) {
    this.#ear = new Ear(`desk phone ${number}`, () => this.#recording());
  }

  /** Answers by itself, and has this codec alone; `more` is what else its account says. */
  static async start(house: House, number: string, tone: number, codec: string, more = ''): Promise<DeskPhone> {
    const folder = mkdtempSync(join(tmpdir(), 'kiestoon-desk-phone-'));
    const [control, sip] = [await freePort(), await freePort()];
    const modules = ['g711', 'g722', 'opus', 'srtp', 'ausine', 'aubridge', 'sndfile'].map(
      (name) => `module ${name}.so\n`,
    );
    writeFileSync(
      join(folder, 'config'),
      `sip_listen 127.0.0.1:${sip}\naudio_source ausine,${tone}\naudio_player aubridge,sink\naudio_alert aubridge,alert
ausrc_srate 48000\nausrc_channels 2\nauplay_srate 8000\nauplay_channels 1
module_path /usr/lib/baresip/modules\n${modules.join('')}module_tmp account.so\nmodule_app ctrl_tcp.so\nmodule_app menu.so
ctrl_tcp_listen 127.0.0.1:${control}\nsnd_path ${folder}\nrtp_timeout 0\nrtp_ports 30100-32700\ncall_local_timeout 120\n`,
    );
    const login = `auth_user=${number};auth_pass=geheim${number};answermode=auto;regint=60;audio_codecs=${codec}${more}`;
    writeFileSync(join(folder, 'accounts'), `<sip:${number}@127.0.0.1:${house.sip};transport=udp>;${login}\n`);
    writeFileSync(join(folder, 'contacts'), '');
    const running = program('baresip', ['-f', folder], folder, join(folder, 'log'));
    running.child.stdout?.resume();
    const phone = new DeskPhone(number, tone, house, folder, running);
    await phone.#connect(control);
    await until(
      `desk phone ${number} to register`,
      () => house.isRegistered(number),
      () => readFileSync(join(folder, 'log'), 'utf8'),
    );
    return phone;
  }

  calls(number: string): void {
    this.does('dial', `sip:${number}@127.0.0.1:${this.house.sip}`);
  }

  does(command: string, params = ''): void {
    const message = JSON.stringify({ command, params });
    this.#socket?.write(`${Buffer.byteLength(message)}:${message},`);
  }

  /** An event such as CALL_ESTABLISHED, which it then forgets. */
  async sees(type: string, seconds = 20): Promise<Event> {
    const seen = () => `only ${this.#events.map((event) => event.type).join(' ') || 'silence'}`;
    return until(`${type} at desk phone ${this.number}`, () => this.#take(type), seen, seconds);
  }

  forgets(): void {
    this.#events = [];
  }

  /** The keys that the other side has pressed and released, in order, since `forgets`. */
  async keys(expected: string): Promise<void> {
    const keys = () =>
      this.#events
        .filter(({ type }) => type === 'CALL_DTMF_START')
        .map(({ param }) => param)
        .join('');
    await until(`keys ${expected} at desk phone ${this.number}`, () => keys() === expected, keys);
  }

  hears(tone: number): Promise<void> {
    return this.#ear.hears(tone);
  }

  hearsNothingOf(tone: number): Promise<void> {
    return this.#ear.hearsNothingOf(tone);
  }

  async leaves(): Promise<void> {
    this.#socket?.destroy();
    await this.running.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #recording(): string | null {
    const files = readdirSync(this.folder).filter((name) => name.endsWith('-dec.wav'));
    const dated = files.map((name) => join(this.folder, name)).map((path) => [path, statSync(path).ctimeMs] as const);
    return dated.sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
  }

  #take(type: string): Event | null {
    const place = this.#events.findIndex((event) => event.type === type);
    return place < 0 ? null : (this.#events.splice(place, 1)[0] ?? null);
  }

  async #connect(port: number): Promise<void> {
    const tried = () =>
      new Promise<Socket | null>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => resolve(socket));
        socket.once('error', () => resolve(null));
      });
    this.#socket = await until(`the control socket of desk phone ${this.number}`, tried, () => this.running.ended());
    this.#socket.on('error', () => undefined);
    this.#socket.on('data', (data) => this.#read(data));
  }

  /** Netstrings of JSON. */
  #read(data: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, data]);
    for (;;) {
      const colon = this.#unread.indexOf(':');
      const length = Number(this.#unread.subarray(0, colon).toString());
      if (colon < 0 || this.#unread.length < colon + length + 2) return;
      const message = JSON.parse(this.#unread.subarray(colon + 1, colon + 1 + length).toString()) as Event;
      this.#unread = this.#unread.subarray(colon + length + 2);
      if (message.event) this.#events.push(message);
    }
  }
}
