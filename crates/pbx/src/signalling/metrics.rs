//! What Prometheus is told. Counting costs a plain addition on the signalling thread; everything else is done when somebody asks.
//! No label ever holds a number, a person's name, an address or the id of a call, and each has few values: the trunks are the
//! operator's own words.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use kiestoon_call::{CdrEnd, CdrRecord, Disposition, WebhookFault};
use kiestoon_dialplan::WebhookAnswer;
use kiestoon_media::{Cause, LegQuality};
use kiestoon_sip::{Method, StatusCode};
use prometheus::Histogram;

use super::exposition::{Exposition, histogram};
use super::{Signalling, trunks};

/// Counts beside those of the control API's totals.
#[derive(Debug)]
pub(super) struct Metrics {
    requests: [u64; METHODS.len()],
    responses: HashMap<(usize, u16), u64>,
    /// Ended calls by how they count.
    calls: BTreeMap<&'static str, u64>,
    /// Questions to services by what came of them.
    webhooks: BTreeMap<&'static str, u64>,
    setup: Histogram,
    talk: Histogram,
    lost: BothWays<u64>,
    jitter: BothWays<Histogram>,
    rtt: Histogram,
    mos: BothWays<Histogram>,
}

/// From phones to the PBX, and from the PBX to phones.
#[derive(Debug, Default)]
struct BothWays<T> {
    inbound: T,
    outbound: T,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let jitter =
            || histogram(JITTER.0, JITTER.1, &[0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2]);
        let mos = || histogram(MOS.0, MOS.1, &[1.0, 2.0, 2.5, 3.0, 3.5, 3.8, 4.0, 4.2, 4.4]);
        Self {
            requests: [0; METHODS.len()],
            responses: HashMap::new(),
            calls: DISPOSITIONS.map(|word| (word.as_str(), 0)).into(),
            webhooks: WebhookFault::ALL
                .map(WebhookFault::as_str)
                .into_iter()
                .chain([ANSWERED])
                .map(|word| (word, 0))
                .collect(),
            setup: histogram(
                "kiestoon_call_setup_seconds",
                "From the INVITE to the first ringing, the answer or the end, whichever came first.",
                &[0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0],
            ),
            talk: histogram(
                "kiestoon_call_talk_seconds",
                "From the answer to the end, of answered calls.",
                &[1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0, 7_200.0],
            ),
            lost: BothWays::default(),
            jitter: BothWays { inbound: jitter(), outbound: jitter() },
            rtt: histogram(
                "kiestoon_rtp_rtt_seconds",
                "Round trip between the PBX and the phone by RTCP, at the end of each leg.",
                &[0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0],
            ),
            mos: BothWays { inbound: mos(), outbound: mos() },
        }
    }

    /// A request was received.
    pub(super) fn received(&mut self, method: &Method) {
        if let Some(count) = self.requests.get_mut(place_of(method.as_str().as_bytes())) {
            *count = count.saturating_add(1);
        }
    }

    /// A message of ours goes out; requests are not counted.
    pub(super) fn sent(&mut self, message: &[u8]) {
        let Some((code, method)) = status_and_method(message) else { return };
        let count = self.responses.entry((place_of(method), code)).or_default();
        *count = count.saturating_add(1);
    }

    /// A service has answered, or not.
    pub(super) fn webhook(&mut self, answer: &Result<WebhookAnswer, WebhookFault>) {
        let result = answer.as_ref().map_or_else(|fault| fault.as_str(), |_| ANSWERED);
        let count = self.webhooks.entry(result).or_default();
        *count = count.saturating_add(1);
    }

    /// The questions to services by what came of them.
    pub(super) fn webhooks(&self) -> BTreeMap<String, u64> {
        self.webhooks.iter().map(|(result, count)| ((*result).to_owned(), *count)).collect()
    }

    /// A call record is written; only the last one of a call counts.
    pub(super) fn record(&mut self, record: &CdrRecord) {
        let Some(end) = &record.end else { return };
        self.ended(end);
        record.legs.iter().filter_map(|leg| leg.quality.as_deref()).for_each(|quality| self.leg(quality));
    }

    fn ended(&mut self, end: &CdrEnd) {
        let count = self.calls.entry(end.disposition.as_str()).or_default();
        *count = count.saturating_add(1);
        self.setup.observe(seconds(end.setup_ms));
        if end.disposition == Disposition::Answered {
            self.talk.observe(seconds(end.talk_ms));
        }
    }

    fn leg(&mut self, quality: &LegQuality) {
        let ways = [
            (&quality.inbound, &mut self.lost.inbound, &self.jitter.inbound, &self.mos.inbound),
            (&quality.outbound, &mut self.lost.outbound, &self.jitter.outbound, &self.mos.outbound),
        ];
        for (figures, lost, jitter, mos) in ways {
            *lost = lost.saturating_add(u64::try_from(figures.lost).unwrap_or(0));
            if figures.packets > 0 {
                jitter.observe(f64::from(figures.jitter_ms) / 1_000.0);
            }
            if let Some(scored) = &figures.mos {
                mos.observe(f64::from(scored.mean));
            }
        }
        if let Some(rtt) = quality.rtt_ms {
            self.rtt.observe(f64::from(rtt) / 1_000.0);
        }
    }

    fn write(&self, to: &mut Exposition) {
        let requests =
            METHODS.iter().zip(self.requests).map(|(method, count)| ([("method", *method)], count));
        to.counter("kiestoon_sip_requests_total", "SIP requests received, copies included.", requests);
        let mut responses: Vec<_> = self.responses.iter().collect();
        responses.sort_unstable();
        let responses = responses.into_iter().map(|((method, code), count)| {
            (METHODS.get(*method).copied().unwrap_or(OTHER), word_of(*code), *count)
        });
        // Codes that share a word are one sample.
        let mut by_word: BTreeMap<(&str, String), u64> = BTreeMap::new();
        for (method, code, count) in responses {
            *by_word.entry((method, code)).or_default() += count;
        }
        to.counter(
            "kiestoon_sip_responses_total",
            "SIP responses sent, copies included, by the method of their request.",
            by_word
                .iter()
                .map(|((method, code), count)| ([("method", *method), ("code", code.as_str())], *count)),
        );
        to.counter(
            "kiestoon_calls_total",
            "Calls that have ended, by how they count in the history.",
            self.calls.iter().map(|(result, count)| ([INTERNAL, ("result", *result)], *count)),
        );
        to.counter(
            "kiestoon_dialplan_webhooks_total",
            "Questions to services of the dialplan, by what came of them.",
            self.webhooks.iter().map(|(result, count)| ([("result", *result)], *count)),
        );
        to.histogram(&self.setup);
        to.histogram(&self.talk);
        to.counter(
            "kiestoon_rtp_packets_lost_total",
            "RTP packets lost in calls that have ended; outbound as the phones report it.",
            [([INBOUND], self.lost.inbound), ([OUTBOUND], self.lost.outbound)],
        );
        to.histograms(JITTER, [([INBOUND], &self.jitter.inbound), ([OUTBOUND], &self.jitter.outbound)]);
        to.histogram(&self.rtt);
        to.histograms(MOS, [([INBOUND], &self.mos.inbound), ([OUTBOUND], &self.mos.outbound)]);
    }
}

impl Signalling {
    /// Everything that is measured, as text (Prometheus exposition format 0.0.4).
    pub(super) fn metrics(&self) -> String {
        let now = Instant::now();
        let mut to = Exposition::default();
        let version = env!("CARGO_PKG_VERSION");
        to.gauge("kiestoon_build_info", "The release that runs.", [([("version", version)], 1.0)]);
        self.write_state(&mut to, now);
        self.metrics.write(&mut to);
        self.write_totals(&mut to);
        to.text()
    }

    /// What is now.
    fn write_state(&self, to: &mut Exposition, now: Instant) {
        let status = self.switch.status();
        to.gauge("kiestoon_calls_active", "Live calls.", [([INTERNAL], count(status.calls))]);
        let registrations = self.switch.registrations_by_transport(now);
        to.gauge(
            "kiestoon_registrations_active",
            "Registered contacts, by the transport that they registered over.",
            registrations.iter().map(|(transport, of)| ([("transport", transport.uri_token())], count(*of))),
        );
        let bans = self.switch.bans(now).len();
        to.gauge(
            "kiestoon_bans_active",
            "Sources that are refused for guessing passwords.",
            [([], count(bans))],
        );
        trunks::write(to, &self.switch.trunks(now));
        let taken = if self.reload_refused.load(std::sync::atomic::Ordering::Relaxed) { 0.0 } else { 1.0 };
        to.gauge(
            "kiestoon_config_last_reload_success",
            "Whether the last reload of directory, dialplan and certificate was taken.",
            [([], taken)],
        );
        let left = self.certificates.seconds_left(jiff::Timestamp::now());
        to.gauge(
            "kiestoon_cert_expiry_seconds",
            "Seconds until the certificate of SIP over TLS expires; negative once it has.",
            left.map(|left| ([], left as f64)),
        );
        let waiting = self.journals.calls_waiting();
        to.gauge("kiestoon_cdrs_waiting", "Call records that wait for the database.", [([], waiting as f64)]);
    }

    /// What has been counted since the start, by signalling and by the media threads.
    fn write_totals(&self, to: &mut Exposition) {
        let (totals, media) = (self.totals(), self.engine.traffic());
        to.counter(
            "kiestoon_rtp_packets_total",
            "RTP packets received from phones and sent to them.",
            [([INBOUND], totals.rtp_received), ([OUTBOUND], totals.rtp_sent)],
        );
        to.counter(
            "kiestoon_calls_blocked_total",
            "Calls over trunks that a block was for, by what became of them.",
            self.blocked.iter().map(|(action, count)| ([("action", *action)], *count)),
        );
        let one_way = |word: &str| Cause::ALL.iter().any(|cause| cause.as_str() == word && cause.is_fault());
        to.counter(
            "kiestoon_one_way_audio_total",
            "Times that a phone was not heard, or did not hear, by cause.",
            self.diagnoses
                .iter()
                .filter(|(cause, _)| one_way(cause))
                .map(|(cause, count)| ([("cause", *cause)], *count)),
        );
        let plain = [
            ("kiestoon_auth_failures_total", "Wrong passwords.", totals.passwords_wrong),
            (
                "kiestoon_sip_messages_dropped_total",
                "SIP messages dropped: malformed, over a bound, or at a full queue.",
                totals.sip_dropped,
            ),
            (
                "kiestoon_sip_messages_shed_total",
                "SIP messages not looked at: of sources above their share, or while signalling was behind.",
                totals.sip_shed,
            ),
            (
                "kiestoon_jitterbuffer_late_frames_total",
                "RTP packets of transcoded legs that came after their turn.",
                media.packets_late,
            ),
            (
                "kiestoon_jitterbuffer_concealed_frames_total",
                "Frames of 20 ms of transcoded legs in which something was missing and was made up.",
                media.concealed,
            ),
            (
                "kiestoon_media_ticks_total",
                "Frames of 20 ms in which a media thread had something to say or to transcode.",
                totals.media_ticks,
            ),
            (
                "kiestoon_media_ticks_late_total",
                "Those of them that began more than 20 ms late, or were left out.",
                totals.media_ticks_late,
            ),
        ];
        for (name, help, count) in plain {
            to.counter(name, help, [([], count)]);
        }
    }
}

/// The status of a response of ours, and the method of its request; None for a request.
fn status_and_method(message: &[u8]) -> Option<(u16, &[u8])> {
    let code = message.strip_prefix(b"SIP/2.0 ")?.get(..3)?;
    let code = std::str::from_utf8(code).ok()?.parse().ok()?;
    let at = memchr::memmem::find(message, CSEQ)?;
    let line = message.get(at..)?.get(CSEQ.len()..)?;
    let line = line.get(..memchr::memchr(b'\r', line)?)?;
    Some((code, line.get(memchr::memchr(b' ', line)? + 1..)?))
}

/// The place of a method among [`METHODS`]; the last one is for all others.
fn place_of(method: &[u8]) -> usize {
    METHODS.iter().position(|known| known.as_bytes() == method).unwrap_or(METHODS.len() - 1)
}

/// A status as a label. A phone's own inventions, which are passed on to its caller, are named by their class.
fn word_of(code: u16) -> String {
    let class = code / 100 * 100;
    let of_class = StatusCode::new(class + 99).map(StatusCode::reason);
    let of_code = StatusCode::new(code).map(StatusCode::reason);
    if of_code.is_some() && (of_code != of_class || code == class) {
        code.to_string()
    } else {
        format!("{}xx", code / 100)
    }
}

fn seconds(millis: u64) -> f64 {
    std::time::Duration::from_millis(millis).as_secs_f64()
}

fn count(of: usize) -> f64 {
    of as f64
}

/// What requests and responses are counted by (FEATURES: known methods and one word for the rest).
const METHODS: [&str; 15] = [
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "REGISTER",
    "OPTIONS",
    "INFO",
    "MESSAGE",
    "PRACK",
    "UPDATE",
    "SUBSCRIBE",
    "NOTIFY",
    "REFER",
    "PUBLISH",
    OTHER,
];
const OTHER: &str = "other";
const DISPOSITIONS: [Disposition; 5] = [
    Disposition::Answered,
    Disposition::NoAnswer,
    Disposition::Busy,
    Disposition::Failed,
    Disposition::Cancelled,
];
const CSEQ: &[u8] = b"\r\nCSeq: ";
const INBOUND: (&str, &str) = ("direction", "inbound");
const OUTBOUND: (&str, &str) = ("direction", "outbound");
/// Every call is between extensions of this PBX.
const INTERNAL: (&str, &str) = ("direction", "internal");
const JITTER: (&str, &str) = (
    "kiestoon_rtp_jitter_seconds",
    "Interarrival jitter (RFC 3550) at the end of each leg; outbound as the phones report it.",
);
const MOS: (&str, &str) = (
    "kiestoon_call_mos",
    "Mean opinion score of each leg over the whole call, estimated (ITU-T G.107); outbound where phones report.",
);

/// What a question has come to that got an answer.
const ANSWERED: &str = "answered";

#[cfg(test)]
mod tests {
    use super::*;

    fn text(metrics: &Metrics) -> String {
        let mut to = Exposition::default();
        metrics.write(&mut to);
        to.text()
    }

    #[test]
    fn requests_are_counted_by_method_and_strange_ones_together() {
        let mut metrics = Metrics::new();
        for token in ["INVITE", "REGISTER", "INVITE", "FOO", "BAR"] {
            metrics.received(&Method::from_token(token).unwrap());
        }
        let text = text(&metrics);
        for line in
            ["{method=\"INVITE\"} 2", "{method=\"REGISTER\"} 1", "{method=\"other\"} 2", "{method=\"BYE\"} 0"]
        {
            assert!(text.contains(&format!("kiestoon_sip_requests_total{line}\n")), "{line}\n{text}");
        }
    }

    #[test]
    fn responses_are_counted_by_the_method_of_their_request_and_code() {
        let mut metrics = Metrics::new();
        let response = |code: u16, method: &str| {
            format!(
                "SIP/2.0 {code} X\r\nVia: SIP/2.0/UDP a;x=\"CSeq: 1 BYE\"\r\nCSeq: 17 {method}\r\n\r\nCSeq: 1 ACK\r\n"
            )
        };
        let sent = [
            (200, "INVITE"),
            (200, "INVITE"),
            (401, "REGISTER"),
            (486, "FOO"),
            (498, "INVITE"),
            (497, "INVITE"),
        ];
        for (code, method) in sent {
            metrics.sent(response(code, method).as_bytes());
        }
        for other in [
            "INVITE sip:a SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n",
            "SIP/2.0 200 OK\r\n\r\n",
            "SIP/2.0 2",
            "\r\n\r\n",
        ] {
            metrics.sent(other.as_bytes());
        }
        let text = text(&metrics);
        let lines: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("kiestoon_sip_responses_total")).collect();
        assert_eq!(
            lines,
            [
                "{method=\"INVITE\",code=\"200\"} 2",
                "{method=\"INVITE\",code=\"4xx\"} 2",
                "{method=\"REGISTER\",code=\"401\"} 1",
                "{method=\"other\",code=\"486\"} 1"
            ]
        );
    }

    #[test]
    fn codes_that_are_ours_are_labels_and_inventions_are_not() {
        let words = [100, 180, 183, 200, 202, 300, 302, 401, 407, 422, 486, 500, 503, 600, 603].map(word_of);
        assert!(words.iter().all(|word| word.len() == 3 && !word.ends_with('x')), "{words:?}");
        assert_eq!([199, 299, 399, 450, 555, 699].map(word_of), ["1xx", "2xx", "3xx", "4xx", "5xx", "6xx"]);
    }

    #[test]
    fn questions_to_services_are_counted_by_what_came_of_them() {
        let mut metrics = Metrics::new();
        for answer in [
            Ok(WebhookAnswer::default()),
            Err(WebhookFault::Timeout),
            Err(WebhookFault::Status(500)),
            Err(WebhookFault::Status(404)),
        ] {
            metrics.webhook(&answer);
        }
        let mut counted = metrics.webhooks();
        counted.retain(|_, count| *count > 0);
        let known = [("answered", 1), ("status", 2), ("timeout", 1)];
        assert_eq!(counted, known.map(|(word, count)| (word.to_owned(), count)).into());
        let text = text(&metrics);
        assert!(text.contains("kiestoon_dialplan_webhooks_total{result=\"timeout\"} 1"), "{text}");
        assert!(text.contains("kiestoon_dialplan_webhooks_total{result=\"busy\"} 0"), "{text}");
    }

    #[test]
    fn the_figures_of_a_leg_are_added_up_for_each_direction() {
        let mut metrics = Metrics::new();
        let mut quality = LegQuality { rtt_ms: Some(12.0), ..LegQuality::default() };
        (quality.inbound.packets, quality.inbound.lost, quality.inbound.jitter_ms) = (100, 3, 4.0);
        quality.outbound.lost = -2;
        quality.inbound.mos = Some(kiestoon_media::Mos { now: 4.3, least: 2.0, mean: 3.9 });
        metrics.leg(&quality);
        let text = text(&metrics);
        for line in [
            "kiestoon_rtp_packets_lost_total{direction=\"inbound\"} 3",
            "kiestoon_rtp_packets_lost_total{direction=\"outbound\"} 0",
            "kiestoon_rtp_jitter_seconds_bucket{direction=\"inbound\",le=\"0.002\"} 0",
            "kiestoon_rtp_jitter_seconds_bucket{direction=\"inbound\",le=\"0.005\"} 1",
            "kiestoon_rtp_jitter_seconds_count{direction=\"outbound\"} 0",
            "kiestoon_rtp_rtt_seconds_count 1",
            "kiestoon_call_mos_bucket{direction=\"inbound\",le=\"3.8\"} 0",
            "kiestoon_call_mos_bucket{direction=\"inbound\",le=\"4\"} 1",
            "kiestoon_call_mos_count{direction=\"outbound\"} 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
