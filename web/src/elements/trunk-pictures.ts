/** Pictures of trunks: how one stands, how a rung went, how round trips go. Each state has a shape of its own beside its colour. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import type { Result } from '../trunks/rung';
import type { Standing } from '../trunks/trunk';

const CHECK = svg`<path class="sign" d="M7.5 12.5l3 3 6-6.5"/>`;
const CROSS = svg`<path class="sign" d="M8.5 8.5l7 7M15.5 8.5l-7 7"/>`;
const BANG = svg`<path class="sign" d="M12 9v4.5M12 16.75v.01"/>`;
const DISC = svg`<circle class="plate" cx="12" cy="12" r="11"/>`;
const OCTAGON = svg`<path class="plate" d="M7.9 1.5h8.2l6.4 6.4v8.2l-6.4 6.4H7.9l-6.4-6.4V7.9z"/>`;
const TRIANGLE = svg`<path class="plate" d="M10.3 2.5a2 2 0 0 1 3.4 0l9 16a2 2 0 0 1-1.7 3H3a2 2 0 0 1-1.7-3z"/>`;
const RING = svg`<circle class="ring" cx="12" cy="12" r="10"/>`;

const STANDINGS: Readonly<Record<Standing, TemplateResult<2>>> = {
  up: svg`${DISC}${CHECK}`,
  attention: svg`${TRIANGLE}${BANG}`,
  down: svg`${OCTAGON}${CROSS}`,
  unknown: svg`<circle class="ring dashed" cx="12" cy="12" r="10"/><path d="M9.25 9.5a2.75 2.75 0 1 1 4.2 2.3c-.9.6-1.45 1.1-1.45 2M12 16.75v.01"/>`,
  unheard: svg`<circle class="ring dashed" cx="12" cy="12" r="10"/><path d="M8.5 12h.01M12 12h.01M15.5 12h.01"/>`,
  off: svg`${RING}<path d="M8 12h8"/>`,
};

const RESULTS: Readonly<Record<Result, TemplateResult<2>>> = {
  ok: STANDINGS.up,
  warning: STANDINGS.attention,
  failed: STANDINGS.down,
  skipped: STANDINGS.off,
};

export function standingMark(standing: Standing): TemplateResult {
  return mark(STANDINGS[standing], standing);
}

export function resultMark(result: Result): TemplateResult {
  return mark(RESULTS[result] ?? STANDINGS.unknown, result);
}

function mark(picture: TemplateResult<2>, name: string): TemplateResult {
  return html`<svg class="mark ${name}" viewBox="0 0 24 24" aria-hidden="true">${picture}</svg>`;
}

/** From nothing up to the longest, the newest at the right. */
export function sparkline(samples: readonly number[]): TemplateResult | typeof nothing {
  if (samples.length < 2) return nothing;
  const top = Math.max(...samples, 1e-3) * 1.15;
  const at = (ms: number, index: number): [number, number] => [
    1 + (index * 94) / (samples.length - 1),
    23 - (22 * ms) / top,
  ];
  const points = samples.map(at);
  const [x, y] = points.at(-1) ?? [0, 0];
  const line = points.map((point) => point.map((value) => value.toFixed(1)).join(',')).join(' ');
  return html`<svg class="spark" viewBox="0 0 98 24" aria-hidden="true">
    <path class="under" d="M1,24 L${line.replaceAll(' ', ' L')} L95,24 Z" /><polyline points=${line} />
    <circle cx=${x.toFixed(1)} cy=${y.toFixed(1)} r="2.5" />
  </svg>`;
}

/** How much of a limit is used. */
export function gauge(share: number): TemplateResult {
  const filled = 100 * Math.min(1, Math.max(0, share));
  return html`<svg class="gauge ${share >= 1 ? 'full' : ''}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
    <rect width="100" height="6" /><rect class="used" width=${filled.toFixed(1)} height="6" />
  </svg>`;
}

/** How much of a time is left, as a clock that empties. */
export function timeLeft(share: number): TemplateResult {
  const rest = (ROUND * Math.min(1, Math.max(0, share))).toFixed(2);
  return html`<svg class="left" viewBox="0 0 24 24" aria-hidden="true">
    <circle class="whole" cx="12" cy="12" r="9.5" />
    <circle cx="12" cy="12" r="9.5" transform="rotate(-90 12 12)" stroke-dasharray="${rest} ${ROUND}" />
  </svg>`;
}

/** Two plugs that are not joined yet. */
export const unplugged = html`<svg class="unplugged" viewBox="0 0 96 48" aria-hidden="true">
  <path d="M2 24h16M78 24h16M18 14h12a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4H18zM34 19h8M34 29h8M78 12H64a6 6 0 0 0-6 6v12a6 6 0 0 0 6 6h14z" />
  <path class="spark" d="M47.5 12v-4M50 38v4M53 14l2.5-3" />
</svg>`;

const ROUND = 2 * Math.PI * 9.5;
