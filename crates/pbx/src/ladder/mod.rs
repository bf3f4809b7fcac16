//! The test of a trunk, rung by rung: its name in the DNS (`dns`), the way there (`reach`), who stands there (`tls`), whether SIP is
//! answered (`options`), whether our account is taken (`register`), and whether its calls come in (`inbound`).
//!
//! Requests are those that the trunk's calls begin with, sent from ports of their own (`line`), so that a test disturbs neither the
//! registration nor the calls of the PBX; it needs no running PBX either. Each rung tells what it has found in a sentence for operators.

pub(crate) mod account;
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
use kiestoon_control::{Rung, RungName};
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
        let inbound = self.inbound.map(|wait| wait.listen());
        if let Some(account) = self.account.account(&self.trunk.name).await
            && rungs.send(account.rung(&self.around.outside).await).await.is_err()
        {
            return Ok(());
        }
        let mut known = Vec::new();
        for uri in &self.trunk.hosts {
            let host = Host { uri, text: Uri::Sip(uri.clone()).to_string() };
            let found = climb.host(&host, &rungs).await;
            let Some(addresses) = found else { return Ok(()) };
            known.extend(addresses);
        }
        if let Some(inbound) = inbound {
            let _ = rungs.send(inbound.rung(&self.trunk, &known).await).await;
        }
        Ok(())
    }
}

impl Climb<'_> {
    /// Climbs to one host. The addresses that it has; None where nobody listens any more.
    async fn host(&mut self, host: &Host<'_>, rungs: &mpsc::Sender<Rung>) -> Option<Vec<std::net::IpAddr>> {
        let (rung, flows) = self.dns(host).await;
        rungs.send(rung).await.ok()?;
        let known = flows.iter().map(|flow| flow.remote.ip()).collect();
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
            return Some(known);
        };
        rungs.send(self.options(host, &mut line, answer).await).await.ok()?;
        rungs.send(self.register(host, &mut line).await).await.ok()?;
        Some(known)
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
    Draft::new(name, &host.text).skipped(both!("the host was not reached", "de host is niet bereikt"))
}
