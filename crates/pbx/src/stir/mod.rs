//! Fetches the certificates of who signs callers' numbers (RFC 8226). Their URLs are written by strangers: only `https` addresses
//! of the public network are asked, at the ports that the operator allows, in bounded time and size; and each only once at a time,
//! and once a day.
mod address;
mod cache;
mod client;
#[cfg(test)]
mod tests;
mod trust;

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
    time::Instant,
};

use kiestoon_call::{CertificateId, Input};
use kiestoon_sip::{
    network::Network,
    stir::{Chain, Fault},
};
use tokio::{runtime::Handle, sync::mpsc};

pub(crate) use self::trust::{authorities, signing_key};
use self::{cache::Cache, client::Client};
use crate::{
    clock,
    task::{self, Task},
    webhook::Outside,
};

/// Where certificates may be fetched.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    /// How servers are found and believed.
    pub(crate) outside: Outside,
    /// The ports; 443 where nothing else is said.
    pub(crate) ports: Vec<u16>,
    /// Networks that are none of the public network and may be asked all the same.
    pub(crate) inside: Vec<Network>,
}

/// What one URL has led to.
#[derive(Debug)]
pub(crate) struct Fetched {
    url: Box<str>,
    chain: Result<Arc<Chain>, Fault>,
}

/// Certificates that are being fetched, and those that were. Owned by the signalling task; the fetching is done on another
/// runtime.
pub(crate) struct Fetcher {
    reach: Reach,
    /// Made at the first question: who asks none holds no authorities.
    client: Arc<OnceLock<Client>>,
    runtime: Handle,
    fetched: mpsc::Sender<Fetched>,
    under_way: HashMap<Box<str>, UnderWay>,
    cache: Cache,
}

/// A URL that is being asked, and which calls wait for it.
struct UnderWay {
    calls: Vec<CertificateId>,
    _task: Task<()>,
}

impl Fetcher {
    /// Fetches on `runtime`. `fetched` has room for [`FETCHES`].
    pub(crate) fn new(reach: Reach, runtime: Handle, fetched: mpsc::Sender<Fetched>) -> Self {
        let (client, cache) = (Arc::default(), Cache::default());
        Self { reach, client, runtime, fetched, under_way: HashMap::new(), cache }
    }

    /// Fetches for a call. What is known already, or is not to be asked, is answered at once.
    pub(crate) fn fetch(&mut self, id: CertificateId, url: &str) -> Option<Input> {
        let now = Instant::now();
        if let Some(chain) = self.cache.get(url, now) {
            return Some(Input::CertificateFetched { id, chain });
        }
        if let Some(same) = self.under_way.get_mut(url) {
            if same.calls.len() < MOST_WAITING {
                same.calls.push(id);
                return None;
            }
            return Some(Input::CertificateFetched { id, chain: Err(Fault::NotFetched) });
        }
        if self.under_way.len() >= FETCHES {
            tracing::warn!("too many certificates of callers are being fetched");
            return Some(Input::CertificateFetched { id, chain: Err(Fault::NotFetched) });
        }
        let (reach, client, fetched) = (self.reach.clone(), Arc::clone(&self.client), self.fetched.clone());
        let asked: Box<str> = url.into();
        let task = task::spawn_on(&self.runtime, "certificate", async move {
            let client = client.get_or_init(|| Client::new(&reach));
            let chain = client.fetch(&asked).await.and_then(|bytes| {
                Chain::parse(&bytes).map(Arc::new).map_err(|fault| (fault, "what was fetched".to_owned()))
            });
            let chain = chain.map_err(|(fault, detail)| {
                tracing::info!(url = %asked, %fault, detail, "no certificate of a caller");
                fault
            });
            let _ = fetched.send(Fetched { url: asked, chain }).await;
        });
        self.under_way.insert(url.into(), UnderWay { calls: vec![id], _task: task });
        None
    }

    /// A URL has answered, or has not: for each call that waits, what it is told.
    pub(crate) fn fetched(&mut self, fetched: Fetched) -> Vec<Input> {
        let Fetched { url, chain } = fetched;
        let unix_secs = u64::try_from(clock::unix_micros() / 1_000_000).unwrap_or(0);
        let calls = self.under_way.remove(&url).map(|under_way| under_way.calls).unwrap_or_default();
        self.cache.keep(url, chain.clone(), Instant::now(), unix_secs);
        calls.into_iter().map(|id| Input::CertificateFetched { id, chain: chain.clone() }).collect()
    }
}

/// URLs that are asked at a time.
pub(crate) const FETCHES: usize = 64;
/// Calls that wait for one of them.
const MOST_WAITING: usize = 1_024;
