/** An office, and the steps that its checks are made of. */
import type { Pair } from './calls';
import type { DeskPhone } from './desk-phone';
import type { House } from './house';
import type { Linphone } from './linphone';
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
  /** One that has Opus and nothing else. */
  readonly opus: DeskPhone;
  /** One that wants SRTP, with its keys in the SDP. */
  readonly secure: DeskPhone;
  /** One that records also while it is held. */
  readonly linphone: Linphone;
  readonly numbers: { readonly anna: string; readonly bram: string };
}

export type Check = readonly [name: string, run: (office: Office) => Promise<void>];

/** That both hear each other. */
export async function talk(person: Person, desk: DeskPhone): Promise<void> {
  await Promise.all([person.hears(desk.tone), desk.hears(person.browser.tone)]);
}

export async function callDesk(person: Person, desk: DeskPhone): Promise<void> {
  desk.forgets();
  await person.calls(desk.number);
  await desk.sees('CALL_ESTABLISHED');
  await person.inState('active');
}

export async function hearsItself(person: Person, meanwhile = async () => {}): Promise<void> {
  await person.calls('*43');
  await person.inState('active');
  await person.hears(person.browser.tone);
  await meanwhile();
  await person.presses('Ophangen');
  await person.inState('ended');
  await person.presses('Sluiten');
}

/** `at` is the tab where the call is answered. */
export async function calledBy(desk: DeskPhone, person: Person, { anna, numbers }: Office, at = person): Promise<void> {
  desk.forgets();
  desk.calls(person === anna ? numbers.anna : numbers.bram);
  await person.inState('incoming');
  await at.inState('incoming');
  await at.presses('Opnemen');
  await desk.sees('CALL_ESTABLISHED');
  await person.inState('active');
}

export async function over(person: Person, desk: DeskPhone, who: 'person' | 'desk' = 'person'): Promise<void> {
  if (who === 'person') await person.presses('Ophangen');
  else desk.does('hangup');
  await desk.sees('CALL_CLOSED');
  await person.inState('ended');
  await person.presses('Sluiten');
  await person.inState('idle');
}

/** The codecs of both legs of the only call. */
export async function codecs(house: House, expected: readonly string[]): Promise<void> {
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
export function ofBoth(what: string, run: (person: Person, office: Office) => Promise<void>): Check[] {
  return [
    [`Chromium ${what}`, (office) => run(office.anna, office)],
    [`Firefox ${what}`, (office) => run(office.bram, office)],
  ];
}

export const pair = ({ anna, bram, numbers }: Office): Pair => ({ first: anna, second: bram, number: numbers.bram });
