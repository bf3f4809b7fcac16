/** `<kiestoon-trunks>`: the organisation's trunks, as they stand now. Says `session-over` where somebody is logged out. */
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { Api } from '../api';
import { text } from '../texts';
import { type Watched, watch } from '../trunks/api';
import { roundTrip, standing, type Trunk, withSample } from '../trunks/trunk';
import './trunk';
import { KiestoonElement, look } from './base';
import { pageLook } from './page-look';
import { sentence } from './sentence';
import { unplugged } from './trunk-pictures';
import { trunksLook } from './trunks-look';

@customElement('kiestoon-trunks')
export class TrunksPage extends KiestoonElement {
  static override styles = [look, pageLook, trunksLook];
  @property({ attribute: false }) api = new Api();
  @state() private watched: Watched = { list: null, failure: null };
  /** Round trips since the page was opened, by the name of the trunk. */
  readonly #samples = new Map<string, readonly number[]>();
  #leave = new AbortController();

  override connectedCallback(): void {
    super.connectedCallback();
    this.#leave = new AbortController();
    watch(this.api, (watched) => this.#show(watched), this.#leave.signal);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#leave.abort();
  }

  override firstUpdated(): void {
    this.renderRoot.querySelector('h1')?.focus();
  }

  override render(): TemplateResult {
    const { list, failure } = this.watched;
    return html`<div class="page">
      <header>
        <div>
          <h1 tabindex="-1">${text('page_trunks')}</h1>
          <p class="soft">${text('trunks_about')}</p>
        </div>
        ${list?.length ? this.#summary(list) : nothing}
      </header>
      ${failure ? html`<p class="notice" role="alert">${sentence(failure)}</p>` : nothing}
      ${list ? this.#list(list) : failure ? nothing : html`<p class="soft" role="status">${text('loading')}</p>`}
    </div>`;
  }

  #summary(list: readonly Trunk[]): TemplateResult | typeof nothing {
    const used = list.filter(({ enabled }) => enabled);
    const up = used.filter((trunk) => standing(trunk, Date.now()) === 'up').length;
    if (used.length === 0) return nothing;
    const words = up === used.length ? text('trunks_well') : text('trunks_working', { up, all: used.length });
    return html`<p class="summary" role="status">
      <span class="dots" aria-hidden="true">${used.map((trunk) => html`<i class=${standing(trunk, Date.now())}></i>`)}</span>
      ${words}
    </p>`;
  }

  #list(list: readonly Trunk[]): TemplateResult {
    if (list.length === 0) return this.#empty();
    return html`<div class="list ${this.watched.failure ? 'stale' : ''}">
      ${repeat(
        list,
        ({ name }) => name,
        (trunk) =>
          html`<kiestoon-trunk .api=${this.api} .trunk=${trunk} .samples=${this.#samples.get(trunk.name) ?? []}></kiestoon-trunk>`,
      )}
    </div>`;
  }

  #empty(): TemplateResult {
    return html`<section class="sheet empty">
      ${unplugged}
      <h2>${text('trunks_empty_title')}</h2>
      <p class="soft">${text('trunks_empty')}</p>
      <code>kiestoon setup --interactive</code>
      <p class="soft">${text('trunks_docs')} <a href=${DOCS} target="_blank" rel="noreferrer">docs/trunks.md</a></p>
    </section>`;
  }

  #show(watched: Watched): void {
    if (watched.failure?.code === 'session_over') {
      this.dispatchEvent(new CustomEvent('session-over', { bubbles: true, composed: true }));
    }
    for (const { name, live } of watched.list ?? []) {
      if (live) this.#samples.set(name, withSample(this.#samples.get(name) ?? [], roundTrip(live)));
    }
    this.watched = watched;
  }
}

const DOCS = 'https://github.com/kiestoon/kiestoon/blob/main/docs/trunks.md';
