/** What only the stand-in can show: what our page says to a PBX when its line breaks, or when it is reloaded. */
import { connect, hangUp, type Pair } from './calls';
import type { StandIn } from './stand-in';

export type StandInSpec = readonly [name: string, run: (pair: Pair, standIn: StandIn) => Promise<void>];

export const standInSpecs: readonly StandInSpec[] = [
  [
    'a line that breaks is made again, and the call gets a new path (ICE restart)',
    async (pair, { sip }) => {
      const { first, second } = pair;
      await connect(pair);
      await first.hears(second.browser.tone);
      const before = offers(sip.seen);
      sip.cut('201');
      await first.sees(({ registration }) => registration !== 'registered', 'the line to be down');
      await first.sees(({ registration }) => registration === 'registered', 'the line to be up again');
      await first.sees((view) => view.call?.state === 'active' && !view.call.reconnecting, 'the call to go on');
      const [old = ''] = before;
      const last = offers(sip.seen).at(-1) ?? '';
      if (!last || last === old) throw new Error('no offer with new ICE credentials');
      await Promise.all([first.hears(second.browser.tone), second.hears(first.browser.tone)]);
      await hangUp(first, second);
    },
  ],
  [
    'a page that is reloaded in mid-call asks for its call by Replaces',
    async (pair, { sip }) => {
      const { first } = pair;
      await connect(pair);
      await first.sees((view) => view.call?.quality != null, 'figures of the quality');
      const invite = sip.seen.filter((message) => message.startsWith('INVITE ')).at(-1) ?? '';
      const callId = header(invite, 'Call-ID');
      const ours = /tag=([^;]+)/.exec(header(invite, 'From'))?.[1];
      const answer =
        sip.seen.find((message) => message.startsWith('SIP/2.0 200') && header(message, 'Call-ID') === callId) ?? '';
      const theirs = /tag=([^;]+)/.exec(header(answer, 'To'))?.[1];
      sip.answerWith = (method) => (method === 'INVITE' || method === 'ACK' ? [481, 'Gone'] : null);
      try {
        await first.page.reload();
        const { call } = await first.sees((view) => view.call?.state === 'failed', 'the call to be given up');
        if (call?.failure?.code !== 'call_lost') throw new Error(`lost, but shown as ${call?.failure?.code}`);
      } finally {
        sip.answerWith = null;
      }
      const again = sip.seen.filter((message) => message.startsWith('INVITE ')).at(-1) ?? '';
      const wanted = `${callId};to-tag=${theirs};from-tag=${ours}`;
      if (header(again, 'Replaces') !== wanted) throw new Error(`"${header(again, 'Replaces')}", not "${wanted}"`);
      if (header(again, 'Require') !== 'replaces') throw new Error('replaces is not required');
    },
  ],
];

/** The ICE user fragments of 201's offers, oldest first. */
function offers(seen: readonly string[]): string[] {
  const ours = seen.filter((message) => message.startsWith('INVITE ') && header(message, 'From').includes('sip:201@'));
  return ours.map((message) => /a=ice-ufrag:(\S+)/.exec(message)?.[1] ?? '');
}

function header(message: string, name: string): string {
  return new RegExp(`^${name}: (.*)$`, 'm').exec(message)?.[1]?.trim() ?? '';
}
