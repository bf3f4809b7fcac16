/** The SIP half of the stand-in: a registrar that asks no password, and a proxy without state. */
import type { WebSocket } from 'ws';

interface Message {
  start: string;
  headers: [string, string][];
  body: string;
}

export class SipStandIn {
  /** By extension and by the user part of the contact. */
  readonly #flows = new Map<string, WebSocket>();
  /** By the branch of our Via. */
  readonly #callers = new Map<string, WebSocket>();
  #branch = 0;
  /** What was received, for the tests. */
  readonly seen: string[] = [];
  /** A test's own answer, instead of passing a request on. */
  answerWith: ((method: string, number: string) => [number, string] | null) | null = null;

  attach(socket: WebSocket): void {
    socket.on('message', (data) => this.#received(socket, String(data)));
    socket.on('close', () => {
      for (const [user, flow] of this.#flows) if (flow === socket) this.#flows.delete(user);
    });
  }

  /** As when the network goes away: nothing is said. */
  cut(extension: string): void {
    this.#flows.get(extension)?.terminate();
  }

  #received(socket: WebSocket, bytes: string): void {
    if (/^[\r\n]*$/.test(bytes)) return socket.send('\r\n');
    const message = parse(bytes);
    this.seen.push(bytes);
    if (message.start.startsWith('SIP/2.0 ')) return this.#response(message);
    const [method = '', uri = ''] = message.start.split(' ');
    const number = decodeURIComponent(/^sips?:([^@;]*)/.exec(uri)?.[1] ?? '');
    if (method === 'REGISTER') return this.#register(socket, message);
    const own = this.answerWith?.(method, number);
    if (own) return method === 'ACK' ? undefined : reply(socket, message, own[0], own[1]);
    const target = this.#flows.get(number);
    if (!target) return method === 'ACK' ? undefined : reply(socket, message, 404, 'Not Found');
    const branch =
      method === 'CANCEL' || method === 'ACK' ? (this.#branchOf(message) ?? this.#next()) : this.#next(message);
    this.#callers.set(branch, socket);
    message.headers.unshift(['Via', `SIP/2.0/WS stand-in.test;branch=${branch}`]);
    target.send(written(message));
  }

  #response(message: Message): void {
    const own = message.headers.findIndex(([name]) => name === 'Via');
    const branch = /branch=([^;]+)/.exec(message.headers[own]?.[1] ?? '')?.[1] ?? '';
    message.headers.splice(own, 1);
    this.#callers.get(branch)?.send(written(message));
  }

  #register(socket: WebSocket, message: Message): void {
    const contact = header(message, 'Contact');
    const address = /sip:([^@>;]+)@/.exec(header(message, 'To'))?.[1] ?? '';
    const contactUser = /sip:([^@>;]+)@/.exec(contact)?.[1] ?? '';
    for (const user of [address, contactUser]) this.#flows.set(user, socket);
    reply(socket, message, 200, 'OK', [['Contact', contact]]);
  }

  /** The branch of the INVITE that a CANCEL, or an ACK of a refusal, belongs to. */
  readonly #ofTheirs = new Map<string, string>();

  #branchOf(message: Message): string | undefined {
    return this.#ofTheirs.get(/branch=([^;]+)/.exec(header(message, 'Via'))?.[1] ?? '');
  }

  #next(message?: Message): string {
    this.#branch += 1;
    const branch = `z9hG4bKstandin${this.#branch}`;
    if (message) this.#ofTheirs.set(/branch=([^;]+)/.exec(header(message, 'Via'))?.[1] ?? '', branch);
    return branch;
  }
}

function reply(
  socket: WebSocket,
  request: Message,
  status: number,
  reason: string,
  more: [string, string][] = [],
): void {
  const kept = request.headers.filter(([name]) => ['Via', 'From', 'To', 'Call-ID', 'CSeq'].includes(name));
  const headers = kept.map(([name, value]): [string, string] => [
    name,
    name === 'To' && !value.includes(';tag=') ? `${value};tag=standin` : value,
  ]);
  socket.send(
    written({
      start: `SIP/2.0 ${status} ${reason}`,
      headers: [...headers, ...more, ['Content-Length', '0']],
      body: '',
    }),
  );
}

function header(message: Message, wanted: string): string {
  return message.headers.find(([name]) => name === wanted)?.[1] ?? '';
}

function parse(bytes: string): Message {
  const end = bytes.indexOf('\r\n\r\n');
  const [start = '', ...lines] = bytes.slice(0, end).split('\r\n');
  const headers = lines.map((line): [string, string] => [
    line.slice(0, line.indexOf(':')).trim(),
    line.slice(line.indexOf(':') + 1).trim(),
  ]);
  return { start, headers, body: bytes.slice(end + 4) };
}

function written({ start, headers, body }: Message): string {
  return `${start}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}
