/** Our end of one call in JsSIP: its session, its peer connection, and what both say. */
import type { RTCSession } from 'jssip/lib/RTCSession';
import type { UA } from 'jssip/lib/UA';
import type { DialogId } from './parked';
import { Reinvites, type Session } from './reinvite';
import type { Leg, LegEnd, LegEvents } from './signalling';

interface EndEvent {
  originator: string;
  message?: { status_code?: number; reason_phrase?: string } | null;
  cause: string;
}

export class JsSipLeg implements Leg {
  #session: RTCSession | null = null;
  #events: LegEvents | null = null;
  /** What came before anybody listened. */
  #early: ((events: LegEvents) => void)[] = [];
  number = '';
  name = '';

  constructor(
    session: RTCSession | null,
    private readonly iceServers: () => readonly RTCIceServer[],
  ) {
    if (session) this.#attach(session);
  }

  dial(agent: UA, target: string, microphone: MediaStream, headers: readonly string[]): void {
    this.number = target;
    // The session exists before the INVITE is made: its listeners must be there by then.
    const attached = (event: { originator: string; session: RTCSession }) => {
      if (event.originator === 'local') this.#attach(event.session);
    };
    agent.once('newRTCSession', attached);
    try {
      agent.call(target, { mediaStream: microphone, extraHeaders: [...headers], pcConfig: this.#pcConfig() });
    } finally {
      agent.off('newRTCSession', attached);
    }
  }

  listen(events: LegEvents): void {
    this.#events = events;
    for (const tell of this.#early.splice(0)) tell(events);
  }

  answer(microphone: MediaStream): void {
    this.#session?.answer({ mediaStream: microphone, pcConfig: this.#pcConfig() });
  }

  end(status?: number): void {
    if (!this.#session || this.#session.isEnded()) return;
    this.#session.terminate(status && !this.#session.isEstablished() ? { status_code: status } : undefined);
  }

  mute(on: boolean): void {
    if (on) this.#session?.mute({ audio: true });
    else this.#session?.unmute({ audio: true });
  }

  hold(on: boolean): boolean {
    return (on ? this.#session?.hold() : this.#session?.unhold()) ?? false;
  }

  /** RFC 4733 where both sides know it, else INFO. */
  sendDigit(digit: string): void {
    const sender = this.#connection?.getSenders().find(({ track }) => track?.kind === 'audio')?.dtmf;
    if (sender?.canInsertDTMF) sender.insertDTMF(sender.toneBuffer + digit, DIGIT_MS, GAP_MS);
    else this.#session?.sendDTMF(digit);
  }

  transfer(target: string): Promise<boolean> {
    return new Promise((resolve) => {
      const no = () => resolve(false);
      const eventHandlers = { accepted: () => resolve(true), failed: no, requestFailed: no };
      if (!this.#session) return no();
      this.#session.refer(target, { eventHandlers });
    });
  }

  restartIce(answered: () => void): boolean {
    return this.#session?.renegotiate({ rtcOfferConstraints: { iceRestart: true } }, answered) ?? false;
  }

  async replaceMicrophone(stream: MediaStream): Promise<void> {
    const [track] = stream.getAudioTracks();
    const sender = this.#connection?.getSenders().find((sender) => sender.track?.kind === 'audio');
    if (!track || !sender) return;
    track.enabled = sender.track?.enabled ?? true;
    await sender.replaceTrack(track);
  }

  async statistics(): Promise<RTCStatsReport | null> {
    return (await this.#connection?.getStats()) ?? null;
  }

  dialog(): DialogId | null {
    const dialog = this.#session as unknown as {
      _dialog?: { id: { call_id: string; local_tag: string; remote_tag: string } };
    } | null;
    const id = dialog?._dialog?.id;
    return id ? { callId: id.call_id, localTag: id.local_tag, remoteTag: id.remote_tag } : null;
  }

  get #connection(): RTCPeerConnection | null {
    return this.#session?.connection ?? null;
  }

  #attach(session: RTCSession): void {
    this.#session = session;
    new Reinvites(session as unknown as Session);
    const terminate = session.terminate.bind(session);
    // JsSIP hangs up where ICE has failed, though the line may be up and the path come back: then there is a restart.
    session.terminate = (options) => {
      if (options?.cause !== 'RTP Timeout') terminate(options);
    };
    if (session.direction === 'incoming') {
      this.number = session.remote_identity.uri.user;
      this.name = session.remote_identity.display_name;
    }
    session.on('peerconnection', ({ peerconnection }) => this.#hear(peerconnection));
    // A session of our own has made its connection before it was announced.
    if (session.connection) this.#hear(session.connection);
    session.on('icecandidate', ({ ready }) => setTimeout(ready, GATHERING_MS));
    session.on('progress', ({ originator }: { originator: string }) => {
      if (originator === 'remote') this.#tell((events) => events.progress());
    });
    session.on('confirmed', () => this.#tell((events) => events.answered()));
    session.on('accepted', () => this.#tell((events) => events.answered()));
    const hold = (held: boolean) => (event: { originator: string }) =>
      this.#tell((events) => events.hold(event.originator === 'local' ? 'local' : 'remote', held));
    session.on('hold', hold(true) as never);
    session.on('unhold', hold(false) as never);
    session.on('ended', (event) => this.#over(event as EndEvent));
    session.on('failed', (event) => this.#over(event as EndEvent));
  }

  #over({ originator, message, cause }: EndEvent): void {
    const by: LegEnd['by'] = originator === 'local' ? 'local' : originator === 'remote' ? 'remote' : 'system';
    const lost = cause === 'Connection Error' || cause === 'Request Timeout';
    const media = cause === 'WebRTC Error' || cause === 'Bad Media Description' || cause === 'Incompatible SDP';
    const end = { by, status: message?.status_code ?? 0, reason: message?.reason_phrase ?? cause, lost };
    this.#tell((events) => events.ended(media ? { ...end, failure: 'media' } : end));
  }

  #hear(connection: RTCPeerConnection): void {
    if (this.#heard === connection) return;
    this.#heard = connection;
    connection.addEventListener('track', ({ track, streams }) => {
      this.#tell((events) => events.sound(streams[0] ?? new MediaStream([track])));
    });
    connection.addEventListener('iceconnectionstatechange', () => {
      this.#tell((events) => events.iceState(connection.iceConnectionState));
    });
  }

  #heard: RTCPeerConnection | null = null;

  #tell(what: (events: LegEvents) => void): void {
    if (this.#events) what(this.#events);
    else this.#early.push(what);
  }

  #pcConfig(): RTCConfiguration {
    return { iceServers: [...this.iceServers()], bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' };
  }
}

/** The PBX is ICE-lite and learns our addresses from our checks: what is not gathered by then is not waited for. */
const GATHERING_MS = 500;
const DIGIT_MS = 160;
const GAP_MS = 70;
