/** The phone of this page, with everything of the browser that it needs around it. */
import type { Api } from '../api';
import { jssip } from '../phone/jssip';
import type { Channel, Locks } from '../phone/leader';
import { openMicrophone } from '../phone/microphone';
import { SharedPhone } from '../phone/shared';
import type { PhoneView } from '../phone/state';
import { underTest } from '../test-hook';
import { chosen } from './chosen-devices';
import type { Sound } from './sound';

/** Until `signal` says that the page no longer shows it. */
export function openPhone(
  api: Api,
  sound: Sound,
  changed: (view: PhoneView) => void,
  signal: AbortSignal,
): SharedPhone {
  const locks = ('locks' in navigator ? navigator.locks : null) as Locks | null;
  const phone = new SharedPhone(
    {
      api: { token: () => api.token(), config: () => api.config() },
      signalling: jssip(instance()),
      microphone: () => openMicrophone(chosen('audioinput'), !underTest()),
      storage: sessionStorage,
      online: () => navigator.onLine,
      sound: (stream) => sound.voice(stream),
      changed,
    },
    locks,
    new BroadcastChannel('kiestoon-phone') as Channel,
  );
  window.addEventListener('online', () => phone.networkChanged(), { signal });
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && phone.woken(), {
    signal,
  });
  // Wi-Fi to cable without an hour of "offline" between; not in every browser.
  const connection = (navigator as { connection?: EventTarget }).connection;
  connection?.addEventListener('change', () => phone.networkChanged(), { signal });
  return phone;
}

/** Names this browser to the PBX, over reloads (RFC 5626). */
function instance(): string {
  const kept = localStorage.getItem('kiestoon.instance');
  if (kept) return kept;
  const made = uuid();
  localStorage.setItem('kiestoon.instance', made);
  return made;
}

/** RFC 9562 version 4; `crypto.randomUUID` is missing on insecure pages. */
function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes.set([((bytes[6] ?? 0) & 0x0f) | 0x40], 6);
  bytes.set([((bytes[8] ?? 0) & 0x3f) | 0x80], 8);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
