//! The sidecar's own figures, in Prometheus' text format (version 0.0.4). All are declared here; none has a number, a login
//! or an address as its label.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use kiestoon_store::TrunkWebhook;

/// Counters since the start, and gauges of now.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// Answers by the first digit of their status, from 1 to 5.
    answers: [AtomicU64; 5],
    pub(crate) logins_good: AtomicU64,
    pub(crate) logins_wrong: AtomicU64,
    pub(crate) logins_limited: AtomicU64,
    pub(crate) sip_tokens: AtomicU64,
    pub(crate) relays_refused: AtomicU64,
    pub(crate) event_streams: AtomicI64,
    /// Webhooks of providers by the provider, the unknown one last, and by [`Delivery`].
    deliveries: [[AtomicU64; Delivery::ALL.len()]; PROVIDERS.len()],
}

/// What became of a provider's webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// It was new.
    Kept,
    /// Its event was known.
    Known,
    /// Its call had enough events.
    Full,
    /// Nobody known has signed it.
    Refused,
    /// Its signature is too old.
    Stale,
    /// Its signature was taken before.
    Replayed,
    /// Its sender had sent too much that was not signed.
    Limited,
    /// It was signed, and no event.
    Unreadable,
}

impl Delivery {
    const ALL: [Self; 8] = [
        Self::Kept,
        Self::Known,
        Self::Full,
        Self::Refused,
        Self::Stale,
        Self::Replayed,
        Self::Limited,
        Self::Unreadable,
    ];

    /// The word of the log and the label.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Known => "known",
            Self::Full => "full",
            Self::Refused => "refused",
            Self::Stale => "stale",
            Self::Replayed => "replayed",
            Self::Limited => "limited",
            Self::Unreadable => "unreadable",
        }
    }
}

const PROVIDERS: [Option<TrunkWebhook>; 4] =
    [Some(TrunkWebhook::Twilio), Some(TrunkWebhook::Telnyx), Some(TrunkWebhook::Standard), None];

impl Metrics {
    pub(crate) fn answered(&self, status: u16) {
        if let Some(class) = self.answers.get(usize::from(status / 100).wrapping_sub(1)) {
            class.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn delivered(&self, provider: Option<TrunkWebhook>, result: Delivery) {
        let row = PROVIDERS.iter().position(|known| *known == provider);
        let column = Delivery::ALL.iter().position(|known| *known == result);
        let counter = row.zip(column).and_then(|(row, column)| self.deliveries.get(row)?.get(column));
        if let Some(counter) = counter {
            counter.fetch_add(1, Relaxed);
        }
    }

    /// All of them, with what others know.
    pub(crate) fn render(&self, pbx_up: bool, relays: usize, certificate: Option<i64>) -> String {
        let mut text = String::new();
        let mut family = |name: &str, kind: &str, help: &str, lines: &[(&str, i64)]| {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for (labels, value) in lines {
                let _ = writeln!(text, "{name}{labels} {value}");
            }
        };
        let count = |counter: &AtomicU64| i64::try_from(counter.load(Relaxed)).unwrap_or(i64::MAX);
        family("kiestoon_pbx_up", "gauge", "Whether the PBX answers.", &[("", i64::from(pbx_up))]);
        let classes = ["1xx", "2xx", "3xx", "4xx", "5xx"].map(|class| format!("{{class=\"{class}\"}}"));
        let answers: Vec<_> =
            classes.iter().map(String::as_str).zip(self.answers.iter().map(count)).collect();
        family(
            "kiestoon_admin_http_responses_total",
            "counter",
            "HTTP responses by class of status.",
            &answers,
        );
        let logins = [
            ("{result=\"good\"}", count(&self.logins_good)),
            ("{result=\"wrong\"}", count(&self.logins_wrong)),
            ("{result=\"limited\"}", count(&self.logins_limited)),
        ];
        family("kiestoon_admin_logins_total", "counter", "Logins that were tried.", &logins);
        let tokens = count(&self.sip_tokens);
        family(
            "kiestoon_admin_sip_tokens_total",
            "counter",
            "SIP credentials that were given out.",
            &[("", tokens)],
        );
        let open = i64::try_from(relays).unwrap_or(i64::MAX);
        family("kiestoon_admin_websockets", "gauge", "WebSockets of browsers that are open.", &[("", open)]);
        let refused = count(&self.relays_refused);
        family(
            "kiestoon_admin_websockets_refused_total",
            "counter",
            "WebSockets that were refused.",
            &[("", refused)],
        );
        let deliveries: Vec<(String, i64)> = PROVIDERS
            .iter()
            .zip(&self.deliveries)
            .flat_map(|(provider, row)| {
                let provider = provider.map_or("unknown", TrunkWebhook::word);
                Delivery::ALL.iter().zip(row).map(move |(result, counter)| {
                    (format!("{{provider=\"{provider}\",result=\"{}\"}}", result.word()), count(counter))
                })
            })
            .collect();
        let deliveries: Vec<_> = deliveries.iter().map(|(labels, value)| (labels.as_str(), *value)).collect();
        family(
            "kiestoon_provider_webhooks_total",
            "counter",
            "Webhooks of providers by what became of them.",
            &deliveries,
        );
        let streams = self.event_streams.load(Relaxed);
        family("kiestoon_admin_event_streams", "gauge", "Streams of events that are open.", &[("", streams)]);
        let left: Vec<_> = certificate.map(|left| ("", left)).into_iter().collect();
        family(
            "kiestoon_admin_cert_expiry_seconds",
            "gauge",
            "Seconds until the certificate of HTTPS expires; negative once it has.",
            &left,
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_has_its_words_and_every_line_a_value() {
        let metrics = Metrics::default();
        metrics.answered(204);
        metrics.answered(999);
        let text = metrics.render(true, 3, Some(-5));
        assert!(text.contains("\nkiestoon_admin_http_responses_total{class=\"2xx\"} 1\n"), "{text}");
        assert!(
            text.contains("\nkiestoon_admin_cert_expiry_seconds -5\n")
                && text.contains("\nkiestoon_pbx_up 1\n")
                && text.contains("\nkiestoon_admin_websockets 3\n"),
            "{text}"
        );
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(name.starts_with("kiestoon_") && value.parse::<i64>().is_ok(), "{line}");
        }
        assert_eq!(text.matches("# TYPE").count(), text.matches("# HELP").count());
    }
}
