/** `<kiestoon-app>`: the whole page. Login, then the phone, and for administrators the trunks and the callers; who one is, the language, and the way out. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { Api, type User } from '../api';
import { type Failure, failureOf } from '../phone/failures';
import { type CallView, isLive } from '../phone/state';
import { currentLanguage, rememberedLanguage, speak, text } from '../texts';
import './login';
import './phone';
import { appLook } from './app-look';
import { KiestoonElement, look } from './base';
import { stateText } from './call-view';
import { icon } from './icons';
import { PAGES, PATHS, type PageName, pageOf } from './pages';
import { sentence } from './sentence';

@customElement('kiestoon-app')
export class App extends KiestoonElement {
  static override styles = [look, appLook];
  @state() private user: User | null | undefined = undefined;
  @state() private failure: Failure | null = null;
  @state() private page: PageName = pageOf(location.pathname);
  /** The call that the phone has, for who looks at another page. */
  @state() private call: CallView | null = null;
  #leave = new AbortController();
  readonly #api = new Api();

  override connectedCallback(): void {
    super.connectedCallback();
    this.#speak(rememberedLanguage());
    this.#leave = new AbortController();
    const { signal } = this.#leave;
    window.addEventListener('popstate', () => this.#turn(pageOf(location.pathname)), { signal });
    void this.#whoAmI();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#leave.abort();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('user') && this.user) this.#turn(this.#first(this.user));
  }

  override render(): TemplateResult {
    return html`<header>
        <b>${text('app_name')}</b>
        ${this.user?.role === 'admin' ? this.#pages() : nothing}
        ${this.user ? html`<span title=${this.user.login}>${this.user.name || this.user.login}</span>` : nothing}
        <button class="plain" lang=${currentLanguage() === 'nl' ? 'en' : 'nl'} @click=${() => this.#other()}>
          ${text('language')}
        </button>
        ${this.user ? html`<button class="plain" @click=${() => void this.#logout()}>${text('logout')}</button>` : nothing}
      </header>
      ${this.user && this.page !== 'phone' ? this.#elsewhere() : nothing}
      <main class=${this.user ? this.page : 'phone'}>${this.#body()}</main>
      <footer>${this.#trust()}</footer>`;
  }

  #pages(): TemplateResult {
    return html`<nav aria-label=${text('pages')}>
      ${PAGES.map(
        (page) =>
          html`<a href=${PATHS[page]} aria-current=${page === this.page ? 'page' : nothing}
            @click=${(event: MouseEvent) => this.#follow(event, page)}>${text(`page_${page}`)}</a>`,
      )}
    </nav>`;
  }

  /** A call that rings or goes on, where the phone is not shown. */
  #elsewhere(): TemplateResult | typeof nothing {
    if (!this.call) return nothing;
    const who = this.call.name || this.call.number || text('unknown_caller');
    return html`<div class="call ${this.call.state}" role="alert">
      ${icon('call')}<span><b>${text(stateText(this.call))}</b> ${who}</span>
      <button @click=${() => this.#go('phone')}>${text('to_phone')}</button>
    </div>`;
  }

  #body(): TemplateResult {
    if (this.user) return this.#shown(this.user);
    if (this.user === null) {
      return html`<div class="sheet"><kiestoon-login .api=${this.#api} .failure=${this.failure}
        @login=${(event: CustomEvent<User>) => this.#entered(event.detail)}></kiestoon-login></div>`;
    }
    if (!this.failure) return html`<div class="sheet"><p class="soft" role="status">${text('loading')}</p></div>`;
    return html`<div class="sheet"><p class="notice" role="alert">${sentence(this.failure)}</p>
      <p><button class="main" @click=${() => void this.#whoAmI()}>${text('retry')}</button></p></div>`;
  }

  /** The phone stays where it is while another page is shown: it is in a call, perhaps, which nobody loses for a session that is over. */
  #shown(user: User): TemplateResult {
    const over = () => this.#left({ code: 'session_over' });
    const isPhone = this.page === 'phone';
    const problem = this.failure ? html`<p class="notice" role="alert">${sentence(this.failure)}</p>` : null;
    const ended = () => this.call || over();
    const other = () =>
      this.page === 'trunks'
        ? html`<kiestoon-trunks .api=${this.#api} @session-over=${ended}></kiestoon-trunks>`
        : html`<kiestoon-callers .api=${this.#api} @session-over=${ended}></kiestoon-callers>`;
    return html`<div class="sheet" ?hidden=${!isPhone}>
        <kiestoon-phone .api=${this.#api} .extension=${user.extension ?? ''} .away=${!isPhone}
          @call=${(event: CustomEvent<CallView | null>) => this.#called(event.detail)} @session-over=${over}></kiestoon-phone>
      </div>
      ${isPhone ? nothing : (problem ?? other())}`;
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

  /** Where somebody comes in: an administrator who has no extension has nothing to do at the phone. */
  #first({ role, extension }: User): PageName {
    return role === 'admin' && extension === null && this.page === 'phone' ? 'trunks' : this.page;
  }

  #follow(event: MouseEvent, page: PageName): void {
    // In a tab of its own where that is asked for.
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.#go(page);
  }

  #go(page: PageName): void {
    if (page !== this.page) history.pushState(null, '', PATHS[page] + location.search);
    this.#turn(page);
  }

  /** To a page that the address names already, or should. */
  #turn(wanted: PageName): void {
    const page = this.user?.role === 'admin' ? wanted : 'phone';
    if (this.user && pageOf(location.pathname) !== page) history.replaceState(null, '', PATHS[page] + location.search);
    this.page = this.user ? page : wanted;
    document.title = text(this.user && page !== 'phone' ? `title_${page}` : 'app_name');
    if (this.user && page !== 'phone') void this.#load(page);
  }

  /** Only administrators need it. */
  async #load(page: 'trunks' | 'callers'): Promise<void> {
    this.failure = null;
    try {
      await (page === 'trunks' ? import('./trunks') : import('./callers'));
    } catch {
      this.failure = { code: 'sidecar_away' };
    }
  }

  #called(call: CallView | null): void {
    this.call = call && isLive(call.state) ? call : null;
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
    this.call = null;
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
