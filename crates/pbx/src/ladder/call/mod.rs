//! Whether a call goes out over the trunk, and what is heard of it: it is dialled as a call of the PBX would be, a tone is sent, what
//! comes back is measured, and it is hung up. Only a running PBX lets it pass (`gate`), by the rights and limits of the organisation.

mod forks;
mod gate;
mod heard;
mod refused;
mod sound;
mod uac;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kiestoon_call::{NoSpeech, NoTestCall, TestInvite};
use kiestoon_control::{Rung, RungName};
use kiestoon_media::LocalMedia;
use kiestoon_media::srtp::LocalKeys;
use kiestoon_sip::Response;
use kiestoon_sip::dialog::Dialog;
use rand_core::Rng as _;
use tokio::sync::mpsc;

use self::gate::Permit;
pub(crate) use self::gate::{Grant, Outgoing, Word};
use self::heard::{Judged, judged};
use self::sound::Sound;
use self::uac::{Dialled, Uac};
use super::line::Line;
use super::rung::{Draft, both};
use super::{Climb, Host};
use crate::clock;
use crate::media::Sockets;
use crate::transport::trace;

/// What both sides have said of sound.
struct Agreed {
    ports: Sockets,
    us: LocalMedia,
    origin: kiestoon_media::Origin,
    /// Who signals.
    peer: SocketAddr,
}

/// The rung where no host could be called.
pub(super) fn not_reached() -> Rung {
    Draft::without_messages(RungName::Call, "").skipped(both!(
        "no host of the trunk holds so far that a call is worth a try",
        "geen host van de trunk houdt zo ver dat een gesprek het proberen waard is"
    ))
}

impl Climb<'_> {
    /// Calls a number by way of a host. It ends early where nobody listens to `rungs` any more.
    pub(super) async fn call(
        &mut self,
        host: &Host<'_>,
        line: Line,
        outgoing: &Outgoing,
        rungs: &mpsc::Sender<Rung>,
    ) -> Rung {
        let mut draft = Draft::new(RungName::Call, &host.text, self.trunk);
        draft.detail("number", &outgoing.number);
        let mut permit = match outgoing.permit(&line.flow, rungs).await {
            Some(Ok(permit)) => permit,
            Some(Err(why)) => return refused::by_the_pbx(draft, &outgoing.number, why),
            None => return refused::by_the_pbx(draft, &outgoing.number, NoTestCall::Draining),
        };
        let Some((us, ports)) = self.ports(&line, outgoing) else { return refused::no_port(draft) };
        draft.detail("told", us.rtp);
        let session = self.random.next_u64();
        let (offer, origin) = self.trunk.test_offer(&self.around.settings, &line.flow, us.clone(), session);
        let plain = self.trunk.test_offer_plain(&self.around.settings, &line.flow, us.clone(), &origin);
        let asked = TestInvite {
            call: permit.call(),
            number: &outgoing.number,
            host: host.uri,
            flow: &line.flow,
            names: self.names(),
            unix_secs: u64::try_from(clock::unix_micros() / 1_000_000).unwrap_or(0),
        };
        let mut invite = self.trunk.test_invite(&self.around.settings, asked);
        invite.set_body("application/sdp", offer.to_bytes());
        let account = self.trunk.account.as_ref();
        let around = self.around;
        let peer = line.flow.remote;
        let mut uac = Uac::new(line, draft, &around.settings, account, invite, &mut self.random);
        uac.plain = plain.map(|offer| offer.to_bytes());
        let began = Instant::now();
        let dialled = uac.dial(RINGS, permit.is_unwanted()).await;
        match dialled {
            Dialled::Answered(response) => {
                let agreed = Agreed { ports, us, origin, peer };
                self.answered(uac, &mut permit, &response, agreed, began.elapsed()).await
            }
            other => {
                permit.came_to(other.status());
                if let Dialled::Late(response) = &other {
                    // However short, it costs.
                    permit.answered().await;
                    uac.end(response).await;
                }
                uac.flush().await;
                let patience = uac.line.patience();
                refused::by_the_trunk(uac.draft, account, other, patience, RINGS)
            }
        }
    }

    /// Our side of the sound.
    fn ports(&mut self, line: &Line, outgoing: &Outgoing) -> Option<(LocalMedia, Sockets)> {
        let flow = &line.flow;
        let ports = outgoing.ports.open(flow.local.ip(), flow.remote.ip()).ok()?;
        let keys =
            outgoing.ports.srtp.then(|| Arc::new(LocalKeys::generate(|bytes| self.random.fill_bytes(bytes))));
        Some((LocalMedia { keys, ..ports.local.clone() }, ports))
    }

    /// Listens for a while, and hangs up.
    async fn answered(
        &mut self,
        mut uac: Uac<'_>,
        permit: &mut Permit<'_>,
        response: &Response,
        agreed: Agreed,
        after: Duration,
    ) -> Rung {
        uac.draft.detail("answered_after", format!("{:.1} s", after.as_secs_f64()));
        // First of all: whatever comes of it, the provider charges for it from now on.
        let is_paid = permit.answered().await;
        let Some(dialog) = self.acknowledged(&mut uac, response, permit).await else {
            uac.end(response).await;
            return refused::no_dialog(uac.draft, after);
        };
        let settings = &self.around.settings;
        let them = self.trunk.test_answer(settings, &agreed.origin, uac.session(response));
        let Agreed { ports, us, peer, .. } = agreed;
        let both = them.and_then(|them| {
            let sound = Sound::new(ports, peer.ip(), &us, &them, &mut self.random);
            Ok((sound.ok_or(NoSpeech::NoCodec)?, them))
        });
        let (mut sound, them) = match both {
            Ok(both) if is_paid => both,
            other => {
                uac.hang_up(dialog).await;
                return match other {
                    Err(why) if is_paid => refused::no_speech(uac.draft, after, &why),
                    _ => refused::not_paid(uac.draft, after),
                };
            }
        };
        let ended = tokio::select! {
            () = sound.exchange(TALKS) => None,
            ended = uac.talk() => Some(ended),
            () = permit.is_unwanted() => None,
        };
        if let Some(Err(silence)) = ended {
            let towards = uac.line.flow.remote;
            // It may still be hung up the way that it came.
            let _ = uac.line.turn_to(peer).await;
            uac.hang_up(dialog).await;
            return refused::lost(uac.draft, after, towards, &silence);
        }
        let is_hung_up = ended.is_some();
        if !is_hung_up {
            uac.hang_up(dialog).await;
        }
        let (heard, peer) = (sound.measured(), peer.ip());
        judged(uac.draft, &Judged { heard: &heard, us: &us, them: &them, peer, after, is_hung_up })
    }

    /// The dialog of an answer. What follows goes to where that says (RFC 3261 section 12.2.1.1), as in calls of the PBX.
    async fn acknowledged(
        &mut self,
        uac: &mut Uac<'_>,
        response: &Response,
        permit: &Permit<'_>,
    ) -> Option<Dialog> {
        let dialog = Dialog::uac(uac.invite(), response, uac.line.flow).ok()?;
        let remote = uac.line.flow.remote;
        let hop = dialog.next_hop().as_sip().map(kiestoon_sip::locate::Query::of);
        if let Some(query) = hop.filter(|_| !uac.line.flow.transport.is_reliable()) {
            let listen = &self.around.settings.listen;
            let flows = tokio::select! {
                found = trace(self.around.dns.as_ref(), query, listen, &mut self.random) => found.flows,
                // It is hung up the way that it came.
                () = permit.is_unwanted() => Vec::new(),
            };
            let to = flows.iter().find(|flow| flow.transport == uac.line.flow.transport);
            // A private address of a provider that is not private stands behind its router: it is reached the way that it came.
            let to = to.map(|flow| flow.remote).filter(|to| !is_private(to.ip()) || is_private(remote.ip()));
            if let Some(to) = to.filter(|to| *to != remote) {
                let _ = uac.line.turn_to(to).await;
            }
        }
        let dialog = uac.acknowledge(response);
        uac.flush().await;
        dialog
    }
}

/// Whether an address is of no public network.
fn is_private(address: std::net::IpAddr) -> bool {
    match address.to_canonical() {
        std::net::IpAddr::V4(address) => {
            address.is_private() || address.is_loopback() || address.is_link_local()
        }
        std::net::IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

/// How long it may ring.
const RINGS: Duration = Duration::from_secs(30);
/// How long the tone is sent once somebody has answered. Budgets are paid for longer ahead.
const TALKS: Duration = Duration::from_secs(3);
/// The longest that all of it may take.
pub(crate) const LONGEST: Duration = Duration::from_secs(60);
