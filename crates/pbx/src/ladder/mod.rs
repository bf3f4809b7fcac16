//! The test of a trunk, rung by rung: its name in the DNS (`dns`), the way there (`reach`), who stands there (`tls`), whether SIP is
//! answered (`options`), whether our account is taken (`register`), whether a call goes out and what is heard of it (`call`), and whether its
//! calls come in (`inbound`).
//!
//! Requests are those that the trunk's calls begin with, sent from ports of their own (`line`), so that a test disturbs neither the
//! registration nor the calls of the PBX; but for a call it needs no running PBX either. Each rung tells what it has found in a sentence for operators.

pub(crate) mod account;
pub(crate) mod call;
mod dns;
pub(crate) mod inbound;
mod line;
mod mask;
mod options;
mod reach;
mod register;
mod rung;
mod tls;

use std::io;
use std::sync::Arc;

use hickory_resolver::TokioResolver;
use kiestoon_call::{Names, Settings, Trunk};
use kiestoon_control::{Rung, RungName, RungResult};
use kiestoon_sip::{SipUri, Transport, Uri};
use rand_chacha::ChaCha12Rng;
use rand_core::{Rng as _, SeedableRng as _};
use tokio::sync::mpsc;

use self::account::Whose;
use self::rung::{Draft, both};
use crate::settings::seed;
use crate::transport::Certificates;
use crate::webhook::Outside;

/// What every test of this PBX goes by.
pub(crate) struct Surroundings {
    pub(crate) settings: Settings,
    pub(crate) dns: Option<TokioResolver>,
    /// What we show, and whom we believe.
    pub(crate) certificates: Certificates,
    /// How REST APIs are found and believed.
    pub(crate) outside: Outside,
}

/// One test of one trunk.
pub(crate) struct Ladder {
    pub(crate) around: Arc<Surroundings>,
    pub(crate) trunk: Arc<Trunk>,
    pub(crate) account: Whose,
    /// How the trunk stands in the PBX that runs, where one does.
    pub(crate) live: Option<kiestoon_control::Trunk>,
    /// A call that is to be made.
    pub(crate) outgoing: Option<call::Outgoing>,
    /// A call that is to be waited for.
    pub(crate) inbound: Option<inbound::Wait>,
}

/// What the rungs of a test share.
struct Climb<'a> {
    around: &'a Surroundings,
    trunk: &'a Trunk,
    live: Option<&'a kiestoon_control::Trunk>,
    random: ChaCha12Rng,
}

/// What was found of a host.
struct Found {
    addresses: Vec<std::net::IpAddr>,
    /// What calls can go over; None where they cannot.
    line: Option<line::Line>,
}

/// One host of the trunk.
struct Host<'a> {
    uri: &'a SipUri,
    text: String,
}

impl Ladder {
    /// Climbs it, telling of each rung; ends early where nobody listens any more.
    pub(crate) async fn climb(self, rungs: mpsc::Sender<Rung>) -> io::Result<()> {
        let random = ChaCha12Rng::from_seed(seed()?);
        let mut climb = Climb { around: &self.around, trunk: &self.trunk, live: self.live.as_ref(), random };
        let inbound = self.inbound.map(|wait| wait.listen(&self.trunk));
        if let Some(account) = self.account.account(&self.trunk.name).await
            && rungs.send(account.rung(&self.around.outside).await).await.is_err()
        {
            return Ok(());
        }
        let (mut known, mut outgoing) = (Vec::new(), self.outgoing);
        for uri in &self.trunk.hosts {
            let host = Host { uri, text: Uri::Sip(uri.clone()).to_string() };
            let Some(found) = climb.host(&host, &rungs).await else { return Ok(()) };
            known.extend(found.addresses);
            // One call is enough: over the first host that takes it.
            if let Some(line) = found.line
                && let Some(outgoing) = outgoing.take()
                && rungs.send(Box::pin(climb.call(&host, line, &outgoing, &rungs)).await).await.is_err()
            {
                return Ok(());
            }
        }
        if outgoing.is_some() && rungs.send(call::not_reached()).await.is_err() {
            return Ok(());
        }
        if let Some(inbound) = inbound {
            let _ = rungs.send(inbound.rung(&self.trunk, &known).await).await;
        }
        Ok(())
    }
}

impl Climb<'_> {
    /// Climbs to one host. None where nobody listens any more.
    async fn host(&mut self, host: &Host<'_>, rungs: &mpsc::Sender<Rung>) -> Option<Found> {
        let (rung, flows) = self.dns(host).await;
        rungs.send(rung).await.ok()?;
        let addresses = flows.iter().map(|flow| flow.remote.ip()).collect();
        let (rung, reached) = self.reach(host, &flows).await;
        rungs.send(rung).await.ok()?;
        let wanted =
            flows.first().map(|flow| flow.transport).or_else(|| self.trunk.query(host.uri).transport);
        let is_secure = wanted == Some(Transport::Tls);
        let was_reached = reached.is_some();
        let answered = match reached {
            None => None,
            Some(reach::Reached::Line(reached)) => Some(*reached),
            Some(reach::Reached::Stream(stream, flow)) => {
                let (rung, line) = self.prove(host, stream, flow).await;
                rungs.send(rung).await.ok()?;
                line.map(|line| (line, None))
            }
        };
        let Some((mut line, answer)) = answered else {
            let tls = (is_secure && !was_reached).then_some(RungName::Tls);
            for name in tls.into_iter().chain([RungName::Options, RungName::Register]) {
                rungs.send(not_reached(name, host)).await.ok()?;
            }
            return Some(Found { addresses, line: None });
        };
        let options = self.options(host, &mut line, answer).await;
        let is_there = options.result != RungResult::Failed;
        rungs.send(options).await.ok()?;
        let register = self.register(host, &mut line).await;
        let holds = is_there && register.result != RungResult::Failed;
        rungs.send(register).await.ok()?;
        Some(Found { addresses, line: holds.then_some(line) })
    }

    fn names(&mut self) -> Names {
        let mut word = || format!("{:016x}", self.random.next_u64());
        let call_id = format!("{}{}", word(), word()).into();
        Names { call_id, tag: word().into() }
    }

    fn word(&mut self) -> String {
        format!("{:016x}", self.random.next_u64())
    }
}

fn not_reached(name: RungName, host: &Host<'_>) -> Rung {
    Draft::without_messages(name, &host.text)
        .skipped(both!("the host was not reached", "de host is niet bereikt"))
}
