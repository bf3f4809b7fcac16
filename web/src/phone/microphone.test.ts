import { afterEach, expect, test, vi } from 'vitest';
import { sentence } from '../elements/sentence';
import type { PhoneError } from './failures';
import { openMicrophone } from './microphone';

afterEach(() => void vi.unstubAllGlobals());

const said = (getUserMedia?: (wanted: MediaStreamConstraints) => Promise<unknown>) => {
  vi.stubGlobal('navigator', { mediaDevices: getUserMedia && { getUserMedia } });
  return openMicrophone(null).then(
    () => '',
    (error: PhoneError) => sentence(error.failure),
  );
};

test.each([
  ['NotFoundError', 'Sluit een microfoon of headset aan'],
  ['NotAllowedError', 'sta de microfoon toe'],
  ['NotReadableError', 'in gebruik door een ander programma'],
])('after %s a sentence says what to do', async (name, expected) => {
  expect(await said(() => Promise.reject(new DOMException('', name)))).toContain(expected);
});

test('a page without microphones says that it is not secure', async () => {
  expect(await said()).toContain('https://');
});

test('where the chosen microphone is gone, another is taken', async () => {
  const asked: unknown[] = [];
  const getUserMedia = async ({ audio }: MediaStreamConstraints) => {
    const { deviceId } = audio as MediaTrackConstraints;
    asked.push(deviceId);
    if (deviceId) throw new DOMException('', 'OverconstrainedError');
    return 'a stream';
  };
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia } });
  expect(await openMicrophone('gone')).toBe('a stream');
  expect(asked).toEqual([{ exact: 'gone' }, undefined]);
});
