/** A real PBX and a real sidecar in a folder of their own, and a line between browsers and sidecar that can be cut. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { wave } from './browsers';
import { startCoturn, type Turn } from './coturn';
import { freePort, output, type Program, program } from './processes';

/** One leg of a call as `kiestoon ctl calls` shows it. */
export interface LegSeen {
  readonly number: string;
  readonly codec?: string;
  readonly [more: string]: unknown;
}

/** The people who log in; NAME's password is PASSWORD. `beheer`, an administrator without an extension, has it too. */
export const USERS = { anna: '201', bram: '202' } as const;
export const PASSWORD = 'een goed geheim 1';
/** Of this machine beside loopback: tools/web.sh gives it to the network of this run. */
const ADDRESS = process.env['KIESTOON_OWN_NETWORK'] ?? '127.0.0.1';
/** What who is on hold hears, in Hz. */
export const MUSIC = 1500;

export class House {
  #programs: Program[] = [];
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  #cut = false;

  private constructor(
    readonly folder: string,
    readonly sip: number,
    readonly line: number,
    readonly webrtc: number,
    private readonly binary: string,
  ) {}

  static async open(): Promise<House> {
    const target = resolve(process.env['CARGO_TARGET_DIR'] ?? '../target', 'debug');
    const kiestoon = process.env['KIESTOON_BIN'] ?? join(target, 'kiestoon');
    const admin = process.env['KIESTOON_ADMIN_BIN'] ?? join(target, 'kiestoon-admin');
    const [sip, http, https, webrtc, line] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ];
    const house = new House(mkdtempSync(join(tmpdir(), 'kiestoon-office-')), sip, line, webrtc, kiestoon);
    try {
      const [turn, coturn] = await startCoturn(house.folder, ADDRESS);
      house.#programs.push(coturn);
      house.#write(http, https, turn);
      await house.#fill();
      await house.#start(kiestoon, 'kiestoon ready');
      await house.#start(admin, 'kiestoon-admin ready');
      await house.#lay(https);
      return house;
    } catch (error) {
      console.error(house.log());
      await house.close();
      throw error;
    }
  }

  get url(): string {
    return `https://127.0.0.1:${this.line}/`;
  }

  /** What both have logged. */
  log(): string {
    try {
      return readFileSync(join(this.folder, 'log'), 'utf8');
    } catch {
      return '';
    }
  }

  async calls(): Promise<{ legs: LegSeen[] }[]> {
    return JSON.parse(await this.kiestoon('ctl', 'calls', '--json')) as { legs: LegSeen[] }[];
  }

  async isRegistered(number: string): Promise<boolean> {
    return (await this.registrations(number)) > 0;
  }

  /** How many devices ring where `number` is called. */
  async registrations(number: string): Promise<number> {
    const all = JSON.parse(await this.kiestoon('ctl', 'registrations', '--json')) as { number: string }[];
    return all.filter((one) => one.number === number).length;
  }

  /** What a command of the operator prints. */
  kiestoon(...args: string[]): Promise<string> {
    return output(this.binary, [...args, '--config', 'kiestoon.toml'], this.folder);
  }

  /** A file for `kiestoon import`, while everything runs. */
  async imports(file: string): Promise<void> {
    writeFileSync(join(this.folder, 'more.toml'), file);
    await this.kiestoon('import', 'more.toml');
  }

  /** All that goes over TCP between browsers and sidecar breaks off, and nothing new gets through until it is mended. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#cut = false;
  }

  /** From now on the network swallows all that browsers and we send each other, sound too; nobody is told. */
  async swallow(): Promise<void> {
    if (!process.env['KIESTOON_OWN_NETWORK'])
      throw new Error('this needs a network of its own: run tools/web.sh office');
    const ends = ['dport', 'sport'].flatMap((end) => [
      `udp ${end} ${this.webrtc} drop`,
      `tcp ${end} ${this.line} drop`,
    ]);
    const chain = `chain swallow { type filter hook input priority 0; ${ends.join('; ')}; };`;
    await this.#nft(`table inet office { ${chain} }`);
  }

  async letThrough(): Promise<void> {
    await this.#nft('add table inet office; delete table inet office');
  }

  async #nft(rules: string): Promise<void> {
    await output('nft', [rules], this.folder);
  }

  async close(): Promise<void> {
    this.cut();
    this.#server?.close();
    for (const one of this.#programs.reverse()) await one.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #write(http: number, https: number, turn: Turn): void {
    const rtp = 12_000 + 200 * Math.floor(Math.random() * 35);
    const at = (port: number) => `["127.0.0.1:${port}"]`;
    mkdirSync(join(this.folder, 'dialplans'));
    mkdirSync(join(this.folder, 'sounds', 'nl'), { recursive: true });
    writeFileSync(join(this.folder, 'sounds', 'nl', 'muziek.wav'), wave(MUSIC));
    writeFileSync(join(this.folder, 'dialplans', 'office.toml'), DIALPLAN);
    const config = `[sip]\nudp = ${at(this.sip)}\ntcp = ${at(this.sip)}\n[sip.ws]\nlisten = ${at(this.sip + 1)}
[media]\nwebrtc_port = ${this.webrtc}\nrtp_ports = "${rtp}-${rtp + 199}"\nsounds = "sounds"
[store]\nurl = "sqlite:kiestoon.db"\n[dialplan]\npath = "dialplans"\n[control]\nsocket = "kiestoon.sock"
[admin]\nhttp = ${at(http)}\nhttps = ${at(https)}\nturn_urls = ["${turn.url}"]\nturn_secret = "${turn.secret}"
[limits]\nexempt_sources = ["127.0.0.0/8"]\n[log]\nlevel = "${process.env['KIESTOON_LOG'] ?? 'info'}"\n`;
    writeFileSync(join(this.folder, 'kiestoon.toml'), config);
  }

  async #fill(): Promise<void> {
    const extension = (number: string) =>
      `[[extension]]\nnumber = "${number}"\nname = "Toestel ${number}"\npassword = "geheim${number}"\n`;
    const numbers = [...Object.values(USERS), '203', '204', '205', '206', '207', '208'];
    writeFileSync(join(this.folder, 'extensions.toml'), numbers.map(extension).join(''));
    await this.kiestoon('import', 'extensions.toml');
    for (const [name, number] of Object.entries(USERS))
      await this.kiestoon('user', 'add', name, '--extension', number, '--password', PASSWORD);
    await this.kiestoon('user', 'add', 'beheer', '--role', 'admin', '--password', PASSWORD);
  }

  async #start(binary: string, ready: string): Promise<void> {
    const one = program(binary, ['serve', '--config', 'kiestoon.toml'], this.folder, join(this.folder, 'log'));
    this.#programs.push(one);
    const { stdout } = one.child;
    if (!stdout) throw new Error(`${binary}: no output`);
    for await (const line of createInterface(stdout)) {
      if (line === ready) return void stdout.resume();
      throw new Error(`expected "${ready}", and found "${line}"`);
    }
    throw new Error(`expected "${ready}" of ${binary}, and found nothing: ${one.ended()}`);
  }

  async #lay(https: number): Promise<void> {
    const server = createServer((near) => {
      if (this.#cut) return near.destroy();
      const far = dial(https, '127.0.0.1');
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          this.#sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far).pipe(near);
    });
    this.#server = server;
    await new Promise<void>((done) => server.listen(this.line, '127.0.0.1', done));
  }
}

const DIALPLAN = `
version = 1
timezone = "Europe/Amsterdam"
[[context.intern]]
match = "*43"
do = [{ echo = true }]
[[context.intern]]
match = "_2XX"
do = [{ dial = "ext:\${number}", timeout = "60s" }]
`;
