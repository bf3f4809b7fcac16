// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Api } from '../api';
import { speak } from '../texts';
import type { Trunk } from '../trunks/trunk';
import { App } from './app';
import { sparkline } from './trunk-pictures';
import { TrunksPage } from './trunks';
import { duration, moment } from './when';

class Events extends EventTarget {
  static open: Events[] = [];
  constructor(readonly url: string) {
    super();
    Events.open.push(this);
  }
  close(): void {
    Events.open = Events.open.filter((one) => one !== this);
  }
}

beforeEach(() => {
  Events.open = [];
  vi.stubGlobal('EventSource', Events);
  speak('nl');
});
afterEach(() => {
  document.body.replaceChildren();
  history.replaceState(null, '', '/');
});

const json = (status: number, body: object) => new Response(JSON.stringify(body), { status });
const trunk = (name: string, more: Partial<Trunk['live'] & object> = {}): Trunk => ({
  organisation: 'default',
  name,
  preset: 'voipgrid',
  enabled: true,
  numbers: { '+31201234567': null },
  live: {
    state: 'up',
    registered_until: new Date(Date.now() + 600_000).toISOString(),
    registers: true,
    calls_in: 1,
    calls_out: 2,
    channels: 4,
    hosts: [
      {
        host: 'sip:192.0.2.10:5060;transport=udp',
        state: more.state ?? 'up',
        since: new Date().toISOString(),
        options: true,
        last_sip_code: more.state === 'down' ? null : 200,
        fault: more.state === 'down' ? 'silent' : null,
        rtt_ms: 12,
        registered_until: null,
        register_sip_code: null,
      },
    ],
    ...more,
  },
});
const listed = (...items: Trunk[]) => json(200, { items, next: null });
const deep = (root: ParentNode, selector: string) => root.querySelector(selector);

async function shown(request: (path: string, init: RequestInit) => Promise<Response>): Promise<TrunksPage> {
  const page = new TrunksPage();
  page.api = new Api(request as never);
  document.body.replaceChildren(page);
  await page.updateComplete;
  await vi.waitFor(() => expect(words(page)).not.toContain('Laden'));
  return page;
}

/** All that is read, down through the shadow roots. */
function words(node: Node): string {
  if (node instanceof HTMLElement && node.localName === 'style') return '';
  if (node.nodeType === 3) return node.textContent ?? '';
  if (node.nodeType === 8) return '';
  const inside = node instanceof Element && node.shadowRoot ? [...node.shadowRoot.childNodes] : [...node.childNodes];
  return inside.map(words).join(' ').replace(/\s+/g, ' ');
}

function card(page: TrunksPage, at = 0): HTMLElement {
  const cards = (page.renderRoot as ShadowRoot).querySelectorAll<HTMLElement>('kiestoon-trunk');
  const one = cards[at];
  if (!one) throw new Error(`no card ${at}`);
  return one;
}

test('a trunk is shown as it stands, with a mark that is no text and words beside it', async () => {
  const page = await shown(async () => listed(trunk('voys'), trunk('oud', { state: 'down', registered_until: null })));
  expect(words(page)).toContain('1 van 2 in orde');
  const [voys, old] = [card(page, 0), card(page, 1)].map((one) => words(one));
  for (const said of ['VoIPGRID (Voys) 192.0.2.10:5060', 'Werkt', 'sinds', 'Aangemeld', '3 van 4', '12 ms'])
    expect(voys).toContain(said);
  for (const said of ['Ligt eruit', '192.0.2.10:5060 antwoordt niet.', 'Niet aangemeld']) expect(old).toContain(said);
  const mark = deep(card(page, 1).shadowRoot as ShadowRoot, 'svg.mark');
  expect([mark?.classList.contains('down'), mark?.getAttribute('aria-hidden')]).toEqual([true, 'true']);
});

test('a trunk that works halfway says what is missing, and a gauge how many calls it has', async () => {
  const page = await shown(async () => listed(trunk('voys', { registered_until: null })));
  expect(words(card(page))).toContain('Niet aangemeld, dus er komen geen gesprekken binnen.');
  expect(deep(card(page).shadowRoot as ShadowRoot, '.gauge .used')?.getAttribute('width')).toBe('75.0');
});

test('a trunk whose provider refuses the registration is not just said to work', async () => {
  const one = trunk('voys', { registered_until: null });
  const [host] = one.live?.hosts ?? [];
  if (!host || !one.live) throw new Error('no host');
  const refused = { ...one, live: { ...one.live, hosts: [{ ...host, register_sip_code: 403 }] } };
  const said = words(card(await shown(async () => listed(refused))));
  expect(said).toContain('Werkt, maar is niet aangemeld');
  expect(said).toContain('De aanbieder meldt ons niet aan (403), dus er komen geen gesprekken binnen.');
  expect(said).toContain('Niet aangemeld laatste poging: 403');
});

test('a trunk that carries no calls says what is typed at the server', async () => {
  const off = { ...trunk('reserve'), enabled: false, live: null };
  const page = await shown(async () => listed({ ...trunk('voys'), live: null }, off));
  expect(words(card(page, 0))).toMatch(/Geen bericht .*kiestoon ctl status/);
  expect(words(card(page, 1))).toMatch(/Uitgeschakeld .*kiestoon trunk enable reserve/);
  const buttons = [0, 1].map((at) => card(page, at).shadowRoot?.querySelectorAll('button').length);
  expect(buttons, 'a trunk is tested before it is enabled').toEqual([1, 1]);
});

test('an event of a trunk is looked at, and a page that is left listens no more', async () => {
  const answers = [listed(trunk('voys')), listed(trunk('voys', { state: 'down' }))];
  const page = await shown(async () => answers.shift() ?? listed());
  expect(Events.open[0]?.url).toBe('/api/v1/events');
  Events.open[0]?.dispatchEvent(new Event('trunk'));
  await vi.waitFor(() => expect(words(page)).toContain('Ligt eruit'));
  page.remove();
  expect(Events.open).toEqual([]);
});

test('many events do not put a look off, and one that comes meanwhile is not lost', async () => {
  vi.useFakeTimers();
  try {
    const answers: ((answer: Response) => void)[] = [];
    const page = new TrunksPage();
    page.api = new Api((() => new Promise((answer) => answers.push(answer))) as never);
    document.body.replaceChildren(page);
    const [events] = Events.open;
    const goOn = async (ms: number, name?: string) => {
      if (name) events?.dispatchEvent(new Event(name));
      await vi.advanceTimersByTimeAsync(ms);
    };
    await goOn(0);
    expect(answers.length).toBe(1);
    await goOn(10, 'trunk');
    answers[0]?.(listed(trunk('voys')));
    await goOn(200);
    expect(answers.length, 'what came during the look').toBe(2);
    answers[1]?.(listed(trunk('voys')));
    for (let event = 0; event < 11; event += 1) await goOn(100, 'call');
    expect(answers.length, 'a look between many events').toBe(3);
    answers[2]?.(listed(trunk('voys')));
    await goOn(1_000);
    answers[3]?.(listed(trunk('voys')));
    await goOn(5_000);
    expect(answers.length, 'a look without an event').toBe(5);
  } finally {
    vi.useRealTimers();
  }
});

test('without trunks it says how to make one', async () => {
  const page = await shown(async () => listed());
  expect(words(page)).toContain('kiestoon setup --interactive');
  expect(deep(page.renderRoot, 'a')?.textContent).toBe('docs/trunks.md');
});

test('what fails is said, the list stays, and who is logged out is told', async () => {
  const answers: (() => Response)[] = [
    () => listed(trunk('voys')),
    () => json(503, { code: 'database' }),
    () => json(401, { code: 'not_logged_in' }),
  ];
  const page = await shown(async () => answers.shift()?.() ?? listed());
  const over = vi.fn();
  page.addEventListener('session-over', over);
  Events.open[0]?.dispatchEvent(new Event('pbx'));
  await vi.waitFor(() => expect(words(page)).toContain('De server antwoordt niet.'));
  expect(words(card(page))).toContain('voys');
  Events.open[0]?.dispatchEvent(new Event('pbx'));
  await vi.waitFor(() => expect(over).toHaveBeenCalled());
});

test('who is no administrator is told so', async () => {
  const page = await shown(async () => json(403, { code: 'forbidden' }));
  expect(words(page)).toContain('alleen voor beheerders');
});

const rung = (name: string, result: string, more: object = {}) => ({
  rung: name,
  host: 'sip:192.0.2.10',
  result,
  ms: 12.34,
  found: { nl: `gevonden bij ${name}`, en: `found at ${name}` },
  advice: null,
  details: {},
  messages: [],
  ...more,
});

/** A page whose test writes rungs when it is told to. */
async function testing(): Promise<{
  page: TrunksPage;
  asked: { path: string; body: unknown; signal: AbortSignal }[];
  write(...rungs: object[]): void;
  end(): void;
  press(label: RegExp): void;
}> {
  const asked: { path: string; body: unknown; signal: AbortSignal }[] = [];
  let out: ReadableStreamDefaultController<Uint8Array>;
  const page = await shown(async (path, init) => {
    if (init.method === 'GET') return listed(trunk('voys'));
    asked.push({ path, body: JSON.parse(String(init.body)), signal: init.signal as AbortSignal });
    const start = (controller: typeof out) => {
      out = controller;
    };
    return new Response(new ReadableStream({ start }));
  });
  const ladder = () => card(page).shadowRoot?.querySelector('kiestoon-trunk-test');
  return {
    page,
    asked,
    write: (...rungs) => out.enqueue(new TextEncoder().encode(rungs.map((one) => `${JSON.stringify(one)}\n`).join(''))),
    end: () => out.close(),
    press(label) {
      const roots = [card(page).shadowRoot, ladder()?.shadowRoot];
      const buttons = roots.flatMap((root) => [...(root?.querySelectorAll('button') ?? [])]);
      const found = buttons.find((one) => label.test(`${one.getAttribute('aria-label')} ${one.textContent}`));
      if (!found) throw new Error(`no button ${label}`);
      const form = found.closest('form');
      if (form) form.dispatchEvent(new Event('submit', { cancelable: true }));
      else found.click();
    },
  };
}

test('a test shows each rung as it comes: how it went, what to do, and SIP that opens', async () => {
  const { page, asked, write, end, press } = await testing();
  press(/Trunk voys testen/);
  await vi.waitFor(() => expect(asked).toMatchObject([{ path: '/api/v1/trunks/voys/test', body: {} }]));
  const sip = [{ sent: true, at_ms: 0.3, text: 'REGISTER sip:192.0.2.10 SIP/2.0\r\n' }];
  write(rung('dns', 'ok'), rung('register', 'failed', { advice: { nl: 'doe dit', en: 'do this' }, messages: sip }));
  await vi.waitFor(() => expect(words(card(page))).toContain('Gevonden bij register'));
  write(rung('een_latere', 'skipped'));
  await vi.waitFor(() => expect(words(card(page))).toContain('een_latere'));
  expect(words(card(page))).toContain('Bezig');
  end();
  await vi.waitFor(() => expect(words(card(page))).toContain('Niet in orde: 1'));
  const said = words(card(page));
  for (const word of [
    'Naam (DNS)',
    'In orde',
    '12 ms',
    'Doe dit',
    'SIP bekijken (1)',
    'Verzonden na 0,3 ms',
    'Overgeslagen',
  ])
    expect(said).toContain(word);
});

test('a further test waits for a call with a countdown, and calls the number that was given', async () => {
  const { page, asked, write, end, press } = await testing();
  press(/Trunk voys testen/);
  await vi.waitFor(() => expect(asked.length).toBe(1));
  end();
  await vi.waitFor(() => expect(words(card(page))).toContain('Verder testen'));
  const form = card(page).shadowRoot?.querySelector('kiestoon-trunk-test')?.shadowRoot?.querySelector('form');
  const [wait, call] = form?.querySelectorAll('input') ?? [];
  if (wait) wait.checked = true;
  if (call) call.value = ' +31201234567 ';
  press(/Opnieuw testen/);
  await vi.waitFor(() => expect(asked[1]?.body).toEqual({ wait_inbound_secs: 60, call: '+31201234567' }));
  await vi.waitFor(() => expect(words(card(page))).toMatch(/Bel nu van buiten naar \+31201234567 .*nog (60|59) s/));
  write(rung('inbound', 'ok', { host: '' }));
  await vi.waitFor(() => expect(words(card(page))).not.toContain('Bel nu van buiten'));
  expect(asked[1]?.signal.aborted).toBe(false);
  const inner = card(page).shadowRoot?.querySelector('kiestoon-trunk-test')?.shadowRoot;
  expect(inner?.activeElement?.textContent?.trim(), 'what began is at hand').toBe('Stoppen');
  press(/Stoppen/);
  await vi.waitFor(() => expect(words(card(page))).toContain('Gestopt'));
  expect(asked[1]?.signal.aborted).toBe(true);
});

test('closing a test ends it', async () => {
  const { page, asked, press } = await testing();
  press(/Trunk voys testen/);
  await vi.waitFor(() => expect(asked.length).toBe(1));
  press(/Test van voys sluiten/);
  await vi.waitFor(() => expect(asked[0]?.signal.aborted).toBe(true));
  expect(words(card(page))).not.toContain('Bezig');
});

test.each([
  [404, { code: 'pbx_refused' }, 'kent deze trunk niet'],
  [409, { code: 'pbx_refused', detail: 'this trunk is being tested' }, 'nu niet (this trunk is being tested)'],
  [503, { code: 'pbx_refused', detail: 'as many as may be' }, 'nu niet (as many as may be)'],
  [503, { code: 'busy' }, 'De server antwoordt niet'],
  [503, { code: 'pbx_unreachable' }, 'De telefooncentrale zelf antwoordt niet'],
  [422, { detail: 'no such number' }, 'no such number'],
])('a test that is refused says why: %i', async (status, problem, said) => {
  const page = await shown(async (_, { method }) => (method === 'GET' ? listed(trunk('voys')) : json(status, problem)));
  card(page).shadowRoot?.querySelector('button')?.click();
  await vi.waitFor(() => expect(words(card(page))).toContain(said));
});

/** The whole page, for somebody of this role. */
async function visited(role: string, extension: string | null = '201'): Promise<App> {
  const user = { login: 'x', name: '', role, extension };
  vi.stubGlobal('fetch', async (path: string) => {
    if (path === '/api/v1/session') return json(200, { user, csrf: '' });
    return path.startsWith('/api/v1/trunks') ? listed(trunk('voys')) : json(409, { code: 'no_extension' });
  });
  const app = new App();
  document.body.replaceChildren(app);
  await vi.waitFor(() => expect(words(app)).toContain('Uitloggen'));
  return app;
}

const links = (app: App) => [...app.renderRoot.querySelectorAll<HTMLElement>('nav a')];

test('only administrators have the page', async () => {
  expect(links(await visited('admin')).map((one) => one.textContent?.trim())).toEqual([
    'Telefoon',
    'Trunks',
    'Contacten',
  ]);
  history.replaceState(null, '', '/trunks');
  const app = await visited('user');
  expect([links(app), location.pathname]).toEqual([[], '/']);
  expect(app.renderRoot.querySelector('kiestoon-trunks')).toBeNull();
});

test('an administrator without an extension begins at the trunks', async () => {
  const app = await visited('admin', null);
  await vi.waitFor(() => expect(words(app)).toContain('voys'));
  expect(location.pathname).toBe('/trunks');
});

test('at another page the keyboard is not the phone’s, and a call is told of', async () => {
  const app = await visited('admin');
  const phone = app.renderRoot.querySelector('kiestoon-phone') as unknown as EventTarget & { number: string };
  const press = (key: string) => window.dispatchEvent(new KeyboardEvent('keydown', { key }));
  press('2');
  expect(phone.number).toBe('2');
  links(app)[1]?.click();
  await vi.waitFor(() => expect(words(app)).toContain('voys'));
  expect([location.pathname, document.title]).toEqual(['/trunks', 'Trunks · Kiestoon']);
  press('3');
  expect(phone.number).toBe('2');
  const detail = { state: 'incoming', name: 'Sanne de Vries', number: '204' };
  phone.dispatchEvent(new CustomEvent('call', { detail }));
  await vi.waitFor(() => expect(words(app)).toMatch(/Inkomende oproep Sanne de Vries .*Naar de telefoon/));
  app.renderRoot.querySelector('kiestoon-trunks')?.dispatchEvent(new CustomEvent('session-over'));
  await app.updateComplete;
  expect(app.renderRoot.querySelector('kiestoon-phone'), 'a call goes on without a session').toBe(phone);
  app.renderRoot.querySelector<HTMLElement>('.call button')?.click();
  await vi.waitFor(() => expect(words(app)).not.toContain('Naar de telefoon'));
  expect(location.pathname).toBe('/');
  expect(app.renderRoot.querySelector('kiestoon-phone')).toBe(phone);
});

test('times and pictures', () => {
  const noon = new Date(2026, 10, 22, 12, 5);
  expect(moment(noon, new Date(2026, 10, 22, 18))).toBe('12:05');
  expect(moment(noon, new Date(2026, 10, 23, 1))).toMatch(/^22 nov.* 12:05$/);
  expect([0.34, 12.3, 2_003].map(duration)).toEqual(['0,3 ms', '12 ms', '2 s']);
  expect(sparkline([12])).not.toHaveProperty('values');
  expect(JSON.stringify(sparkline([0, 0]))).not.toMatch(/NaN|^\{\}/);
});
