/** `<kiestoon-app>`: the whole page. Login, then the phone; who one is, the language, and the way out. */
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { Api, type User } from '../api';
import { type Failure, failureOf } from '../phone/failures';
import { currentLanguage, rememberedLanguage, speak, text } from '../texts';
import './login';
import './phone';
import { KiestoonElement, look } from './base';
import { sentence } from './sentence';

@customElement('kiestoon-app')
export class App extends KiestoonElement {
  static override styles = [
    look,
    css`
      :host {
        display: grid;
        min-height: 100dvh;
        grid-template-rows: auto 1fr auto;
        justify-items: center;
        background: light-dark(#eef1f0, #101514);
      }
      header,
      footer {
        width: 100%;
        max-width: 60rem;
        padding: 0.75rem 1.25rem;
        display: flex;
        align-items: center;
        gap: 0.5rem;
      }
      header b {
        margin-inline-end: auto;
        font-weight: 650;
        letter-spacing: -0.01em;
        color: var(--accent);
      }
      header span {
        min-width: 0;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        font-size: 0.875rem;
      }
      main {
        width: 100%;
        max-width: 24rem;
        align-self: center;
        padding: 0.5rem 1rem 1.5rem;
      }
      .sheet {
        padding: 1.5rem;
        border: 1px solid var(--line);
        border-radius: 1.125rem;
        background: var(--sheet);
        box-shadow: 0 1px 2px rgb(0 0 0 / 4%), 0 12px 32px -16px rgb(0 0 0 / 18%);
      }
      footer {
        justify-content: center;
        flex-wrap: wrap;
        font-size: 0.8125rem;
        color: var(--soft);
        text-align: center;
      }
      a {
        color: var(--accent);
      }
      @media (max-width: 30rem) {
        main {
          padding-inline: 0.75rem;
        }
        .sheet {
          padding: 1.125rem;
        }
      }
    `,
  ];
  @state() private user: User | null | undefined = undefined;
  @state() private failure: Failure | null = null;
  readonly #api = new Api();

  override connectedCallback(): void {
    super.connectedCallback();
    this.#speak(rememberedLanguage());
    void this.#whoAmI();
  }

  override render(): TemplateResult {
    return html`<header>
        <b>${text('app_name')}</b>
        ${this.user ? html`<span title=${this.user.login}>${this.user.name || this.user.login}</span>` : nothing}
        <button class="plain" lang=${currentLanguage() === 'nl' ? 'en' : 'nl'} @click=${() => this.#other()}>
          ${text('language')}
        </button>
        ${this.user ? html`<button class="plain" @click=${() => void this.#logout()}>${text('logout')}</button>` : nothing}
      </header>
      <main><div class="sheet">${this.#body()}</div></main>
      <footer>${this.#trust()}</footer>`;
  }

  #body(): TemplateResult {
    if (this.user === undefined) {
      if (!this.failure) return html`<p class="soft" role="status">${text('loading')}</p>`;
      return html`<p class="notice" role="alert">${sentence(this.failure)}</p>
        <p><button class="main" @click=${() => void this.#whoAmI()}>${text('retry')}</button></p>`;
    }
    if (!this.user) {
      return html`<kiestoon-login .api=${this.#api} .failure=${this.failure}
        @login=${(event: CustomEvent<User>) => this.#entered(event.detail)}></kiestoon-login>`;
    }
    return html`<kiestoon-phone .api=${this.#api} .extension=${this.user.extension ?? ''}
      @session-over=${() => this.#left({ code: 'session_over' })}></kiestoon-phone>`;
  }

  #trust(): TemplateResult | typeof nothing {
    if (this.user) return nothing;
    const secure = `https://${location.hostname}${location.port === '8080' ? ':8443' : ''}/`;
    return html`<span>${text(window.isSecureContext ? 'ca_hint' : 'failure_insecure_page')}</span>
      <a href="/ca.crt" download>${text('ca_link')}</a>
      ${window.isSecureContext ? nothing : html`<a href=${secure}>${text('https_link')}</a>`}`;
  }

  async #whoAmI(): Promise<void> {
    this.failure = null;
    try {
      this.user = await this.#api.session();
    } catch (error) {
      this.failure = failureOf(error);
    }
  }

  #entered(user: User): void {
    this.failure = null;
    this.user = user;
  }

  async #logout(): Promise<void> {
    await this.#api.logout();
    this.#left(null);
  }

  #left(failure: Failure | null): void {
    this.user = null;
    this.failure = failure;
  }

  #other(): void {
    this.#speak(currentLanguage() === 'nl' ? 'en' : 'nl', true);
  }

  #speak(language: 'nl' | 'en', remember = false): void {
    speak(language, remember);
    document.documentElement.lang = language;
  }
}
