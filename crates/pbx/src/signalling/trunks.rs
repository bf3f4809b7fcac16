//! What Prometheus is told of the trunks. They are told apart by their organisation and by their name in the dialplan.

use kiestoon_call::{HostState, TrunkView};

use super::exposition::Exposition;

/// Writes how the trunks stand, and what has been counted of them.
pub(super) fn write(to: &mut Exposition, trunks: &[TrunkView]) {
    to.gauge(
        "kiestoon_trunk_up",
        "Whether one of the trunk's hosts answers, registered or not; nothing where too little was heard of them.",
        trunks.iter().filter_map(|trunk| match trunk.state {
            HostState::Up => Some((names(trunk), 1.0)),
            HostState::Down => Some((names(trunk), 0.0)),
            HostState::Unknown => None,
        }),
    );
    let registers = trunks.iter().filter(|trunk| trunk.registers);
    to.gauge(
        "kiestoon_trunk_registered",
        "Hosts of the trunk that have registered us; with 0 no calls come in, also where the trunk is up.",
        registers.map(|trunk| {
            let registered = trunk.hosts.iter().filter(|host| host.registered_until.is_some()).count();
            (names(trunk), registered as f64)
        }),
    );
    to.gauge(
        "kiestoon_trunk_options_seconds",
        "From the last OPTIONS to its answer, of the trunk's best host that is up.",
        trunks.iter().filter_map(|trunk| {
            let up = trunk.hosts.iter().filter(|host| host.state == HostState::Up);
            let trip = up.filter_map(|host| host.round_trip).next()?;
            Some((names(trunk), trip.as_secs_f64()))
        }),
    );
    let active = |trunk: &'_ TrunkView| [("inbound", trunk.calls_in), ("outbound", trunk.calls_out)];
    to.gauge(
        "kiestoon_trunk_calls_active",
        "Calls over the trunk, ringing ones included.",
        trunks.iter().flat_map(|trunk| {
            active(trunk).map(|(direction, calls)| {
                let [organisation, name] = names(trunk);
                ([organisation, name, ("direction", direction)], f64::from(calls))
            })
        }),
    );
    to.counter(
        "kiestoon_trunk_calls_total",
        "Calls over the trunk, both directions, by what they came to; limited are those that it had no room for.",
        trunks.iter().flat_map(|trunk| {
            trunk.results.iter().map(|(result, count)| {
                let [organisation, name] = names(trunk);
                ([organisation, name, ("result", result.as_str())], *count)
            })
        }),
    );
}

fn names(trunk: &TrunkView) -> [(&'static str, &str); 2] {
    [("organisation", &trunk.organisation), ("trunk", &trunk.name)]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kiestoon_call::{TrunkHostView, TrunkResult};

    use super::*;

    fn host(state: HostState, round_trip: Option<u64>) -> TrunkHostView {
        TrunkHostView {
            host: "sip:voys.example".into(),
            state,
            since: 0,
            asked: true,
            last_status: Some(200),
            fault: None,
            round_trip: round_trip.map(Duration::from_millis),
            failures: 0,
            registered_until: Some(1),
            register_status: None,
        }
    }

    #[test]
    fn a_trunk_is_told_by_its_names_and_unknown_ones_are_neither_up_nor_down() {
        let view = |name: &str, state: HostState| TrunkView {
            organisation: "kantoor".into(),
            name: name.into(),
            state,
            hosts: vec![host(HostState::Down, Some(7)), host(state, Some(20))],
            registers: name == "voys",
            calls_in: 1,
            calls_out: 2,
            channels: None,
            calls_per_second: None,
            results: vec![(TrunkResult::Answered, 3), (TrunkResult::Limited, 4)],
        };
        let mut to = Exposition::default();
        write(&mut to, &[view("voys", HostState::Up), view("backup", HostState::Unknown)]);
        let text = to.text();
        for line in [
            "kiestoon_trunk_up{organisation=\"kantoor\",trunk=\"voys\"} 1",
            "kiestoon_trunk_registered{organisation=\"kantoor\",trunk=\"voys\"} 2",
            "kiestoon_trunk_options_seconds{organisation=\"kantoor\",trunk=\"voys\"} 0.02",
            "kiestoon_trunk_calls_active{organisation=\"kantoor\",trunk=\"backup\",direction=\"inbound\"} 1",
            "kiestoon_trunk_calls_active{organisation=\"kantoor\",trunk=\"voys\",direction=\"outbound\"} 2",
            "kiestoon_trunk_calls_total{organisation=\"kantoor\",trunk=\"voys\",result=\"answered\"} 3",
            "kiestoon_trunk_calls_total{organisation=\"kantoor\",trunk=\"backup\",result=\"limited\"} 4",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(!text.contains("kiestoon_trunk_up{organisation=\"kantoor\",trunk=\"backup\"}"), "{text}");
        assert!(
            !text.contains("kiestoon_trunk_registered{organisation=\"kantoor\",trunk=\"backup\"}"),
            "{text}"
        );
    }
}
