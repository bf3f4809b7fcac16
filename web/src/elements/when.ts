/** Moments and lengths of time as a person reads them, in the chosen language. */
import { currentLanguage } from '../texts';

/** The time of day; with its day where that is not today. */
export function moment(at: Date, now = new Date()): string {
  const isToday = at.toDateString() === now.toDateString();
  const day = isToday ? {} : ({ day: 'numeric', month: 'short' } as const);
  return new Intl.DateTimeFormat(locale(), { ...day, hour: '2-digit', minute: '2-digit' }).format(at);
}

/** Tenths below ten milliseconds, seconds from one on. */
export function duration(ms: number): string {
  const [value, unit] = ms >= 1_000 ? [ms / 1_000, 's'] : [ms, 'ms'];
  const digits = value < 10 ? 1 : 0;
  return `${new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(value)} ${unit}`;
}

function locale(): string {
  return currentLanguage() === 'nl' ? 'nl-NL' : 'en-GB';
}
