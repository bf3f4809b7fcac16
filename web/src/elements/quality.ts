/** `<kiestoon-quality>`: how the call sounds, as four bars and a word; its figures where one looks closer. */
import { css, html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { type Quality, verdict } from '../phone/quality';
import { text } from '../texts';
import { KiestoonElement, look } from './base';

@customElement('kiestoon-quality')
export class QualityBars extends KiestoonElement {
  static override styles = [
    look,
    css`
      div {
        display: inline-flex;
        align-items: center;
        gap: 0.5rem;
        font-size: 0.875rem;
        color: var(--soft);
      }
      .bars {
        display: inline-flex;
        align-items: flex-end;
        gap: 2px;
        height: 0.875rem;
      }
      i {
        width: 4px;
        border-radius: 1px;
        background: var(--line);
      }
      i:nth-child(1) {
        height: 35%;
      }
      i:nth-child(2) {
        height: 55%;
      }
      i:nth-child(3) {
        height: 78%;
      }
      i:nth-child(4) {
        height: 100%;
      }
      .good i.on {
        background: var(--go);
      }
      .fair i.on {
        background: var(--accent);
      }
      .poor i.on {
        background: var(--warn);
      }
      .bad i.on {
        background: var(--stop);
      }
    `,
  ];
  @property({ attribute: false }) quality: Quality | null = null;

  override render(): TemplateResult {
    const { quality } = this;
    if (!quality) return html`<div>${text('quality_measuring')}</div>`;
    const word = verdict(quality.mos);
    const lit = { good: 4, fair: 3, poor: 2, bad: 1 }[word];
    return html`<div title=${details(quality)}>
      <span class="bars ${word}" aria-hidden="true">${[1, 2, 3, 4].map((bar) => html`<i class=${bar <= lit ? 'on' : ''}></i>`)}</span>
      <span class="unseen">${text('quality')}: </span>${text(`quality_${word}`)}
    </div>`;
  }
}

function details({ rttMs, jitterMs, loss, codec }: Quality): string {
  return text('quality_details', {
    rtt: Math.round(rttMs),
    jitter: Math.round(jitterMs),
    loss: (100 * loss).toFixed(1),
    codec: codec || '-',
  });
}
