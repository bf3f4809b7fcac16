//! Session timers (RFC 4028): each leg agrees on its own how often its session is refreshed, and by whom. We refresh by UPDATE, or
//! by re-INVITE where the phone does not take that. A session that nobody refreshes ends.

use std::time::{Duration, Instant};

use kiestoon_media::{LegId, Sdp};
use kiestoon_sip::transaction::ClientId;
use kiestoon_sip::{HeaderName, Headers, Method, NameAddr, Refresher, Request, Response, SessionExpires};
use serde::{Deserialize, Serialize};

use crate::abilities::{TIMER, supports};
use crate::call::{Call, Stage};
use crate::cdr::Side;
use crate::exchange::Exchange;
use crate::identity;
use crate::leg::{Leg, OurAck, Signal};
use crate::open_offer::OpenOffer;
use crate::reason::EndReason;
use crate::reinvite::forget_ack;
use crate::routes::ClientOwner;
use crate::settings::Settings;
use crate::trunk::Trunk;
use crate::wire;

/// The session of one leg, as far as it has to be refreshed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SessionTimer {
    secs: u32,
    /// Whether we refresh.
    is_ours: bool,
    /// When we refresh, if we do.
    #[serde(with = "kiestoon_sip::plain")]
    due: Instant,
    /// When the call ends without a refresh: when the session expires, or shortly before where the phone refreshes (RFC 4028
    /// section 10).
    #[serde(with = "kiestoon_sip::plain")]
    expires: Instant,
    /// Our refresh that is unanswered.
    refresh: Option<Refresh>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Refresh {
    client: ClientId,
    is_invite: bool,
}

impl SessionTimer {
    fn new(now: Instant, secs: u32, is_ours: bool) -> Box<Self> {
        let interval = Duration::from_secs(secs.into());
        let early = if is_ours { Duration::ZERO } else { (interval / 3).min(Duration::from_secs(32)) };
        let expires = now + interval.saturating_sub(early);
        Box::new(Self { secs, is_ours, due: now + interval / 2, expires, refresh: None })
    }

    /// When [`Call::tick_session`] is wanted.
    pub(crate) fn deadline(&self) -> Instant {
        if self.is_ours && self.refresh.is_none() { self.due.min(self.expires) } else { self.expires }
    }

    /// Asks again for what was agreed on, in a request of ours that refreshes the session.
    pub(crate) fn ask(&self, headers: &mut Headers) {
        let refresher = if self.is_ours { Refresher::Uac } else { Refresher::Uas };
        let expires = SessionExpires { secs: self.secs, refresher: Some(refresher) };
        headers.set(HeaderName::SessionExpires, expires.to_string());
    }
}

/// The same of a trunk; one that is to have none is not told that we know them.
pub(crate) fn ask_of_trunk(settings: &Settings, trunk: &Trunk, headers: &mut Headers) {
    match trunk.session_timer {
        Some(interval) => ask(settings, interval, headers),
        None => hide(headers),
    }
}

/// Takes session timers out of what we say that we know.
fn hide(headers: &mut Headers) {
    let supported = headers.get(&HeaderName::Supported).unwrap_or_default();
    let others = supported.split(", ").filter(|tag| *tag != TIMER).collect::<Vec<_>>().join(", ");
    headers.set(HeaderName::Supported, others);
}

/// Asks for session timers of this interval in an INVITE of ours; the phone chooses who refreshes.
pub(crate) fn ask(settings: &Settings, interval: Duration, headers: &mut Headers) {
    let min = seconds(settings.min_se);
    let expires = SessionExpires { secs: seconds(interval).max(min), refresher: None };
    headers.set(HeaderName::SessionExpires, expires.to_string());
    if min != LOWEST {
        headers.set(HeaderName::MinSe, min.to_string());
    }
}

/// What the 2xx to a request of ours grants; None where the phone knows no session timers.
fn accepted(x: &Exchange, headers: &Headers) -> Option<Box<SessionTimer>> {
    let granted = headers.session_expires().filter(|granted| granted.secs <= longest(&x.settings))?;
    let secs = granted.secs.max(seconds(x.settings.min_se));
    Some(SessionTimer::new(x.now, secs, granted.refresher != Some(Refresher::Uas)))
}

/// Makes the INVITE that is to follow a 422: its session is refreshed as seldom as that wants it. False if the response is no such
/// refusal, or the last of several.
pub(crate) fn lengthen(invite: &mut Request, response: &Response) -> bool {
    let least = response.headers.min_se().filter(|_| response.status.code() == 422);
    let Some(least) = least.filter(|_| invite.cseq.number < MOST_INVITES) else { return false };
    invite.cseq.number = invite.cseq.number.saturating_add(1);
    let asked = invite.headers.session_expires().map_or(0, |asked| asked.secs);
    invite.headers.set(HeaderName::SessionExpires, least.max(asked).to_string());
    invite.headers.set(HeaderName::MinSe, least.to_string());
    true
}

/// Grants session timers in our 2xx to a phone that knows them. Unless it says otherwise, it refreshes.
fn grant(x: &Exchange, asked: &Headers, response: &mut Headers) -> Option<Box<SessionTimer>> {
    if !supports(asked, TIMER) {
        return None;
    }
    let min = seconds(x.settings.min_se).max(asked.min_se().unwrap_or(0));
    if min > longest(&x.settings) {
        return None;
    }
    let most = seconds(x.settings.session_expires).max(min);
    let wanted = asked.session_expires();
    let secs = wanted.map_or(most, |wanted| wanted.secs).clamp(min, most);
    let refresher = wanted.and_then(|wanted| wanted.refresher).unwrap_or(Refresher::Uac);
    let expires = SessionExpires { secs, refresher: Some(refresher) };
    response.set(HeaderName::SessionExpires, expires.to_string());
    if refresher == Refresher::Uac {
        response.set(HeaderName::Require, TIMER);
    }
    Some(SessionTimer::new(x.now, secs, refresher == Refresher::Uas))
}

/// The longest time between two refreshes, in seconds. A session that would be refreshed more seldom has no timer, and its phone
/// is asked whether it is still there.
fn longest(settings: &Settings) -> u32 {
    seconds(settings.session_expires).max(LONGEST)
}

/// The 422 to a request whose session would be refreshed too often; None where it would not. One that some proxy put the interval
/// into could not do better, so it passes.
pub(crate) fn too_short(x: &Exchange, request: &Request) -> Option<Response> {
    let wanted = request.headers.session_expires()?;
    let min = seconds(x.settings.min_se);
    if wanted.secs >= min || !supports(&request.headers, TIMER) {
        return None;
    }
    let mut response = x.response(request, 422, None);
    response.headers.set(HeaderName::MinSe, min.to_string());
    Some(response)
}

impl Leg {
    /// What our 2xx grants. Over a trunk without session timers that is none, unless who asks refreshes the session itself: so
    /// nothing of ours goes out, and a call that is dead ends (RFC 4028 section 9 leaves the choice to us).
    pub(crate) fn grant_timer(
        &self,
        x: &Exchange,
        asked: &Headers,
        response: &mut Headers,
    ) -> Option<Box<SessionTimer>> {
        let refresher = asked.session_expires().and_then(|asked| asked.refresher);
        if self.is_left_alone() && refresher != Some(Refresher::Uac) {
            hide(response);
            return None;
        }
        grant(x, asked, response)
    }

    /// What a 2xx to a request of ours grants. The same holds of a trunk without session timers.
    pub(crate) fn timer_granted(&self, x: &Exchange, headers: &Headers) -> Option<Box<SessionTimer>> {
        accepted(x, headers).filter(|timer| !(timer.is_ours && self.is_left_alone()))
    }

    fn is_left_alone(&self) -> bool {
        self.trunk.as_ref().is_some_and(|over| !over.media.has_timer)
    }

    /// What a re-INVITE or UPDATE of ours says of us and of the session's time.
    pub(crate) fn introduce(&self, headers: &mut Headers) {
        headers.set(HeaderName::Allow, wire::ALLOW);
        headers.set(HeaderName::Supported, wire::SUPPORTED);
        match &self.timer {
            Some(timer) => timer.ask(headers),
            None if self.is_left_alone() => hide(headers),
            None => {}
        }
    }

    /// The phone answered a re-INVITE or UPDATE of ours: the session is refreshed.
    pub(crate) fn refreshed(&mut self, x: &mut Exchange, response: &Response) {
        // One of ours that is on its way tells nothing new.
        self.forget_refresh(x);
        self.can.learn(&response.headers);
        self.timer = self.timer_granted(x, &response.headers);
    }

    /// The session timer is forgotten; a refresh by re-INVITE that is on its way will be acknowledged.
    pub(crate) fn forget_refresh(&mut self, x: &mut Exchange) {
        let Some(refresh) = self.timer.take().and_then(|timer| timer.refresh) else { return };
        x.routes.remove_client(refresh.client);
        if let Some(established) = self.established().filter(|_| refresh.is_invite) {
            x.leave_reinvite(refresh.client, established.dialog.clone(), true);
        }
    }

    /// The phone goes over to another call: a refresh that is on its way tells this one nothing, and comes again.
    pub(crate) fn postpone_refresh(&mut self, x: &mut Exchange) {
        let Some(timer) = &mut self.timer else { return };
        if let Some(refresh) = timer.refresh.take() {
            x.routes.remove_client(refresh.client);
            timer.due = x.now + BUSY;
        }
    }

    fn refresh(&self) -> Option<Refresh> {
        self.timer.as_ref()?.refresh
    }
}

impl Call {
    /// Refreshes the session of a side, or ends a call that nobody refreshed.
    pub(crate) fn tick_session(&mut self, x: &mut Exchange, side: Side) {
        let present = self.leg(side).filter(|leg| leg.awaited.is_none());
        let Some(timer) = present.and_then(|leg| leg.timer.as_ref()) else { return };
        if timer.expires <= x.now {
            return self.end(x, EndReason::SessionExpired.into());
        }
        if timer.is_ours && timer.refresh.is_none() && timer.due <= x.now {
            self.refresh(x, side);
        }
    }

    fn refresh(&mut self, x: &mut Exchange, side: Side) {
        let owner = ClientOwner::Call(self.key);
        let is_busy = self.is_passing() || self.transfer_negotiates(side);
        match self.leg_mut(side) {
            Some(leg) if is_busy => leg.refresh_at(x.now + BUSY),
            Some(leg) => leg.send_refresh(x, owner, None),
            None => {}
        }
    }

    /// Does the same for who has transferred the call and waits for the outcome: where nobody refreshes its session, only its own
    /// part of the call is over.
    pub(crate) fn tick_parked(&mut self, x: &mut Exchange) {
        let owner = ClientOwner::Call(self.key);
        let Some(id) = self.parked().map(|parked| parked.id) else { return };
        let Some(parked) = self.parked_mut(id) else { return };
        match &parked.timer {
            Some(timer) if timer.expires <= x.now => {
                self.release_early(x, EndReason::SessionExpired);
            }
            Some(timer) if timer.is_ours && timer.refresh.is_none() && timer.due <= x.now => {
                parked.send_refresh(x, owner, None);
            }
            _ => {}
        }
    }

    /// The outcome of a refresh; `response` is None where none came, which counts as `status`. False if this is the outcome of
    /// something else.
    pub(crate) fn refresh_outcome(
        &mut self,
        x: &mut Exchange,
        client: ClientId,
        status: u16,
        response: Option<&Response>,
    ) -> bool {
        let is_its = |leg: &&Leg| leg.refresh().is_some_and(|refresh| refresh.client == client);
        let Some(id) = self.legs().find(is_its).map(|leg| leg.id) else { return false };
        if status < 200 {
            return true;
        }
        let Some(leg) = self.any_leg_mut(id) else { return true };
        let Some(refresh) = leg.timer.as_mut().and_then(|timer| timer.refresh.take()) else { return true };
        if let Some(response) = response.filter(|_| status < 300) {
            let session = leg.take_refreshed(x, refresh, response);
            self.session_refreshed(x, id, session);
            return true;
        }
        x.routes.remove_client(client);
        if refresh.is_invite {
            leg.open = OpenOffer::None;
        }
        let least = response.and_then(|response| response.headers.min_se());
        let crossed = leg.glare_wait(&mut x.rng);
        let Some(timer) = &mut leg.timer else { return true };
        let rest = timer.expires.saturating_duration_since(x.now);
        match (status, least) {
            (408 | 481, _) => {
                self.gone(x, id);
                return true;
            }
            (422, Some(least)) if least > timer.secs => {
                timer.secs = least;
                timer.due = x.now;
            }
            (405 | 501, _) if !refresh.is_invite => {
                leg.can.update = false;
                timer.due = x.now;
            }
            (491, _) => timer.due = x.now + crossed,
            _ => timer.due = x.now + (rest / 2).max(BUSY),
        }
        true
    }

    fn session_refreshed(&mut self, x: &mut Exchange, id: LegId, session: Option<Sdp>) {
        let Some(session) = session else { return };
        match self.side_of(id) {
            Some(side) => self.take_session(x, side, &session),
            None => {
                self.any_leg_mut(id).map(|leg| leg.set_remote(x, &session));
            }
        }
    }

    /// A phone wants its session refreshed less often than we asked (422): its INVITE goes out once more. False if this is
    /// no such refusal, or the last of several.
    pub(crate) fn invite_longer(&mut self, x: &mut Exchange, leg: LegId, response: &Response) -> bool {
        let owner = ClientOwner::Call(self.key);
        let Some(branch) = self.branch_mut(leg) else { return false };
        let said = branch.leg.media_mut().map(|media| media.said.clone()).unwrap_or_default();
        let flow = branch.leg.flow;
        let Signal::Invited { client, invite } = &mut branch.leg.signal else { return false };
        if !lengthen(invite, response) {
            return false;
        }
        let mut again = invite.as_ref().clone();
        if again.headers.contains(&HeaderName::ContentType) {
            again.body = said;
        }
        *client = x.request(again, flow, Some(owner));
        branch.forks.clear();
        true
    }

    /// The session timers of all phones.
    pub(crate) fn session_deadline(&self) -> Option<Instant> {
        if matches!(self.stage, Stage::Ending(_)) {
            return None;
        }
        let present = self.legs().filter(|leg| leg.awaited.is_none());
        present.filter_map(|leg| Some(leg.timer.as_ref()?.deadline())).min()
    }
}

impl Leg {
    /// Refreshes the session; `shown` is who the phone talks to, where it is to be told.
    pub(crate) fn send_refresh(&mut self, x: &mut Exchange, owner: ClientOwner, shown: Option<&NameAddr>) {
        if self.refresh().is_some() {
            return;
        }
        let is_invite = !self.can.update;
        let said = self.media_mut().map(|media| media.said.clone()).unwrap_or_default();
        // An UPDATE without an offer waits for none (RFC 3311 section 5.1).
        if is_invite && (self.is_negotiating() || said.is_empty()) {
            return self.refresh_at(x.now + BUSY);
        }
        let Some(established) = self.established_mut() else { return };
        let method = if is_invite { Method::Invite } else { Method::Update };
        let (mut request, flow) = (established.dialog.request(method), established.dialog.flow());
        self.introduce(&mut request.headers);
        if let Some(shown) = shown {
            identity::assert(&mut request.headers, &x.settings, shown);
        }
        if is_invite {
            self.open = OpenOffer::Ours;
            request.set_body(wire::SDP, said);
        }
        let client = x.request(request, flow, Some(owner));
        if let Some(timer) = &mut self.timer {
            timer.refresh = Some(Refresh { client, is_invite });
        }
    }

    fn refresh_at(&mut self, at: Instant) {
        if let Some(timer) = &mut self.timer {
            timer.due = at;
        }
    }

    /// The session that the phone has described again, where it was offered ours.
    fn take_refreshed(&mut self, x: &mut Exchange, refresh: Refresh, response: &Response) -> Option<Sdp> {
        let cseq = response.cseq.number;
        self.refreshed(x, response);
        let established = self.established_mut()?;
        // A Contact that cannot be read leaves the target as it was.
        let _ = established.dialog.refresh_target(&response.headers);
        if !refresh.is_invite {
            x.routes.remove_client(refresh.client);
            return None;
        }
        x.ack(established.dialog.ack(cseq), established.dialog.flow());
        let sent = OurAck::Sent { client: refresh.client, cseq, body: None };
        let before = std::mem::replace(&mut established.acked, sent);
        forget_ack(x, &before);
        self.open = OpenOffer::None;
        let terms = self.terms(&x.settings);
        wire::sdp_of(&terms, &response.headers, &response.body)
    }
}

fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

/// What Min-SE is where it is not said (RFC 4028 section 5).
const LOWEST: u32 = 90;
/// How long a refresh waits for what is under way.
const BUSY: Duration = Duration::from_secs(2);
/// INVITEs to one phone that asks for ever longer intervals.
const MOST_INVITES: u32 = 3;
const LONGEST: u32 = 2 * 3600;
