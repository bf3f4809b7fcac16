import { expect, test } from 'vitest';
import { counts, flights, lines, type Result, type Rung } from './rung';

/** A body that arrives in these pieces. */
function body(...pieces: (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(typeof piece === 'string' ? encoder.encode(piece) : piece);
      controller.close();
    },
  });
}

async function all(stream: ReadableStream<Uint8Array>): Promise<string[]> {
  const seen: string[] = [];
  for await (const line of lines(stream)) seen.push(line);
  return seen;
}

const rung = (host: string, result: Result): Rung => ({
  rung: 'dns',
  host,
  result,
  ms: 1,
  found: { nl: '', en: '' },
  advice: null,
  details: {},
  messages: [],
});

test('lines are whole wherever the body was cut, also within a letter', async () => {
  const accented = new TextEncoder().encode('{"a":"é"}\n');
  const cut = accented.length - 4;
  expect(await all(body('{"b"', ':1}\n\n', accented.slice(0, cut), accented.slice(cut), '{"c":2}'))).toEqual([
    '{"b":1}',
    '{"a":"é"}',
    '{"c":2}',
  ]);
  expect(await all(body())).toEqual([]);
});

test('a line without an end is not kept for ever', async () => {
  const million = 'x'.repeat(1_000_000);
  await expect(all(body(million, million, million, million, million))).rejects.toThrow('no end');
});

test('rungs stand together by host, in the order in which they came', () => {
  const rungs = [rung('', 'ok'), rung('a', 'ok'), rung('a', 'failed'), rung('b', 'ok'), rung('', 'skipped')];
  expect(flights(rungs).map(({ host, rungs }) => [host, rungs.length])).toEqual([
    ['', 1],
    ['a', 2],
    ['b', 1],
    ['', 1],
  ]);
  expect(counts(rungs)).toEqual({ ok: 3, warning: 0, failed: 1, skipped: 1 });
});
