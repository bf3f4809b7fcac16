//! Live state as operators see it: the switch's views and the media engine's figures in the words of the control API.
use std::{collections::HashMap, net::IpAddr, time::Duration};

use kiestoon_call::{BanView, CallView, LegView, RegistrationView, Side, TrunkHostView, TrunkView, Way};
use kiestoon_control as control;
use kiestoon_dialplan::{Forced, TrailStep};
use kiestoon_media::{DirectionQuality, LegId, LegQuality};

/// A time of the record as RFC 3339 in UTC.
pub(super) fn rfc3339(unix_micros: i64) -> String {
    jiff::Timestamp::from_microsecond(unix_micros).unwrap_or_default().to_string()
}

/// A live call with the figures of its legs. `now` is the wall clock in microseconds.
pub(super) fn call(view: CallView, figures: &HashMap<LegId, LegQuality>, now: i64) -> control::Call {
    let since_start = now.saturating_sub(view.started_at) / MICROS_PER_SECOND;
    control::Call {
        id: view.id.to_string(),
        organisation: view.organisation.into(),
        state: view.state.as_str().to_owned(),
        from_number: view.from_number.into(),
        from_name: view.from_name.into(),
        dialed: view.dialled.into(),
        to_number: view.to_number.map(Into::into),
        to_name: view.to_name.map(Into::into),
        started_at: rfc3339(view.started_at),
        answered_at: view.answered_at.map(rfc3339),
        duration_secs: u64::try_from(since_start).unwrap_or(0),
        talk_secs: view.talking.map(|talking: Duration| talking.as_secs()),
        legs: view.legs.into_iter().map(|view| leg(view, figures)).collect(),
        way: view.way.into_iter().map(way).collect(),
    }
}

fn leg(view: LegView, figures: &HashMap<LegId, LegQuality>) -> control::Leg {
    let quality = figures.get(&view.leg);
    let heard = quality.and_then(|quality| quality.codec.clone());
    control::Leg {
        side: view.side.as_str().to_owned(),
        number: view.number.into(),
        name: view.name.into(),
        transport: view.transport.uri_token().to_owned(),
        remote: view.remote.to_string(),
        media_remote: quality.and_then(|quality| quality.remote).map(|remote| remote.to_string()),
        user_agent: view.user_agent.as_deref().map(Into::into),
        codec: heard.or(view.codec).map(Into::into),
        on_hold: view.holds,
        diagnosis: quality.and_then(|quality| quality.diagnosis).map(|cause| cause.to_string()),
        srtp_key_in_clear: quality.is_some_and(|quality| quality.srtp.is_some())
            && view.transport.shows_keys(),
        srtp_keys: quality
            .and_then(|quality| quality.srtp)
            .map(|_| if view.browser { "dtls" } else { "sdes" }.to_owned()),
        srtp: quality.and_then(|quality| quality.srtp).map(Into::into),
        rtt_ms: quality.and_then(|quality| quality.rtt_ms).map(f64::from),
        inbound: quality.map(|quality| stream(&quality.inbound)).unwrap_or_default(),
        outbound: quality.map(|quality| stream(&quality.outbound)).unwrap_or_default(),
    }
}

fn stream(direction: &DirectionQuality) -> control::Stream {
    control::Stream {
        packets: direction.packets,
        bytes: direction.bytes,
        lost: direction.lost,
        loss_percent: f64::from(direction.loss) * 100.0,
        jitter_ms: f64::from(direction.jitter_ms),
        gaps: direction.gaps,
        mos: direction.mos.map(|mos| rounded(mos.now)),
        mos_min: direction.mos.map(|mos| rounded(mos.least)),
    }
}

/// To hundredths: more it does not mean.
pub(super) fn rounded(score: f32) -> f64 {
    (f64::from(score) * 100.0).round() / 100.0
}

/// A rule that a call got.
pub(super) fn way(way: Way) -> control::Way {
    let rule = way.rule.as_ref();
    control::Way {
        number: way.number.into(),
        by_number: way.by.into(),
        at: rfc3339(way.at),
        context: way.context.into(),
        rule: rule.map(|rule| rule.name.to_string()),
        file: rule.map(|rule| rule.file.to_string()),
        line: rule.map(|rule| rule.line),
        pattern: Some(way.why.pattern.into()).filter(|pattern: &String| !pattern.is_empty()),
        when: way.why.when.iter().map(ToString::to_string).collect(),
        from: way.why.from.into(),
        by_hand: way.why.by_hand.iter().map(by_hand).collect(),
        steps: way.trail.steps().iter().map(step).collect(),
        left_out: way.trail.left_out(),
    }
}

/// Hours that were set by hand.
fn by_hand((hours, forced): (&str, Forced)) -> (String, String) {
    let state = match forced {
        Forced::Open => "open",
        Forced::Closed => "closed",
    };
    (hours.to_owned(), state.to_owned())
}

fn step(step: &TrailStep) -> control::WayStep {
    control::WayStep {
        step: step.text.to_string(),
        result: step.result.map(|result| result.to_string()),
        line: step.place.as_ref().map(|place| place.line),
    }
}

/// A registered contact.
pub(super) fn registration(view: RegistrationView) -> control::Registration {
    control::Registration {
        number: view.number.into(),
        name: view.name.into(),
        organisation: view.organisation.into(),
        contact: view.contact.into(),
        transport: view.transport.uri_token().to_owned(),
        remote: view.remote.to_string(),
        q: f64::from(view.q) / 1_000.0,
        user_agent: view.user_agent.map(|agent| agent.replace(char::is_control, "?")),
        since: rfc3339(view.since),
        expires_in_secs: view.expires_in.as_secs(),
        reachable: view.reachable,
    }
}

/// A trunk and its hosts.
pub(super) fn trunk(view: TrunkView) -> control::Trunk {
    let until = view.hosts.iter().filter_map(|host| host.registered_until).max();
    let has_failed = view.hosts.iter().any(|host| host.register_status.is_some());
    let registration = match (until, has_failed) {
        (Some(_), _) => "registered",
        (None, true) => "failed",
        (None, false) => "pending",
    };
    control::Trunk {
        organisation: view.organisation.into(),
        name: view.name.into(),
        state: view.state.as_str().to_owned(),
        registration: view.registers.then(|| registration.to_owned()),
        registered_until: until.map(rfc3339),
        registers: view.registers,
        calls_in: view.calls_in.into(),
        calls_out: view.calls_out.into(),
        channels: view.channels,
        calls_per_second: view.calls_per_second,
        hosts: view.hosts.into_iter().map(trunk_host).collect(),
    }
}

fn trunk_host(view: TrunkHostView) -> control::TrunkHost {
    control::TrunkHost {
        host: view.host.into(),
        state: view.state.as_str().to_owned(),
        since: rfc3339(view.since),
        options: view.asked,
        last_sip_code: view.last_status,
        fault: view.fault.map(|fault| fault.as_str().to_owned()),
        rtt_ms: view.round_trip.map(|of| of.as_secs_f64() * 1_000.0),
        failures: view.failures.into(),
        registered_until: view.registered_until.map(rfc3339),
        register_sip_code: view.register_status,
    }
}

/// A banned source.
pub(super) fn ban(view: BanView) -> control::Ban {
    control::Ban {
        source: source(view.source),
        since: rfc3339(view.since),
        until: rfc3339(view.until),
        reason: "wrong_passwords".to_owned(),
        count: view.failures.into(),
        nth: view.nth.into(),
    }
}

/// Sources are IPv4 addresses and IPv6 networks.
pub(super) fn source(source: IpAddr) -> String {
    if source.is_ipv4() { source.to_string() } else { format!("{source}/64") }
}

/// What hours are set to.
pub(super) fn state(forced: Option<Forced>) -> control::HoursState {
    match forced {
        None => control::HoursState::Auto,
        Some(Forced::Open) => control::HoursState::Open,
        Some(Forced::Closed) => control::HoursState::Closed,
    }
}

pub(super) fn side(side: Side) -> String {
    side.as_str().to_owned()
}

const MICROS_PER_SECOND: i64 = 1_000_000;
