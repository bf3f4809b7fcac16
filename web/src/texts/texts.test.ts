import { expect, test } from 'vitest';
import { fill, tables } from '.';

const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

test('both languages have every text, with the same values in it', () => {
  expect(Object.keys(tables.en).sort()).toEqual(Object.keys(tables.nl).sort());
  for (const [key, dutch] of Object.entries(tables.nl)) {
    const english = tables.en[key as keyof typeof tables.en];
    expect(dutch.trim(), key).not.toBe('');
    expect(english.trim(), key).not.toBe('');
    expect(places(english), key).toEqual(places(dutch));
  }
});

test('a failure says what to do: at least two sentences', () => {
  for (const [key, dutch] of Object.entries(tables.nl)) {
    if (key.startsWith('failure_') && key !== 'failure_transfer')
      expect(dutch.match(/[.;?]( |$)/g)?.length ?? 0, key).toBeGreaterThan(1);
  }
});

test('values are filled in, and nobody sees braces', () => {
  expect(fill('a {x} {y}', { x: 1 })).toBe('a 1 ');
});
