/** Programs that a run starts: each is ended by its own handle, whatever way the run ends; and ports that nobody has. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { openSync } from 'node:fs';
import { createServer } from 'node:net';

export interface Program {
  readonly child: ChildProcess;
  /** Why it ended, once it has. */
  ended(): string | null;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));

/** Its standard output can be read by who starts it; what it logs goes to a file. */
export function program(command: string, args: readonly string[], cwd: string, log: string): Program {
  const file = openSync(log, 'a');
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', file] });
  let over: string | null = null;
  running.add(child);
  const gone = new Promise<void>((resolve) => {
    const end = (how: string) => {
      over ??= how;
      running.delete(child);
      resolve();
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(`it ended with ${code ?? signal}`));
  });
  return {
    child,
    ended: () => over,
    async stop() {
      child.kill('SIGINT');
      const late = setTimeout(() => child.kill('SIGKILL'), 5000);
      await gone;
      clearTimeout(late);
    },
  };
}

/** What a command prints; an error with all it said where it fails. */
export function output(command: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd, env: { ...process.env, LC_ALL: 'C.UTF-8' } }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${command} ${args.join(' ')}: ${stdout}${stderr || error.message}`));
      else resolve(stdout);
    });
  });
}

/** Waits until `look` finds something; `found` tells what it saw last where it does not. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | false> | T | null | false,
  found: () => unknown = () => 'nothing',
  seconds = 20,
): Promise<T> {
  const end = Date.now() + 1000 * seconds;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== false) return seen;
    if (Date.now() > end) throw new Error(`expected ${what} within ${seconds} s, and found ${String(found())}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

let next = 7000 + 2 * Math.floor(Math.random() * 1400);

/** Free for UDP and TCP, below the ports that the system hands out and above those that browsers refuse; the next is free too. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 2000; tries += 1) {
    next = next >= 9800 ? 7000 : next + 2;
    if ((await free(next)) && (await free(next + 1))) return next;
  }
  throw new Error('no free port');
}

async function free(port: number): Promise<boolean> {
  const tcp = await new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
  if (!tcp) return false;
  return new Promise<boolean>((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind(port, () => socket.close(() => resolve(true)));
  });
}
