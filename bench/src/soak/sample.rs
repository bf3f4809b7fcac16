//! What is seen of the PBX at one moment, and its line in the CSV.

use serde::Deserialize;

use super::witness::Stalls;

/// One second's look.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sample {
    /// Seconds since the first.
    pub(crate) at: f64,
    pub(crate) rss_kb: u64,
    /// Open files of the process.
    pub(crate) files: u64,
    /// CPU seconds used so far.
    pub(crate) cpu_s: f64,
    /// Of the machine itself.
    pub(crate) stalls: Stalls,
    pub(crate) status: Status,
}

/// What the PBX says of itself: as much of `ctl status --json` as a soak asks for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(crate) struct Status {
    pub(crate) registrations: u64,
    pub(crate) calls: u64,
    pub(crate) cdrs_waiting: u64,
    pub(crate) held: Held,
    pub(crate) totals: Totals,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
pub(crate) struct Held {
    pub(crate) transactions: u64,
    pub(crate) dialogs: u64,
    pub(crate) routes: u64,
    pub(crate) port_pairs: u64,
    pub(crate) browsers: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
pub(crate) struct Totals {
    pub(crate) calls: u64,
    pub(crate) registrations: u64,
    pub(crate) sip_dropped: u64,
    pub(crate) sip_shed: u64,
    pub(crate) rtp_received: u64,
    pub(crate) rtp_sent: u64,
    pub(crate) media_ticks: u64,
    pub(crate) media_ticks_late: u64,
}

/// The first line of the CSV.
pub(crate) const HEADING: &str = "seconds,rss_kb,files,cpu_s,registrations,calls,transactions,dialogs,routes,port_pairs,browsers,\
cdrs_waiting,calls_begun,registered,sip_dropped,sip_shed,rtp_received,rtp_sent,media_ticks,media_ticks_late,machine_stalls,machine_stall_frames";

impl Sample {
    /// Its line, in the order of the heading.
    pub(crate) fn csv(&self) -> String {
        let Status { registrations, calls, cdrs_waiting, held, totals } = &self.status;
        let numbers = [
            *registrations,
            *calls,
            held.transactions,
            held.dialogs,
            held.routes,
            held.port_pairs,
            held.browsers,
            *cdrs_waiting,
            totals.calls,
            totals.registrations,
            totals.sip_dropped,
            totals.sip_shed,
            totals.rtp_received,
            totals.rtp_sent,
            totals.media_ticks,
            totals.media_ticks_late,
            self.stalls.count,
            self.stalls.frames,
        ];
        let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
        format!("{:.1},{},{},{:.2},{}", self.at, self.rss_kb, self.files, self.cpu_s, numbers.join(","))
    }

    /// For people who watch.
    pub(crate) fn words(&self) -> String {
        let Status { calls, held, totals, .. } = &self.status;
        format!(
            "{:.0} s: {:.1} MB, {} files, {calls} calls ({} begun), {} transactions, {} port pairs, {} late frames",
            self.at,
            self.rss_kb as f64 / 1024.0,
            self.files,
            totals.calls,
            held.transactions,
            held.port_pairs,
            totals.media_ticks_late
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_field_for_each_heading() {
        let sample = Sample { at: 1.25, rss_kb: 20_480, files: 30, cpu_s: 0.5, ..Sample::default() };
        let line = sample.csv();
        assert_eq!(line.split(',').count(), HEADING.split(',').count());
        assert!(line.starts_with("1.2,20480,30,0.50,0,"), "{line}");
    }

    #[test]
    fn the_status_of_the_pbx_is_read() {
        let json = r#"{"version":"0.1.0","registrations":3,"calls":1,"cdrs_waiting":0,
            "held":{"transactions":4,"dialogs":2,"routes":5,"port_pairs":2,"browsers":1},
            "totals":{"calls":9,"registrations":7,"sip_dropped":0,"sip_shed":0,"rtp_received":1,"rtp_sent":2,
            "media_ticks":50,"media_ticks_late":1,"passwords_wrong":0}}"#;
        let status: Status = serde_json::from_str(json).unwrap();
        assert_eq!((status.held.dialogs, status.totals.media_ticks_late), (2, 1));
        assert!(
            serde_json::from_str::<Status>(r#"{"registrations":3}"#).is_err(),
            "an older PBX cannot be soaked"
        );
    }
}
