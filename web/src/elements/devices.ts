/** `<kiestoon-devices>`: which microphone and which speaker, and whether the microphone hears anything. */
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { type Failure, failureOf } from '../phone/failures';
import { openMicrophone } from '../phone/microphone';
import { text } from '../texts';
import { KiestoonElement, look } from './base';
import { canChooseSpeaker, choose, chosen } from './chosen-devices';
import { sentence } from './sentence';

@customElement('kiestoon-devices')
export class Devices extends KiestoonElement {
  static override styles = [
    look,
    css`
      section {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.875rem;
      }
      .meter {
        height: 0.5rem;
        border-radius: 0.25rem;
        background: var(--key);
        overflow: hidden;
      }
      .meter > div {
        height: 100%;
        background: linear-gradient(90deg, var(--go) 70%, var(--warn) 90%, var(--stop));
      }
    `,
  ];
  @state() private devices: MediaDeviceInfo[] = [];
  @state() private level: number | null = null;
  @state() private failure: Failure | null = null;
  #stop: (() => void) | null = null;
  readonly #list = () => void this.#refresh();

  override connectedCallback(): void {
    super.connectedCallback();
    navigator.mediaDevices?.addEventListener('devicechange', this.#list);
    this.#list();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    navigator.mediaDevices?.removeEventListener('devicechange', this.#list);
    this.#stop?.();
  }

  override render(): TemplateResult {
    return html`<section aria-label=${text('devices')}>
      ${this.#select('audioinput', text('microphone'))}
      ${canChooseSpeaker() ? this.#select('audiooutput', text('speaker')) : nothing}
      ${
        this.level === null
          ? html`<button type="button" class="plain" @click=${() => void this.#listen()}>${text('level_start')}</button>`
          : html`<div class="meter" role="meter" aria-label=${text('level')} aria-valuemin="0" aria-valuemax="100"
                aria-valuenow=${Math.round(100 * this.level)}>
                <div .style=${`clip-path: inset(0 ${(100 * (1 - this.level)).toFixed(1)}% 0 0)`}></div>
              </div>
              <button type="button" class="plain" @click=${() => this.#stop?.()}>${text('level_stop')}</button>`
      }
      ${this.failure ? html`<p class="notice" role="alert">${sentence(this.failure)}</p>` : nothing}
    </section>`;
  }

  #select(kind: 'audioinput' | 'audiooutput', label: string): TemplateResult {
    const devices = this.devices.filter(
      (device) => device.kind === kind && device.deviceId && device.deviceId !== 'default',
    );
    return html`<label>
      <span class="label">${label}</span>
      <select class="field" @change=${(event: Event) => this.#chose(kind, (event.target as HTMLSelectElement).value)}>
        <option value="">${text('device_default')}</option>
        ${devices.map(
          ({ deviceId, label }, index) =>
            html`<option value=${deviceId} ?selected=${deviceId === chosen(kind)}>
              ${label || text('device_unnamed', { index: index + 1 })}
            </option>`,
        )}
      </select>
    </label>`;
  }

  async #refresh(): Promise<void> {
    this.devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  }

  #chose(kind: 'audioinput' | 'audiooutput', deviceId: string): void {
    choose(kind, deviceId);
    this.dispatchEvent(new CustomEvent('device', { detail: kind, bubbles: true, composed: true }));
    if (kind === 'audioinput' && this.#stop) void this.#listen();
  }

  /** Shows the level until it is stopped. Names of devices are known from then on. */
  async #listen(): Promise<void> {
    this.#stop?.();
    this.failure = null;
    try {
      const stream = await openMicrophone(chosen('audioinput'));
      const context = new AudioContext();
      const analyser = new AnalyserNode(context, { fftSize: 1024 });
      context.createMediaStreamSource(stream).connect(analyser);
      const samples = new Float32Array(analyser.fftSize);
      const timer = setInterval(() => {
        analyser.getFloatTimeDomainData(samples);
        this.level = loudness(samples);
      }, 80);
      this.#stop = () => {
        clearInterval(timer);
        for (const track of stream.getTracks()) track.stop();
        void context.close();
        this.#stop = null;
        this.level = null;
      };
      this.level = 0;
      await this.#refresh();
    } catch (error) {
      this.failure = failureOf(error);
    }
  }
}

/** 0 to 1, from -60 dB to full scale, as loudness is felt. */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / Math.max(1, samples.length) + 1e-12);
  return Math.min(1, Math.max(0, (decibels + 60) / 60));
}
