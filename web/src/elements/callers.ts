/** `<kiestoon-callers>`: who calls, and who is kept out. Says `session-over` where somebody is logged out. */
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { Api } from '../api';
import { type Block, Callers, type Contact, type Listed, type Taken } from '../callers/api';
import { type Failure, failureOf } from '../phone/failures';
import { text } from '../texts';
import './blocks';
import './contacts';
import { KiestoonElement, look } from './base';
import { callersLook } from './callers-look';
import type { Change } from './change';
import { pageLook } from './page-look';
import { sentence } from './sentence';

@customElement('kiestoon-callers')
export class CallersPage extends KiestoonElement {
  static override styles = [look, pageLook, callersLook];
  @property({ attribute: false }) api = new Api();
  @state() private contacts: Listed<Contact> | null = null;
  @state() private blocks: Listed<Block> | null = null;
  @state() private failure: Failure | null = null;
  @state() private taken: Taken | null = null;
  @state() private busy = false;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#try(() => this.#read());
  }

  override firstUpdated(): void {
    this.renderRoot.querySelector('h1')?.focus();
  }

  override render(): TemplateResult {
    const { contacts, blocks, failure, busy } = this;
    return html`<div class="page" @change-callers=${(event: CustomEvent<Change>) => void this.#change(event.detail)}>
      <header>
        <h1 tabindex="-1">${text('callers_title')}</h1>
        <p class="soft">${text('callers_about')}</p>
      </header>
      <div aria-live="assertive">${failure ? html`<p class="notice">${sentence(failure)}</p>` : nothing}</div>
      <div role="status">
        ${this.taken ? html`<p class="soft">${text(this.taken === 'now' ? 'callers_kept' : 'callers_kept_later')}</p>` : nothing}
        ${contacts && blocks ? nothing : failure ? nothing : html`<p class="soft">${text('loading')}</p>`}
      </div>
      ${contacts ? html`<kiestoon-contacts .list=${contacts} .busy=${busy}></kiestoon-contacts>` : nothing}
      ${blocks ? html`<kiestoon-blocks .list=${blocks} .busy=${busy}></kiestoon-blocks>` : nothing}
    </div>`;
  }

  /** One after the other: a second press changes nothing twice. */
  async #change(change: Change): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.taken = null;
    await this.#try(async () => {
      const taken = await change.run(new Callers(this.api));
      change.done?.();
      await this.#read();
      this.taken = taken;
    });
    this.busy = false;
  }

  async #read(): Promise<void> {
    const callers = new Callers(this.api);
    [this.contacts, this.blocks] = await Promise.all([callers.contacts(), callers.blocks()]);
  }

  async #try(run: () => Promise<void>): Promise<void> {
    this.failure = null;
    try {
      await run();
    } catch (error) {
      const failure = failureOf(error);
      this.failure = failure.code === 'server_away' ? { code: 'sidecar_away' } : failure;
      if (failure.code === 'session_over') {
        this.dispatchEvent(new CustomEvent('session-over', { bubbles: true, composed: true }));
      }
      // Somebody else has removed it.
      if (failure.code === 'gone') await this.#read().catch(() => undefined);
    }
  }
}
