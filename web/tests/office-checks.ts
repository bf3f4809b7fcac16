/** What must hold between people at browsers and people at desk phones; each check leaves all of them idle. */
import { connect, hangUp, specs } from './calls';
import { PASSWORD } from './house';
import { callerChecks } from './office-callers';
import { connectionChecks } from './office-connection';
import { holdChecks } from './office-hold';
import { type Check, callDesk, calledBy, codecs, hearsItself, ofBoth, over, pair, talk } from './office-steps';
import { trunkChecks } from './office-trunks';
import { until } from './processes';

export const checks: readonly Check[] = [
  [
    'a wrong password is said in Dutch',
    async ({ anna, house }) => {
      const context = await anna.browser.context();
      try {
        const page = await context.newPage();
        await page.goto(house.url);
        await page.locator('input[name=login]').fill('anna');
        await page.locator('input[name=password]').fill(`${PASSWORD}x`);
        await page.locator('kiestoon-login button').click();
        await page.getByText('Gebruikersnaam of wachtwoord klopt niet.').waitFor();
      } finally {
        await context.close();
      }
    },
  ],
  ...ofBoth('calls a desk phone over HTTPS, both hear each other, PCMA is relayed', async (person, { desk, house }) => {
    await callDesk(person, desk);
    await talk(person, desk);
    await codecs(house, ['PCMA', 'PCMA']);
    await over(person, desk);
  }),
  ...ofBoth('is called by a desk phone, answers in the page, and is hung up on', async (person, office) => {
    await calledBy(office.desk, person, office);
    await talk(person, office.desk);
    await over(person, office.desk, 'desk');
  }),
  ...ofBoth('and a desk phone in G.722', async (person, { wide, house }) => {
    await callDesk(person, wide);
    await talk(person, wide);
    await codecs(house, ['G722', 'G722']);
    await over(person, wide);
  }),
  ...ofBoth('and a desk phone in Opus, relayed', async (person, { opus, house }) => {
    await callDesk(person, opus);
    await talk(person, opus);
    await codecs(house, ['opus', 'opus']);
    await over(person, opus);
  }),
  ...ofBoth('is called by a desk phone that encrypts by SDES', async (person, office) => {
    const { secure, house } = office;
    await calledBy(secure, person, office);
    await talk(person, secure);
    const [call] = await house.calls();
    if (typeof call?.legs[0]?.['srtp'] !== 'string') throw new Error(`not encrypted: ${JSON.stringify(call?.legs[0])}`);
    await over(person, secure);
  }),
  ...ofBoth('with Opus alone is transcoded for a desk phone in PCMA', async (person, { desk, house }) => {
    await person.speaksOnly('opus');
    await callDesk(person, desk);
    await talk(person, desk);
    await codecs(house, ['opus', 'PCMA']);
    await over(person, desk);
    await person.speaksOnly(null);
  }),
  [
    'Chromium calls Firefox in Opus, relayed',
    async (office) => {
      await connect(pair(office));
      await Promise.all([office.anna.hears(700), office.bram.hears(1000)]);
      await codecs(office.house, ['opus', 'opus']);
      await hangUp(office.anna, office.bram);
    },
  ],
  ...specs.map(([name, run]): Check => [`Chromium and Firefox: ${name}`, (office) => run(pair(office))]),
  ...ofBoth('mutes, and the desk phone hears nothing of it until it speaks again', async (person, { desk }) => {
    await callDesk(person, desk);
    await talk(person, desk);
    await person.presses('Dempen');
    await desk.hearsNothingOf(person.browser.tone);
    await person.presses('Dempen uit');
    await desk.hears(person.browser.tone);
    await over(person, desk);
  }),
  ...ofBoth('presses keys, and the desk phone gets them as telephone events', async (person, { desk }) => {
    await callDesk(person, desk);
    await talk(person, desk);
    desk.forgets();
    await person.keys('159#');
    await desk.keys('159#');
    await over(person, desk);
  }),
  ...ofBoth('hears itself at the echo test', (person) => hearsItself(person)),
  ...ofBoth('transfers a desk phone to another, and is out of the call', async (person, { desk, second }) => {
    await callDesk(person, desk);
    await talk(person, desk);
    second.forgets();
    await person.transfers(second.number);
    await second.sees('CALL_ESTABLISHED');
    await person.inState('ended');
    await person.presses('Sluiten');
    await Promise.all([desk.hears(second.tone), second.hears(desk.tone)]);
    desk.does('hangup');
    await second.sees('CALL_CLOSED');
  }),
  ...ofBoth('changes microphone and speaker in mid-call', async (person, { desk }) => {
    await callDesk(person, desk);
    await talk(person, desk);
    await person.plugsInAHeadset(HEADSET);
    await person.presses('Geluid');
    await person.chooses('Microfoon', 'Headset');
    await desk.hears(HEADSET);
    await person.chooses('Luidspreker', 'Headset');
    await until('the other speaker', async () => (await person.speaker()) === 'headset-audiooutput');
    await person.hears(desk.tone);
    await person.chooses('Microfoon', 'Standaard van dit apparaat');
    await person.chooses('Luidspreker', 'Standaard van dit apparaat');
    await person.presses('Geluid');
    await talk(person, desk);
    await over(person, desk);
  }),
  ...connectionChecks,
  ...holdChecks,
  ...callerChecks,
  ...trunkChecks,
];

/** What the microphone of a headset hums, in Hz. */
const HEADSET = 1700;
