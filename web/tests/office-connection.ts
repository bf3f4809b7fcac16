/** What must hold where tabs, lines and networks come and go, or let little through. */
import { type Check, callDesk, calledBy, hearsItself, ofBoth, over, talk } from './office-steps';
import { until } from './processes';

export const connectionChecks: readonly Check[] = [
  ...ofBoth('hears itself by way of coturn, where nothing else is let through', async (person) => {
    await person.watchesPaths();
    await person.relaysOnly(true);
    await hearsItself(person, async () => {
      const way = await person.way();
      if (way !== 'relay') throw new Error(`expected the sound to go by relay, and found ${way}`);
    });
    await person.relaysOnly(false);
  }),
  ...ofBoth('is reloaded in mid-call and takes the call up again', async (person, { desk }) => {
    await callDesk(person, desk);
    await person.sees((view) => view.call?.quality != null, 'figures of the quality');
    await talk(person, desk);
    await person.page.reload();
    await person.sees((view) => view.call?.state === 'active' && !view.call.reconnecting, 'the call again', 30);
    await talk(person, desk);
    await over(person, desk);
  }),
  ...ofBoth('loses its line for some seconds, and the call goes on', async (person, { desk, house }) => {
    await callDesk(person, desk);
    await talk(person, desk);
    house.cut();
    await person.sees(({ registration }) => registration === 'waiting', 'the line to be down');
    await talk(person, desk);
    house.mend();
    await person.sees(({ registration }) => registration === 'registered', 'the line to be up again', 40);
    await person.sees((view) => view.call?.state === 'active' && !view.call.reconnecting, 'the call to go on');
    await talk(person, desk);
    await over(person, desk, 'desk');
  }),
  [
    'Chromium and Firefox lose the network for 10 s, and by new ICE credentials each is heard again',
    async ({ anna, bram, desk, second, house }) => {
      const talks = [
        [anna, desk],
        [bram, second],
      ] as const;
      for (const [person, phone] of talks) {
        await person.watchesPaths();
        await callDesk(person, phone);
      }
      await Promise.all(talks.map(([person, phone]) => talk(person, phone)));
      const before = await Promise.all([anna.paths(), bram.paths()]);
      await house.swallow();
      const over10s = new Promise((resolve) => setTimeout(resolve, 10_000));
      await Promise.all(talks.map(([person, phone]) => phone.hearsNothingOf(person.browser.tone)));
      await Promise.all(talks.map(([person]) => person.sees((view) => view.call?.reconnecting === true, 'the loss')));
      await over10s;
      await house.letThrough();
      for (const [person, phone] of talks) {
        await person.sees((view) => view.call?.state === 'active' && !view.call.reconnecting, 'the call to go on', 30);
        await talk(person, phone);
      }
      for (const [at, [person, phone]] of talks.entries()) {
        const after = await person.paths();
        // The same connection, restarted; a call that was taken up by Replaces would have another.
        if (after.length !== 1 || before[at]?.length !== 1 || after[0] === before[at]?.[0])
          throw new Error(`${person.browser.name} had ${before[at]}, and has ${after}`);
        await person.sees(({ registration }) => registration === 'registered', 'the line to be up again', 30);
        await over(person, phone);
      }
    },
  ],
  ...ofBoth('has two tabs, of which one rings and the other takes its place', async (person, office) => {
    const { desk, house, anna, numbers } = office;
    const number = person === anna ? numbers.anna : numbers.bram;
    const other = await person.opensAnotherTab(house.url);
    await calledBy(desk, person, office, other);
    const [call] = await house.calls();
    if (call?.legs.length !== 2) throw new Error(`rung more than once: ${JSON.stringify(call?.legs)}`);
    await talk(person, desk);
    await over(other, desk);
    if ((await house.registrations(number)) !== 1) throw new Error('both tabs are registered');
    await person.closesTabFor(other);
    await person.sees((view) => view.leader && view.registration === 'registered', 'this tab to take over');
    await until('one registration', async () => (await house.registrations(number)) === 1);
    await calledBy(desk, person, office);
    await talk(person, desk);
    await over(person, desk);
  }),
];
