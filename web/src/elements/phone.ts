/** `<kiestoon-phone>`: the whole phone, on any page of the sidecar's origin. Says `call` with the call that there is, at each change. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { Api } from '../api';
import type { Command, SharedPhone } from '../phone/shared';
import { isLive, type PhoneView } from '../phone/state';
import { offerTestHook } from '../test-hook';
import { text } from '../texts';
import './call-view';
import './devices';
import './dialpad';
import { KiestoonElement, look } from './base';
import { icon } from './icons';
import { commandOf } from './keyboard';
import { openPhone } from './open-phone';
import { phoneLook } from './phone-look';
import { sentence } from './sentence';
import { Sound } from './sound';

@customElement('kiestoon-phone')
export class PhoneElement extends KiestoonElement {
  static override styles = [look, phoneLook];
  @property({ attribute: false }) api = new Api();
  @property() extension = '';
  /** Whether another page is shown: then the keyboard is not the phone's. */
  @property({ attribute: false }) away = false;
  @state() private view: PhoneView = { registration: 'connecting', failure: null, call: null, leader: true };
  @state() private number = '';
  @state() private settings = false;
  @state() private blocked = false;
  #phone: SharedPhone | null = null;
  #sound: Sound | null = null;
  #leave = new AbortController();

  override connectedCallback(): void {
    super.connectedCallback();
    this.#leave = new AbortController();
    const { signal } = this.#leave;
    const sound = new Sound((blocked) => {
      this.blocked = blocked;
    });
    const phone = openPhone(this.api, sound, (view) => this.#show(view), signal);
    this.#sound = sound;
    this.#phone = phone;
    window.addEventListener('keydown', (event) => this.#key(event), { signal });
    offerTestHook(phone, () => sound.heard);
    phone.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#leave.abort();
    this.#phone?.stop();
    this.#sound?.close();
  }

  override render(): TemplateResult {
    const { view } = this;
    return html`<div class="phone">
      ${this.#status(view)}
      ${view.failure ? html`<p class="notice" role="alert">${sentence(view.failure)}</p>` : nothing}
      ${view.leader ? nothing : html`<p class="notice calm">${text('other_tab')}</p>`}
      ${this.blocked ? html`<button class="main" @click=${() => this.#sound?.wake()}>${text('sound_on')}</button>` : nothing}
      ${
        view.call
          ? html`<kiestoon-call .call=${view.call} @act=${(event: CustomEvent<Command>) => this.#do(...event.detail)}></kiestoon-call>`
          : this.#dialler(view)
      }
      ${this.settings ? html`<kiestoon-devices @device=${(event: CustomEvent<string>) => this.#device(event.detail)}></kiestoon-devices>` : nothing}
    </div>`;
  }

  #status({ registration }: PhoneView): TemplateResult {
    return html`<div class="status">
      <span class="lamp ${registration}" aria-hidden="true"></span>
      <span role="status">${text(`registration_${registration}`)}</span>
      ${
        registration === 'waiting' || registration === 'failed'
          ? html`<button class="plain" @click=${() => this.#do('retry')}>${text('retry')}</button>`
          : html`<span class="extension">${this.extension ? text('your_number', { number: this.extension }) : text('without_number')}</span>`
      }
      <button class="plain picture" aria-expanded=${this.settings} aria-label=${text('devices')} title=${text('devices')}
        @click=${() => {
          this.settings = !this.settings;
        }}>${icon('sound')}</button>
    </div>`;
  }

  #dialler({ registration }: PhoneView): TemplateResult {
    return html`<form @submit=${(event: SubmitEvent) => this.#submit(event)}>
      <div class="number">
        <input name="number" aria-label=${text('number')} placeholder=${text('number_hint')} inputmode="tel" autocomplete="off"
          spellcheck="false" maxlength="64" .value=${this.number}
          @input=${(event: InputEvent) => this.#type((event.target as HTMLInputElement).value)} />
        <button type="button" class="plain picture" aria-label=${text('backspace')} ?hidden=${this.number === ''}
          @click=${() => this.#type(this.number.slice(0, -1))}>${icon('backspace')}</button>
      </div>
      <kiestoon-dialpad @digit=${(event: CustomEvent<string>) => this.#digit(event.detail)}></kiestoon-dialpad>
      <button class="call" ?disabled=${this.number.trim() === '' || registration !== 'registered'}
        aria-label=${this.number ? text('call_number', { number: this.number }) : text('call')}>
        ${icon('call')}<span>${text('call')}</span>
      </button>
    </form>`;
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('view')) this.#sound?.ring(this.view);
  }

  #show(view: PhoneView): void {
    if (this.view.call && !view.call) this.number = '';
    this.view = view;
    this.dispatchEvent(new CustomEvent('call', { detail: view.call }));
    if (view.failure?.code === 'session_over' && !(view.call && isLive(view.call.state))) {
      this.dispatchEvent(new CustomEvent('session-over', { bubbles: true, composed: true }));
    }
  }

  #do(...command: Command): void {
    if (command[0] === 'call' || command[0] === 'answer') this.#sound?.wake();
    if (command[0] === 'digit') this.#sound?.tones.key(command[1]);
    this.#phone?.do(...command);
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    if (this.number.trim()) this.#do('call', this.number.trim());
  }

  #digit(digit: string): void {
    this.#sound?.tones.key(digit);
    this.#type(this.number + digit);
  }

  #type(number: string): void {
    this.number = number.slice(0, 64);
  }

  /** The keyboard of the whole page, except where a field or a button has it. */
  #key(event: KeyboardEvent): void {
    if (this.away) return;
    const meant = commandOf(event, this.view.call?.state ?? 'idle', this.number);
    if (!meant) return;
    event.preventDefault();
    if (meant.type === undefined) this.#do(...meant.command);
    else this.#type(meant.type);
  }

  #device(kind: string): void {
    if (kind === 'audiooutput') void this.#sound?.useSpeaker();
    else void this.#phone?.changeMicrophone().catch(() => undefined);
  }
}
