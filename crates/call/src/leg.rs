//! One side of a call: a phone, its signalling and its media. Caller and callees are legs alike; what a leg can do
//! follows from the state that its signalling is in.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use kiestoon_media::codec::Encoding;
use kiestoon_media::doctor::is_private;
use kiestoon_media::rtp::T38;
use kiestoon_media::{CallKey, Codec, LegId, LocalMedia, MediaCommand, Origin, RemoteFax, Sdp, SrtpPolicy};
use kiestoon_sip::dialog::{AckStep, AckWait, Dialog};
use kiestoon_sip::transaction::{ClientId, ServerId};
use kiestoon_sip::{Flow, RAck, Request, Uri};
use serde::{Deserialize, Serialize};

use crate::abilities::Abilities;
use crate::cdr::Side;
use crate::digits::Digits;
use crate::exchange::Exchange;
use crate::left_offer::LeftOffer;
use crate::open_offer::OpenOffer;
use crate::reliable::Reliable;
use crate::session_timer::SessionTimer;
use crate::settings::Settings;
use crate::trunk::outbound::OverTrunk;
use crate::wire::{self, Terms};

/// A phone in a call.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Leg {
    pub(crate) id: LegId,
    pub(crate) side: Side,
    /// The extension's number.
    pub(crate) number: Box<str>,
    /// The way to the phone while there is no dialog; a dialog has its own.
    pub(crate) flow: Flow,
    pub(crate) media: LegMedia,
    pub(crate) signal: Signal,
    /// Whether an offer is open with this phone.
    pub(crate) open: OpenOffer,
    pub(crate) can: Abilities,
    /// What the phone calls itself.
    pub(crate) agent: Option<Arc<str>>,
    /// The trunk that it goes over; None for an extension.
    pub(crate) trunk: Option<Box<OverTrunk>>,
    /// When the session of this phone has to be refreshed; None for a phone without session timers.
    pub(crate) timer: Option<Box<SessionTimer>>,
    /// Our question whether the phone is still there, while it is unanswered.
    pub(crate) probe: Option<ClientId>,
    /// Whether it is rung for an emergency: nobody is cut off from it.
    pub(crate) is_help: bool,
    /// Whether it called to be unknown, and has come from that call into another one.
    pub(crate) withheld: bool,
    /// Who is at this leg by the word of a trusted network, where that has changed since the call began: number and name.
    pub(crate) alias: Option<Box<(Box<str>, Box<str>)>>,
    /// An early offer of ours that nobody else waits for.
    pub(crate) left: Option<Box<LeftOffer>>,
    /// The keys pressed on the phone, and how it sends them.
    pub(crate) digits: Option<Box<Digits>>,
    /// Until when a browser that has lost its way is waited for.
    #[serde(with = "kiestoon_sip::plain")]
    pub(crate) awaited: Option<Instant>,
}

/// The signalling of a leg.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Signal {
    /// A callee whose ports are being opened; the INVITE goes to this contact.
    Chosen { contact: Uri },
    /// A callee who was invited.
    Invited { client: ClientId, invite: Box<Request> },
    /// A caller who waits for a final response.
    Inviting {
        server: ServerId,
        invite: Box<Request>,
        dialog: Box<Dialog>,
        /// None where the caller does not know reliable provisional responses.
        reliable: Option<Box<Reliable>>,
    },
    /// Answered.
    Established(Box<Established>),
    /// Nothing more is to be said.
    Over,
}

/// An answered leg.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Established {
    pub(crate) dialog: Dialog,
    /// A 2xx of ours that is repeated until its ACK comes.
    pub(crate) unacked: Option<Unacked>,
    pub(crate) acked: OurAck,
    /// The last provisional response, where its PRACK had not come before the 2xx.
    pub(crate) unpracked: Option<Box<RAck>>,
}

impl Established {
    /// A leg that an INVITE of ours made.
    pub(crate) fn callee(dialog: Dialog, acked: OurAck) -> Self {
        Self { dialog, unacked: None, acked, unpracked: None }
    }
}

/// A 2xx of ours without its ACK.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Unacked {
    pub(crate) wait: AckWait,
    pub(crate) server: ServerId,
    pub(crate) cseq: u32,
}

/// The ACK that we owe or gave for the last 2xx of this phone.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum OurAck {
    /// We sent no INVITE.
    None,
    /// It waits for the answer of the other side, to an offer in the 2xx.
    Owed { client: ClientId, cseq: u32 },
    /// It is repeated when the 2xx comes again.
    Sent {
        client: ClientId,
        cseq: u32,
        #[serde(with = "kiestoon_sip::plain")]
        body: Option<Bytes>,
    },
}

/// The media of a leg.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum LegMedia {
    /// No ports.
    Closed,
    /// Ports were asked for.
    Opening,
    /// Ports are open.
    Open(Box<OpenMedia>),
}

/// Open ports and what was said about them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OpenMedia {
    pub(crate) local: LocalMedia,
    pub(crate) origin: Origin,
    /// The codec that offer and answer agreed on first.
    pub(crate) codec: Option<Box<str>>,
    /// Whether this phone has put the other on hold.
    pub(crate) holds: bool,
    /// What this phone speaks: the first of what was agreed, where we know it.
    pub(crate) speaks: Option<Encoding>,
    /// Whether telephone events (RFC 4733) were agreed.
    pub(crate) takes_events: bool,
    /// What we said last of our session, to be said again where a refresh needs it.
    #[serde(with = "kiestoon_sip::plain")]
    pub(crate) said: Bytes,
}

/// Asks for the ports of a phone, or for the transport of a browser.
pub(crate) fn open_command(call: CallKey, leg: LegId, flow: &Flow) -> MediaCommand {
    MediaCommand::Open { call, leg, peer: flow.remote.ip(), browser: flow.transport.is_websocket() }
}

impl OpenMedia {
    /// Of which only `said` was said.
    pub(crate) fn new(local: LocalMedia, origin: Origin, said: Bytes) -> Self {
        Self { local, origin, codec: None, holds: false, speaks: None, takes_events: false, said }
    }
}

impl Leg {
    /// A leg without ports.
    pub(crate) fn new(id: LegId, side: Side, number: Box<str>, flow: Flow, signal: Signal) -> Self {
        Self {
            id,
            side,
            number,
            flow,
            media: LegMedia::Closed,
            signal,
            open: OpenOffer::None,
            can: Abilities::default(),
            agent: None,
            trunk: None,
            timer: None,
            probe: None,
            is_help: false,
            withheld: false,
            alias: None,
            left: None,
            digits: None,
            awaited: None,
        }
    }

    /// Asks for ports.
    pub(crate) fn open(&mut self, x: &mut Exchange, call: CallKey) {
        if let LegMedia::Closed = self.media {
            self.media = LegMedia::Opening;
            x.media(open_command(call, self.id, &self.flow));
        }
    }

    /// Takes the ports. False if none were asked for any more.
    pub(crate) fn opened(&mut self, mut local: LocalMedia, session: u64, settings: &Settings) -> bool {
        let wanted = matches!(self.media, LegMedia::Opening);
        if wanted {
            let mut origin = Origin::with_policy(session, Arc::clone(&settings.codecs));
            if let Some(selection) = self.terms(settings).selection {
                origin = origin.selecting(selection);
            }
            local.secure_offers = self.offers_keys(settings);
            self.media = LegMedia::Open(Box::new(OpenMedia::new(local, origin, Bytes::new())));
        }
        wanted
    }

    /// Whether our first offer to this phone holds keys: one in a description that everyone on the way can read protects nothing.
    pub(crate) fn offers_keys(&self, settings: &Settings) -> bool {
        match self.terms(settings).srtp {
            SrtpPolicy::Off => false,
            SrtpPolicy::Optional => self.flow.transport.is_secure(),
            SrtpPolicy::Required => true,
        }
    }

    /// Whether at its other end is a host that says where it is, not a phone that may stand behind a router.
    pub(crate) fn is_host(&self) -> bool {
        self.trunk.is_some()
    }

    /// What of its descriptions we see.
    pub(crate) fn terms(&self, settings: &Settings) -> Terms {
        match &self.trunk {
            Some(over) => over.media.terms(settings),
            None => Terms::of_phones(settings),
        }
    }

    /// Gives the ports back; every leg that asked for some passes here.
    pub(crate) fn close(&mut self, x: &mut Exchange) {
        self.forget_left_offer(x);
        x.leg_over(self.id);
        if !matches!(self.media, LegMedia::Closed) {
            self.media = LegMedia::Closed;
            x.media(MediaCommand::Close { leg: self.id });
        }
    }

    /// The open media; None where ports are not open.
    pub(crate) fn media_mut(&mut self) -> Option<&mut OpenMedia> {
        match &mut self.media {
            LegMedia::Open(media) => Some(media),
            LegMedia::Closed | LegMedia::Opening => None,
        }
    }

    /// A description of ours on its way to the phone; remembered.
    pub(crate) fn say(&mut self, sdp: &Sdp) -> Bytes {
        let said = sdp.to_bytes();
        if let Some(media) = self.media_mut() {
            media.said = said.clone();
        }
        said
    }

    /// Tells the engine what the phone said it receives, and notes whether it holds. True if that changed.
    pub(crate) fn set_remote(&mut self, x: &mut Exchange, sdp: &Sdp) -> bool {
        if let Some(remote) = sdp.fax() {
            return self.set_fax(x, remote);
        }
        let Some(mut remote) = sdp.audio() else { return false };
        remote.rewritten = self.is_rewritten(remote.rtp.ip());
        if let LegMedia::Open(media) = &self.media {
            media.origin.narrow(&mut remote);
        }
        let holds = remote.on_hold;
        let speaks = remote.codecs.iter().find(|codec| codec.is_audio()).and_then(Encoding::of);
        let takes_events = remote.codecs.iter().any(Codec::is_telephone_event);
        let (is_protected, mux) = (remote.key.is_some(), remote.mux);
        if let (LegMedia::Open(media), Some(browser)) = (&mut self.media, &mut remote.browser)
            && let Some(own) = &mut media.local.browser
        {
            own.hear(browser);
        }
        x.media(MediaCommand::SetRemote { leg: self.id, remote });
        let Some(media) = self.media_mut() else { return false };
        // What was agreed stays so in later offers of ours.
        media.local.secure_offers = is_protected;
        media.local.mux = mux;
        media.takes_events = takes_events;
        media.speaks = speaks;
        std::mem::replace(&mut media.holds, holds) != holds
    }

    /// Whether the key of its speech went over signalling that others can read.
    pub(crate) fn shows_its_key(&self) -> bool {
        matches!(&self.media, LegMedia::Open(media) if media.local.secure_offers && media.local.keys.is_some())
            && !self.flow.transport.is_secure()
    }

    fn set_fax(&mut self, x: &mut Exchange, remote: RemoteFax) -> bool {
        let holds = !remote.direction.receives();
        x.media(MediaCommand::SetFax { leg: self.id, remote });
        self.media_mut().is_some_and(|media| std::mem::replace(&mut media.holds, holds) != holds)
    }

    /// Whether a router seems to have rewritten the phone's description: it names the public address that signalling
    /// comes from, and the phone's own Contact a private one.
    fn is_rewritten(&mut self, described: IpAddr) -> bool {
        let public = self.flow.remote.ip();
        let Some(dialog) = self.dialog_mut() else { return false };
        let contact = match dialog.remote_target() {
            Uri::Sip(uri) => uri.host.ip(),
            _ => None,
        };
        described == public && !is_private(public) && contact.is_some_and(is_private)
    }

    /// Notes the codec that was agreed on.
    pub(crate) fn agreed(&mut self, answer: &Sdp) -> Option<Box<str>> {
        let codec = match answer.fax() {
            Some(_) => T38.into(),
            None => answer.audio()?.codecs.into_iter().find(|codec| codec.is_audio())?.name,
        };
        self.media_mut()?.codec = Some(codec.clone());
        Some(codec)
    }

    pub(crate) fn established(&self) -> Option<&Established> {
        match &self.signal {
            Signal::Established(established) => Some(established),
            _ => None,
        }
    }

    pub(crate) fn established_mut(&mut self) -> Option<&mut Established> {
        match &mut self.signal {
            Signal::Established(established) => Some(established),
            _ => None,
        }
    }

    /// The dialog, be it early.
    pub(crate) fn dialog_mut(&mut self) -> Option<&mut Dialog> {
        match &mut self.signal {
            Signal::Inviting { dialog, .. } => Some(dialog),
            Signal::Established(established) => Some(&mut established.dialog),
            Signal::Chosen { .. } | Signal::Invited { .. } | Signal::Over => None,
        }
    }

    /// Takes a request in the dialog of this phone. An error is the status that refuses it.
    pub(crate) fn receive(&mut self, request: &Request, flow: Flow) -> Result<(), u16> {
        let dialog = self.dialog_mut().ok_or(481u16)?;
        let id = dialog.id();
        if id.call_id != request.call_id || request.from.tag().unwrap_or_default() != &*id.remote_tag {
            return Err(481);
        }
        dialog.receive(request).map_err(|_| 500u16)?;
        dialog.set_flow(flow);
        // Wherever it was, it is back.
        self.awaited = None;
        Ok(())
    }

    /// Gives the ACK that we owe for a 2xx of this phone, if we owe one.
    pub(crate) fn give_ack(&mut self, x: &mut Exchange, body: Option<Bytes>) {
        let Some(established) = self.established_mut() else { return };
        let OurAck::Owed { client, cseq } = established.acked else { return };
        let mut ack = established.dialog.ack(cseq);
        if let Some(body) = &body {
            ack.set_body(wire::SDP, body.clone());
        }
        x.ack(ack, established.dialog.flow());
        established.acked = OurAck::Sent { client, cseq, body };
        self.open = OpenOffer::None;
    }

    /// The INVITE of ours whose 2xx may come again.
    pub(crate) fn acked_client(&self) -> Option<ClientId> {
        match self.established()?.acked {
            OurAck::None => None,
            OurAck::Owed { client, .. } | OurAck::Sent { client, .. } => Some(client),
        }
    }

    /// The INVITE of ours that is unanswered.
    pub(crate) fn inviting_client(&self) -> Option<ClientId> {
        match &self.signal {
            Signal::Invited { client, .. } => Some(*client),
            _ => None,
        }
    }

    /// Whether an offer to this phone would have to wait.
    pub(crate) fn is_negotiating(&self) -> bool {
        self.open.is_open() || self.is_unacked()
    }

    /// Whether a 2xx of ours waits for its ACK.
    pub(crate) fn is_unacked(&self) -> bool {
        self.established().is_some_and(|established| established.unacked.is_some())
    }

    /// When [`Self::tick_ack`] is wanted.
    pub(crate) fn ack_deadline(&self) -> Option<Instant> {
        self.established()?.unacked.as_ref().map(|unacked| unacked.wait.deadline())
    }

    /// The wait for an ACK: repeats the 2xx. True where the ACK never came.
    pub(crate) fn tick_ack(&mut self, x: &mut Exchange) -> bool {
        let Some(established) = self.established_mut() else { return false };
        let Some(unacked) = &mut established.unacked else { return false };
        let step = unacked.wait.tick(x.now);
        match step {
            AckStep::Wait => {}
            AckStep::Resend => x.transactions.retransmit(x.now, unacked.server),
            AckStep::GiveUp => established.unacked = None,
        }
        step == AckStep::GiveUp
    }

    /// Whether this phone has put the other on hold.
    pub(crate) fn holds(&self) -> bool {
        matches!(&self.media, LegMedia::Open(media) if media.holds)
    }
}
