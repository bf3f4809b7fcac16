//! What operators ask of the signalling task over the control socket, and its answers.
use std::{collections::HashMap, str::FromStr as _, time::Instant};

use kiestoon_call::{CallId, Input};
use kiestoon_control as control;

use super::{Signalling, views};
use crate::{clock, control::Command, reload, task};

impl Signalling {
    /// Answers one command. Nothing here waits: what takes time is answered by whoever does it.
    pub(super) fn command(&mut self, command: Command) {
        let now = Instant::now();
        match command {
            Command::Status(reply) => drop(reply.send(self.status())),
            Command::Metrics(reply) => drop(reply.send(self.metrics())),
            Command::Calls(reply) => {
                let calls = self.switch.calls(now);
                let reports = self.engine.request_quality();
                // The media threads answer within their next wake-up; signalling does not wait for them.
                self.answers.retain(|answer| !answer.is_finished());
                self.answers.push(task::spawn("calls", async move {
                    let mut figures = HashMap::new();
                    for report in reports {
                        let legs = report.await.unwrap_or_default();
                        figures.extend(legs.into_iter().map(|leg| (leg.leg, leg.quality)));
                    }
                    let at = clock::unix_micros();
                    let _ =
                        reply.send(calls.into_iter().map(|call| views::call(call, &figures, at)).collect());
                }));
            }
            Command::Registrations(reply) => {
                let registrations =
                    self.switch.registrations(now).into_iter().map(views::registration).collect();
                let _ = reply.send(registrations);
            }
            Command::Trunks(reply) => {
                drop(reply.send(self.switch.trunks(now).into_iter().map(views::trunk).collect()));
            }
            Command::TestTrunk { name, request, rungs, reply } => {
                self.test_trunk(name, request, rungs, reply);
            }
            Command::Bans(reply) => {
                drop(reply.send(self.switch.bans(now).into_iter().map(views::ban).collect()));
            }
            Command::LiftBans { source, reply } => {
                let before = self.switch.bans(now).len();
                self.handle(now, Input::LiftBans { source });
                let lifted = before.saturating_sub(self.switch.bans(now).len());
                let _ = reply.send(lifted as u64);
            }
            Command::Hangup { call_id, reply } => {
                let _ = reply.send(self.hang_up(now, &call_id));
            }
            Command::Hours(reply) => self.tell_hours(reply),
            Command::SetHours { request, reply } => self.set_hours(request, reply),
            Command::OnHold(reply) => drop(reply.send(self.on_hold())),
            Command::SetHold { request, reply } => drop(reply.send(self.set_hold(request))),
            Command::TryCallOut { request, reply } => drop(reply.send(self.try_call_out(&request))),
            Command::Drill { request, reply } => drop(reply.send(self.drill(&request))),
            Command::Reload(reply) => reload::ask(&self.reloads, reply),
            Command::Drain { limit, reply } => {
                let limit = limit.unwrap_or(self.drain_limit);
                let _ = self.drains.try_send(limit);
                let _ = reply.send(self.waits_for(now, limit));
            }
        }
    }

    fn hang_up(&mut self, now: Instant, call_id: &str) -> bool {
        let Ok(call) = CallId::from_str(call_id) else { return false };
        if !self.switch.calls(now).iter().any(|view| view.id == call) {
            return false;
        }
        self.handle(now, Input::Hangup { call });
        true
    }

    fn status(&self) -> control::Status {
        let status = self.switch.status();
        let snapshot = self.switch.snapshot();
        let extensions: usize =
            snapshot.organisations().iter().map(|organisation| organisation.extensions.len()).sum();
        let state = if status.draining { control::RunState::Draining } else { control::RunState::Running };
        control::Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            state,
            drain: self.draining(),
            started_at: views::rfc3339(self.started.unix_micros),
            uptime_secs: self.started.at.elapsed().as_secs(),
            revision: status.revision,
            dialplan_hash: snapshot.plans().hash().to_owned(),
            extensions: extensions as u64,
            registrations: status.registrations as u64,
            bans: self.switch.bans(Instant::now()).len() as u64,
            calls: status.calls as u64,
            calls_answered: status.talking as u64,
            webhooks: self.metrics.webhooks(),
            diagnoses: self.diagnoses.iter().map(|(cause, count)| ((*cause).to_owned(), *count)).collect(),
            cdrs_waiting: self.journals.calls_waiting(),
            held: control::Held {
                transactions: status.transactions as u64,
                dialogs: status.dialogs as u64,
                routes: status.routes as u64,
                port_pairs: self.engine.port_pairs() as u64,
                browsers: self.engine.browsers() as u64,
            },
            listeners: self.transports.listeners(),
            totals: self.totals(),
        }
    }

    pub(super) fn totals(&self) -> control::Totals {
        let media = self.engine.traffic();
        let sip_dropped = self.totals.sip_dropped + self.transports.dropped();
        let passwords_checked = self.switch.status().passwords_checked;
        let sip_shed = self.police.shed();
        control::Totals {
            sip_dropped,
            sip_shed,
            passwords_checked,
            rtp_received: media.received,
            rtp_sent: media.sent,
            media_ticks: media.ticks,
            media_ticks_late: media.ticks_late,
            ..self.totals
        }
    }
}
