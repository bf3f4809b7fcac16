//! A peer connection of the `webrtc` crate that says a tone and listens. It speaks A-law, so what it sent and heard can be compared byte
//! by byte.
use std::{
    f64::consts::TAU,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use kiestoon_media::{
    Codec,
    codec::{decoder, encoder},
};
use tokio::{runtime::Runtime, time::interval};
use webrtc::{
    api::{
        APIBuilder,
        interceptor_registry::register_default_interceptors,
        media_engine::{MIME_TYPE_PCMA, MediaEngine},
        setting_engine::SettingEngine,
    },
    dtls_transport::dtls_role::DTLSRole,
    interceptor::registry::Registry,
    peer_connection::{
        RTCPeerConnection, offer_answer_options::RTCOfferOptions,
        peer_connection_state::RTCPeerConnectionState, sdp::session_description::RTCSessionDescription,
    },
    rtp::{header::Header, packet::Packet},
    rtp_transceiver::rtp_codec::{RTCRtpCodecCapability, RTCRtpCodecParameters, RTPCodecType},
    track::track_local::{TrackLocal, TrackLocalWriter as _, track_local_static_rtp::TrackLocalStaticRTP},
};

use crate::pbx::wait_for;
use crate::tone::is_tone;

type Payloads = Arc<Mutex<Vec<Vec<u8>>>>;

/// One end of a call's media.
pub(super) struct Peer {
    runtime: Runtime,
    connection: Arc<RTCPeerConnection>,
    track: Arc<TrackLocalStaticRTP>,
    is_speaking: Arc<AtomicBool>,
    heard: Payloads,
}

impl Peer {
    /// A peer that says a tone as soon as it can. As an answerer it takes `role` in the handshake, or waits if there is none: so the crate
    /// does towards lite agents.
    pub(super) fn new(tone: f64, role: Option<DTLSRole>) -> Self {
        // The crate takes the process's own, which it cannot choose since both are linked. An error is that a peer before has chosen.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let a_law = RTCRtpCodecCapability {
            mime_type: MIME_TYPE_PCMA.into(),
            clock_rate: 8_000,
            ..Default::default()
        };
        let track = Arc::new(TrackLocalStaticRTP::new(a_law.clone(), "speech".into(), "peer".into()));
        let connection = runtime.block_on(connect(a_law, Arc::clone(&track), role));
        let peer = Self {
            runtime,
            connection: Arc::new(connection),
            track,
            is_speaking: Arc::default(),
            heard: Payloads::default(),
        };
        peer.listen();
        peer.speak(tone);
        peer
    }

    /// Its offer.
    pub(super) fn offer(&self) -> String {
        self.offer_with(RTCOfferOptions::default())
    }

    /// An offer that begins ICE anew.
    pub(super) fn restart(&self) -> String {
        self.offer_with(RTCOfferOptions { ice_restart: true, ..RTCOfferOptions::default() })
    }

    fn offer_with(&self, options: RTCOfferOptions) -> String {
        self.runtime.block_on(async {
            let offer = self.connection.create_offer(Some(options)).await.unwrap();
            self.connection.set_local_description(offer.clone()).await.unwrap();
            offer.sdp
        })
    }

    /// Takes the answer to its offer.
    pub(super) fn take(&self, answer: &str) {
        let answer = RTCSessionDescription::answer(answer.into()).unwrap();
        self.runtime.block_on(self.connection.set_remote_description(answer)).unwrap();
    }

    /// Its answer to an offer.
    pub(super) fn answer(&self, offer: &str) -> String {
        let offer = RTCSessionDescription::offer(offer.into()).unwrap();
        self.runtime.block_on(async {
            self.connection.set_remote_description(offer).await.unwrap();
            let answer = self.connection.create_answer(None).await.unwrap();
            self.connection.set_local_description(answer.clone()).await.unwrap();
            answer.sdp
        })
    }

    pub(super) fn state(&self) -> RTCPeerConnectionState {
        self.connection.connection_state()
    }

    /// Goes silent, or says its tone again.
    pub(super) fn is_to_speak(&self, speaks: bool) {
        self.is_speaking.store(speaks, Ordering::Relaxed);
    }

    /// Waits until it hears half a second of nothing but this tone, said after this moment.
    #[track_caller]
    pub(super) fn expect(&self, tone: f64) {
        self.heard.lock().unwrap().clear();
        wait_for(&format!("tone of {tone} Hz"), super::PATIENCE, || {
            is_tone(&self.last_heard(), tone, 8_000.0)
        });
    }

    /// Sends packets of its own, beginning with this number, while it is silent.
    pub(super) fn send(&self, payloads: &[Vec<u8>], first: u16) {
        for (number, payload) in (first..).zip(payloads) {
            self.runtime.block_on(self.track.write_rtp(&packet(number, payload.clone()))).unwrap();
        }
    }

    /// All payloads that it has heard since it listened for a tone last.
    pub(super) fn heard(&self) -> Vec<Vec<u8>> {
        self.heard.lock().unwrap().clone()
    }

    /// The last half second, once there is as much.
    fn last_heard(&self) -> Vec<f64> {
        let heard = self.heard.lock().unwrap();
        let Some(start) = heard.len().checked_sub(PACKETS) else { return vec![0.0; 2] };
        let (mut decoder, mut samples) = (decoder(&a_law()).unwrap(), Vec::new());
        heard[start..].iter().for_each(|payload| decoder.decode(payload, &mut samples).unwrap());
        samples.into_iter().map(|sample| f64::from(sample) / 32_768.0).collect()
    }

    fn listen(&self) {
        let (heard, runtime) = (Arc::clone(&self.heard), self.runtime.handle().clone());
        self.connection.on_track(Box::new(move |track, _, _| {
            let heard = Arc::clone(&heard);
            runtime.spawn(async move {
                while let Ok((packet, _)) = track.read_rtp().await {
                    heard.lock().unwrap().push(packet.payload.to_vec());
                }
            });
            Box::pin(async {})
        }));
    }

    fn speak(&self, tone: f64) {
        self.is_to_speak(true);
        let (track, is_speaking) = (Arc::clone(&self.track), Arc::clone(&self.is_speaking));
        self.runtime.spawn(async move {
            let mut due = interval(Duration::from_millis(20));
            for (number, payload) in (0..).zip(tone_packets(tone).into_iter().cycle()) {
                due.tick().await;
                if is_speaking.load(Ordering::Relaxed) {
                    // Before there is a way, there is nobody to hear it.
                    let _ = track.write_rtp(&packet(number, payload)).await;
                }
            }
        });
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.runtime.block_on(self.connection.close());
    }
}

async fn connect(
    a_law: RTCRtpCodecCapability,
    track: Arc<TrackLocalStaticRTP>,
    role: Option<DTLSRole>,
) -> RTCPeerConnection {
    let mut media = MediaEngine::default();
    let codec = RTCRtpCodecParameters { capability: a_law, payload_type: 8, ..Default::default() };
    media.register_codec(codec, RTPCodecType::Audio).unwrap();
    let interceptors = register_default_interceptors(Registry::new(), &mut media).unwrap();
    let mut settings = SettingEngine::default();
    settings.set_include_loopback_candidate(true);
    settings.set_ip_filter(Box::new(|address| address.is_loopback() && address.is_ipv4()));
    if let Some(role) = role {
        settings.set_answering_dtls_role(role).unwrap();
    }
    let api = APIBuilder::new()
        .with_media_engine(media)
        .with_interceptor_registry(interceptors)
        .with_setting_engine(settings);
    let connection = api.build().new_peer_connection(Default::default()).await.unwrap();
    connection.add_track(track as Arc<dyn TrackLocal + Send + Sync>).await.unwrap();
    connection
}

fn packet(number: u16, payload: Vec<u8>) -> Packet {
    // Numbers and SSRC of the connection itself.
    let header = Header {
        version: 2,
        sequence_number: number,
        timestamp: u32::from(number) * 160,
        ..Default::default()
    };
    Packet { header, payload: payload.into() }
}

/// A second of a tone, in packets of 20 ms.
fn tone_packets(tone: f64) -> Vec<Vec<u8>> {
    let mut encoder = encoder(&a_law(), 20).unwrap();
    let sample = |n: u32| (8_000.0 * (TAU * tone * f64::from(n) / 8_000.0).sin()) as i16;
    let encoded = |first: u32| {
        let (samples, mut payload): (Vec<i16>, _) = ((first..first + 160).map(sample).collect(), Vec::new());
        encoder.encode(&samples, &mut payload).unwrap();
        payload
    };
    (0..8_000).step_by(160).map(encoded).collect()
}

fn a_law() -> Codec {
    Codec { payload_type: 8, name: "PCMA".into(), clock_rate: 8_000, channels: 1, fmtp: None }
}

const PACKETS: usize = 25;
