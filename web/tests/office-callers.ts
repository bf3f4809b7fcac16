/** Whom an administrator names and keeps out: the PBX has it at once. */
import { type Check, ofBoth } from './office-steps';
import { logsIn } from './office-trunks';

const NUMBER = '+31205550100';

export const callerChecks: readonly Check[] = ofBoth(
  'lets an administrator name a caller and keep one out',
  async ({ browser }, { house }) => {
    const context = await browser.context();
    const kept = async (what: 'contact' | 'block') =>
      (JSON.parse(await house.kiestoon(what, 'list', '--json')) as unknown[]).map((one) => JSON.stringify(one)).join();
    try {
      const page = await context.newPage();
      page.on('pageerror', (error) => console.error(`    ${browser.name}: ${error.message}`));
      await logsIn(page, house.url);
      await page.getByRole('link', { name: 'Contacten' }).press('Enter');
      await page.getByText('Nog geen contacten.').waitFor();

      const names = page.locator('kiestoon-contacts');
      await names.getByLabel('Nummer').fill('020 555 0100');
      await names.getByLabel('Naam').fill('Bakkerij Jansen');
      await names.getByRole('button', { name: 'Contact toevoegen' }).press('Enter');
      await names.getByText(NUMBER).waitFor();
      await page.getByText('Bewaard. Het geldt vanaf de volgende oproep.').waitFor();
      if (!(await kept('contact')).includes('Bakkerij Jansen')) throw new Error(`kept: ${await kept('contact')}`);

      const blocks = page.locator('kiestoon-blocks');
      await blocks.locator('select[name=kind]').selectOption('number');
      await blocks.locator('input[name=value]').fill(NUMBER);
      await blocks.getByRole('button', { name: 'Blokkade toevoegen' }).press('Enter');
      await blocks.locator('li').getByText(NUMBER).waitFor();
      if (!(await kept('block')).includes(NUMBER)) throw new Error(`kept out: ${await kept('block')}`);

      await blocks.getByRole('button', { name: `${NUMBER} verwijderen` }).press('Enter');
      await blocks.getByText('Niemand wordt geweerd.').waitFor();
      await names.getByRole('button', { name: 'Bakkerij Jansen verwijderen' }).press('Enter');
      await names.getByText('Nog geen contacten.').waitFor();
      if (`${await kept('contact')}${await kept('block')}` !== '') throw new Error('something is left');
    } finally {
      await context.close();
    }
  },
);
