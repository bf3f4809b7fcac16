/** A failure as a sentence that says what to do. */
import type { Failure } from '../phone/failures';
import { text } from '../texts';

export function sentence({ code, seconds, detail }: Failure): string {
  return text(`failure_${code}`, { seconds: seconds ?? '', detail: detail ?? '' });
}
