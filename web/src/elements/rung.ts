/** One rung of a trunk's test: how it went, what to do, and the SIP of it for who looks closer. */
import { html, nothing, type TemplateResult } from 'lit';
import { currentLanguage, type TextKey, tables, text } from '../texts';
import type { Rung, Sentence, SipText } from '../trunks/rung';
import { resultMark } from './trunk-pictures';
import { duration } from './when';

export function rungView(rung: Rung): TemplateResult {
  const { result, found, advice } = rung;
  return html`<li class=${result}>
    ${resultMark(result)}
    <div class="what">
      <p class="title">
        <b>${title(rung.rung)}</b>
        <span class="unseen">: ${text(`result_${result}`)}.</span>
        ${result === 'skipped' ? nothing : html`<span class="soft time">${duration(rung.ms)}</span>`}
      </p>
      <p class="found">${said(found)}</p>
      ${advice ? html`<p class="advice">${said(advice)}</p>` : nothing} ${details(rung)} ${messages(rung)}
    </div>
  </li>`;
}

/** A rung of a later server has no name here: it is shown by its own word. */
function title(name: string): string {
  const key = `rung_${name}`;
  return key in tables.nl ? text(key as TextKey) : name;
}

function said(sentence: Sentence): string {
  const words = sentence[currentLanguage()];
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function details({ details }: Rung): TemplateResult | typeof nothing {
  const all = Object.entries(details);
  if (all.length === 0) return nothing;
  return html`<details>
    <summary>${text('seen')}</summary>
    <dl>${all.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
  </details>`;
}

function messages({ messages }: Rung): TemplateResult | typeof nothing {
  if (messages.length === 0) return nothing;
  return html`<details>
    <summary>${text('messages', { count: messages.length })}</summary>
    ${messages.map(message)}
  </details>`;
}

function message({ sent, at_ms, text: sip }: SipText): TemplateResult {
  return html`<figure class=${sent ? 'sent' : 'received'}>
    <figcaption><span aria-hidden="true">${sent ? '→' : '←'}</span> ${text(sent ? 'message_sent' : 'message_received', { time: duration(at_ms) })}</figcaption>
    <pre tabindex="0">${sip.trim()}</pre>
  </figure>`;
}
