/** `<kiestoon-blocks>`: who is kept out, and what becomes of their calls. */
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import { repeat } from 'lit/directives/repeat.js';
import { ACTIONS, type Action, type Block, KINDS, type Kind, type Listed } from '../callers/api';
import { text } from '../texts';
import { KiestoonElement, look } from './base';
import { callersLook } from './callers-look';
import { change } from './change';
import { fieldsOf } from './fields';
import { pageLook } from './page-look';

@customElement('kiestoon-blocks')
export class Blocks extends KiestoonElement {
  static override styles = [look, pageLook, callersLook];
  @property({ attribute: false }) list: Listed<Block> = { items: [], more: false };
  @property({ type: Boolean }) busy = false;
  /** What the next one is asked about. */
  @state() private kind: Kind = 'number';

  override render(): TemplateResult {
    return html`<section class="sheet" aria-labelledby="blocks">
      <h2 id="blocks">${text('blocks_title')}</h2>
      <p class="soft">${text('blocks_about')}</p>
      <form @submit=${(event: SubmitEvent) => this.#add(event)}>
        <label><span class="label">${text('blocks_kind')}</span>
          <select class="field" name="kind" @change=${(event: Event) => this.#chosen(event)}>
            ${KINDS.map((kind) => html`<option value=${kind} ?selected=${kind === this.kind}>${text(`kind_${kind}`)}</option>`)}
          </select></label>
        ${this.#value()}
        <label><span class="label">${text('blocks_action')}</span>
          <select class="field" name="action">
            ${ACTIONS.map((action) => html`<option value=${action}>${text(`action_${action}`)}</option>`)}
          </select></label>
        <label><span class="label">${text('blocks_note')}</span>
          <input class="field" name="note" maxlength="128" autocomplete="off" /></label>
        <button class="main" ?disabled=${this.busy}>${text('blocks_add')}</button>
      </form>
      ${this.list.items.length === 0 ? html`<p class="soft">${text('blocks_empty')}</p>` : this.#list()}
    </section>`;
  }

  #value(): TemplateResult | typeof nothing {
    if (this.kind !== 'number' && this.kind !== 'prefix') return nothing;
    const title = text(this.kind === 'number' ? 'callers_number' : 'blocks_prefix');
    return html`<label><span class="label">${title}</span>
      <input class="field" name="value" type="tel" required maxlength="32" autocomplete="off" /></label>`;
  }

  #list(): TemplateResult {
    return html`<ul>
      ${repeat(
        this.list.items,
        ({ id }) => id,
        (block) => html`<li>${this.#shown(block)}</li>`,
      )}
    </ul>
    ${this.list.more ? html`<p class="soft">${text('callers_more', { count: this.list.items.length })}</p>` : nothing}`;
  }

  #shown(block: Block): TemplateResult {
    const what = whom(block);
    const over = block.trunk ? text('blocks_trunk', { trunk: block.trunk }) : '';
    return html`<span class="who"><b>${what}</b> <span class="soft">${[over, block.note].filter(Boolean).join(' · ')}</span></span>
      ${this.#action(block, what)}
      <button class="plain" ?disabled=${this.busy} aria-label=${text('callers_remove_of', { what })}
        @click=${() => change(this, { run: (callers) => callers.removeBlock(block) })}>${text('callers_remove')}</button>`;
  }

  /** What leads into the dialplan is changed at the server. */
  #action(block: Block, what: string): TemplateResult {
    if (block.action === 'context') {
      return html`<span class="soft">${text('action_context', { context: block.context ?? '' })}</span>`;
    }
    const chosen = (event: Event) => {
      const action = (event.target as HTMLSelectElement).value as Action;
      change(this, { run: (callers) => callers.changeBlock(block, action) });
    };
    return html`<select class="field" aria-label=${text('blocks_action_of', { what })} ?disabled=${this.busy}
      .value=${live(block.action)} @change=${chosen}>
      ${ACTIONS.map((action) => html`<option value=${action} ?selected=${action === block.action}>${text(`action_${action}`)}</option>`)}
    </select>`;
  }

  #chosen(event: Event): void {
    this.kind = (event.target as HTMLSelectElement).value as Kind;
  }

  #add(event: SubmitEvent): void {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const { value = '', action = 'reject', note = '' } = fieldsOf(event);
    const kind = this.kind;
    const done = () => {
      form.reset();
      this.kind = 'number';
    };
    change(this, { run: (callers) => callers.addBlock({ kind, value, action: action as Action, note }), done });
  }
}

function whom({ kind, value }: Block): string {
  if (kind === 'number') return value;
  return kind === 'prefix' ? `${value}…` : text(`kind_${kind}`);
}
