/** `<kiestoon-login>`: name and password. Says `login` with the user once it worked. */
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Api } from '../api';
import { type Failure, failureOf } from '../phone/failures';
import { text } from '../texts';
import { KiestoonElement, look } from './base';
import { sentence } from './sentence';

@customElement('kiestoon-login')
export class Login extends KiestoonElement {
  static override styles = [
    look,
    css`
      form {
        display: grid;
        gap: 1rem;
      }
      h1 {
        margin: 0 0 0.25rem;
        font-size: 1.375rem;
        font-weight: 600;
        letter-spacing: -0.01em;
      }
    `,
  ];
  @property({ attribute: false }) api: Api | null = null;
  @property({ attribute: false }) failure: Failure | null = null;
  @state() private busy = false;

  override firstUpdated(): void {
    this.renderRoot.querySelector('input')?.focus();
  }

  override render(): TemplateResult {
    return html`<form @submit=${(event: SubmitEvent) => void this.#submit(event)}>
      <h1>${text('login_title')}</h1>
      <label>
        <span class="label">${text('login_name')}</span>
        <input class="field" name="login" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="128" />
      </label>
      <label>
        <span class="label">${text('login_password')}</span>
        <input class="field" name="password" type="password" autocomplete="current-password" required maxlength="1024" />
      </label>
      <div aria-live="assertive">${this.failure ? html`<p class="notice">${sentence(this.failure)}</p>` : nothing}</div>
      <button class="main" ?disabled=${this.busy}>${text(this.busy ? 'login_busy' : 'login_button')}</button>
    </form>`;
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const field = (name: string) => (form.elements.namedItem(name) as HTMLInputElement | null)?.value ?? '';
    if (!this.api || this.busy) return;
    this.busy = true;
    this.failure = null;
    try {
      const user = await this.api.login(field('login').trim(), field('password'));
      form.reset();
      this.dispatchEvent(new CustomEvent('login', { detail: user, bubbles: true, composed: true }));
    } catch (error) {
      this.failure = failureOf(error);
    } finally {
      this.busy = false;
    }
  }
}
