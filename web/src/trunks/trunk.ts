/** A trunk as the sidecar tells of it, and what that comes to. Pure. */

/** As the PBX sees it: `live` of `GET /api/v1/trunks`. Times are RFC 3339. */
export interface Live {
  readonly state: string;
  readonly registered_until: string | null;
  readonly registers: boolean;
  readonly calls_in: number;
  readonly calls_out: number;
  /** Calls that it may have at one time. */
  readonly channels: number | null;
  /** In order of preference. */
  readonly hosts: readonly Host[];
}

export interface Host {
  /** Its URI. */
  readonly host: string;
  readonly state: string;
  readonly since: string;
  /** Whether it is asked by OPTIONS. */
  readonly options: boolean;
  readonly last_sip_code: number | null;
  readonly fault: string | null;
  readonly rtt_ms: number | null;
  readonly registered_until: string | null;
  /** What the last REGISTER has failed by, where nothing was granted since; 408 after silence. */
  readonly register_sip_code: number | null;
}

export interface Trunk {
  readonly organisation: string;
  readonly name: string;
  readonly preset: string;
  readonly enabled: boolean;
  /** Its numbers, each with its context. */
  readonly numbers: Readonly<Record<string, string | null>>;
  /** None where it carries no calls, or where no PBX answers. */
  readonly live: Live | null;
}

/** How a trunk stands: `attention` carries calls, and somebody should look; of one that is `unheard` the PBX says nothing. */
export type Standing = 'up' | 'attention' | 'down' | 'unknown' | 'unheard' | 'off';

export function standing({ enabled, live }: Trunk, now: number): Standing {
  if (!enabled) return 'off';
  if (!live) return 'unheard';
  if (live.state === 'down') return 'down';
  if (live.state !== 'up') return 'unknown';
  const isWhole = live.hosts.every(({ state }) => state !== 'down');
  return isWhole && (!live.registers || isRegistered(live, now)) ? 'up' : 'attention';
}

export function isRegistered(live: Pick<Live, 'registered_until'>, now: number): boolean {
  return live.registered_until !== null && Date.parse(live.registered_until) > now;
}

/** Whether calls go out over it and none come in: its hosts answer and none has registered us. */
export function isDeaf(live: Live, now: number): boolean {
  return live.state === 'up' && live.registers && !isRegistered(live, now);
}

/** What the last REGISTER has failed by, if one has. */
export function refusal(live: Live): number | null {
  return live.hosts.find(({ register_sip_code }) => register_sip_code !== null)?.register_sip_code ?? null;
}

/** Since when it stands so: it is up with its first host, and down with its last. */
export function since(live: Live): Date | null {
  const times = live.hosts.filter(({ state }) => state === live.state).map(({ since }) => Date.parse(since));
  const known = times.filter((time) => Number.isFinite(time));
  if (known.length === 0) return null;
  return new Date(live.state === 'down' ? Math.max(...known) : Math.min(...known));
}

/** Why calls are not possible over a host, in one word. */
export type Fault = 'silent' | 'no_address' | 'status' | 'other';

export function faultOf(host: Host): Fault {
  if (host.fault === 'silent' || host.fault === 'no_address') return host.fault;
  return host.last_sip_code === null ? 'other' : 'status';
}

/** The round trip of the host that calls take first, of those that were measured. */
export function roundTrip(live: Live): number | null {
  const measured = live.hosts.filter(({ rtt_ms, state }) => rtt_ms !== null && state !== 'down');
  return measured[0]?.rtt_ms ?? null;
}

/** `samples` with a newly measured one. The PBX tells the same one until it has asked again. */
export function withSample(samples: readonly number[], ms: number | null): readonly number[] {
  if (ms === null || ms === samples.at(-1)) return samples;
  return [...samples, ms].slice(-MOST_SAMPLES);
}

/** `sip:192.0.2.10:5060;transport=udp` without what a person does not look for. */
export function shortHost(uri: string): string {
  return uri.replace(/^sips?:/, '').replace(/;.*$/, '');
}

/** What its provider calls itself; a preset of the operator's own by its word, and nothing of one that fits any. */
export function provider(preset: string): string {
  return PROVIDERS[preset] ?? preset;
}

const PROVIDERS: Readonly<Record<string, string>> = {
  api4com: 'Api4Com',
  generic: '',
  telnyx: 'Telnyx',
  twilio: 'Twilio',
  voipgrid: 'VoIPGRID (Voys)',
  voximplant: 'Voximplant',
};
/** At one OPTIONS every half a minute, twenty minutes. */
const MOST_SAMPLES = 40;
