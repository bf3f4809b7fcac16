// @vitest-environment happy-dom
import { expect, test, vi } from 'vitest';
import { Api } from '../api';
import { clock } from './clock';
import { loudness } from './devices';
import { commandOf } from './keyboard';
import { Login } from './login';

const json = (status: number, body: object, headers = {}) => new Response(JSON.stringify(body), { status, headers });
const user = { login: 'jan', name: 'Jan', role: 'user', extension: '201' } as const;

async function shown(answer: Response | Error): Promise<{ login: Login; request: ReturnType<typeof vi.fn> }> {
  const request = vi.fn(async () => {
    if (answer instanceof Error) throw answer;
    return answer;
  });
  const login = new Login();
  login.api = new Api(request as never);
  document.body.replaceChildren(login);
  await login.updateComplete;
  return { login, request };
}

async function submit(login: Login): Promise<void> {
  const busy = () => (login as unknown as { busy: boolean }).busy;
  const root = login.renderRoot as ShadowRoot;
  const [name, password] = root.querySelectorAll('input');
  if (name) name.value = ' jan ';
  if (password) password.value = 'geheim';
  root.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }));
  expect(busy()).toBe(true);
  await vi.waitFor(() => expect(busy()).toBe(false));
  await login.updateComplete;
}

test('a login that works says who it is, and later requests carry the token against forgery', async () => {
  const { login, request } = await shown(json(200, { user, csrf: 'c1' }));
  const entered = vi.fn();
  login.addEventListener('login', (event) => entered((event as CustomEvent).detail));
  await submit(login);
  expect(entered).toHaveBeenCalledWith(user);
  const [path, init] = request.mock.calls[0] as unknown as [string, RequestInit];
  expect([path, init.method, init.body]).toEqual(['/api/v1/session', 'POST', '{"login":"jan","password":"geheim"}']);
  await login.api?.logout();
  const [, out] = request.mock.calls[1] as unknown as [string, RequestInit];
  expect(out.headers).toMatchObject({ 'X-CSRF-Token': 'c1' });
});

test.each([
  ['wrong password', json(401, { code: 'wrong_password' }), 'wachtwoord klopt niet'],
  ['too many', json(429, {}, { 'Retry-After': '30' }), 'Wacht 30 seconden'],
  ['no server', new TypeError('fetch failed'), 'niet bereikbaar'],
])('a login that fails says what to do: %s', async (_, answer, words) => {
  const { login } = await shown(answer);
  await submit(login);
  expect((login.renderRoot as ShadowRoot).querySelector('.notice')?.textContent).toContain(words);
});

test('the timer reads MM:SS, then H:MM:SS', () => {
  expect([0, 59_999, 61_000, 3_599_000, 3_600_000, 36_061_000].map(clock)).toEqual([
    '00:00',
    '00:59',
    '01:01',
    '59:59',
    '1:00:00',
    '10:01:01',
  ]);
});

test('keys dial, answer, send digits and hang up, but not into a field', () => {
  const press = (key: string, state: Parameters<typeof commandOf>[1], number = '', focus = 'body') =>
    commandOf(
      {
        key,
        altKey: false,
        ctrlKey: false,
        metaKey: false,
        repeat: false,
        composedPath: () => [{ localName: focus }] as never,
      },
      state,
      number,
    );
  expect(press('2', 'idle', '20')).toEqual({ type: '202' });
  expect(press('Enter', 'idle', '201')).toEqual({ command: ['call', '201'] });
  expect(press('Enter', 'incoming')).toEqual({ command: ['answer'] });
  expect(press('#', 'active')).toEqual({ command: ['digit', '#'] });
  expect(press('Escape', 'ringing')).toEqual({ command: ['hangUp'] });
  expect(press('Escape', 'failed')).toEqual({ command: ['clear'] });
  expect(press('5', 'idle', '', 'input')).toBeNull();
  expect(press('Enter', 'idle', '201', 'button')).toBeNull();
});

test('the meter shows silence as nothing and full scale as all', () => {
  expect(loudness(new Float32Array(64))).toBe(0);
  expect(loudness(new Float32Array(64).fill(1))).toBeCloseTo(1, 5);
});
