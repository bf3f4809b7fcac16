/**
 * `npm run office`: the page in Chromium and Firefox, the sidecar, the PBX and desk phones, all real, as people would use
 * them. One line a check. CARGO_TARGET_DIR, or KIESTOON_BIN and KIESTOON_ADMIN_BIN, say where the binaries are;
 * KIESTOON_ONLY is a part of the names of the checks that are wanted; KIESTOON_DEBUG shows what the pages say.
 */
import { type Started, start } from './browsers';
import { DeskPhone } from './desk-phone';
import { House, PASSWORD, USERS } from './house';
import { Linphone } from './linphone';
import { checks } from './office-checks';
import type { Office } from './office-steps';
import { Person } from './page';

const only = process.env['KIESTOON_ONLY'] ?? '';
const began = Date.now();
let failed = 0;

/** A check that fails leaves things in disorder: who comes after it finds people who have just arrived. */
async function main(): Promise<void> {
  const [house, chromium, firefox] = await Promise.all([House.open(), start('chromium', 1000), start('firefox', 700)]);
  const browsers = [chromium, firefox] as const;
  const phones: DeskPhone[] = [];
  let linphone: Linphone | null = null;
  try {
    const desks: [string, number, string, string?][] = [
      ['203', 440, 'PCMA'],
      ['204', 1300, 'PCMA'],
      ['205', 2000, 'G722/16000/1'],
      ['206', 560, 'opus/48000/2'],
      ['207', 880, 'PCMA', ';mediaenc=srtp-mand'],
    ];
    for (const desk of desks) phones.push(await DeskPhone.start(house, ...desk));
    linphone = await Linphone.start(house, '208', 1150);
    const equipment = [house, browsers, phones, linphone] as const;
    let office: Office | null = null;
    for (const [name, run] of checks.filter(([name]) => name.includes(only))) {
      const since = Date.now();
      try {
        office ??= await arrive(...equipment);
        await Promise.race([run(office), tooLong()]);
        console.log(`ok    ${name} (${((Date.now() - since) / 1000).toFixed(1)} s)`);
      } catch (error) {
        failed += 1;
        console.log(`FAIL  ${name}\n      ${error instanceof Error ? error.message : String(error)}`);
        house.mend();
        await house.letThrough().catch(() => undefined);
        if (office) await leave(office).catch(() => undefined);
        office = null;
      }
    }
    if (failed) console.log(`--- log of PBX and sidecar\n${house.log().split('\n').slice(-LINES).join('\n')}`);
  } finally {
    for (const browser of browsers) await browser.close();
    for (const phone of phones) await phone.leaves();
    await linphone?.leaves();
    await house.close();
  }
}

async function arrive(
  house: House,
  [one, two]: readonly [Started, Started],
  desks: DeskPhone[],
  linphone: Linphone,
): Promise<Office> {
  const [anna, bram] = await Promise.all([
    Person.arrives(one, house.url, 'anna', PASSWORD),
    Person.arrives(two, house.url, 'bram', PASSWORD),
  ]);
  const [desk, second, wide, opus, secure] = desks;
  if (!desk || !second || !wide || !opus || !secure) throw new Error('a desk phone is missing');
  return { house, anna, bram, desk, second, wide, opus, secure, linphone, numbers: USERS };
}

async function leave({ anna, bram, desk, second, wide, opus, secure, linphone }: Office): Promise<void> {
  for (const phone of [desk, second, wide, opus, secure]) phone.does('hangup');
  linphone.hangsUp();
  await Promise.all([anna.leaves(), bram.leaves()]);
}

function tooLong(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`not done within ${LIMIT_MS / 1000} s`)), LIMIT_MS).unref();
  });
}

const LIMIT_MS = 90_000;
const LINES = Number(process.env['KIESTOON_LINES'] ?? 60);
await main().catch((error: unknown) => {
  failed += 1;
  console.log(`FAIL  ${error instanceof Error ? error.stack : String(error)}`);
});
const seconds = Math.round((Date.now() - began) / 1000);
console.log(failed ? `office: ${failed} failed` : `office: all good, ${seconds} s`);
process.exit(failed ? 1 : 0);
