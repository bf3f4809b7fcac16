/** The rungs of a trunk's test, as they arrive: a line of JSON each. */

export type Result = 'ok' | 'warning' | 'failed' | 'skipped';

export interface Sentence {
  readonly nl: string;
  readonly en: string;
}

/** A SIP message, secrets masked by the server. */
export interface SipText {
  readonly sent: boolean;
  /** Since the rung began. */
  readonly at_ms: number;
  readonly text: string;
}

export interface Rung {
  /** Which; a server of another version may have more. */
  readonly rung: string;
  /** The URI that it is about; empty for the trunk as a whole. */
  readonly host: string;
  readonly result: Result;
  readonly ms: number;
  readonly found: Sentence;
  readonly advice: Sentence | null;
  readonly details: Readonly<Record<string, string>>;
  readonly messages: readonly SipText[];
}

/** How far a test goes. */
export interface Reach {
  /** For how long a call is waited for that comes in. */
  readonly wait_inbound_secs?: number;
  /** A number that is called. */
  readonly call?: string;
}

/** Rungs of one host that follow each other. */
export interface Flight {
  readonly host: string;
  readonly rungs: readonly Rung[];
}

/** The lines of a body, as they come. */
export async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    rest += decoder.decode(value, { stream: !done });
    const whole = rest.split('\n');
    rest = whole.pop() ?? '';
    if (rest.length > LONGEST_LINE) throw new Error('a line has no end');
    for (const line of whole) if (line.trim()) yield line;
    if (done) break;
  }
  if (rest.trim()) yield rest;
}

export function flights(rungs: readonly Rung[]): Flight[] {
  const all: { host: string; rungs: Rung[] }[] = [];
  for (const rung of rungs) {
    const last = all.at(-1);
    if (last?.host === rung.host) last.rungs.push(rung);
    else all.push({ host: rung.host, rungs: [rung] });
  }
  return all;
}

/** How many went how. */
export function counts(rungs: readonly Rung[]): Readonly<Record<Result, number>> {
  const of = (wanted: Result) => rungs.filter(({ result }) => result === wanted).length;
  return { ok: of('ok'), warning: of('warning'), failed: of('failed'), skipped: of('skipped') };
}

const LONGEST_LINE = 4_000_000;
