//! What all routes reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context as _;
use kiestoon_config::Config;
use kiestoon_control::Client as Pbx;
use kiestoon_store::{Store, credentials};
use tokio::sync::{Semaphore, watch};

use crate::certificates::Certificates;
use crate::hub::Hub;
use crate::ice::Turn;
use crate::logins::Logins;
use crate::metrics::Metrics;
use crate::providers::Providers;
use crate::relay::Relays;

/// The state behind the routes. Every part of it may be used from any task.
pub(crate) struct Hall {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) pbx: Pbx,
    pub(crate) hub: Hub,
    pub(crate) relays: Relays,
    pub(crate) logins: Logins,
    /// Passwords that are checked at the same time: each takes 19 MiB.
    pub(crate) checks: Semaphore,
    pub(crate) metrics: Metrics,
    pub(crate) providers: Providers,
    pub(crate) turn: Option<Turn>,
    pub(crate) certificates: Option<Certificates>,
    /// What SIP credentials are made with.
    pub(crate) sip_key: [u8; 32],
    /// True once the sidecar stops: what lasts ends then.
    pub(crate) stop: watch::Receiver<bool>,
}

impl Hall {
    pub(crate) fn new(
        config: Config,
        store: Store,
        hub: Hub,
        relays: Relays,
        certificates: Option<Certificates>,
        stop: watch::Receiver<bool>,
    ) -> anyhow::Result<Self> {
        let turn = Turn::open(&config.admin).context("`admin.turn_secret_file`")?;
        Ok(Self {
            pbx: Pbx::new(&config.control.socket),
            providers: Providers::new(&config)?,
            sip_key: store.derived_key(credentials::PURPOSE),
            config,
            store,
            hub,
            relays,
            logins: Logins::default(),
            checks: Semaphore::new(CHECKS),
            metrics: Metrics::default(),
            turn,
            certificates,
            stop,
        })
    }

    /// How long a session lasts without use.
    pub(crate) fn session_time(&self) -> Duration {
        Duration::from_secs(u64::from(self.config.admin.session_hours) * 3_600)
    }
}

/// Where the PBX takes WebSockets, as this machine reaches it; `None` where it takes none.
pub(crate) fn websocket_of(config: &Config) -> Option<SocketAddr> {
    let listen = *config.sip.ws.listen.first()?;
    let address = match listen.ip() {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    };
    Some(SocketAddr::new(address, listen.port()))
}

/// Waits until the sidecar stops.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone has stopped, too.
    drop(stop.wait_for(|stop| *stop).await);
}

const CHECKS: usize = 2;
