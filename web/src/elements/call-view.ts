/** `<kiestoon-call>`: the call that there is, and what can be done with it. Says so by `act` events. */
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Command } from '../phone/shared';
import { type CallView, isLive } from '../phone/state';
import { type TextKey, text } from '../texts';
import './dialpad';
import './quality';
import { KiestoonElement, look } from './base';
import { callLook } from './call-look';
import { clock } from './clock';
import { type Icon, icon } from './icons';
import { sentence } from './sentence';

@customElement('kiestoon-call')
export class CallElement extends KiestoonElement {
  static override styles = [look, callLook];
  @property({ attribute: false }) call: CallView | null = null;
  @state() private open: 'keypad' | 'transfer' | null = null;
  @state() private digits = '';
  #ticking: ReturnType<typeof setInterval> | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#ticking = setInterval(() => this.requestUpdate(), 500);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#ticking) clearInterval(this.#ticking);
  }

  override render(): TemplateResult | typeof nothing {
    const { call } = this;
    if (!call) return nothing;
    const inTalk = call.state === 'active' || call.state === 'held';
    return html`<section class=${this.open ? `${call.state} open` : call.state} aria-label=${text(stateText(call))}>
      ${this.#who(call)}
      ${call.failure ? html`<p class="notice" role="alert">${sentence(call.failure)}</p>` : nothing}
      ${inTalk ? this.#controls(call) : nothing} ${inTalk ? this.#panel(call) : nothing} ${this.#end(call)}
    </section>`;
  }

  #who(call: CallView): TemplateResult {
    const title = call.name || call.number || text('unknown_caller');
    return html`<div class="who">
      <div class="face" aria-hidden="true">${initials(call.name) || icon('call')}</div>
      <h2>${title}</h2>
      ${call.name && call.number !== call.name ? html`<p class="soft">${call.number}</p>` : nothing}
      <p class="state" role="status" aria-live="polite">
        ${text(stateText(call))}${WAITING.has(call.state) || call.reconnecting ? html`<span class="dots" aria-hidden="true"></span>` : nothing}
        ${call.muted && isLive(call.state) ? html`<span class="tag">${text('muted')}</span>` : nothing}
      </p>
      ${this.#time(call)}
      ${call.state === 'active' ? html`<kiestoon-quality .quality=${call.quality}></kiestoon-quality>` : nothing}
    </div>`;
  }

  #time(call: CallView): TemplateResult | typeof nothing {
    if (call.answeredAt === null) return nothing;
    const time = clock((call.endedAt ?? Date.now()) - call.answeredAt);
    return html`<p class="time" role="timer" aria-label=${text('duration', { time })}>${time}</p>`;
  }

  #controls(call: CallView): TemplateResult {
    const held = call.state === 'held';
    return html`<div class="controls">
      ${this.#control(call.muted ? 'muted' : 'mute', call.muted ? 'unmute' : 'mute', call.muted, () => this.#act('mute', !call.muted))}
      ${this.#control(held ? 'resume' : 'hold', held ? 'resume' : 'hold', held, () => this.#act('hold', !held))}
      ${this.#control('keypad', 'keypad', this.open === 'keypad', () => this.#toggle('keypad'))}
      ${this.#control('transfer', 'transfer', this.open === 'transfer', () => this.#toggle('transfer'))}
    </div>`;
  }

  #control(picture: Icon, label: TextKey, on: boolean, press: () => void): TemplateResult {
    return html`<button type="button" aria-pressed=${on} @click=${press}>
      <span>${icon(picture)}</span>${text(label)}
    </button>`;
  }

  #panel(call: CallView): TemplateResult | typeof nothing {
    if (this.open === 'keypad') {
      return html`<output class="digits" aria-live="off">${this.digits}</output>
        <kiestoon-dialpad @digit=${(event: CustomEvent<string>) => this.#digit(event)}></kiestoon-dialpad>`;
    }
    if (this.open !== 'transfer') return nothing;
    return html`<form @submit=${(event: SubmitEvent) => this.#transfer(event)}>
      <label>
        <span class="label">${text('transfer_to')}</span>
        <input class="field" name="to" inputmode="tel" autocomplete="off" required maxlength="64" />
      </label>
      <button class="main" ?disabled=${call.transferring}>${text(call.transferring ? 'transfer_busy' : 'transfer_now')}</button>
    </form>`;
  }

  #end(call: CallView): TemplateResult {
    const round = (kind: 'go' | 'stop', picture: Icon, label: TextKey, press: () => void) =>
      html`<button type="button" class="round ${kind}" @click=${press}><span>${icon(picture)}</span>${text(label)}</button>`;
    if (call.state === 'incoming') {
      return html`<div class="end">
        ${round('stop', 'hangUp', 'reject', () => this.#act('hangUp'))} ${round('go', 'call', 'answer', () => this.#act('answer'))}
      </div>`;
    }
    if (isLive(call.state))
      return html`<div class="end">${round('stop', 'hangUp', 'hang_up', () => this.#act('hangUp'))}</div>`;
    return html`<div class="after">
      <button type="button" class="main quiet" @click=${() => this.#act('clear')}>${text('close')}</button>
      ${call.number ? html`<button type="button" class="main" @click=${() => this.#act('call', call.number)}>${text('again')}</button>` : nothing}
    </div>`;
  }

  override willUpdate(): void {
    if (this.call?.state === 'active' || this.call?.state === 'held') return;
    this.open = null;
    this.digits = '';
  }

  override updated(): void {
    if (this.open === 'transfer') {
      const input = this.renderRoot.querySelector('input');
      if (input && this.shadowRoot?.activeElement === null && input.value === '') input.focus();
    }
  }

  #toggle(panel: 'keypad' | 'transfer'): void {
    this.open = this.open === panel ? null : panel;
  }

  #digit(event: CustomEvent<string>): void {
    event.stopPropagation();
    this.digits = (this.digits + event.detail).slice(-20);
    this.#act('digit', event.detail);
  }

  #transfer(event: SubmitEvent): void {
    event.preventDefault();
    const input = (event.target as HTMLFormElement).elements.namedItem('to') as HTMLInputElement | null;
    if (input?.value.trim()) this.#act('transfer', input.value);
  }

  #act(...command: Command): void {
    this.dispatchEvent(new CustomEvent('act', { detail: command, bubbles: true, composed: true }));
  }
}

/** What a call does, in a word. */
export function stateText(call: CallView): TextKey {
  if (call.reconnecting && isLive(call.state)) return 'state_reconnecting';
  if (call.state === 'active' && call.heldByOther) return 'state_held_by_other';
  return call.state === 'idle' ? 'state_ended' : `state_${call.state}`;
}

function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => /^\p{L}/u.test(word));
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined];
  return letters
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toUpperCase();
}

const WAITING: ReadonlySet<string> = new Set(['connecting', 'ringing']);
