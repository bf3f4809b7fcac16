//! Session timers as a phone sees them (RFC 4028).

use std::time::{Duration, Instant};

use kiestoon_sip::{HeaderName, Headers, Method, Request, Response};

use super::line::LineState;
use super::{Phone, Purpose, Timer};

impl Phone {
    /// Asks for a session timer in an INVITE.
    pub(super) fn ask_timer(&self, headers: &mut Headers) {
        let Some(timer) = self.profile.timer else { return };
        headers.push(HeaderName::Supported, "timer");
        let refresher = timer.refresher.map(|who| format!(";refresher={who}")).unwrap_or_default();
        headers.set(HeaderName::SessionExpires, format!("{}{refresher}", timer.secs));
    }

    /// Asks again for what was agreed.
    pub(super) fn ask_timer_again(&self, index: usize, headers: &mut Headers) {
        let Some((secs, ours)) = self.lines.get(index).and_then(|line| line.timer) else { return };
        headers.push(HeaderName::Supported, "timer");
        let refresher = if ours { "uac" } else { "uas" };
        headers.set(HeaderName::SessionExpires, format!("{secs};refresher={refresher}"));
    }

    /// The shortest interval that we take, where an INVITE asks for less.
    pub(super) fn refuses_interval(&self, request: &Request) -> Option<String> {
        let timer = self.profile.timer?;
        let (secs, _) = interval(&request.headers)?;
        let min = request.headers.get(&HeaderName::MinSe).and_then(|value| value.parse().ok());
        if min.is_some_and(|min: u32| min > secs) {
            return Some("0".to_owned());
        }
        (secs < timer.min).then(|| timer.min.to_string())
    }

    /// An INVITE of ours was refused with 422: sends it again with the interval that is asked. False where that is no use.
    pub(super) fn asks_for_longer(&mut self, now: Instant, index: usize, response: &Response) -> bool {
        let Some(min) = response.headers.get(&HeaderName::MinSe).map(str::to_owned) else { return false };
        let Some(branch) = self.lines.get(index).and_then(|line| line.invite.clone()) else { return false };
        let Some(mut request) = self.wire.request_of(&branch).cloned() else { return false };
        request.via.clear();
        request.cseq.number += 1;
        request.headers.set(HeaderName::SessionExpires, min.clone());
        request.headers.set(HeaderName::MinSe, min);
        self.with_line(index, |line| line.local_seq = request.cseq.number);
        let branch = self.send_alone(now, request, Purpose::Invite { line: index });
        self.with_line(index, |line| line.invite = Some(branch));
        true
    }

    /// What our 2xx grants, and what follows from it for us.
    pub(super) fn grant_timer(
        &mut self,
        now: Instant,
        index: usize,
        request: &Request,
    ) -> Vec<(HeaderName, String)> {
        let knows = request.headers.supported().any(|tag| tag == "timer");
        let (Some(timer), true) = (self.profile.timer, knows) else { return Vec::new() };
        let (secs, refresher) = interval(&request.headers).unwrap_or((timer.secs, None));
        let secs = secs.min(timer.secs.max(timer.min));
        let refresher =
            refresher.or_else(|| timer.refresher.map(str::to_owned)).unwrap_or_else(|| "uac".to_owned());
        let mut headers = vec![(HeaderName::SessionExpires, format!("{secs};refresher={refresher}"))];
        if refresher == "uac" {
            headers.push((HeaderName::Require, "timer".to_owned()));
        }
        self.follow_timer(now, index, secs, refresher == "uas");
        headers
    }

    /// What a 2xx to a request of ours grants.
    pub(super) fn timer_granted(&mut self, now: Instant, index: usize, headers: &Headers) {
        let Some((secs, refresher)) = interval(headers) else {
            return self.with_line(index, |line| line.timer = None);
        };
        if self.profile.timer.is_none() {
            return self.complain("a session timer although I know none");
        }
        self.follow_timer(now, index, secs, refresher.as_deref() == Some("uac"));
    }

    fn follow_timer(&mut self, now: Instant, index: usize, secs: u32, ours: bool) {
        self.with_line(index, |line| line.timer = Some((secs, ours)));
        self.timers.retain(|(_, timer)| !matches!(timer, Timer::Refresh { line, .. } if *line == index));
        if ours && self.profile.timer.is_some_and(|timer| timer.refreshes) {
            let at = now + Duration::from_secs(u64::from(secs / 2));
            self.timers.push((at, Timer::Refresh { line: index, secs }));
        }
    }

    /// Refreshes the session of a call, by UPDATE where we may.
    pub(super) fn refresh_line(&mut self, now: Instant, index: usize, secs: u32) {
        let due = self
            .lines
            .get(index)
            .is_some_and(|line| line.state == LineState::Talking && line.timer == Some((secs, true)));
        if !due {
            return;
        }
        let by_update = self.heard_allow(index);
        if by_update && self.profile.updates {
            self.update_line(now, index, false)
        } else {
            self.reinvite_line(now, index)
        }
    }

    /// Whether the PBX says in this call that it takes UPDATE.
    fn heard_allow(&self, index: usize) -> bool {
        let Some(line) = self.lines.get(index) else { return false };
        let of_call = self.heard.iter().filter(|message| message.call_id() == line.call_id);
        of_call
            .into_iter()
            .any(|message| message.headers().allow().any(|method| method == Method::Update.as_str()))
    }
}

/// The interval and the refresher of a Session-Expires header.
fn interval(headers: &Headers) -> Option<(u32, Option<String>)> {
    let value = headers.get(&HeaderName::SessionExpires)?;
    let mut parts = value.split(';');
    let secs = parts.next()?.trim().parse().ok()?;
    Some((secs, parts.find_map(|part| part.trim().strip_prefix("refresher=")).map(str::to_owned)))
}
