/** `<kiestoon-trunk-test>`: climbs a trunk's ladder as soon as it is shown, and draws each rung as it comes. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { Api } from '../api';
import type { Failure } from '../phone/failures';
import { text } from '../texts';
import { ofTrunks, test } from '../trunks/api';
import { counts, flights, type Reach, type Rung } from '../trunks/rung';
import { shortHost } from '../trunks/trunk';
import { KiestoonElement, look } from './base';
import { ladderLook } from './ladder-look';
import { rungView } from './rung';
import { sentence } from './sentence';
import { resultMark, timeLeft } from './trunk-pictures';

@customElement('kiestoon-trunk-test')
export class TrunkTest extends KiestoonElement {
  static override styles = [look, ladderLook];
  @property({ attribute: false }) api = new Api();
  @property({ attribute: false }) name = '';
  /** The trunk's numbers. */
  @property({ attribute: false }) numbers: readonly string[] = [];
  @state() private rungs: readonly Rung[] = [];
  @state() private failure: Failure | null = null;
  @state() private stop: AbortController | null = null;
  @state() private stopped = false;
  /** When the wait for a call is over; none is waited for where it is 0. */
  @state() private waitsUntil = 0;
  #ticking: ReturnType<typeof setInterval> | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#ticking = setInterval(() => this.#left() > 0 && this.requestUpdate(), 250);
    void this.#climb({});
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#ticking) clearInterval(this.#ticking);
    this.stop?.abort();
  }

  /** Who is at the button that stops is at the verdict once there is nothing to stop. */
  protected override willUpdate(changed: PropertyValues): void {
    const isOver = changed.has('stop') && !this.stop;
    if (isOver && this.renderRoot.querySelector('header :focus'))
      void this.updateComplete.then(() => this.#focus('h3'));
  }

  override render(): TemplateResult {
    return html`<section aria-label=${text('test_of', { name: this.name })} aria-busy=${this.stop !== null}>
      ${this.#head()}
      ${this.failure ? html`<p class="notice" role="alert">${sentence(this.failure)}</p>` : nothing}
      <div role="log">${this.#ladder()}</div>
      <div>${this.stop ? this.#busy() : this.#more()}</div>
    </section>`;
  }

  #head(): TemplateResult {
    const halt = html`<button type="button" class="plain" @click=${() => this.#halt()}>${text('test_stop')}</button>`;
    return html`<header>
      <div role="status"><h3 tabindex="-1">${this.#verdict()}</h3></div>
      ${this.stop ? halt : nothing}
    </header>`;
  }

  #verdict(): TemplateResult | string {
    const { failed, warning } = counts(this.rungs);
    if (this.stop) return text('test_busy');
    if (this.stopped || this.failure || this.rungs.length === 0) return text('test_stopped');
    if (failed) return html`${resultMark('failed')}${text('test_failed', { count: failed })}`;
    if (warning) return html`${resultMark('warning')}${text('test_warned', { count: warning })}`;
    return html`${resultMark('ok')}${text('test_well')}`;
  }

  /** Its hosts are named where there are several. */
  #ladder(): TemplateResult[] {
    const isNamed = new Set(this.rungs.map(({ host }) => host).filter(Boolean)).size > 1;
    const all = isNamed ? flights(this.rungs) : [{ host: '', rungs: this.rungs }];
    return all.map(
      ({ host, rungs }) =>
        html`${host ? html`<h4>${shortHost(host)}</h4>` : nothing}
          <ol>
            ${rungs.map(rungView)}
          </ol>`,
    );
  }

  /** What is climbed now: the wait for a call counts from the beginning, while the rungs below it pass. */
  #busy(): TemplateResult {
    const left = this.#left();
    if (left <= 0)
      return html`<div class="busy"><span class="turning" aria-hidden="true"></span>${text('test_busy')}</div>`;
    const number = this.numbers[0] ?? text('wait_inbound_number');
    const seconds = Math.ceil(left / 1_000);
    return html`<div class="busy waiting">
      ${timeLeft(left / (1_000 * WAIT_SECS))}
      <span><b>${text('wait_inbound_now', { number })}</b><br />
        <span class="soft" role="timer">${text('seconds_left', { seconds })}</span></span>
    </div>`;
  }

  #more(): TemplateResult {
    return html`<form @submit=${(event: SubmitEvent) => this.#again(event)}>
      <h4>${text('test_more')}</h4>
      <label class="choice">
        <input type="checkbox" name="wait" />
        <span>${text('wait_inbound')}<br /><span class="soft small">${text('wait_inbound_hint', { seconds: WAIT_SECS })}</span></span>
      </label>
      <label>
        <span class="label">${text('call_number_too')}</span>
        <input class="field" name="call" type="tel" autocomplete="off" maxlength="64" aria-describedby="cost" />
        <span class="soft small" id="cost">${text('call_number_hint')}</span>
      </label>
      <button class="main">${text('test_again')}</button>
    </form>`;
  }

  #again(event: SubmitEvent): void {
    event.preventDefault();
    const { elements } = event.target as HTMLFormElement;
    const field = (name: string) => elements.namedItem(name) as HTMLInputElement | null;
    const call = field('call')?.value.trim() ?? '';
    const waits = field('wait')?.checked ?? false;
    void this.#climb({ ...(waits ? { wait_inbound_secs: WAIT_SECS } : {}), ...(call ? { call } : {}) });
    void this.updateComplete.then(() => this.#focus('header button'));
  }

  async #climb(reach: Reach): Promise<void> {
    const stop = new AbortController();
    Object.assign(this, { stop, rungs: [], failure: null, stopped: false });
    this.waitsUntil = reach.wait_inbound_secs ? Date.now() + 1_000 * reach.wait_inbound_secs : 0;
    try {
      for await (const rung of test(this.api, this.name, reach, stop.signal)) {
        if (this.stop !== stop) return;
        this.rungs = [...this.rungs, rung];
        if (rung.rung === 'inbound') this.waitsUntil = 0;
      }
    } catch (error) {
      if (!stop.signal.aborted) this.failure = ofTrunks(error);
    } finally {
      if (this.stop === stop) this.stop = null;
    }
  }

  #halt(): void {
    this.stop?.abort();
    this.stop = null;
    this.stopped = true;
  }

  #focus(what: string): void {
    this.renderRoot.querySelector<HTMLElement>(what)?.focus();
  }

  #left(): number {
    return this.stop ? this.waitsUntil - Date.now() : 0;
  }
}

const WAIT_SECS = 60;
