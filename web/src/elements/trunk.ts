/** `<kiestoon-trunk>`: one trunk, how it stands and why, and its test. */
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { Api } from '../api';
import { text } from '../texts';
import {
  faultOf,
  type Host,
  isDeaf,
  isRegistered,
  type Live,
  provider,
  refusal,
  roundTrip,
  type Standing,
  shortHost,
  since,
  standing,
  type Trunk,
} from '../trunks/trunk';
import './trunk-test';
import { KiestoonElement, look } from './base';
import { trunkLook } from './trunk-look';
import { gauge, sparkline, standingMark } from './trunk-pictures';
import { duration, moment } from './when';

@customElement('kiestoon-trunk')
export class TrunkElement extends KiestoonElement {
  static override styles = [look, trunkLook];
  @property({ attribute: false }) api = new Api();
  @property({ attribute: false }) trunk: Trunk | null = null;
  /** Its round trips, in milliseconds, the newest last. */
  @property({ attribute: false }) samples: readonly number[] = [];
  @state() private testing = false;

  override render(): TemplateResult | typeof nothing {
    const { trunk } = this;
    if (!trunk) return nothing;
    const stands = standing(trunk, Date.now());
    return html`<article class="sheet ${stands}" aria-labelledby="name">
      <header>
        ${standingMark(stands)}
        <div class="who">
          <h2 id="name">${trunk.name}</h2>
          <p class="soft provider">${about(trunk).map((part) => html`<span>${part}</span> `)}</p>
        </div>
        ${this.#button(trunk)}
      </header>
      <div class="state" role="status">
        <p><b>${standingWords(trunk, stands)}</b>${sinceWords(trunk.live)}</p>
        ${reasons(trunk, stands).map((reason) => html`<p class="reason">${reason}</p>`)}
        ${commandOf(trunk, stands)}
      </div>
      ${trunk.live ? this.#facts(trunk.live) : nothing} ${trunk.live ? hosts(trunk.live) : nothing}
      ${this.testing ? this.#test(trunk) : nothing}
    </article>`;
  }

  #button({ name }: Trunk): TemplateResult {
    const label = text(this.testing ? 'test_close' : 'test_name', { name });
    const toggle = () => {
      this.testing = !this.testing;
    };
    return html`<button type="button" class="test" aria-expanded=${this.testing} aria-label=${label} @click=${toggle}>
      ${text(this.testing ? 'close' : 'test')}
    </button>`;
  }

  #test(trunk: Trunk): TemplateResult {
    return html`<kiestoon-trunk-test .api=${this.api} .name=${trunk.name} .numbers=${Object.keys(trunk.numbers)}></kiestoon-trunk-test>`;
  }

  #facts(live: Live): TemplateResult {
    const calls = live.calls_in + live.calls_out;
    return html`<dl>
      <div>
        <dt>${text('registration')}</dt>
        ${registration(live)}
      </div>
      <div>
        <dt>${text('calls_now')}</dt>
        <dd>
          <strong>${calls}</strong>
          ${live.channels === null ? nothing : html`<span class="soft">${text('calls_limit', { limit: live.channels })}</span>`}
        </dd>
        <dd class="soft small">
          ${text('calls_split', { in: live.calls_in, out: live.calls_out })}
          ${live.channels === null ? nothing : gauge(calls / live.channels)}
        </dd>
      </div>
      <div>
        <dt>${text('round_trip')}</dt>
        ${this.#roundTrip(roundTrip(live))}
      </div>
    </dl>`;
  }

  #roundTrip(ms: number | null): TemplateResult {
    if (ms === null) return html`<dd class="soft">${text('round_trip_none')}</dd>`;
    const count = this.samples.length;
    return html`<dd><strong>${duration(ms)}</strong></dd>
      <dd class="soft small" title=${count > 1 ? text('round_trip_last', { count }) : ''}>${sparkline(this.samples)}</dd>`;
  }
}

/** Its provider and the host that calls take first, as far as they are known. */
function about({ preset, live }: Trunk): string[] {
  return [provider(preset), shortHost(live?.hosts[0]?.host ?? '')].filter(Boolean);
}

function sinceWords(live: Live | null): TemplateResult | typeof nothing {
  const at = live && since(live);
  if (!at) return nothing;
  return html` <time class="soft" datetime=${at.toISOString()} title=${at.toLocaleString()}>${text('since', { time: moment(at) })}</time>`;
}

/** What answers and has not registered us is not said to work without that. */
function standingWords({ live }: Trunk, stands: Standing): string {
  return text(live && isDeaf(live, Date.now()) ? 'standing_deaf' : `standing_${stands}`);
}

/** Why it stands so, as far as the marks do not say it. */
function reasons({ live }: Trunk, stands: Standing): string[] {
  if (stands === 'unknown') return [text('reason_unknown')];
  if (!live || (stands !== 'down' && stands !== 'attention')) return [];
  const down = live.hosts.filter(({ state }) => state === 'down').map(reason);
  return isDeaf(live, Date.now()) ? [deafness(live), ...down] : down;
}

function deafness(live: Live): string {
  const code = refusal(live);
  return code === null ? text('reason_not_registered') : text('reason_register_refused', { code });
}

function reason(host: Host): string {
  const fault = faultOf(host);
  return text(`reason_${fault}`, { host: shortHost(host.host), code: host.last_sip_code ?? '' });
}

/** What is typed at the server to get on. */
function commandOf({ name }: Trunk, stands: Standing): TemplateResult | typeof nothing {
  if (stands === 'off')
    return html`<p class="reason">${text('reason_off')} <code>kiestoon trunk enable ${name}</code></p>`;
  if (stands === 'unheard')
    return html`<p class="reason">${text('reason_unheard')} <code>kiestoon ctl status</code></p>`;
  return nothing;
}

function registration(live: Live): TemplateResult {
  if (!live.registers) {
    return html`<dd>${text('registration_none')}</dd>
      <dd class="soft small">${text('by_address')}</dd>`;
  }
  if (!isRegistered(live, Date.now())) {
    const code = refusal(live);
    return html`<dd class="bad">${text('not_registered')}</dd>
      ${code === null ? nothing : html`<dd class="soft small">${text('register_last', { code })}</dd>`}`;
  }
  const until = new Date(live.registered_until ?? '');
  return html`<dd>${text('registered')}</dd>
    <dd class="soft small"><time datetime=${until.toISOString()}>${text('registered_until', { time: moment(until) })}</time></dd>`;
}

/** Only where there is a choice. */
function hosts(live: Live): TemplateResult | typeof nothing {
  if (live.hosts.length < 2) return nothing;
  return html`<ul aria-label=${text('hosts')}>
    ${live.hosts.map((host) => {
      const stands = host.state === 'up' ? 'up' : host.state === 'down' ? 'down' : 'unknown';
      return html`<li>
        ${standingMark(stands)}
        <span class="host">${shortHost(host.host)}</span>
        <span class="unseen">${text(`standing_${stands}`)}</span>
        <span class="soft small">${host.rtt_ms === null ? '' : duration(host.rtt_ms)}</span>
      </li>`;
    })}
  </ul>`;
}
