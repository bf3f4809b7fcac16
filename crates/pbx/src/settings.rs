//! The configuration file in the words of the cores.
use std::{io::Read as _, net::IpAddr, sync::Arc, time::Duration};

use kiestoon_call::{BanSettings, CallLimits, ExpirySettings, Network, PoliceSettings, Settings};
use kiestoon_config::{AuthAlgorithm, Cidr, Config, SipNetwork, SpeechCodec, Srtp};
use kiestoon_media::codec::Encoding;
use kiestoon_media::{Policy, SrtpPolicy};
use kiestoon_sip::{
    digest::{Algorithm, DigestSettings},
    flow::Transport,
    message::Limits,
    network::PublicAddresses,
    transaction::Timers,
};

use crate::clock;
use crate::transport::Admission;
use crate::{
    media::EngineConfig,
    stir::Reach,
    transport::{Certificates, Listen, OwnFiles, StreamBounds, TlsError, TlsFiles},
    webhook::Outside,
};

/// What the switch is told.
pub(crate) fn call(config: &Config) -> Settings {
    let sip = &config.sip;
    let udp = sip.udp.iter().map(|address| (Transport::Udp, *address));
    let tcp = sip.tcp.iter().map(|address| (Transport::Tcp, *address));
    let tls = sip.tls.listen.iter().map(|address| (Transport::Tls, *address));
    Settings {
        user_agent: sip.server_name.as_str().into(),
        listen: udp.chain(tcp).chain(tls).collect(),
        public: public(config, |network| network.external_address),
        digest: DigestSettings {
            algorithms: sip.auth_algorithms.iter().map(algorithm).collect(),
            nonce_lifetime_secs: u32::try_from(sip.nonce_lifetime_secs).unwrap_or(u32::MAX),
            ..DigestSettings::default()
        },
        timers: Timers {
            t1: Duration::from_millis(sip.t1_ms),
            t2: Duration::from_millis(sip.t2_ms),
            t4: Duration::from_millis(sip.t4_ms),
            timer_c: Duration::from_secs(sip.timer_c_secs),
        },
        expiry: ExpirySettings {
            min: secs(sip.expires_min_secs),
            max: secs(sip.expires_max_secs),
            default: secs(sip.expires_default_secs),
            contacts: sip.contacts_per_extension as usize,
        },
        session_expires: secs(sip.session_expires_secs),
        min_se: secs(sip.min_se_secs),
        keep_alive: (sip.keepalive_secs > 0).then(|| Duration::from_secs(sip.keepalive_secs)),
        limits: CallLimits {
            calls: config.limits.calls as usize,
            calls_per_extension: config.limits.calls_per_extension as usize,
            ..CallLimits::default()
        },
        trusted_networks: sip.trusted_networks.iter().map(network).collect(),
        remote_party_id: sip.remote_party_id,
        recall_time: secs(sip.transfer_recall_secs),
        bans: BanSettings {
            failures: config.limits.wrong_passwords,
            first: Duration::from_secs(config.limits.ban_secs),
            longest: Duration::from_secs(config.limits.ban_max_secs.max(config.limits.ban_secs)),
            ..BanSettings::default()
        },
        exempt_sources: config.limits.exempt_sources.iter().map(network).collect(),
        srtp: srtp(config.media.srtp),
        t38: config.media.t38,
        codecs: Arc::new(policy(config)),
        dialplan_ahead_secs: ahead(config),
        hold_music: Some(config.media.hold_music.as_str()).filter(|name| !name.is_empty()).map(Into::into),
        ..Settings::default()
    }
}

/// How far the moment that hours are to be judged at lies ahead of now.
fn ahead(config: &Config) -> i64 {
    let at = config.dialplan.at.as_ref().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    at.map_or(0, |at| at.as_second().saturating_sub(clock::unix_micros() / 1_000_000))
}

/// The addresses that peers are told; `address` is that of a network.
fn public(config: &Config, address: impl Fn(&SipNetwork) -> Option<IpAddr>) -> PublicAddresses {
    let networks = config.sip.network.iter().flat_map(|of| {
        let told = address(of);
        of.cidr.iter().map(move |cidr| (network(cidr), told))
    });
    PublicAddresses::new(config.sip.external_address, networks.collect())
}

fn secs(value: u32) -> Duration {
    Duration::from_secs(u64::from(value))
}

fn algorithm(algorithm: &AuthAlgorithm) -> Algorithm {
    match algorithm {
        AuthAlgorithm::Md5 => Algorithm::Md5,
        AuthAlgorithm::Sha256 => Algorithm::Sha256,
        AuthAlgorithm::Sha512_256 => Algorithm::Sha512_256,
    }
}

fn network(cidr: &Cidr) -> Network {
    Network { address: cidr.address, prefix: cidr.prefix }
}

/// What the PBX speaks itself.
fn policy(config: &Config) -> Policy {
    let encoding = |codec: &SpeechCodec| match codec {
        SpeechCodec::Opus => Encoding::Opus,
        SpeechCodec::G722 => Encoding::G722,
        SpeechCodec::Pcma => Encoding::Pcma,
        SpeechCodec::Pcmu => Encoding::Pcmu,
    };
    let mut codecs: Vec<Encoding> = config.media.codecs.iter().map(encoding).collect();
    codecs.extend(config.media.g729.then_some(Encoding::G729));
    Policy { codecs }
}

fn srtp(srtp: Srtp) -> SrtpPolicy {
    match srtp {
        Srtp::Off => SrtpPolicy::Off,
        Srtp::Optional => SrtpPolicy::Optional,
        Srtp::Required => SrtpPolicy::Required,
    }
}

/// Where SIP is served. An error names the certificate files that cannot be used.
pub(crate) fn listen(config: &Config) -> Result<Listen, TlsError> {
    let certificates = Certificates::load(tls_files(config))?;
    let sip = &config.sip;
    let admission = Admission {
        origins: sip.ws.origins.iter().map(String::as_str).map(Into::into).collect(),
        trusted_proxies: sip.ws.trusted_proxies.iter().map(network).collect(),
    };
    Ok(Listen {
        udp: sip.udp.clone(),
        tcp: sip.tcp.clone(),
        tls: sip.tls.listen.clone(),
        ws: sip.ws.listen.clone(),
        admission,
        certificates,
    })
}

/// The files of TLS, ours where it is served.
pub(crate) fn tls_files(config: &Config) -> TlsFiles {
    let tls = &config.sip.tls;
    let own = || {
        Some(OwnFiles {
            certificate: tls.certificate.clone()?,
            key: tls.key.clone()?,
            client_ca: tls.client_ca.clone(),
            require_client_certificate: tls.require_client_certificate,
        })
    };
    let own = if tls.listen.is_empty() { None } else { own() };
    TlsFiles { own, server_ca: tls.server_ca.clone() }
}

/// Where the certificates of callers may be fetched.
pub(crate) fn reach(config: &Config) -> Reach {
    let stir = &config.stir;
    Reach {
        outside: outside(config),
        ports: stir.ports.clone(),
        inside: stir.inside.iter().map(network).collect(),
    }
}

/// How services outside are found and believed.
fn outside(config: &Config) -> Outside {
    Outside { dns: config.sip.dns.clone(), server_ca: config.sip.tls.server_ca.clone() }
}

/// How the media engine runs.
pub(crate) fn media(config: &Config) -> EngineConfig {
    let media = &config.media;
    EngineConfig {
        threads: media.threads as usize,
        ports: media.rtp_ports.first..=media.rtp_ports.last,
        drain: Duration::from_millis(media.port_drain_ms),
        public: public(config, |network| network.external_rtp_address.or(network.external_address)),
        silent_after: (media.silence_secs > 0).then(|| Duration::from_secs(media.silence_secs)),
        lost_after: (media.lost_rtp_secs > 0).then(|| Duration::from_secs(media.lost_rtp_secs)),
        srtp: config.media.srtp != Srtp::Off,
        speaks: policy(config).codecs,
        // They come by SIP over WebSocket and in no other way.
        webrtc_port: (!config.sip.ws.listen.is_empty()).then_some(media.webrtc_port),
        ..EngineConfig::default()
    }
}

/// How much of whom is let through.
pub(crate) fn police(config: &Config) -> PoliceSettings {
    let limits = &config.limits;
    PoliceSettings {
        stranger: limits.stranger_messages,
        strangers: limits.strangers_messages,
        // Longer than any registration, so that a phone is known as long as it is registered.
        known_for: secs(config.sip.expires_max_secs) + Duration::from_secs(3_600),
        exempt: limits.exempt_sources.iter().map(network).collect(),
        ..PoliceSettings::default()
    }
}

/// What peers may hold open.
pub(crate) fn bounds(config: &Config) -> StreamBounds {
    let limits = &config.limits;
    StreamBounds {
        connections: limits.connections as usize,
        connections_per_source: limits.connections_per_source as usize,
        idle: Duration::from_secs(limits.idle_secs),
        stranger_idle: Duration::from_secs(limits.stranger_idle_secs),
        half_message: Duration::from_secs(limits.message_secs),
        message: Limits { message_bytes: limits.message_bytes as usize, ..Limits::DEFAULT },
        exempt: limits.exempt_sources.iter().map(network).collect(),
    }
}

/// Names and addresses that count as this PBX, beside those that it listens on.
pub(crate) fn own_hosts(config: &Config) -> Vec<String> {
    public(config, |network| network.external_address).all().map(|address| address.to_string()).collect()
}

/// Entropy for tags, branches, Call-IDs and nonces.
pub(crate) fn seed() -> std::io::Result<[u8; 32]> {
    let mut seed = [0; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut seed)?;
    Ok(seed)
}

#[cfg(test)]
mod tests {
    use kiestoon_call::CredentialsKey;
    use kiestoon_store::credentials;

    #[test]
    fn the_switch_checks_the_passwords_that_the_store_issues() {
        for (byte, organisation, number) in
            [(0, "01998a5e-3c1f-7e55-8a1b-0c9a4e2f7d10", "201"), (255, "", "balie")]
        {
            let key = [byte; 32];
            let issued = credentials::issue(&key, organisation, number, 1_764_000_000);
            let checked = CredentialsKey::new(key).password_of(organisation, &issued.username);
            assert_eq!(checked, issued.password);
        }
    }
}
