/**
 * A stand-in for sidecar and PBX: serves dist/, logs anybody in, and passes SIP between the browsers that have registered,
 * who then talk to each other directly. It shows pages and tests their half; it proves nothing about the PBX.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import { SipStandIn } from './stand-in-sip';
import { test, trunks } from './stand-in-trunks';

export interface StandIn {
  readonly url: string;
  readonly sip: SipStandIn;
  close(): void;
}

/** `dist` is where the built files are; login NAME has extension NAME, and password "geheim"; `beheer` is an administrator. */
export async function standIn(port = 0, dist = fileURLToPath(new URL('../dist', import.meta.url))): Promise<StandIn> {
  const sip = new SipStandIn();
  const server = createServer((request, response) => void answer(request, response, dist).catch(() => response.end()));
  const sockets = new WebSocketServer({ server, path: '/sip', handleProtocols: () => 'sip' });
  sockets.on('connection', (socket) => sip.attach(socket));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound}/`,
    sip,
    close() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, dist: string): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://x');
  const who = /kiestoon_session=(\w+)/.exec(request.headers.cookie ?? '')?.[1];
  const json = (status: number, body: object, headers = {}) =>
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
  const session = (login: string) => ({
    user: { login, name: `Toestel ${login}`, role: login === 'beheer' ? 'admin' : 'user', extension: login },
    csrf: 'x',
  });
  switch (`${request.method} ${pathname}`) {
    case 'GET /api/v1/session':
      return void (who ? json(200, session(who)) : json(401, { code: 'no_session' }));
    case 'POST /api/v1/session': {
      const { login, password } = JSON.parse(await text(request)) as { login: string; password: string };
      if (password !== 'geheim') return void json(401, { code: 'wrong_password' });
      return void json(200, session(login), {
        'Set-Cookie': `kiestoon_session=${login}; HttpOnly; SameSite=Strict; Path=/`,
      });
    }
    case 'DELETE /api/v1/session':
      return void response.writeHead(204, { 'Set-Cookie': 'kiestoon_session=; Max-Age=0; Path=/' }).end();
    case 'GET /api/telephony/auth/token':
      if (!who) return void json(401, { code: 'no_session' });
      return void json(200, {
        username: `9999999999:${who}`,
        password: 'p',
        uri: `sip:${who}@stand-in.test`,
        display_name: `Toestel ${who}`,
        ttl: 3600,
        ice_servers: [],
      });
    case 'GET /api/telephony/auth/config':
      return void json(200, {
        ws_url: `ws://${request.headers.host}/sip`,
        realm: 'stand-in.test',
        domain: 'stand-in.test',
      });
    case 'GET /api/v1/trunks':
      return void (who === 'beheer' ? json(200, { items: trunks(), next: null }) : json(403, { code: 'forbidden' }));
  }
  const [, tested] = /^\/api\/v1\/trunks\/([^/]+)\/test$/.exec(pathname) ?? [];
  if (tested && request.method === 'POST' && who === 'beheer')
    return test(tested, JSON.parse(await text(request)) as object, response);
  await file(pathname, response, dist);
}

/** With the policy that the sidecar sends; a place without a file is the page's own. */
async function file(pathname: string, response: ServerResponse, dist: string): Promise<void> {
  const path = normalize(extname(pathname) === '' ? '/index.html' : pathname);
  const policy = "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; media-src 'self' blob: data:";
  try {
    const bytes = await readFile(join(dist, path));
    response.writeHead(200, {
      'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream',
      'Content-Security-Policy': policy,
    });
    response.end(bytes);
  } catch {
    response.writeHead(404).end();
  }
}

async function text(request: IncomingMessage): Promise<string> {
  let all = '';
  for await (const part of request) all += String(part);
  return all;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
