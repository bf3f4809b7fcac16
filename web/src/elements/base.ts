/** What all our elements share: they speak the chosen language, and look alike. */
import { css, LitElement } from 'lit';
import { onLanguage } from '../texts';

export class KiestoonElement extends LitElement {
  #silence: (() => void) | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#silence = onLanguage(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#silence?.();
  }
}

export const look = css`
  :host {
    --ink: light-dark(#16211f, #e8efed);
    --soft: light-dark(#5c6a67, #98a6a3);
    --line: light-dark(#dde3e1, #2b3634);
    --sheet: light-dark(#ffffff, #182120);
    --key: light-dark(#f3f6f5, #212c2a);
    --key-over: light-dark(#e6ecea, #2b3836);
    --accent: light-dark(#0f6a5b, #4cb8a2);
    --accent-ink: light-dark(#ffffff, #06201b);
    --go: light-dark(#13804f, #2fa46c);
    --stop: light-dark(#c23030, #e0524f);
    --warn: light-dark(#8a5a00, #e0b45c);
    --warn-sheet: light-dark(#fdf5e3, #2c2616);
    color: var(--ink);
    font-family: system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif;
    font-size: 1rem;
    line-height: 1.4;
    -webkit-font-smoothing: antialiased;
  }
  :host([hidden]) {
    display: none;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  button,
  input,
  select {
    font: inherit;
    color: inherit;
  }
  button {
    border: 0;
    background: none;
    padding: 0;
    cursor: pointer;
    touch-action: manipulation;
    -webkit-tap-highlight-color: transparent;
  }
  button:disabled {
    cursor: default;
    opacity: 0.45;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  svg {
    display: block;
    width: 1.5rem;
    height: 1.5rem;
    fill: none;
    stroke: currentColor;
    stroke-width: 1.75;
    stroke-linecap: round;
    stroke-linejoin: round;
  }
  .field {
    width: 100%;
    min-height: 2.75rem;
    padding: 0.5rem 0.75rem;
    border: 1px solid var(--line);
    border-radius: 0.625rem;
    background: var(--sheet);
  }
  .field:focus-visible {
    outline-offset: -1px;
  }
  .label {
    display: block;
    margin-bottom: 0.25rem;
    font-size: 0.875rem;
    color: var(--soft);
  }
  .main {
    width: 100%;
    min-height: 2.875rem;
    padding: 0.5rem 1rem;
    border-radius: 0.625rem;
    background: var(--accent);
    color: var(--accent-ink);
    font-weight: 600;
  }
  .plain {
    padding: 0.375rem 0.625rem;
    border-radius: 0.5rem;
    color: var(--soft);
    font-size: 0.875rem;
  }
  .plain:hover {
    background: var(--key);
    color: var(--ink);
  }
  .notice {
    margin: 0;
    padding: 0.75rem 0.875rem;
    border-radius: 0.625rem;
    background: var(--warn-sheet);
    color: var(--ink);
    font-size: 0.9375rem;
    text-align: start;
    border-inline-start: 3px solid var(--warn);
  }
  .soft {
    color: var(--soft);
  }
  .unseen {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`;
