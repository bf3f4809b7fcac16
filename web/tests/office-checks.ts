/** What must hold between people at browsers and people at desk phones; each check leaves all of them idle. */
import { connect, hangUp, type Pair, specs } from './calls';
import type { DeskPhone } from './desk-phone';
import { type House, MUSIC, PASSWORD } from './house';
import type { Person } from './page';
import { until } from './processes';

export interface Office {
  readonly house: House;
  /** At Chromium. */
  readonly anna: Person;
  /** At Firefox. */
  readonly bram: Person;
  readonly desk: DeskPhone;
  /** Another of the same kind. */
  readonly second: DeskPhone;
  /** One that has G.722 and nothing else. */
  readonly wide: DeskPhone;
  readonly numbers: { readonly anna: string; readonly bram: string };
}

type Check = readonly [name: string, run: (office: Office) => Promise<void>];

/** That both hear each other. */
async function talk(person: Person, desk: DeskPhone): Promise<void> {
  await Promise.all([person.hears(desk.tone), desk.hears(person.browser.tone)]);
}

async function callDesk(person: Person, desk: DeskPhone): Promise<void> {
  desk.forgets();
  await person.calls(desk.number);
  await desk.sees('CALL_ESTABLISHED');
  await person.inState('active');
}

async function over(person: Person, desk: DeskPhone, who: 'person' | 'desk' = 'person'): Promise<void> {
  if (who === 'person') await person.presses('Ophangen');
  else desk.does('hangup');
  await desk.sees('CALL_CLOSED');
  await person.inState('ended');
  await person.presses('Sluiten');
  await person.inState('idle');
}

/** The codecs of both legs of the only call. */
async function codecs(house: House, expected: readonly string[]): Promise<void> {
  let seen = '';
  const look = async () => {
    const [call] = await house.calls();
    seen = JSON.stringify(call?.legs.map(({ number, codec }) => [number, codec]));
    const found = call?.legs.map(({ codec }) => String(codec ?? '').toLowerCase()) ?? [];
    return expected.every((codec, at) => found[at]?.startsWith(codec.toLowerCase()));
  };
  await until(`codecs ${expected.join(' and ')}`, look, () => seen);
}

/** Whether anybody holds in the only call, as the PBX sees it. */
async function isHeld(house: House, expected: boolean): Promise<void> {
  let seen = '';
  const look = async () => {
    const [call] = await house.calls();
    seen = JSON.stringify(call?.legs.map((leg) => leg['on_hold']));
    return call?.legs.some((leg) => leg['on_hold'] === true) === expected;
  };
  await until(`a call that is ${expected ? '' : 'not '}held`, look, () => seen);
}

function ofBoth(what: string, run: (person: Person, office: Office) => Promise<void>): Check[] {
  return [
    [`Chromium ${what}`, (office) => run(office.anna, office)],
    [`Firefox ${what}`, (office) => run(office.bram, office)],
  ];
}

const pair = ({ anna, bram, numbers }: Office): Pair => ({ first: anna, second: bram, number: numbers.bram });

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
    const { desk, anna, numbers } = office;
    desk.forgets();
    desk.calls(person === anna ? numbers.anna : numbers.bram);
    await person.inState('incoming');
    await person.presses('Opnemen');
    await desk.sees('CALL_ESTABLISHED');
    await person.inState('active');
    await talk(person, desk);
    await over(person, desk, 'desk');
  }),
  ...ofBoth('and a desk phone in G.722', async (person, { wide, house }) => {
    await callDesk(person, wide);
    await talk(person, wide);
    await codecs(house, ['G722', 'G722']);
    await over(person, wide);
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
  ...ofBoth('hears itself at the echo test', async (person) => {
    await person.calls('*43');
    await person.inState('active');
    await person.hears(person.browser.tone);
    await person.presses('Ophangen');
    await person.inState('ended');
    await person.presses('Sluiten');
  }),
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
  // A baresip that has been held or has held records nothing from then on: what it is sent is not listened to.
  ...ofBoth('holds a desk phone, and hears it again', async (person, { desk, house }) => {
    await callDesk(person, desk);
    await talk(person, desk);
    await person.presses('Wacht');
    await person.inState('held');
    await isHeld(house, true);
    await person.presses('Hervatten');
    await person.inState('active');
    await isHeld(house, false);
    await person.hears(desk.tone);
    await over(person, desk);
  }),
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
