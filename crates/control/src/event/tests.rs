use super::*;

#[test]
fn the_type_in_the_json_is_the_name_of_the_event() {
    let call_id = || "0199".to_owned();
    let number = || "201".to_owned();
    let all = [
        Happening::CallStarted {
            call_id: call_id(),
            organisation: "kantoor".into(),
            from_number: number(),
            dialed: number(),
            route: None,
        },
        Happening::CallRinging { call_id: call_id(), number: number() },
        Happening::CallAnswered { call_id: call_id(), number: Some(number()) },
        Happening::CallHeld { call_id: call_id(), by: "caller".into(), held: true },
        Happening::CallForwarded { call_id: call_id(), by_number: number(), to_number: number() },
        Happening::CallTransferred {
            call_id: call_id(),
            by_number: number(),
            to_number: number(),
            sip_code: 200,
        },
        Happening::CallKeyInClear { call_id: call_id(), side: "caller".into() },
        Happening::CallDigit {
            call_id: call_id(),
            by: "caller".into(),
            digit: Some('5'),
            duration_ms: 100,
            source: "info".into(),
        },
        Happening::CallStepNotBuilt { call_id: call_id(), step: "voicemail".into() },
        Happening::CallVerified {
            call_id: call_id(),
            verstat: "TN-Validation-Failed".into(),
            attestation: None,
            fault: Some("stale".into()),
        },
        Happening::CallBlocked {
            call_id: call_id(),
            from_number: "+31201234567".into(),
            rule: "prefix +31".into(),
            trunk: "voys".into(),
            action: "reject".into(),
        },
        Happening::CallWebhookFailed { call_id: call_id(), webhook: "crm".into(), fault: "timeout".into() },
        Happening::CallEnded { call_id: call_id(), end_reason: "busy".into(), sip_code: 486 },
        Happening::CallRefused {
            organisation: "kantoor".into(),
            from_number: number(),
            sip_code: 503,
            reason: "full".into(),
            call: None,
        },
        Happening::CallRefused {
            organisation: "kantoor".into(),
            from_number: number(),
            sip_code: 404,
            reason: "unknown_number".into(),
            call: Some(RefusedCall::In(RefusedIn {
                call_id: call_id(),
                trunk: "voys".into(),
                number: number(),
            })),
        },
        Happening::CallRefused {
            organisation: "kantoor".into(),
            from_number: number(),
            sip_code: 403,
            reason: "no_right".into(),
            call: Some(RefusedCall::Out(RefusedOut {
                call_id: call_id(),
                charged_to: number(),
                number: "09001234".into(),
                class: "premium".into(),
            })),
        },
        Happening::FraudHeld {
            organisation: "kantoor".into(),
            number: Some(number()),
            reason: "velocity".into(),
            by: None,
        },
        Happening::FraudApproved { organisation: "kantoor".into(), number: None, by: "beheer".into() },
        Happening::BudgetNearlySpent {
            organisation: "kantoor".into(),
            number: Some(number()),
            period: "day".into(),
        },
        Happening::RegistrationChanged {
            organisation: "kantoor".into(),
            number: number(),
            contacts: 1,
            transport: None,
            remote: None,
        },
        Happening::AuthenticationFailed { remote: "192.0.2.1:5060".into(), user: number() },
        Happening::SourceBanned { source: "192.0.2.1".into(), secs: 300, count: 20 },
        Happening::SourceUnbanned { source: "192.0.2.1".into() },
        Happening::TrunkUp { organisation: "kantoor".into(), trunk: "voys".into() },
        Happening::TrunkDown {
            organisation: "kantoor".into(),
            trunk: "voys".into(),
            reason: "status".into(),
            sip_code: Some(503),
        },
        Happening::TrunkHostUp {
            organisation: "kantoor".into(),
            trunk: "voys".into(),
            host: "sip:a.example".into(),
        },
        Happening::TrunkHostDown {
            organisation: "kantoor".into(),
            trunk: "voys".into(),
            host: "sip:a.example".into(),
            reason: "silent".into(),
            sip_code: None,
        },
        Happening::HoursChanged {
            organisation: "kantoor".into(),
            hours: "kantoor".into(),
            state: "closed".into(),
            by: number(),
        },
        Happening::DialplanNotify {
            call_id: call_id(),
            from_number: number(),
            dialed: number(),
            whom: "balie".into(),
        },
        Happening::EmergencyPlaced {
            call_id: call_id(),
            from_number: number(),
            dialed: number(),
            whom: "bhv".into(),
        },
        Happening::Reloaded { revision: 3 },
        Happening::Draining,
    ];
    for what in all {
        let event = Event { at: "2026-11-20T10:00:00Z".into(), what };
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json["type"], event.name());
        assert_eq!(json["at"], "2026-11-20T10:00:00Z");
        assert_eq!(serde_json::from_value::<Event>(json).unwrap(), event);
    }
}

#[test]
fn an_event_of_a_later_version_is_passed_over() {
    let event: Event = serde_json::from_str(r#"{"at":"x","type":"trunk.sold","trunk":"voys"}"#).unwrap();
    assert_eq!(event.what, Happening::Unknown);
}
