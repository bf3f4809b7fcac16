// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Api } from '../api';
import type { Block, Contact } from '../callers/api';
import { speak } from '../texts';
import { App } from './app';
import { CallersPage } from './callers';

beforeEach(() => speak('nl'));
afterEach(() => {
  document.body.replaceChildren();
  history.replaceState(null, '', '/');
});

const json = (status: number, body: object) => new Response(JSON.stringify(body), { status });
const jansen: Contact = { id: 'c1', number: '+31201234567', name: 'Bakkerij Jansen' };
const british: Block = {
  id: 'b1',
  kind: 'prefix',
  value: '+44',
  trunk: 'voys',
  action: 'reject',
  context: null,
  note: 'elke dag',
};

/** A sidecar that keeps what it is told; each change is answered with `answer`. */
class Sidecar {
  contacts: Contact[] = [jansen];
  blocks: Block[] = [british];
  readonly asked: [method: string, path: string, body: unknown][] = [];
  answer: () => Response = () => json(201, {});

  request = async (path: string, init: RequestInit): Promise<Response> => {
    if (init.method === 'GET') {
      if (path === '/api/v1/session') return json(200, { user: admin, csrf: '' });
      const [items, place] = path.startsWith('/api/v1/contacts') ? [this.contacts, 'c'] : [this.blocks, 'b'];
      const second = path.includes('cursor=');
      return json(200, {
        items: second ? items.slice(1) : items.slice(0, 1),
        next: second || items.length < 2 ? null : place,
      });
    }
    this.asked.push([init.method ?? '', path, init.body ? JSON.parse(String(init.body)) : null]);
    return this.answer();
  };
}

const admin = { login: 'beheer', name: '', role: 'admin', extension: null };

async function shown(sidecar: Sidecar): Promise<CallersPage> {
  const page = new CallersPage();
  page.api = new Api(sidecar.request as never);
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

function part(page: CallersPage, name: 'contacts' | 'blocks'): ShadowRoot {
  const root = page.renderRoot.querySelector(`kiestoon-${name}`)?.shadowRoot;
  if (!root) throw new Error(`no ${name}`);
  return root;
}

function write(root: ParentNode, values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) {
    const field = root.querySelector<HTMLInputElement>(`[name=${name}]`);
    if (!field) throw new Error(`no field ${name}`);
    field.value = value;
    field.dispatchEvent(new Event('change'));
  }
}

const submit = (form: Element | null) => form?.dispatchEvent(new Event('submit', { cancelable: true }));
const labelled = (root: ParentNode, label: string) => root.querySelector<HTMLElement>(`[aria-label="${label}"]`);

test('contacts and blocks are listed, page after page', async () => {
  const sidecar = new Sidecar();
  sidecar.contacts = [jansen, { id: 'c2', number: '+31205550000', name: 'Anna' }];
  const page = await shown(sidecar);
  for (const said of ['Bakkerij Jansen', '+31201234567', 'Anna', '+44…', 'alleen over trunk voys · elke dag'])
    expect(words(page)).toContain(said);
  expect(words(page)).not.toContain('Dit zijn de eerste');
});

test('of very many the first are shown, and where the others are', async () => {
  const page = new CallersPage();
  page.api = new Api((async (path: string) => {
    const id = path.split('cursor=')[1] ?? '0';
    const item = path.includes('contacts') ? { ...jansen, id } : { ...british, id };
    return json(200, { items: [item], next: String(Number(id) + 1) });
  }) as never);
  document.body.replaceChildren(page);
  await vi.waitFor(() => expect(words(page)).toContain('Dit zijn de eerste 3.'));
  expect(part(page, 'contacts').querySelectorAll('li').length).toBe(3);
});

test('a contact is added, renamed and removed', async () => {
  const sidecar = new Sidecar();
  const page = await shown(sidecar);
  const contacts = part(page, 'contacts');
  write(contacts, { number: ' 020-5550000 ', name: 'Anna' });
  sidecar.contacts = [jansen, { id: 'c2', number: '+31205550000', name: 'Anna' }];
  submit(contacts.querySelector('form'));
  await vi.waitFor(() => expect(words(page)).toContain('Bewaard. Het geldt vanaf de volgende oproep.'));
  expect(words(page)).toContain('+31205550000');
  expect(contacts.querySelector<HTMLInputElement>('[name=number]')?.value).toBe('');

  labelled(contacts, 'Bakkerij Jansen wijzigen')?.click();
  await vi.waitFor(() => expect(contacts.querySelector('li form')).not.toBeNull());
  const form = contacts.querySelector('li form') as HTMLFormElement;
  write(form, { name: 'Jansen' });
  sidecar.answer = () => json(202, {});
  submit(form);
  await vi.waitFor(() => expect(words(page)).toContain('gebruikt het nog niet'));
  expect(contacts.querySelector('li form')).toBeNull();
  labelled(contacts, 'Bakkerij Jansen verwijderen')?.click();
  sidecar.answer = () => new Response(null, { status: 204 });
  await vi.waitFor(() => expect(sidecar.asked.length).toBe(3));
  expect(sidecar.asked).toEqual([
    ['POST', '/api/v1/contacts', { number: '020-5550000', name: 'Anna' }],
    ['PUT', '/api/v1/contacts/c1', { name: 'Jansen' }],
    ['DELETE', '/api/v1/contacts/c1', null],
  ]);
});

test('a block is added, changed and removed', async () => {
  const sidecar = new Sidecar();
  const page = await shown(sidecar);
  const blocks = part(page, 'blocks');
  write(blocks, { kind: 'anonymous' });
  await vi.waitFor(() => expect(blocks.querySelector('[name=value]'), 'there is none').toBeNull());
  write(blocks, { action: 'silence', note: 'hijgers' });
  submit(blocks.querySelector('form'));
  await vi.waitFor(() => expect(words(page)).toContain('Bewaard.'));
  const action = labelled(blocks, 'Wat de beller merkt: +44…') as HTMLSelectElement;
  expect(action.value).toBe('reject');
  sidecar.answer = () => json(202, {});
  action.value = 'busy';
  action.dispatchEvent(new Event('change'));
  await vi.waitFor(() => expect(words(page)).toContain('gebruikt het nog niet'));
  await page.updateComplete;
  labelled(blocks, '+44… verwijderen')?.click();
  await vi.waitFor(() => expect(sidecar.asked.length).toBe(3));
  expect(sidecar.asked).toEqual([
    ['POST', '/api/v1/blocks', { kind: 'anonymous', action: 'silence', note: 'hijgers' }],
    ['PUT', '/api/v1/blocks/b1', { action: 'busy', note: 'elke dag' }],
    ['DELETE', '/api/v1/blocks/b1', null],
  ]);
});

test('what leads into the dialplan is shown, and changed at the server', async () => {
  const sidecar = new Sidecar();
  sidecar.blocks = [{ ...british, kind: 'stir', value: '', action: 'context', context: 'spam' }];
  const blocks = part(await shown(sidecar), 'blocks');
  expect(blocks.querySelector('li')?.textContent).toMatch(/^Vervalste nummers .*\s+Gaat naar context spam/);
  expect(blocks.querySelector('li select')).toBeNull();
});

test.each([
  [422, { detail: '`12` is no whole number' }, 'Dit kan niet worden bewaard (`12` is no whole number).'],
  [409, {}, 'Dit staat er al.'],
  [404, {}, 'Dit is er niet meer.'],
  [403, {}, 'alleen voor beheerders'],
  [503, {}, 'De server antwoordt niet.'],
])('what is refused says why, and what was written stays: %i', async (status, problem, said) => {
  const sidecar = new Sidecar();
  sidecar.answer = () => json(status, problem);
  const page = await shown(sidecar);
  const contacts = part(page, 'contacts');
  write(contacts, { number: '12', name: 'Anna' });
  submit(contacts.querySelector('form'));
  await vi.waitFor(() => expect(words(page)).toContain(said));
  expect(contacts.querySelector<HTMLInputElement>('[name=number]')?.value).toBe('12');
});

test('who is logged out is told', async () => {
  const sidecar = new Sidecar();
  const page = await shown(sidecar);
  const over = vi.fn();
  page.addEventListener('session-over', over);
  sidecar.answer = () => json(401, {});
  labelled(part(page, 'contacts'), 'Bakkerij Jansen verwijderen')?.click();
  await vi.waitFor(() => expect(over).toHaveBeenCalled());
});

test('the page has a place of its own', async () => {
  history.replaceState(null, '', '/callers');
  vi.stubGlobal('fetch', new Sidecar().request);
  const app = new App();
  document.body.replaceChildren(app);
  await vi.waitFor(() => expect(words(app)).toContain('Bakkerij Jansen'));
  expect([location.pathname, document.title]).toEqual(['/callers', 'Contacten en blokkades · Kiestoon']);
  expect(app.renderRoot.querySelector('nav [aria-current=page]')?.textContent?.trim()).toBe('Contacten');
});
