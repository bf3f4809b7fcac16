/** The sidecar's trunks: their list, kept fresh, and the test of one. */
import type { Api } from '../api';
import { type Failure, failureOf, PhoneError } from '../phone/failures';
import { lines, type Reach, type Rung } from './rung';
import type { Trunk } from './trunk';

export async function trunks(api: Api): Promise<readonly Trunk[]> {
  const response = await api.ask('GET', '/api/v1/trunks?limit=1000');
  if (!response.ok) throw new PhoneError(await failure(response));
  return ((await response.json()) as { items: Trunk[] }).items;
}

/** Each rung as it is climbed. Aborting `signal` ends the test at the server too. */
export async function* test(api: Api, name: string, reach: Reach, signal: AbortSignal): AsyncGenerator<Rung> {
  const response = await api.ask('POST', `/api/v1/trunks/${encodeURIComponent(name)}/test`, reach, signal);
  if (!response.ok || !response.body) throw new PhoneError(await failure(response));
  try {
    for await (const line of lines(response.body)) yield JSON.parse(line) as Rung;
  } catch {
    throw new PhoneError({ code: 'test_broken_off' });
  }
}

/** What a page shows of the trunks: the last list that came, and why there is no newer one. */
export interface Watched {
  readonly list: readonly Trunk[] | null;
  readonly failure: Failure | null;
}

/** Looks at once, at each event that may have changed something, and every few seconds, while somebody looks at the page. */
export function watch(api: Api, changed: (watched: Watched) => void, signal: AbortSignal): void {
  let list: readonly Trunk[] | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let events: EventSource | null = null;
  let looking = false;
  let stale = false;
  const lookIn = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), ms);
  };
  const look = async () => {
    looking = true;
    stale = false;
    let failure: Failure | null = null;
    try {
      list = await trunks(api);
    } catch (error) {
      failure = ofTrunks(error);
    }
    looking = false;
    if (signal.aborted) return;
    changed({ list, failure });
    if (!document.hidden) lookIn(stale ? SOON_MS : EVERY_MS);
  };
  // Several come together: one look shows what they have come to. What is on its way may not have it yet.
  const soon = () => {
    if (looking) stale = true;
    else lookIn(SOON_MS);
  };
  const turn = () => {
    events?.close();
    clearTimeout(timer);
    if (document.hidden || signal.aborted) return;
    events = new EventSource('/api/v1/events');
    for (const name of EVENTS) events.addEventListener(name, soon);
    if (looking) stale = true;
    else void look();
  };
  document.addEventListener('visibilitychange', turn, { signal });
  signal.addEventListener('abort', turn);
  turn();
}

/** What anything thrown comes to, on a page without a phone. */
export function ofTrunks(error: unknown): Failure {
  const failure = failureOf(error);
  return failure.code === 'server_away' ? { code: 'sidecar_away' } : failure;
}

async function failure(response: Response): Promise<Failure> {
  const problem = (await response.json().catch(() => ({}))) as { code?: unknown; detail?: unknown };
  const code = BY_STATUS[response.status];
  if (problem.code === 'pbx_unreachable') return { code: 'pbx_away' };
  if (code) return { code };
  return { code: 'unknown', detail: String(problem.detail ?? response.statusText) || String(response.status) };
}

const BY_STATUS: Readonly<Record<number, Failure['code']>> = {
  401: 'session_over',
  403: 'not_admin',
  404: 'trunk_gone',
  409: 'test_running',
  502: 'sidecar_away',
  503: 'sidecar_away',
  504: 'sidecar_away',
};
/** Each tells of a change in what is shown: calls are counted. */
const EVENTS = ['trunk', 'call', 'pbx', 'reloaded'] as const;
const EVERY_MS = 5_000;
const SOON_MS = 200;
