/** What the lists of contacts and blocks ask of the page that they are on. */
import type { Callers, Taken } from '../callers/api';

/** A change, and what is to happen once it is done. */
export interface Change {
  run(callers: Callers): Promise<Taken>;
  done?(): void;
}

export function change(from: HTMLElement, detail: Change): void {
  from.dispatchEvent(new CustomEvent('change-callers', { detail, bubbles: true, composed: true }));
}
