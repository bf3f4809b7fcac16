/** What a person does on our page and what they notice, for the specs. */
import type { BrowserContext, Page } from 'playwright-core';
import type { PhoneView } from '../src/phone/state';
import type { TestHook } from '../src/test-hook';
import type { Started } from './browsers';

declare const window: { kiestoonTest?: TestHook };

export class Person {
  private constructor(
    public page: Page,
    readonly browser: Started,
  ) {}

  /** Opens the page, logs in, and waits until the phone is reachable. */
  static async arrives(browser: Started, url: string, login: string, password: string): Promise<Person> {
    const page = await tab(await browser.context(), browser.name, url);
    await page.locator('input[name=login]').fill(login);
    await page.locator('input[name=password]').fill(password);
    await page.locator('kiestoon-login button').click();
    const person = new Person(page, browser);
    await person.sees((view) => view.registration === 'registered', 'the phone to be reachable');
    return person;
  }

  /** The same person once more, at another tab, which shows what the first one does. */
  async opensAnotherTab(url: string): Promise<Person> {
    const other = new Person(await tab(this.page.context(), this.browser.name, url), this.browser);
    await other.sees((view) => !view.leader && view.registration === 'registered', 'the other tab to follow');
    return other;
  }

  /** Closes this tab, and is at the other one from then on. */
  async closesTabFor(other: Person): Promise<void> {
    await this.page.close();
    this.page = other.page;
  }

  view(): Promise<PhoneView | null> {
    return this.page.evaluate(() => window.kiestoonTest?.view() ?? null);
  }

  async sees(expected: (view: PhoneView) => boolean, what: string, seconds = 20): Promise<PhoneView> {
    let last: PhoneView | null = null;
    const until = Date.now() + 1000 * seconds;
    while (Date.now() < until) {
      last = await this.view().catch(() => null);
      if (last && expected(last)) return last;
      await pause();
    }
    throw new Error(`${this.browser.name} waited for ${what}, and saw ${JSON.stringify(last)}`);
  }

  inState(state: string, seconds?: number): Promise<PhoneView> {
    return this.sees((view) => (view.call?.state ?? 'idle') === state, `a call that is ${state}`, seconds);
  }

  async calls(number: string): Promise<void> {
    await this.page.locator('input[name=number]').fill(number);
    await this.page.locator('button.call').click();
  }

  /** The keypad of a call. */
  async keys(keys: string): Promise<void> {
    await this.presses('Toetsen');
    for (const key of keys)
      await this.page
        .locator('kiestoon-dialpad button')
        .filter({ has: this.page.getByText(key, { exact: true }) })
        .click();
    await this.presses('Toetsen');
  }

  async transfers(number: string): Promise<void> {
    await this.presses('Doorverbinden');
    await this.page.locator('input[name=to]').fill(number);
    await this.presses('Verbind door');
  }

  /** From its next call on the browser offers this codec alone, or all that it has again. */
  async speaksOnly(codec: string | null): Promise<void> {
    await this.page.evaluate((codec) => {
      const own = window as unknown as { kiestoonOffer?: typeof RTCPeerConnection.prototype.createOffer };
      own.kiestoonOffer ??= RTCPeerConnection.prototype.createOffer;
      const offer = own.kiestoonOffer;
      const kept = (mime: string) => mime.toLowerCase() === `audio/${codec}` || mime === 'audio/telephone-event';
      RTCPeerConnection.prototype.createOffer = function (this: RTCPeerConnection, ...args: unknown[]) {
        const all = RTCRtpReceiver.getCapabilities('audio')?.codecs ?? [];
        for (const one of codec ? this.getTransceivers() : [])
          one.setCodecPreferences(all.filter(({ mimeType }) => kept(mimeType)));
        return offer.apply(this, args as never);
      } as typeof offer;
    }, codec);
  }

  /** From now on `paths` tells of the peer connections of this page. */
  async watchesPaths(): Promise<void> {
    await this.page.evaluate(() => {
      const seen: RTCPeerConnection[] = [];
      Object.assign(window, { kiestoonPaths: seen });
      const describe = RTCPeerConnection.prototype.setLocalDescription as (description?: object) => Promise<void>;
      const watched = function (this: RTCPeerConnection, description?: RTCLocalSessionDescriptionInit) {
        if (!seen.includes(this)) seen.push(this);
        return describe.call(this, description);
      };
      RTCPeerConnection.prototype.setLocalDescription = watched as never;
    });
  }

  /** Those that were used since `watchesPaths`, by their `ice-ufrag` of now. */
  paths(): Promise<string[]> {
    return this.page.evaluate(() => {
      const { kiestoonPaths } = window as unknown as { kiestoonPaths: RTCPeerConnection[] };
      return kiestoonPaths.map((path) => /a=ice-ufrag:(\S+)/.exec(path.localDescription?.sdp ?? '')?.[1] ?? '');
    });
  }

  /** From its next call on the browser sends and hears by TURN servers alone, or as it likes again. */
  async relaysOnly(on: boolean): Promise<void> {
    await this.page.evaluate((on) => {
      const own = window as unknown as { kiestoonConnection?: typeof RTCPeerConnection };
      own.kiestoonConnection ??= RTCPeerConnection;
      const Connection = own.kiestoonConnection;
      class Relayed extends Connection {
        constructor(configuration?: RTCConfiguration) {
          super({ ...configuration, iceTransportPolicy: 'relay' });
        }
      }
      Object.assign(window, { RTCPeerConnection: on ? Relayed : Connection });
    }, on);
  }

  /** How the sound of the newest connection since `watchesPaths` leaves this browser: `host`, `srflx`, `prflx` or `relay`. */
  way(): Promise<string | undefined> {
    return this.page.evaluate(async () => {
      const { kiestoonPaths } = window as unknown as { kiestoonPaths: RTCPeerConnection[] };
      const report = new Map<string, Record<string, string | boolean>>();
      (await kiestoonPaths.at(-1)?.getStats())?.forEach((row) => void report.set(row.id, row));
      const pair = [...report.values()].find((row) => row['nominated'] === true && row['state'] === 'succeeded');
      return report.get(String(pair?.['localCandidateId']))?.['candidateType'] as string | undefined;
    });
  }

  async presses(label: string): Promise<void> {
    await this.page.getByRole('button', { name: label, exact: true }).click();
  }

  /** The voice of the other side, by its frequency; bins are 6 Hz wide. */
  async hears(tone: number, seconds = 20): Promise<void> {
    await this.#listens((frequency, level) => Math.abs(frequency - tone) <= 15 && level > -70, `${tone} Hz`, seconds);
  }

  async hearsNothingOf(tone: number, seconds = 20): Promise<void> {
    await this.#listens((frequency, level) => Math.abs(frequency - tone) > 15 || level < -80, `no ${tone} Hz`, seconds);
  }

  /** Three times running: one reading may be a click. */
  async #listens(fits: (frequency: number, level: number) => boolean, what: string, seconds: number): Promise<void> {
    let last = null;
    let times = 0;
    const until = Date.now() + 1000 * seconds;
    while (Date.now() < until && times < 3) {
      last = await this.page.evaluate(() => window.kiestoonTest?.heard() ?? null);
      times = fits(last?.frequency ?? 0, last?.level ?? -200) ? times + 1 : 0;
      await pause();
    }
    if (times < 3) throw new Error(`${this.browser.name} listened for ${what}, and heard ${JSON.stringify(last)}`);
  }

  /** A second microphone, which hums `tone`, and a second loudspeaker. */
  async plugsInAHeadset(tone: number): Promise<void> {
    await this.page.evaluate((tone) => {
      const media = navigator.mediaDevices;
      const [list, open] = [media.enumerateDevices.bind(media), media.getUserMedia.bind(media)];
      const more = (['audioinput', 'audiooutput'] as const).map((kind) => ({
        kind,
        deviceId: `headset-${kind}`,
        groupId: 'headset',
        label: 'Headset',
        toJSON: () => ({}),
      }));
      media.enumerateDevices = async () => [...(await list()), ...more];
      media.getUserMedia = async (wanted) => {
        if (!JSON.stringify(wanted).includes('headset')) return open(wanted);
        const context = new AudioContext();
        const [hum, end] = [new OscillatorNode(context, { frequency: tone }), context.createMediaStreamDestination()];
        hum.connect(end);
        hum.start();
        return end.stream;
      };
      HTMLMediaElement.prototype.setSinkId = async (id) => void Object.assign(window, { kiestoonSpeaker: id });
      media.dispatchEvent(new Event('devicechange'));
    }, tone);
  }

  async chooses(label: 'Microfoon' | 'Luidspreker', device: string): Promise<void> {
    const field = this.page
      .locator('kiestoon-devices label')
      .filter({ has: this.page.getByText(label, { exact: true }) });
    await field.locator('select').selectOption({ label: device });
  }

  speaker(): Promise<string | undefined> {
    return this.page.evaluate(() => (window as unknown as { kiestoonSpeaker?: string }).kiestoonSpeaker);
  }

  async leaves(): Promise<void> {
    await this.page.context().close();
  }
}

async function tab(context: BrowserContext, name: string, url: string): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on('pageerror', (error) => console.error(`    ${name}: ${error.message}`));
  if (process.env['KIESTOON_DEBUG']) page.on('console', (line) => console.error(`    ${name}: ${line.text()}`));
  await page.goto(`${url}?test`);
  return page;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 200));
}
