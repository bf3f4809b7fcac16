/** Signalling by JsSIP: its user agent behind our interface. The calls are in jssip-leg.ts. */
import * as JsSIP from 'jssip';
import type { IncomingRTCSessionEvent, OutgoingRTCSessionEvent } from 'jssip/lib/UA';
import type { SipToken } from '../api';
import { JsSipLeg } from './jssip-leg';
import type { MakeSignalling } from './signalling';
import { SipSocket } from './socket';

/** `instance` names this browser over reloads (RFC 5626): its registration is replaced, not added to. */
export function jssip(instance: string): MakeSignalling {
  return (wsUrl, token, events) => {
    const socket = new SipSocket(wsUrl);
    const agent = new JsSIP.UA({
      sockets: [socket],
      uri: token.uri,
      display_name: token.display_name,
      authorization_user: token.username,
      password: token.password,
      instance_id: instance,
      register: true,
      register_expires: 300,
      session_timers: true,
      user_agent: 'Kiestoon web',
      // Our own back-off decides; JsSIP's is put out of the way.
      connection_recovery_min_interval: NEVER_S,
      connection_recovery_max_interval: NEVER_S,
    });
    let iceServers = token.ice_servers;
    agent.on('connected', () => events.connected());
    agent.on('disconnected', () => events.disconnected());
    agent.on('registered', () => events.registered());
    agent.on('registrationFailed', ({ response }) => events.registrationFailed(response?.status_code ?? 0));
    agent.on('newRTCSession', (event: IncomingRTCSessionEvent | OutgoingRTCSessionEvent) => {
      if (event.originator === 'remote') events.incoming(new JsSipLeg(event.session, () => iceServers));
    });
    return {
      start: () => agent.start(),
      // Public in JsSIP, though its types do not name it.
      connect: () => (agent as unknown as { transport: { connect(): void } | null }).transport?.connect(),
      probe: (alive) => socket.probe(alive),
      stop: () => agent.stop(),
      renew(next: SipToken) {
        agent.set('authorization_user', next.username);
        agent.set('password', next.password);
        iceServers = next.ice_servers;
        if (agent.isConnected()) agent.register();
      },
      call(target, microphone, headers = []) {
        const leg = new JsSipLeg(null, () => iceServers);
        leg.dial(agent, target, microphone, headers);
        return leg;
      },
    };
  };
}

const NEVER_S = 1_000_000;
