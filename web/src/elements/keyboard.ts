/** What a key of the keyboard means to the phone. Pure. */
import type { Command } from '../phone/shared';
import { type CallState, isLive } from '../phone/state';

/** A command, or the number as it is typed so far. */
export type Meant = { readonly command: Command; readonly type?: undefined } | { readonly type: string };

type Key = Pick<KeyboardEvent, 'key' | 'altKey' | 'ctrlKey' | 'metaKey' | 'repeat' | 'composedPath'>;

export function commandOf(event: Key, state: CallState, number: string): Meant | null {
  const { key } = event;
  if (event.altKey || event.ctrlKey || event.metaKey) return null;
  const focus = event.composedPath()[0];
  const name = focus && 'localName' in focus ? String(focus.localName) : '';
  if (key === 'Escape' && !event.repeat) return isLive(state) ? { command: ['hangUp'] } : escaped(state);
  if (FIELDS.has(name)) return null;
  if (key === 'Enter') return name === 'button' || name === 'a' || event.repeat ? null : entered(state, number);
  if (/^[0-9*#]$/.test(key)) {
    if (state === 'active') return { command: ['digit', key] };
    return state === 'idle' ? { type: number + key } : null;
  }
  if (state !== 'idle') return null;
  if (key === '+' && number === '') return { type: '+' };
  return key === 'Backspace' && number ? { type: number.slice(0, -1) } : null;
}

function entered(state: CallState, number: string): Meant | null {
  if (state === 'incoming') return { command: ['answer'] };
  return state === 'idle' && number.trim() ? { command: ['call', number.trim()] } : null;
}

function escaped(state: CallState): Meant {
  return state === 'idle' ? { type: '' } : { command: ['clear'] };
}

const FIELDS: ReadonlySet<string> = new Set(['input', 'select', 'textarea']);
