/** `<kiestoon-contacts>`: names of numbers outside, to be added, renamed and removed. */
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Contact, Listed } from '../callers/api';
import { text } from '../texts';
import { KiestoonElement, look } from './base';
import { callersLook } from './callers-look';
import { change } from './change';
import { fieldsOf } from './fields';
import { pageLook } from './page-look';

@customElement('kiestoon-contacts')
export class Contacts extends KiestoonElement {
  static override styles = [look, pageLook, callersLook];
  @property({ attribute: false }) list: Listed<Contact> = { items: [], more: false };
  @property({ type: Boolean }) busy = false;
  /** The one that is being renamed. */
  @state() private renamed: string | null = null;

  override render(): TemplateResult {
    return html`<section class="sheet" aria-labelledby="contacts">
      <h2 id="contacts">${text('contacts_title')}</h2>
      <p class="soft">${text('contacts_about')}</p>
      <form @submit=${(event: SubmitEvent) => this.#add(event)}>
        <label><span class="label">${text('callers_number')}</span>
          <input class="field" name="number" type="tel" required maxlength="32" autocomplete="off" /></label>
        <label><span class="label">${text('contacts_name')}</span>
          <input class="field" name="name" required maxlength="128" autocomplete="off" /></label>
        <button class="main" ?disabled=${this.busy}>${text('contacts_add')}</button>
      </form>
      ${this.list.items.length === 0 ? html`<p class="soft">${text('contacts_empty')}</p>` : this.#list()}
    </section>`;
  }

  #list(): TemplateResult {
    return html`<ul>
      ${repeat(
        this.list.items,
        ({ id }) => id,
        (contact) => html`<li>${contact.id === this.renamed ? this.#rename(contact) : this.#shown(contact)}</li>`,
      )}
    </ul>
    ${this.list.more ? html`<p class="soft">${text('callers_more', { count: this.list.items.length })}</p>` : nothing}`;
  }

  #shown(contact: Contact): TemplateResult {
    const { id, number, name } = contact;
    return html`<span class="who"><b>${name}</b> <span class="soft">${number}</span></span>
      <button class="plain" ?disabled=${this.busy} aria-label=${text('callers_change_of', { what: name })}
        @click=${() => {
          this.renamed = id;
        }}>${text('callers_change')}</button>
      <button class="plain" ?disabled=${this.busy} aria-label=${text('callers_remove_of', { what: name })}
        @click=${() => change(this, { run: (callers) => callers.removeContact(contact) })}>${text('callers_remove')}</button>`;
  }

  #rename(contact: Contact): TemplateResult {
    const stop = () => {
      this.renamed = null;
    };
    const submit = (event: SubmitEvent) => {
      event.preventDefault();
      const { name = '' } = fieldsOf(event);
      change(this, { run: (callers) => callers.renameContact(contact, name), done: stop });
    };
    return html`<form @submit=${submit} @keydown=${(event: KeyboardEvent) => (event.key === 'Escape' ? stop() : nothing)}>
      <label><span class="label">${contact.number}</span>
        <input class="field" name="name" required maxlength="128" autocomplete="off" .value=${contact.name} /></label>
      <button class="main" ?disabled=${this.busy}>${text('callers_save')}</button>
      <button class="plain" type="button" @click=${stop}>${text('callers_leave')}</button>
    </form>`;
  }

  #add(event: SubmitEvent): void {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const { number = '', name = '' } = fieldsOf(event);
    change(this, { run: (callers) => callers.addContact({ number, name }), done: () => form.reset() });
  }
}
