/** The sidecar's HTTP: login, logout, who am I, and what the phone needs to register. */
import { type Failure, PhoneError } from './phone/failures';

export interface User {
  readonly login: string;
  readonly name: string;
  readonly role: 'admin' | 'user';
  readonly extension: string | null;
}

export interface SipToken {
  readonly username: string;
  readonly password: string;
  readonly uri: string;
  readonly display_name: string;
  /** Seconds from now. */
  readonly ttl: number;
  readonly ice_servers: readonly RTCIceServer[];
}

export interface SipConfig {
  readonly ws_url: string;
  readonly realm: string;
  readonly domain: string;
}

interface Session {
  readonly user: User;
  readonly csrf: string;
}

export class Api {
  #csrf = '';

  constructor(private readonly request: typeof fetch = (input, init) => fetch(input, init)) {}

  /** Who is logged in, or null. */
  async session(): Promise<User | null> {
    const response = await this.ask('GET', '/api/v1/session');
    if (response.status === 401) return null;
    return this.#opened(await body<Session>(response));
  }

  async login(login: string, password: string): Promise<User> {
    const response = await this.ask('POST', '/api/v1/session', { login, password });
    if (response.status === 401) throw new PhoneError({ code: 'wrong_password' });
    return this.#opened(await body<Session>(response));
  }

  /** Over for us even where the server does not hear of it. */
  async logout(): Promise<void> {
    await this.ask('DELETE', '/api/v1/session').catch(() => undefined);
    this.#csrf = '';
  }

  async token(): Promise<SipToken> {
    return body(await this.ask('GET', '/api/telephony/auth/token'));
  }

  async config(): Promise<SipConfig> {
    return body(await this.ask('GET', '/api/telephony/auth/config'));
  }

  /** What the server answers, whatever that is. A network that lets nothing through is an error. */
  async ask(
    method: string,
    path: string,
    json?: object,
    signal: AbortSignal = AbortSignal.timeout(15_000),
  ): Promise<Response> {
    const headers: Record<string, string> = { Accept: 'application/json' };
    if (json) headers['Content-Type'] = 'application/json';
    if (method !== 'GET' && this.#csrf) headers['X-CSRF-Token'] = this.#csrf;
    const init: RequestInit = { method, headers, credentials: 'same-origin', signal };
    if (json) init.body = JSON.stringify(json);
    try {
      return await this.request(path, init);
    } catch {
      throw new PhoneError({ code: navigator.onLine === false ? 'no_network' : 'server_away' });
    }
  }

  #opened(session: Session): User {
    this.#csrf = session.csrf;
    return session.user;
  }
}

async function body<T>(response: Response): Promise<T> {
  if (response.ok) return (await response.json()) as T;
  throw new PhoneError(await failure(response));
}

/** An RFC 9457 problem, by its stable code where it has one of ours. */
async function failure(response: Response): Promise<Failure> {
  const problem = (await response.json().catch(() => ({}))) as { code?: unknown; title?: unknown };
  switch (response.status) {
    case 401:
      return { code: problem.code === 'wrong_password' ? 'wrong_password' : 'session_over' };
    case 429:
      return { code: 'too_many_attempts', seconds: Number(response.headers.get('Retry-After')) || 60 };
    case 409:
      if (problem.code === 'no_extension') return { code: 'no_extension' };
      break;
    case 502:
    case 503:
    case 504:
      return { code: 'server_away' };
  }
  return { code: 'unknown', detail: `${response.status} ${String(problem.title ?? response.statusText)}`.trim() };
}
