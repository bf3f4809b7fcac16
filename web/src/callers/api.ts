/** The sidecar's contacts and blocks: the lists, and what is changed in them one at a time. */
import type { Api } from '../api';
import { type Failure, PhoneError } from '../phone/failures';

export interface Contact {
  readonly id: string;
  /** In E.164. */
  readonly number: string;
  readonly name: string;
}

export const KINDS = ['number', 'prefix', 'anonymous', 'stir'] as const;
export type Kind = (typeof KINDS)[number];
export const ACTIONS = ['reject', 'busy', 'silence', 'allow'] as const;
/** `context` is set at the server: a page knows no dialplan. */
export type Action = (typeof ACTIONS)[number] | 'context';

export interface Block {
  readonly id: string;
  readonly kind: Kind;
  /** The number or the prefix. */
  readonly value: string;
  /** Null: any. */
  readonly trunk: string | null;
  readonly action: Action;
  readonly context: string | null;
  readonly note: string;
}

/** A list as far as a page shows it. */
export interface Listed<T> {
  readonly items: readonly T[];
  /** Whether there are others, which are looked at on the server. */
  readonly more: boolean;
}

export type NewContact = Pick<Contact, 'number' | 'name'>;
export type NewBlock = Pick<Block, 'kind' | 'value' | 'action' | 'note'>;

/** Whether a change counts already; otherwise it is kept for when the PBX runs. */
export type Taken = 'now' | 'later';

export class Callers {
  constructor(private readonly api: Api) {}

  contacts(): Promise<Listed<Contact>> {
    return this.#list<Contact>('/api/v1/contacts');
  }

  blocks(): Promise<Listed<Block>> {
    return this.#list<Block>('/api/v1/blocks');
  }

  addContact(contact: NewContact): Promise<Taken> {
    return this.#write('POST', '/api/v1/contacts', contact);
  }

  renameContact({ id }: Contact, name: string): Promise<Taken> {
    return this.#write('PUT', `/api/v1/contacts/${encodeURIComponent(id)}`, { name });
  }

  removeContact({ id }: Contact): Promise<Taken> {
    return this.#write('DELETE', `/api/v1/contacts/${encodeURIComponent(id)}`);
  }

  addBlock({ kind, value, action, note }: NewBlock): Promise<Taken> {
    const named = kind === 'number' || kind === 'prefix';
    return this.#write('POST', '/api/v1/blocks', { kind, ...(named ? { value } : {}), action, note });
  }

  changeBlock({ id, note }: Block, action: Action): Promise<Taken> {
    return this.#write('PUT', `/api/v1/blocks/${encodeURIComponent(id)}`, { action, note });
  }

  removeBlock({ id }: Block): Promise<Taken> {
    return this.#write('DELETE', `/api/v1/blocks/${encodeURIComponent(id)}`);
  }

  /** Page after page, as many as somebody may look through. */
  async #list<T>(path: string): Promise<Listed<T>> {
    const items: T[] = [];
    let cursor: string | null = '';
    for (let pages = 0; cursor !== null && pages < MOST_PAGES; pages += 1) {
      const more: string = cursor && `&cursor=${encodeURIComponent(cursor)}`;
      const response = await this.api.ask('GET', `${path}?limit=1000${more}`);
      if (!response.ok) throw new PhoneError(await failure(response));
      const page = (await response.json()) as { items: T[]; next: string | null };
      items.push(...page.items);
      cursor = page.next;
    }
    return { items, more: cursor !== null };
  }

  async #write(method: string, path: string, json?: object): Promise<Taken> {
    const response = await this.api.ask(method, path, json);
    if (!response.ok) throw new PhoneError(await failure(response));
    return response.status === 202 ? 'later' : 'now';
  }
}

async function failure(response: Response): Promise<Failure> {
  const problem = (await response.json().catch(() => ({}))) as { detail?: unknown };
  const detail = String(problem.detail ?? response.statusText) || String(response.status);
  const code = BY_STATUS[response.status] ?? 'unknown';
  return { code, detail };
}

const MOST_PAGES = 3;
const BY_STATUS: Readonly<Record<number, Failure['code']>> = {
  401: 'session_over',
  403: 'not_admin',
  404: 'gone',
  409: 'exists',
  422: 'refused',
  502: 'sidecar_away',
  503: 'sidecar_away',
  504: 'sidecar_away',
};
