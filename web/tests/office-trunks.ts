/** What an administrator sees of a trunk to a real provider: that it is up, what its test says, and that it goes down. */
import type { Page } from 'playwright-core';
import { PASSWORD } from './house';
import { type Check, ofBoth } from './office-steps';
import { Provider } from './provider';

export const trunkChecks: readonly Check[] = ofBoth(
  'shows an administrator a trunk: up, tested, called over, and down',
  async ({ browser, page: phone }, { house }) => {
    if (await phone.locator('kiestoon-app nav').count()) throw new Error('somebody who is no administrator sees pages');
    const context = await browser.context();
    const provider = await Provider.opens(house);
    try {
      const page = await context.newPage();
      page.on('pageerror', (error) => console.error(`    ${browser.name}: ${error.message}`));
      await logsIn(page, house.url);
      await page.getByText('kiestoon setup --interactive').waitFor();
      if (new URL(page.url()).pathname !== '/trunks') throw new Error(`the page is at ${page.url()}`);
      await house.imports(provider.trunk('voys'));
      // What is imported shows without a reload, and so does what becomes of it.
      await page.getByText('Werkt', { exact: true }).waitFor();
      await page.getByText('Aangemeld', { exact: true }).waitFor();
      await tests(page);
      await waitsForACall(page, provider);
      await page.getByRole('button', { name: 'Test van voys sluiten' }).press('Enter');
      await provider.dies();
      await page.getByText('Ligt eruit', { exact: true }).waitFor({ timeout: 60_000 });
      await page.getByText(/^127\.0\.0\.2:\d+ antwoordt niet\.$/).waitFor();
    } finally {
      await context.close();
      await provider.dies();
      await house.kiestoon('trunk', 'remove', 'voys').catch(() => undefined);
    }
  },
);

export async function logsIn(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.locator('input[name=login]').fill('beheer');
  await page.locator('input[name=password]').fill(PASSWORD);
  await page.locator('kiestoon-login button').click();
}

/** By the keyboard, as everything goes. */
async function tests(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Trunk voys testen' }).press('Enter');
  await page.getByText('Alles in orde').waitFor();
  const rungs = page.locator('kiestoon-trunk-test li.ok .title b');
  const names = (await rungs.allTextContents()).join(', ');
  const expected = 'Naam (DNS), Verbinding, Antwoord (OPTIONS), Aanmelding (REGISTER)';
  if (names !== expected) throw new Error(`expected the rungs ${expected}, and found ${names}`);
  await page
    .locator('kiestoon-trunk-test li')
    .last()
    .getByText(/^SIP bekijken/)
    .press('Enter');
  const sip = await page.locator('kiestoon-trunk-test li').last().locator('pre').allTextContents();
  if (!sip.some((text) => text.startsWith('REGISTER sip:'))) throw new Error(`no REGISTER in ${sip.join('\n')}`);
  if (/response="[0-9a-f]{8}/.test(sip.join())) throw new Error(`an answer to a challenge in ${sip.join('\n')}`);
}

async function waitsForACall(page: Page, provider: Provider): Promise<void> {
  await page.getByLabel('Wacht op een gesprek van buiten').press('Space');
  await page.getByRole('button', { name: 'Opnieuw testen' }).press('Enter');
  await page.getByText('Bel nu van buiten naar +31201234567').waitFor();
  await provider.calls();
  const rung = page.locator('kiestoon-trunk-test li').filter({ hasText: 'Gesprek van buiten' });
  await rung.getByText(/Er kwam een gesprek binnen van 127\.0\.0\.2:\d+ voor \+31201234567/).waitFor();
  // Who was at the button that stops is at the verdict.
  await page.locator('kiestoon-trunk-test h3:focus').waitFor();
}
