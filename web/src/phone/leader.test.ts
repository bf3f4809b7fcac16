import { expect, test } from 'vitest';
import { type Channel, Leader, type Locks } from './leader';

/** One browser: a lock with its queue, and a channel that all tabs hear but the one that speaks. */
class Browser {
  #holder: { reject: (error: Error) => void } | null = null;
  readonly #queue: (() => void)[] = [];
  readonly #ears = new Set<Channel>();

  readonly locks: Locks = {
    request: (_name, { steal }, held) =>
      new Promise((resolve, reject) => {
        const grant = () => {
          const mine = { reject };
          this.#holder = mine;
          void held().then(() => {
            if (this.#holder !== mine) return;
            this.#holder = null;
            resolve(undefined);
            this.#queue.shift()?.();
          });
        };
        if (steal) this.#holder?.reject(new Error('stolen'));
        if (steal || !this.#holder) grant();
        else this.#queue.push(grant);
      }),
  };

  channel(): Channel {
    const channel: Channel = {
      onmessage: null,
      postMessage: (data) => {
        for (const ear of this.#ears) if (ear !== channel) ear.onmessage?.({ data: structuredClone(data) });
      },
      close: () => void this.#ears.delete(channel),
    };
    this.#ears.add(channel);
    return channel;
  }

  tab(said: string[], name: string): Leader<string, string> {
    const leader: Leader<string, string> = new Leader(this.locks, this.channel(), {
      leading: () => void said.push(`${name} leads`),
      deposed: () => void said.push(`${name} deposed`),
      command: (command) => void said.push(`${name} does ${command}`),
      asked: () => leader.tell(`view of ${name}`),
      view: (view) => void said.push(`${name} sees ${view}`),
    });
    return leader;
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

test('one leads; the others see what it shows and command it', () => {
  const browser = new Browser();
  const said: string[] = [];
  browser.tab(said, 'A').start();
  const second = browser.tab(said, 'B');
  second.start();
  second.command('call');
  expect(said).toEqual(['A leads', 'B sees view of A', 'A does call']);
});

test('where the leader goes, the next one leads', async () => {
  const browser = new Browser();
  const said: string[] = [];
  const first = browser.tab(said, 'A');
  first.start();
  browser.tab(said, 'B').start();
  first.stop();
  await settled();
  expect(said).toEqual(['A leads', 'B sees view of A', 'B leads']);
});

test('a tab with a call to take up takes the lead, and gives it back in time', async () => {
  const browser = new Browser();
  const said: string[] = [];
  browser.tab(said, 'B').start();
  const reloaded = browser.tab(said, 'A');
  reloaded.start(true);
  await settled();
  expect(said.filter((line) => !line.includes('sees'))).toEqual(['B leads', 'A leads', 'B deposed']);
  reloaded.stop();
  await settled();
  expect(said.at(-1)).toBe('B leads');
});

test('a page without locks leads alone', () => {
  const said: string[] = [];
  const alone = new Leader(null, new Browser().channel(), {
    leading: () => void said.push('leads'),
    deposed: () => undefined,
    command: (command) => void said.push(String(command)),
    asked: () => undefined,
    view: () => undefined,
  });
  alone.start();
  alone.command('x');
  expect(said).toEqual(['leads', 'x']);
});
