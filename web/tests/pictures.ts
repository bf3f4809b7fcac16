/** `vite-node tests/pictures.ts FOLDER`: what the pages look like, in light and dark, on a phone and on a desktop. */
import { chromium, type Page } from 'playwright-core';
import type { PhoneView } from '../src/phone/state';
import { standIn } from './stand-in';

const folder = process.argv[2] ?? 'pictures';
const here = await standIn();
const browser = await chromium.launch({
  executablePath: process.env['KIESTOON_CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
});

const call: NonNullable<PhoneView['call']> = {
  state: 'active',
  direction: 'inbound',
  number: '201',
  name: 'Sanne de Vries',
  answeredAt: Date.now() - 83_000,
  endedAt: null,
  muted: false,
  heldByOther: false,
  reconnecting: false,
  transferring: false,
  failure: null,
  quality: { rttMs: 24, jitterMs: 3, loss: 0, codec: 'opus', mos: 4.3, received: 50 },
};
const views: Readonly<Record<string, NonNullable<PhoneView['call']>>> = {
  incoming: { ...call, state: 'incoming', answeredAt: null, quality: null },
  active: call,
  held: { ...call, state: 'held', muted: true },
  failed: {
    ...call,
    state: 'failed',
    answeredAt: null,
    direction: 'outbound',
    name: '',
    number: '0612345678',
    failure: { code: 'busy' },
  },
};

/** Shows a call that there is not. */
async function show(page: Page, view: PhoneView['call']): Promise<void> {
  await page.evaluate((call) => {
    const app = document.querySelector('kiestoon-app')?.shadowRoot;
    const phone = app?.querySelector('kiestoon-phone') as unknown as { view: PhoneView };
    phone.view = { ...phone.view, call };
  }, view);
  await page.waitForTimeout(300);
}

for (const [kind, options] of Object.entries({
  phone: { viewport: { width: 390, height: 780 }, colorScheme: 'light' },
  desktop: { viewport: { width: 1100, height: 820 }, colorScheme: 'dark' },
} as const)) {
  const page = await (await browser.newContext({ ...options, locale: 'nl-NL', deviceScaleFactor: 1 })).newPage();
  page.on('console', (line) => line.type() === 'error' && console.error(line.text()));
  const take = (name: string) => page.screenshot({ path: `${folder}/${kind}-${name}.png` });
  await page.goto(here.url);
  await page.locator('input[name=login]').fill('200');
  await page.locator('input[name=password]').fill('verkeerd');
  await page.locator('kiestoon-login button').click();
  await page.locator('kiestoon-login .notice').waitFor();
  await take('login');
  await page.locator('input[name=password]').fill('geheim');
  await page.locator('kiestoon-login button').click();
  await page.locator('.lamp.registered').waitFor();
  await take('idle');
  await page.locator('input[name=number]').fill('0612345678');
  await page.getByRole('button', { name: 'Geluid' }).click();
  await page.getByRole('button', { name: 'Microfoon testen' }).click();
  await page.waitForTimeout(700);
  await take('devices');
  await page.getByRole('button', { name: 'Geluid' }).click();
  for (const [name, view] of Object.entries(views)) {
    await show(page, view);
    await take(name);
  }
  await show(page, call);
  await page.getByRole('button', { name: 'Toetsen', exact: true }).click();
  await take('keypad');
  await page.getByRole('button', { name: 'Doorverbinden', exact: true }).click();
  await take('transfer');
}
await browser.close();
here.close();
