/**
 * The browser tests: `npm run browsers`. Without KIESTOON_URL against the stand-in, else against that sidecar:
 *   KIESTOON_URL       such as https://127.0.0.1:8443/
 *   KIESTOON_LOGIN, KIESTOON_PASSWORD     who logs in in the first browser
 *   KIESTOON_LOGIN_2, KIESTOON_PASSWORD_2 and in the second, whose number is KIESTOON_NUMBER_2; without them one browser alone
 *   KIESTOON_NUMBER, KIESTOON_TONE        with one browser: what it calls, and the frequency that it must hear there (Hz)
 *   KIESTOON_BROWSERS  which, in order (default "chromium,firefox"); KIESTOON_ONLY  part of a name
 */
import { type BrowserName, type Started, start } from './browsers';
import { type Pair, specs } from './calls';
import { loopback } from './loopback';
import { Person } from './page';
import { type StandIn, standIn } from './stand-in';
import { standInSpecs } from './stand-in-calls';

const env = process.env;
const [one = 'chromium', two = 'firefox'] = (env['KIESTOON_BROWSERS'] ?? 'chromium,firefox').split(
  ',',
) as BrowserName[];
let failed = 0;

async function test(name: string, run: () => Promise<void>): Promise<void> {
  if (env['KIESTOON_ONLY'] && !name.includes(env['KIESTOON_ONLY'])) return;
  const began = Date.now();
  try {
    await Promise.race([run(), tooLong()]);
    console.log(`ok    ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n      ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A browser that hangs answers nothing, not even that it hangs. */
function tooLong(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`not done within ${LIMIT_MS / 1000} s`)), LIMIT_MS).unref();
  });
}

/** That the browser itself gives sound, before anything is blamed on us. */
async function canHear(browser: Started, url: string): Promise<void> {
  const context = await browser.context();
  const page = await context.newPage();
  await page.goto(`${url}icon.svg`);
  await page.goto(url);
  const { frequency, level, state } = await loopback(page);
  await context.close();
  if (Math.abs(frequency - browser.tone) > 15 || level < -60) {
    throw new Error(`${browser.tone} Hz went in, and ${frequency} Hz at ${level} dB came out (${state})`);
  }
}

async function alone(browser: Started, url: string): Promise<void> {
  const number = env['KIESTOON_NUMBER'];
  if (!number) throw new Error('KIESTOON_NUMBER is missing: which number is to be called?');
  await test(`${browser.name} calls ${number}`, async () => {
    const person = await Person.arrives(browser, url, env['KIESTOON_LOGIN'] ?? '', env['KIESTOON_PASSWORD'] ?? '');
    await person.calls(number);
    await person.inState('active', 40);
    await person.hears(Number(env['KIESTOON_TONE'] ?? browser.tone));
    await person.presses('Ophangen');
    await person.inState('ended');
    await person.leaves();
  });
}

async function together(first: Started, second: Started, url: string, here: StandIn | null): Promise<void> {
  const logins = here ? ['201', 'geheim', '202', 'geheim', '202'] : NAMES.map((name) => env[name] ?? '');
  const [login = '', password = '', login2 = '', password2 = '', number = ''] = logins;
  const pair = async (run: (pair: Pair) => Promise<void>) => {
    const people: Person[] = [];
    try {
      people.push(await Person.arrives(first, url, login, password));
      people.push(await Person.arrives(second, url, login2, password2));
      const [a, b] = people;
      if (a && b) await run({ first: a, second: b, number });
    } finally {
      for (const person of people) await person.leaves().catch(() => undefined);
    }
  };
  // The stand-in parks no call.
  for (const [name, run] of specs) if (!here || !name.includes('reload')) await test(name, () => pair(run));
  if (here) for (const [name, run] of standInSpecs) await test(name, () => pair((both) => run(both, here)));
}

const LIMIT_MS = 90_000;
const NAMES = ['KIESTOON_LOGIN', 'KIESTOON_PASSWORD', 'KIESTOON_LOGIN_2', 'KIESTOON_PASSWORD_2', 'KIESTOON_NUMBER_2'];
const here = env['KIESTOON_URL'] ? null : await standIn();
const url = env['KIESTOON_URL'] ?? here?.url ?? '';
const browsers: Started[] = [];
try {
  browsers.push(await start(one, 1000));
  if (here || env['KIESTOON_LOGIN_2']) browsers.push(await start(two, 700));
  const [first, second] = browsers;
  for (const browser of browsers) await test(`${browser.name} hears its own tone`, () => canHear(browser, url));
  if (first && second) await together(first, second, url, here);
  else if (first) await alone(first, url);
} finally {
  for (const browser of browsers) await browser.close();
  here?.close();
}
console.log(failed ? `${failed} failed` : 'browsers: all good');
process.exit(failed ? 1 : 0);
