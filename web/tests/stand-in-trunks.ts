/** Trunks for the stand-in: one of each kind, and a test that goes like a real one. */
import type { ServerResponse } from 'node:http';
import type { Rung, Sentence } from '../src/trunks/rung';
import type { Host, Live, Trunk } from '../src/trunks/trunk';

let looked = 0;

/** As `GET /api/v1/trunks` has them; round trips go up and down from look to look. */
export function trunks(): Trunk[] {
  looked += 1;
  const host = (uri: string, more: Partial<Host> = {}): Host => ({
    host: `sip:${uri}`,
    state: 'up',
    since: new Date(Date.now() - 5_400_000).toISOString(),
    options: true,
    last_sip_code: 200,
    fault: null,
    rtt_ms: 11 + 4 * Math.sin(looked) + 3 * Math.sin(2.7 * looked),
    registered_until: null,
    register_sip_code: null,
    ...more,
  });
  const live = (hosts: Host[], more: Partial<Live> = {}): Live => ({
    state: 'up',
    registered_until: new Date(Date.now() + 1_500_000).toISOString(),
    registers: true,
    calls_in: 0,
    calls_out: 0,
    channels: null,
    hosts,
    ...more,
  });
  const trunk = (name: string, preset: string, live: Live | null, more: Partial<Trunk> = {}): Trunk => ({
    organisation: 'default',
    name,
    preset,
    enabled: true,
    numbers: { '+31201234567': null },
    live,
    ...more,
  });
  const gone = { state: 'down', fault: 'silent', last_sip_code: null, rtt_ms: null };
  return [
    trunk(
      'voys',
      'voipgrid',
      live([host('sip.provider.example:5061;transport=tls')], { calls_in: 4, calls_out: 3, channels: 30 }),
    ),
    trunk(
      'twilio',
      'twilio',
      live([host('kantoor.carrier.example'), host('kantoor.elders.example', gone)], {
        registers: false,
        registered_until: null,
        calls_out: 2,
      }),
    ),
    trunk(
      'oude-centrale',
      'generic',
      live([host('192.0.2.10:5060;transport=udp', { ...gone, since: new Date(Date.now() - 260_000).toISOString() })], {
        state: 'down',
        registers: true,
        registered_until: null,
        channels: 8,
      }),
    ),
    trunk('reserve', 'telnyx', null, { enabled: false }),
  ];
}

/** A line for each rung of a test of `name`; of `reach` it takes what a sidecar takes. */
export async function test(name: string, reach: object, response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
  const rungs = name === 'voys' ? WELL : name === 'twilio' ? ODD : SILENT;
  const waits = 'wait_inbound_secs' in reach ? [rung('inbound', 'skipped', 0, ['niet gewacht', 'not waited'])] : [];
  for (const one of [...rungs, ...waits]) {
    await new Promise((resolve) => setTimeout(resolve, one.rung === 'inbound' ? 3000 : 150));
    if (response.destroyed) return;
    response.write(`${JSON.stringify(one)}\n`);
  }
  response.end();
}

function rung(
  name: string,
  result: Rung['result'],
  ms: number,
  [nl, en]: readonly [string, string],
  advice: Sentence | null = null,
  messages: Rung['messages'] = [],
): Rung {
  const host = name === 'account' || name === 'inbound' ? '' : 'sip:sip.provider.example:5061;transport=tls';
  return { rung: name, host, result, ms, found: { nl, en }, advice, details: {}, messages };
}

const ASKED = `REGISTER sip:sip.provider.example SIP/2.0
Via: SIP/2.0/TLS 192.0.2.1:40000;branch=z9hG4bK1a2b
From: <sip:100001@sip.provider.example>;tag=5c1f
To: <sip:100001@sip.provider.example>
Call-ID: 4f1c
CSeq: 2 REGISTER
Authorization: Digest username="100001", realm="provider.example", response="********"
Content-Length: 0
`;
const TAKEN = `SIP/2.0 200 OK
CSeq: 2 REGISTER
Contact: <sip:100001@192.0.2.1>;expires=1742
Content-Length: 0
`;
const DNS = rung('dns', 'ok', 4.2, ['2 adressen: 192.0.2.20:5061 TLS, 192.0.2.21:5061 TLS', '2 addresses']);
const WELL: readonly Rung[] = [
  rung('account', 'ok', 212, ['het account is actief', 'the account is active']),
  { ...DNS, details: { srv: '_sips._tcp.sip.provider.example', order: '192.0.2.20, 192.0.2.21' } },
  rung('transport', 'ok', 9.1, ['192.0.2.20:5061 antwoordt over TCP', '192.0.2.20:5061 answers over TCP']),
  rung('tls', 'ok', 24, ['het certificaat is van sip.provider.example', 'the certificate is of sip.provider.example']),
  rung('options', 'ok', 11, ['hij antwoordt 200 OK', 'it answers 200 OK']),
  rung('register', 'ok', 38, ['het account klopt', 'the account is right'], null, [
    { sent: true, at_ms: 0.3, text: ASKED },
    { sent: false, at_ms: 37.8, text: TAKEN },
  ]),
];
const ODD: readonly Rung[] = [
  DNS,
  rung('tls', 'warning', 31, ['het certificaat verloopt over 9 dagen', 'the certificate expires in 9 days'], {
    nl: 'vraag de aanbieder of het wordt vernieuwd',
    en: 'ask the provider whether it is being renewed',
  }),
  rung('options', 'ok', 12, ['hij antwoordt 200 OK', 'it answers 200 OK']),
];
const SILENT: readonly Rung[] = [
  DNS,
  rung(
    'transport',
    'failed',
    2003,
    ['192.0.2.20:5060 over UDP: er kwam niets terug', '192.0.2.20:5060 over UDP: nothing came back'],
    {
      nl: 'vraag de aanbieder of hij uw adres kent, en kijk of de firewall UDP naar 192.0.2.20 doorlaat',
      en: 'ask the provider whether it knows your address, and see that the firewall lets UDP through to 192.0.2.20',
    },
    [{ sent: true, at_ms: 0.2, text: ASKED.replaceAll('REGISTER', 'OPTIONS') }],
  ),
  rung('options', 'skipped', 0, ['de host is niet bereikt', 'the host was not reached']),
  rung('register', 'skipped', 0, ['de host is niet bereikt', 'the host was not reached']),
];
