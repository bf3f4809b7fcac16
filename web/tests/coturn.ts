/** A real coturn, as an office would put one beside its PBX for browsers behind strict firewalls. */
import { createSocket } from 'node:dgram';
import { join } from 'node:path';
import { freePort, type Program, program, until } from './processes';

export interface Turn {
  readonly url: string;
  readonly secret: string;
}

export async function startCoturn(folder: string, address: string): Promise<[Turn, Program]> {
  const port = await freePort();
  const secret = 'een gedeeld geheim';
  const running = program(
    'turnserver',
    // `-n`: whatever Debian's configuration file says.
    [
      '-n',
      '--use-auth-secret',
      `--static-auth-secret=${secret}`,
      '--realm=kiestoon',
      `--listening-ip=${address}`,
    ].concat(
      [
        `--relay-ip=${address}`,
        `--listening-port=${port}`,
        '--min-port=34100',
        '--max-port=34900',
        '--no-tls',
        '--no-dtls',
      ],
      [
        '--no-cli',
        `--pidfile=${join(folder, 'coturn.pid')}`,
        `--userdb=${join(folder, 'turndb')}`,
        '--log-file=stdout',
      ],
    ),
    folder,
    join(folder, 'log'),
  );
  running.child.stdout?.resume();
  await until(
    'coturn',
    () => listens(address, port),
    () => running.ended(),
  );
  return [{ url: `turn:${address}:${port}?transport=udp`, secret }, running];
}

/** Whether it answers a STUN Binding request (RFC 8489). */
function listens(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const end = (answered: boolean) => {
      clearTimeout(late);
      socket.close();
      resolve(answered);
    };
    const late = setTimeout(() => end(false), 300);
    socket.once('message', () => end(true));
    socket.once('error', () => end(false));
    socket.send(Buffer.from('000100002112a442000102030405060708090a0b', 'hex'), port, address);
  });
}
