/** What must hold between two people at their browsers, whatever stands between them. */
import type { Person } from './page';

/** `number` is what the first dials to reach the second. */
export interface Pair {
  readonly first: Person;
  readonly second: Person;
  readonly number: string;
}

export type Spec = readonly [name: string, run: (pair: Pair) => Promise<void>];

export async function connect({ first, second, number }: Pair): Promise<void> {
  await first.calls(number);
  await second.inState('incoming');
  await first.inState('ringing');
  await second.presses('Opnemen');
  await Promise.all([first.inState('active'), second.inState('active')]);
}

export async function hangUp(who: Person, other: Person): Promise<void> {
  await who.presses('Ophangen');
  await Promise.all([who.inState('ended'), other.inState('ended')]);
  for (const person of [who, other]) {
    await person.presses('Sluiten');
    await person.inState('idle');
  }
}

export const specs: readonly Spec[] = [
  [
    'both hear each other, and the quality is shown',
    async (pair) => {
      const { first, second } = pair;
      await connect(pair);
      await Promise.all([first.hears(second.browser.tone), second.hears(first.browser.tone)]);
      await first.sees((view) => (view.call?.quality?.mos ?? 0) > 3, 'a good quality');
      await hangUp(first, second);
    },
  ],
  [
    'who mutes is not heard, and is heard again',
    async (pair) => {
      const { first, second } = pair;
      await connect(pair);
      await second.hears(first.browser.tone);
      await first.presses('Dempen');
      await second.hearsNothingOf(first.browser.tone);
      await first.presses('Dempen uit');
      await second.hears(first.browser.tone);
      await hangUp(second, first);
    },
  ],
  [
    'who holds is shown so on both sides, and resumes',
    async (pair) => {
      const { first, second } = pair;
      await connect(pair);
      await first.presses('Wacht');
      await first.inState('held');
      await first.presses('Hervatten');
      await first.inState('active');
      await Promise.all([first.hears(second.browser.tone), second.hears(first.browser.tone)]);
      await hangUp(first, second);
    },
  ],
  [
    'a reload in mid-call takes the call up again',
    async (pair) => {
      const { first, second } = pair;
      await connect(pair);
      const before = (await first.view())?.call?.answeredAt;
      // Its record is renewed each second; with the first figures of its quality one has been written.
      await first.sees((view) => view.call?.quality != null, 'figures of the quality');
      await first.page.reload();
      await first.sees((view) => view.call?.state === 'active' && !view.call.reconnecting, 'the call again', 30);
      if ((await first.view())?.call?.answeredAt !== before) throw new Error('the timer began anew');
      await Promise.all([first.hears(second.browser.tone), second.hears(first.browser.tone)]);
      await hangUp(second, first);
    },
  ],
  [
    'a call that is rejected says so',
    async ({ first, second, number }) => {
      await first.calls(number);
      await second.inState('incoming');
      await second.presses('Weigeren');
      const { call } = await first.inState('failed');
      if (call?.failure?.code !== 'rejected') throw new Error(`rejected, but shown as ${call?.failure?.code}`);
      await first.presses('Sluiten');
      await second.presses('Sluiten');
    },
  ],
  [
    'a number that does not exist says so',
    async ({ first }) => {
      await first.calls('999999');
      const { call } = await first.inState('failed');
      if (call?.failure?.code !== 'not_found') throw new Error(`not found, but shown as ${call?.failure?.code}`);
      await first.presses('Sluiten');
    },
  ],
];
