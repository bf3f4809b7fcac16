/** Chromium and Firefox as Debian ships them, headless, each with a microphone that hears one tone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, firefox } from 'playwright-core';

export type BrowserName = 'chromium' | 'firefox';

export interface Started {
  readonly name: BrowserName;
  /** What its microphone hears, in Hz. */
  readonly tone: number;
  context(): Promise<BrowserContext>;
  close(): Promise<void>;
}

export async function start(name: BrowserName, tone: number): Promise<Started> {
  const folder = mkdtempSync(join(tmpdir(), 'kiestoon-browser-'));
  let sound: ChildProcess | null = null;
  let browser: Browser;
  if (name === 'chromium') {
    const file = join(folder, 'tone.wav');
    writeFileSync(file, wave(tone));
    browser = await startChromium(file);
  } else {
    sound = await soundServer(folder);
    browser = await startFirefox(tone, folder);
  }
  return {
    name,
    tone,
    context: () =>
      browser.newContext({ ignoreHTTPSErrors: true, locale: 'nl-NL', viewport: { width: 420, height: 860 } }),
    async close() {
      await browser.close().catch(() => undefined);
      sound?.kill();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The file is played over and over; it holds whole periods, so that nothing clicks. */
function startChromium(file: string): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['KIESTOON_CHROMIUM'] ?? '/usr/bin/chromium',
    headless: true,
    args: [
      // Chromium refuses to run its sandbox as root.
      '--no-sandbox',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      `--use-file-for-fake-audio-capture=${file}`,
      // Without a desktop there is no mDNS to resolve `.local` candidates.
      '--disable-features=WebRtcHideLocalIpsWithMdns',
    ],
  });
}

/** Over WebDriver BiDi, which is what Debian's own Firefox speaks. Its fake microphone hums at a frequency of ours. */
function startFirefox(tone: number, folder: string): Promise<Browser> {
  return firefox.launch({
    channel: 'moz-firefox',
    executablePath: process.env['KIESTOON_FIREFOX'] ?? '/usr/bin/firefox-esr',
    headless: true,
    env: { ...process.env, HOME: folder, PULSE_SERVER: `unix:${join(folder, 'sound')}` },
    firefoxUserPrefs: {
      'media.navigator.streams.fake': true,
      'media.navigator.audio.fake_frequency': tone,
      'media.navigator.permission.disabled': true,
      'media.autoplay.default': 0,
      'media.peerconnection.ice.loopback': true,
      'media.peerconnection.ice.obfuscate_host_addresses': false,
    },
  });
}

/** Firefox's AudioContext stands still where there is no sound device at all: a PulseAudio that plays into nothing. */
async function soundServer(folder: string): Promise<ChildProcess> {
  const socket = join(folder, 'sound');
  const modules = ['module-null-sink', `module-native-protocol-unix auth-anonymous=1 socket=${socket}`];
  const options = ['-n', '--daemonize=no', '--use-pid-file=no', '--exit-idle-time=-1', '--disable-shm=yes'];
  const server = spawn('pulseaudio', [...options, ...modules.flatMap((module) => ['-L', module])], {
    stdio: 'ignore',
    env: { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder },
  });
  let gone: string | null = null;
  server.once('error', (error) => {
    gone = error.message;
  });
  server.once('exit', (code) => {
    gone = `it ended with ${code}`;
  });
  for (let tries = 0; tries < 100 && !existsSync(socket); tries += 1) {
    if (gone) throw new Error(`pulseaudio, which Firefox's sound needs, did not start: ${gone}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return server;
}

/** `tone` at half scale: 16 bit, mono, 48 kHz. */
export function wave(tone: number, seconds = 10): Buffer {
  const rate = 48_000;
  const samples = rate * seconds;
  const file = Buffer.alloc(44 + 2 * samples);
  file.write('RIFF', 0, 'latin1');
  file.writeUInt32LE(36 + 2 * samples, 4);
  file.write('WAVEfmt ', 8, 'latin1');
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(2 * rate, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36, 'latin1');
  file.writeUInt32LE(2 * samples, 40);
  for (let at = 0; at < samples; at += 1)
    file.writeInt16LE(Math.round(16_384 * Math.sin((2 * Math.PI * tone * at) / rate)), 44 + 2 * at);
  return file;
}
