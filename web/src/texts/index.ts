/** Which language is spoken, and its texts with their values filled in. */
import { en } from './en';
import { nl, type TextKey } from './nl';

export type { TextKey };
export type Language = 'nl' | 'en';
export const tables: Record<Language, Record<TextKey, string>> = { nl, en };

let language: Language = 'nl';
const listeners = new Set<() => void>();

export function currentLanguage(): Language {
  return language;
}

/** Changes the language of all elements that listen; `remember` keeps it for the next visit. */
export function speak(wanted: Language, remember = false): void {
  language = wanted;
  if (remember) localStorage.setItem(KEPT, wanted);
  for (const listener of listeners) listener();
}

/** The language that was chosen here before, else Dutch. */
export function rememberedLanguage(): Language {
  return localStorage.getItem(KEPT) === 'en' ? 'en' : 'nl';
}

/** Calls `listener` at each change, until what it returns is called. */
export function onLanguage(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function text(key: TextKey, values: Readonly<Record<string, string | number>> = {}): string {
  return fill(tables[language][key], values);
}

/** A value that is not given leaves its place empty: a person never sees braces. */
export function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}

const KEPT = 'kiestoon.language';
