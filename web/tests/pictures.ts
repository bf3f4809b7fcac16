/** `vite-node tests/pictures.ts FOLDER [trunks]`: what the pages look like, in light and dark, on a phone and on a desktop. */
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
    // As the phone itself would.
    (phone as unknown as EventTarget).dispatchEvent(new CustomEvent('call', { detail: call }));
  }, view);
  await page.waitForTimeout(300);
}

const looks = {
  phone: { viewport: { width: 390, height: 780 }, colorScheme: 'light' },
  desktop: { viewport: { width: 1100, height: 820 }, colorScheme: 'dark' },
} as const;

for (const kind of Object.keys(looks) as (keyof typeof looks)[]) {
  if (process.argv[3] !== 'trunks') await phonePictures(kind);
  await trunkPictures(kind, looks[kind].colorScheme);
}
await trunkPictures('phone', 'dark');
await trunkPictures('desktop', 'light');
await browser.close();
here.close();

async function arrive(
  kind: keyof typeof looks,
  login: string,
  password: string,
  colorScheme?: 'light' | 'dark',
): Promise<Page> {
  const options = { ...looks[kind], ...(colorScheme ? { colorScheme } : {}) };
  const page = await (await browser.newContext({ ...options, locale: 'nl-NL', deviceScaleFactor: 1 })).newPage();
  page.on('console', (line) => line.type() === 'error' && console.error(line.text()));
  page.on('pageerror', (error) => console.error(error.message));
  await page.goto(here.url);
  await page.locator('input[name=login]').fill(login);
  await page.locator('input[name=password]').fill(password);
  await page.locator('kiestoon-login button').click();
  return page;
}

async function trunkPictures(kind: keyof typeof looks, colorScheme: 'light' | 'dark'): Promise<void> {
  const page = await arrive(kind, 'beheer', 'geheim', colorScheme);
  const take = (name: string) =>
    page.screenshot({ path: `${folder}/${kind}-${colorScheme}-trunks-${name}.png`, fullPage: true });
  await page.locator('.lamp.registered').waitFor();
  await take('beside-phone');
  await page.getByRole('link', { name: 'Trunks' }).click();
  await page.getByText('Ligt eruit').last().waitFor();
  await page.waitForTimeout(16_000);
  await take('list');
  for (const name of ['voys', 'oude-centrale']) {
    await page.getByRole('button', { name: `Trunk ${name} testen` }).click();
    await page.getByText('Verder testen').waitFor();
    await page
      .getByText(/SIP bekijken/)
      .last()
      .click();
    await take(`test-${name}`);
    if (name === 'voys') {
      await page.getByLabel('Wacht op een gesprek').check();
      await page.getByRole('button', { name: 'Opnieuw testen' }).click();
      await page.getByText('Bel nu van buiten').waitFor();
      await page.waitForTimeout(1_500);
      await take('waiting');
      await page.getByText('Verder testen').waitFor();
    }
    await page.getByRole('button', { name: /^Test van .* sluiten/ }).click();
  }
  await show(page, { ...call, state: 'incoming', answeredAt: null, quality: null });
  await take('called');
  await show(page, null);
  await page.route('**/api/v1/trunks?*', (route) => route.fulfill({ json: { items: [], next: null } }));
  await page.getByText('Nog geen trunks').waitFor();
  await take('none');
  await page.route('**/api/v1/trunks?*', (route) => route.abort());
  await page.getByText('De server antwoordt niet').waitFor();
  await take('away');
  await page.context().close();
}

async function phonePictures(kind: keyof typeof looks): Promise<void> {
  const page = await arrive(kind, '200', 'verkeerd');
  const take = (name: string) => page.screenshot({ path: `${folder}/${kind}-${name}.png` });
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
