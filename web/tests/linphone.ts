/** Another make of desk phone: linphonec, driven by what one types. Unlike baresip it goes on recording while it is held. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wave } from './browsers';
import { Ear } from './ear';
import type { House } from './house';
import { freePort, until } from './processes';

export class Linphone {
  private constructor(
    readonly number: string,
    readonly tone: number,
    private readonly folder: string,
    private readonly child: ChildProcess,
    private readonly ear: Ear,
  ) {}

  /** Answers by itself. */
  static async start(house: House, number: string, tone: number): Promise<Linphone> {
    const folder = mkdtempSync(join(tmpdir(), 'kiestoon-linphone-'));
    const path = (name: string) => join(folder, name);
    const address = `127.0.0.1:${house.sip}`;
    writeFileSync(
      path('rc'),
      `[sip]\nsip_port=${await freePort()}\nsip_tcp_port=0\nsip_tls_port=0\ndefault_proxy=0
[proxy_0]\nreg_proxy=<sip:${address};transport=udp>\nreg_identity=<sip:${number}@${address}>\nreg_sendregister=1\nreg_expires=300
[auth_info_0]\nusername=${number}\npasswd=geheim${number}\n[rtp]\naudio_rtp_port=33000-34000
[audio_codec_0]\nmime=PCMA\nrate=8000\nenabled=1\n`,
    );
    writeFileSync(path('tone.wav'), wave(tone, 120));
    // Without its folder it has no database, and then it does nothing at all.
    mkdirSync(path('.local/share/linphone'), { recursive: true });
    // It reads its network only while it waits for a terminal.
    const run = `exec linphonec -a -S -l ${path('log')} -c ${path('rc')}`;
    const child = spawn('script', ['-qfc', run, '/dev/null'], {
      env: { ...process.env, HOME: folder, TERM: 'dumb' },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const recording = () => (existsSync(path('heard.wav')) ? path('heard.wav') : null);
    const phone = new Linphone(number, tone, folder, child, new Ear(`linphone ${number}`, recording));
    process.once('exit', () => child.kill('SIGKILL'));
    for (const line of ['soundcard use files', `play ${path('tone.wav')}`, `record ${path('heard.wav')}`])
      phone.#types(line);
    const said = () => (existsSync(path('log')) ? readFileSync(path('log'), 'utf8').slice(-2000) : 'nothing');
    await until(`linphone ${number} to register`, () => house.isRegistered(number), said);
    return phone;
  }

  hears(tone: number): Promise<void> {
    return this.ear.hears(tone);
  }

  hangsUp(): void {
    this.#types('terminate');
  }

  async leaves(): Promise<void> {
    this.#types('quit');
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    const late = setTimeout(() => this.child.kill('SIGKILL'), 3000);
    if (this.child.exitCode === null && this.child.signalCode === null) await gone;
    clearTimeout(late);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #types(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }
}
