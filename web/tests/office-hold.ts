/** What who is held hears, and what is heard afterwards. */
import { connect, hangUp } from './calls';
import { MUSIC } from './house';
import { type Check, callDesk, ofBoth, over, pair, talk } from './office-steps';
import { until } from './processes';

export const holdChecks: readonly Check[] = [
  [
    'Firefox holds Chromium, which hears the music, and then Firefox again',
    async (office) => {
      const { anna, bram } = office;
      await connect(pair(office));
      await Promise.all([anna.hears(bram.browser.tone), bram.hears(anna.browser.tone)]);
      await bram.presses('Wacht');
      await bram.inState('held');
      await anna.sees((view) => view.call?.heldByOther === true, 'that the other holds');
      await anna.hears(MUSIC);
      await bram.presses('Hervatten');
      await bram.inState('active');
      await Promise.all([anna.hears(bram.browser.tone), bram.hears(anna.browser.tone)]);
      await hangUp(anna, bram);
    },
  ],
  // Not a baresip: one that was held records nothing from then on.
  ...ofBoth(
    'holds a desk phone of another make, which hears the music and then the browser',
    async (person, office) => {
      const { linphone, house } = office;
      await person.calls(linphone.number);
      await person.inState('active');
      await Promise.all([person.hears(linphone.tone), linphone.hears(person.browser.tone)]);
      await person.presses('Wacht');
      await person.inState('held');
      await linphone.hears(MUSIC);
      await person.presses('Hervatten');
      await person.inState('active');
      await Promise.all([person.hears(linphone.tone), linphone.hears(person.browser.tone)]);
      await person.presses('Ophangen');
      await person.inState('ended');
      await person.presses('Sluiten');
      await until('no call', async () => (await house.calls()).length === 0);
    },
  ),
  ...ofBoth('is held by a desk phone, says so, hears the music, and hears it again', async (person, { desk }) => {
    await callDesk(person, desk);
    await talk(person, desk);
    desk.does('hold');
    await person.sees((view) => view.call?.heldByOther === true, 'that the other holds');
    await person.hears(MUSIC);
    desk.does('resume');
    await person.sees((view) => view.call?.heldByOther === false, 'that the other is back');
    await person.hears(desk.tone);
    await over(person, desk);
  }),
];
