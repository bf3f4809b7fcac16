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

/** Looks at once, soon after each event that may have changed something, and every few seconds, while somebody looks at the page. */
export function watch(api: Api, changed: (watched: Watched) => void, signal: AbortSignal): void {
  let list: readonly Trunk[] | null = null;
  let events: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** When the next look is; events that follow each other do not put it off. */
  let due = Number.POSITIVE_INFINITY;
  let looking = false;
  /** In how long to look again: what is on its way may not have it yet. */
  let next = EVERY_MS;
  const lookIn = (ms: number) => {
    if (looking) next = Math.min(next, ms);
    if (looking || Date.now() + ms >= due) return;
    clearTimeout(timer);
    due = Date.now() + ms;
    timer = setTimeout(() => void look(), ms);
  };
  const rest = () => {
    clearTimeout(timer);
    due = Number.POSITIVE_INFINITY;
  };
  const look = async () => {
    rest();
    looking = true;
    next = EVERY_MS;
    let failure: Failure | null = null;
    try {
      list = await trunks(api);
    } catch (error) {
      failure = ofTrunks(error);
    }
    looking = false;
    if (signal.aborted) return;
    changed({ list, failure });
    if (!document.hidden) lookIn(next);
  };
  const turn = () => {
    events?.close();
    rest();
    if (document.hidden || signal.aborted) return;
    events = new EventSource('/api/v1/events');
    for (const [name, ms] of EVENTS) events.addEventListener(name, () => lookIn(ms));
    lookIn(0);
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
  const detail = String(problem.detail ?? response.statusText) || String(response.status);
  if (problem.code === 'pbx_unreachable') return { code: 'pbx_away' };
  // Such as a test of the trunk that runs already, or a trunk that is not whole.
  if (problem.code === 'pbx_refused' && code !== 'trunk_gone') return { code: 'test_refused', detail };
  return code ? { code } : { code: 'unknown', detail };
}

const BY_STATUS: Readonly<Record<number, Failure['code']>> = {
  401: 'session_over',
  403: 'not_admin',
  404: 'trunk_gone',
  502: 'sidecar_away',
  503: 'sidecar_away',
  504: 'sidecar_away',
};
const EVERY_MS = 5_000;
/** Each tells of a change in what is shown, and how soon that is looked at: of calls there are many. */
const EVENTS = [
  ['trunk', 200],
  ['pbx', 200],
  ['reloaded', 200],
  ['call', 1_000],
] as const;
