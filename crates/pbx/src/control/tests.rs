//! The client of `kiestoon-control` against this server, over a socket in a temporary folder.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use kiestoon_control::{
    Client, ClientError, DrainRequest, Draining, Event, Happening, HoursState, LiftRequest, Lifted, RunState,
    RungName, RungResult, Sentence, Status, Totals,
};
use tokio::sync::{broadcast, mpsc};

use super::*;
use crate::snapshot::SnapshotError;

struct Pbx {
    folder: tempfile::TempDir,
    server: Server,
    events: broadcast::Sender<Event>,
    _signalling: Task<()>,
}

impl Pbx {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (commands, inbox) = mpsc::channel(8);
        let (events, _) = broadcast::channel(4);
        let doors = Doors { commands, events: events.clone() };
        let server = start(folder.path().join("deep/kiestoon.sock"), doors).await.unwrap();
        Self { folder, server, events, _signalling: task::spawn("signalling", answer(inbox)) }
    }

    fn client(&self) -> Client {
        Client::new(self.folder.path().join("deep/kiestoon.sock"))
    }
}

/// Stands in for the signalling task.
async fn answer(mut inbox: mpsc::Receiver<Command>) {
    while let Some(command) = inbox.recv().await {
        match command {
            Command::Status(reply) => {
                let _ = reply.send(status());
            }
            Command::Metrics(reply) => {
                let _ = reply.send("# TYPE kiestoon_x gauge\nkiestoon_x 1\n".into());
            }
            Command::Calls(reply) => {
                let _ = reply.send(Vec::new());
            }
            Command::Registrations(reply) => drop(reply),
            Command::Trunks(reply) => {
                let _ = reply.send(Vec::new());
            }
            Command::TestTrunk { name, rungs, reply, .. } => match &*name {
                "voys" => {
                    let _ = reply.send(Ok(()));
                    for name in [RungName::Dns, RungName::Transport] {
                        let _ = rungs.send(rung(name)).await;
                    }
                }
                "busy" => drop(reply.send(Err(NoLadder::Running))),
                _ => drop(reply.send(Err(NoLadder::Trunk(name)))),
            },
            Command::Bans(reply) => {
                let _ = reply.send(Vec::new());
            }
            Command::LiftBans { source, reply } => {
                let _ = reply.send(if source.is_none() { 3 } else { 0 });
            }
            Command::Hangup { call_id, reply } => {
                let _ = reply.send(call_id == "a b/c");
            }
            Command::Hours(reply) => {
                let _ = reply.send(vec![kantoor(HoursState::Auto)]);
            }
            Command::SetHours { request, reply } => {
                let _ = reply.send(match &*request.name {
                    "kantoor" => Ok(kantoor(request.state)),
                    _ => Err(NoHours::NoName { name: request.name, known: vec!["kantoor".into()] }),
                });
            }
            Command::OnHold(reply) => {
                let _ = reply.send(vec![on_hold(Some("201"))]);
            }
            Command::TryCallOut { request, reply } => {
                let _ = reply.send(match request.number.as_deref() {
                    Some("999") => Err(NoHold::Extension("999".into())),
                    _ => Ok(Vec::new()),
                });
            }
            Command::Drill { reply, .. } => {
                let _ = reply.send(Err(NoHold::WhichOrganisation));
            }
            Command::SetHold { request, reply } => {
                let _ = reply.send(match request.number.as_deref() {
                    Some("999") => Err(NoHold::Extension("999".into())),
                    _ if request.organisation.is_none() => Err(NoHold::WhichOrganisation),
                    number => Ok(vec![on_hold(number)]),
                });
            }
            Command::Reload(reply) => {
                let fault = Sentence { en: "no folder".into(), nl: "geen map".into() };
                let _ = reply.send(Err(reload::Refused::Snapshot(SnapshotError::Authorities(fault))));
            }
            Command::Drain { limit, reply } => {
                let limit_secs = limit.map_or(300, |limit| limit.as_secs());
                let _ = reply.send(Draining { calls: 2, limit_secs, longest: None });
            }
        }
    }
}

fn rung(rung: RungName) -> Rung {
    Rung {
        rung,
        host: "sip:a.example".into(),
        result: RungResult::Ok,
        ms: 1.5,
        found: Sentence::default(),
        advice: None,
        details: Default::default(),
        messages: Vec::new(),
    }
}

#[tokio::test]
async fn rungs_come_as_they_are_climbed_or_it_is_said_why_not() {
    let pbx = Pbx::start().await;
    let client = pbx.client();
    let mut rungs = client.test_trunk("voys", &TestTrunk::default()).await.unwrap();
    for name in [RungName::Dns, RungName::Transport] {
        assert_eq!(rungs.next().await.unwrap().unwrap(), rung(name));
    }
    assert!(rungs.next().await.is_none());
    let too_long = TestTrunk { wait_inbound_secs: Some(301), ..TestTrunk::default() };
    let too_many = TestTrunk { call: Some("0".repeat(41)), ..TestTrunk::default() };
    for (name, asked, said) in [
        ("voys", too_many, "call must be a number"),
        ("a/b", TestTrunk::default(), "there is no trunk a/b"),
        ("busy", TestTrunk::default(), "this trunk is being tested"),
        ("voys", too_long, "must be 1 to 300"),
    ] {
        let error = client.test_trunk(name, &asked).await.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

fn on_hold(number: Option<&str>) -> OnHold {
    OnHold {
        organisation: "kantoor".into(),
        number: number.map(str::to_owned),
        since: "2026-11-20T10:00:00Z".into(),
        reason: "velocity".into(),
        by: None,
        spent_today: 1,
    }
}

#[tokio::test]
async fn who_is_on_hold_is_listed_and_changed_or_it_is_said_why_not() {
    let pbx = Pbx::start().await;
    let client = pbx.client();
    assert_eq!(client.on_hold().await.unwrap(), [on_hold(Some("201"))]);
    let set = |organisation: Option<&str>, number: Option<&str>, by: &str| SetHold {
        organisation: organisation.map(str::to_owned),
        number: number.map(str::to_owned),
        held: true,
        by: by.into(),
    };
    assert_eq!(client.set_hold(&set(Some("kantoor"), None, "ctl")).await.unwrap(), [on_hold(None)]);
    for (request, said) in [
        (set(None, Some("999"), "ctl"), "there is no extension 999"),
        (set(None, Some("201"), "ctl"), "there are several organisations"),
        (set(None, Some("201"), "a\nb"), "by is no text"),
    ] {
        let error = client.set_hold(&request).await.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

fn kantoor(state: HoursState) -> Hours {
    let (organisation, name) = ("default".into(), "kantoor".into());
    let open = state != HoursState::Closed;
    Hours { organisation, name, state, clock: HoursState::Open, open, until: None }
}

fn status() -> Status {
    Status {
        version: "0.1.0".into(),
        state: RunState::Running,
        drain: None,
        started_at: "2026-11-20T10:00:00Z".into(),
        uptime_secs: 5,
        revision: 7,
        dialplan_hash: "abc".into(),
        extensions: 2,
        registrations: 1,
        bans: 0,
        calls: 0,
        calls_answered: 0,
        diagnoses: std::collections::BTreeMap::new(),
        webhooks: std::collections::BTreeMap::new(),
        cdrs_waiting: 0,
        held: kiestoon_control::Held::default(),
        listeners: Vec::new(),
        totals: Totals::default(),
    }
}

#[tokio::test]
async fn commands_come_back_with_their_answers() {
    let pbx = Pbx::start().await;
    let client = pbx.client();
    assert_eq!(client.status().await.unwrap(), status());
    assert_eq!(client.metrics().await.unwrap(), "# TYPE kiestoon_x gauge\nkiestoon_x 1\n");
    assert!(client.calls().await.unwrap().is_empty());
    client.hangup("a b/c").await.unwrap();
    assert!(client.bans().await.unwrap().is_empty());
    let all = LiftRequest { source: None, all: true };
    assert_eq!(client.lift_bans(&all).await.unwrap(), Lifted { lifted: 3 });
    assert_eq!(client.hours().await.unwrap(), [kantoor(HoursState::Auto)]);
    let closed =
        SetHours { organisation: None, name: "kantoor".into(), state: HoursState::Closed, by: "ctl".into() };
    assert_eq!(client.set_hours(&closed).await.unwrap(), kantoor(HoursState::Closed));
    let drain = |limit_secs| client.drain(DrainRequest { limit_secs });
    assert_eq!(drain(Some(9)).await.unwrap(), Draining { calls: 2, limit_secs: 9, longest: None });
    assert_eq!(drain(None).await.unwrap().limit_secs, 300);
}

#[tokio::test]
async fn refusals_are_sentences() {
    let pbx = Pbx::start().await;
    let client = pbx.client();
    let said = client.hangup("nobody").await.unwrap_err().to_string();
    assert_eq!(said, "there is no live call nobody");
    let set = |by: &str| SetHours {
        organisation: None,
        name: "winkel".into(),
        state: HoursState::Auto,
        by: by.into(),
    };
    let said = client.set_hours(&set("ctl")).await.unwrap_err().to_string();
    assert_eq!(said, "the dialplan has no hours winkel; it has kantoor");
    assert!(client.set_hours(&set("a\nb")).await.unwrap_err().to_string().contains("by is no text"));
    let lift = |source: Option<&str>| LiftRequest { source: source.map(Into::into), all: false };
    for (request, sentence) in [
        (lift(Some("192.0.2.7")), "192.0.2.7 is not banned"),
        (lift(Some("2001:db8::/64")), "2001:db8::/64 is not banned"),
        (lift(Some("kantoor")), "the body is not valid: kantoor is no address"),
        (lift(None), "the body is not valid: give either a source or all"),
    ] {
        assert_eq!(client.lift_bans(&request).await.unwrap_err().to_string(), sentence);
    }
    let said = client.reload().await.unwrap_err().to_string();
    assert_eq!(said, "the new state was refused and the old one kept\n  `stir.authorities`: no folder");
    let said = client.clone().speaking("nl").reload().await.unwrap_err().to_string();
    assert!(said.ends_with("\n  `stir.authorities`: geen map"), "{said}");
    let said = client.registrations().await.unwrap_err().to_string();
    assert_eq!(said, "the PBX is stopping");
}

#[tokio::test]
async fn a_call_out_is_only_asked_for() {
    let pbx = Pbx::start().await;
    let client = pbx.client();
    let request = |number: &str, dialled: &str| TryCallOut {
        organisation: None,
        number: Some(number.into()),
        dialled: dialled.into(),
    };
    assert!(client.try_call_out(&request("201", "112")).await.unwrap().is_empty());
    let status = |error: ClientError| match error {
        ClientError::Refused(problem) => problem.status,
        other => panic!("{other}"),
    };
    assert_eq!(status(client.try_call_out(&request("999", "112")).await.unwrap_err()), 404);
    for dialled in [String::new(), "1".repeat(200)] {
        assert_eq!(status(client.try_call_out(&request("201", &dialled)).await.unwrap_err()), 400);
    }
    assert_eq!(status(client.drill(&DrillRequest::default()).await.unwrap_err()), 400);
}

#[tokio::test]
async fn a_full_queue_is_answered_rather_than_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let (commands, _inbox) = mpsc::channel(1);
    commands.try_send(Command::Reload(oneshot::channel().0)).unwrap();
    let path = folder.path().join("k.sock");
    let doors = Doors { commands, events: broadcast::channel(1).0 };
    let _server = start(path.clone(), doors).await.unwrap();
    let refused = Client::new(path).status().await.unwrap_err();
    assert!(matches!(refused, ClientError::Refused(problem) if problem.status == 503));
}

#[tokio::test]
async fn events_arrive_in_order() {
    let pbx = Pbx::start().await;
    let mut events = pbx.client().events().await.unwrap();
    for revision in 1..=3 {
        pbx.events.send(reloaded(revision)).unwrap();
    }
    for revision in 1..=3 {
        assert_eq!(events.next().await.unwrap().unwrap(), reloaded(revision));
    }
    drop(pbx.server);
    assert!(events.next().await.is_none_or(|end| end.is_err()), "the stream ends with the server");
}

#[tokio::test]
async fn a_reader_that_falls_behind_is_cut_off() {
    let (events, receiver) = broadcast::channel(2);
    let (_open, closed) = watch::channel(());
    let mut body = std::pin::pin!(stream::EventBody::new(receiver, closed));
    for revision in 0..4 {
        events.send(reloaded(revision)).unwrap();
    }
    let mut frames = 0;
    while std::future::poll_fn(|context| axum::body::HttpBody::poll_frame(body.as_mut(), context))
        .await
        .is_some()
    {
        frames += 1;
    }
    assert_eq!(frames, 1, "only the greeting");
}

fn reloaded(revision: i64) -> Event {
    Event { at: "x".into(), what: Happening::Reloaded { revision } }
}

#[tokio::test]
async fn a_socket_in_use_is_respected_and_a_stale_one_replaced() {
    let pbx = Pbx::start().await;
    let path = pbx.client().socket().to_owned();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
    let doors = || Doors { commands: mpsc::channel(1).0, events: broadcast::channel(1).0 };
    let refused = start(path.clone(), doors()).await.unwrap_err();
    assert!(matches!(&refused, SocketError::InUse(_)), "{refused}");
    drop(pbx.server);
    assert!(!path.exists(), "the file goes with the server");

    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "a stale socket is left behind");
    let said = Client::new(&path).status().await.unwrap_err().to_string();
    assert!(said.starts_with("the PBX does not run: nothing answers at the socket"), "{said}");
    let _server = start(path.clone(), doors()).await.unwrap();

    let file = pbx.folder.path().join("file");
    std::fs::write(&file, "mine").unwrap();
    assert!(matches!(start(file.clone(), doors()).await, Err(SocketError::NotASocket(_))));
    assert_eq!(std::fs::read_to_string(file).unwrap(), "mine");
}

#[tokio::test]
async fn a_pbx_that_does_not_run_is_said_so() {
    let said = Client::new("/nowhere/kiestoon.sock").status().await.unwrap_err().to_string();
    assert_eq!(
        said,
        "the PBX does not run: no socket at /nowhere/kiestoon.sock; start it with `kiestoon serve`"
    );
}

#[tokio::test]
async fn a_pbx_that_hangs_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k.sock");
    let _silent = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let client = Client::new(path).with_timeout(Duration::from_millis(50));
    let said = client.status().await.unwrap_err();
    assert!(matches!(said, ClientError::Timeout { .. }), "{said}");
}
