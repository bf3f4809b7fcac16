/** A WebSocket for JsSIP that notices a dead line: keep-alives both ways (RFC 5626 section 4.4.1 over RFC 7118). */
import type { Socket } from 'jssip/lib/Socket';

export class SipSocket implements Socket {
  via_transport = 'WSS';
  readonly sip_uri: string;
  #socket: WebSocket | null = null;
  #next: ReturnType<typeof setTimeout> | null = null;
  #pong: ReturnType<typeof setTimeout> | null = null;
  #asking: (() => void)[] = [];

  constructor(readonly url: string) {
    const { protocol, host } = new URL(url);
    const secure = protocol === 'wss:';
    this.via_transport = secure ? 'WSS' : 'WS';
    this.sip_uri = `sip:${host};transport=ws`;
  }

  onconnect(): void {}
  ondisconnect(_error: boolean, _code?: number, _reason?: string): void {}
  ondata<T>(_data: T): void {}

  connect(): void {
    if (this.#socket) return;
    const socket = new WebSocket(this.url, 'sip');
    this.#socket = socket;
    // A network that swallows packets answers nothing for minutes: give up before the browser does.
    this.#pong = setTimeout(() => this.#lost(socket, 'no answer'), CONNECT_MS);
    socket.onopen = () => {
      this.#alive();
      this.onconnect();
    };
    socket.onmessage = ({ data }) => {
      this.#alive();
      this.ondata(data);
    };
    socket.onclose = ({ reason }) => this.#lost(socket, reason);
  }

  disconnect(): void {
    const socket = this.#detach();
    if (socket) socket.close();
  }

  send(message: string | ArrayBufferLike | Blob | ArrayBufferView): boolean {
    if (!this.isConnected() || !this.#socket) return false;
    this.#socket.send(message as string);
    return true;
  }

  isConnected(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  isConnecting(): boolean {
    return this.#socket?.readyState === WebSocket.CONNECTING;
  }

  /** A ping now, as after sleep or where the network has changed; `alive` is called where anything comes back. */
  probe(alive?: () => void): void {
    const socket = this.#socket;
    if (!socket || !this.send('\r\n\r\n')) return;
    if (alive) this.#asking.push(alive);
    if (this.#pong) return;
    this.#pong = setTimeout(() => this.#lost(socket, 'no pong'), PONG_MS);
  }

  #alive(): void {
    this.#clear();
    this.#next = setTimeout(() => this.probe(), PING_EVERY_MS);
    for (const alive of this.#asking.splice(0)) alive();
  }

  #lost(socket: WebSocket, reason: string): void {
    if (this.#socket !== socket) return;
    this.#detach()?.close();
    this.ondisconnect(true, 1006, reason);
  }

  #detach(): WebSocket | null {
    const socket = this.#socket;
    this.#socket = null;
    this.#asking = [];
    this.#clear();
    if (socket) socket.onopen = socket.onmessage = socket.onclose = null;
    return socket;
  }

  #clear(): void {
    if (this.#next) clearTimeout(this.#next);
    if (this.#pong) clearTimeout(this.#pong);
    this.#next = this.#pong = null;
  }
}

const CONNECT_MS = 10_000;
const PING_EVERY_MS = 20_000;
const PONG_MS = 4000;
