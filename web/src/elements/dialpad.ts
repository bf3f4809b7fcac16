/** `<kiestoon-dialpad>`: twelve keys with their letters. Says which was pressed by a `digit` event. */
import { css, html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { text } from '../texts';
import { KiestoonElement, look } from './base';

@customElement('kiestoon-dialpad')
export class Dialpad extends KiestoonElement {
  static override styles = [
    look,
    css`
      div {
        display: grid;
        grid-template-columns: repeat(3, 1fr);
        gap: 0.5rem;
      }
      button {
        height: var(--key-height, 3.375rem);
        border-radius: 0.75rem;
        background: var(--key);
        display: grid;
        align-content: center;
        justify-items: center;
        line-height: 1.1;
        user-select: none;
      }
      button:hover {
        background: var(--key-over);
      }
      button:active {
        background: var(--line);
      }
      b {
        font-size: 1.375rem;
        font-weight: 500;
        font-variant-numeric: tabular-nums;
      }
      small {
        min-height: 0.75rem;
        font-size: 0.625rem;
        letter-spacing: 0.12em;
        color: var(--soft);
      }
    `,
  ];

  override render(): TemplateResult {
    return html`<div role="group" aria-label=${text('keypad')}>${KEYS.map((key) => this.#key(...key))}</div>`;
  }

  #key(digit: string, letters: string): TemplateResult {
    const label = letters ? text('key_letters', { key: digit, letters }) : text('key', { key: digit });
    return html`<button type="button" aria-label=${label} @click=${() => this.#press(digit)}>
      <b>${digit}</b><small>${letters}</small>
    </button>`;
  }

  #press(digit: string): void {
    this.dispatchEvent(new CustomEvent('digit', { detail: digit, bubbles: true, composed: true }));
  }
}

const KEYS: readonly (readonly [string, string])[] = [
  ['1', ''],
  ['2', 'ABC'],
  ['3', 'DEF'],
  ['4', 'GHI'],
  ['5', 'JKL'],
  ['6', 'MNO'],
  ['7', 'PQRS'],
  ['8', 'TUV'],
  ['9', 'WXYZ'],
  ['*', ''],
  ['0', '+'],
  ['#', ''],
];
