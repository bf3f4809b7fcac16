//! Writing our own descriptions, from typed values only.

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;

use super::browser;
use super::{Codec, Direction, Host, LocalMedia, MediaLine, OriginLine, RtcpAttribute, Sdp};

impl Sdp {
    /// The body, ready to be sent as `application/sdp`.
    pub fn to_bytes(&self) -> Bytes {
        let mut body = Vec::with_capacity(512);
        // Writing into a vector cannot fail.
        let _ = self.to_session().write(&mut body);
        body.into()
    }

    fn to_session(&self) -> sdp_types::Session {
        let address = match self.connection {
            Some(Host::Ip(address)) => address,
            Some(Host::Name) | None => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        };
        let OriginLine { session_id, version, address: owner } =
            self.origin.unwrap_or(OriginLine { session_id: 1, version: 1, address });
        let origin = sdp_types::Origin::with_ip_addr(session_id.to_string(), version, owner);
        let mut session = sdp_types::Session::new(origin, "-");
        session.set_connection(sdp_types::Connection::from_ip_addr(address));
        session.add_time(sdp_types::Time::new(0, 0));
        browser::write_session(&self.media, &mut session);
        for line in &self.media {
            session.add_media(line.to_media());
        }
        session
    }
}

impl MediaLine {
    /// A line that is refused, in its place (RFC 3264 section 6).
    pub(crate) fn refused(kind: &str, proto: &str, formats: &str) -> Self {
        // pion and webrtc.rs look each format up in its `a=rtpmap`, which a refusal has no use for, and give up the whole description
        // where one is missing: all but 0, which Chromium writes.
        let formats = if browser::is_browsers(proto) { "0" } else { formats };
        Self {
            kind: kind.into(),
            port: 0,
            proto: proto.into(),
            formats: formats.into(),
            connection: None,
            rtcp: None,
            direction: None,
            codecs: Vec::new(),
            ptime: None,
            maxptime: None,
            crypto: Vec::new(),
            mux: false,
            voiceband: false,
            fax: Vec::new(),
            transport: None,
        }
    }

    /// Our audio line. RTCP is named only where it is not the next port (RFC 3605).
    pub(crate) fn audio(proto: &str, us: &LocalMedia, codecs: Vec<Codec>, direction: Direction) -> Self {
        let formats: Vec<String> = codecs.iter().map(|codec| codec.payload_type.to_string()).collect();
        let next_port = us.rtp.port().checked_add(1) == Some(us.rtcp.port()) && us.rtp.ip() == us.rtcp.ip();
        let rtcp = (!next_port).then(|| RtcpAttribute {
            port: us.rtcp.port(),
            address: (us.rtp.ip() != us.rtcp.ip()).then(|| us.rtcp.ip()),
        });
        Self {
            kind: "audio".into(),
            port: us.rtp.port(),
            proto: proto.into(),
            formats: formats.join(" ").into(),
            connection: None,
            rtcp,
            direction: Some(direction),
            codecs,
            ptime: None,
            maxptime: None,
            crypto: Vec::new(),
            mux: false,
            voiceband: false,
            fax: Vec::new(),
            transport: None,
        }
    }

    fn to_media(&self) -> sdp_types::Media {
        let mut media = sdp_types::Media {
            media: self.kind.to_string(),
            port: self.port,
            num_ports: None,
            proto: self.proto.to_string(),
            fmt: self.formats.to_string(),
            media_title: None,
            connections: Vec::new(),
            bandwidths: Vec::new(),
            key: None,
            attributes: Vec::new(),
        };
        if let Some(transport) = &self.transport {
            transport.write(&mut media);
        }
        if self.port == 0 {
            return media;
        }
        for codec in &self.codecs {
            media.add_attribute_with_value("rtpmap", rtpmap(codec));
        }
        for (payload_type, fmtp) in
            self.codecs.iter().filter_map(|codec| Some((codec.payload_type, codec.fmtp.as_deref()?)))
        {
            media.add_attribute_with_value("fmtp", format!("{payload_type} {fmtp}"));
        }
        if let Some(ptime) = self.ptime {
            media.add_attribute_with_value("ptime", ptime);
        }
        if let Some(maxptime) = self.maxptime {
            media.add_attribute_with_value("maxptime", maxptime);
        }
        if let Some(rtcp) = self.rtcp {
            media.add_attribute_with_value("rtcp", rtcp_value(rtcp));
        }
        if self.mux {
            media.add_attribute_from_str("rtcp-mux");
        }
        if self.voiceband {
            media.add_attribute_with_value("silenceSupp", "off - - - -");
        }
        for attribute in &self.fax {
            attribute.write(&mut media);
        }
        for crypto in &self.crypto {
            media.add_attribute_with_value("crypto", crypto.value());
        }
        if let Some(direction) = self.direction {
            media.add_attribute_from_str(direction.as_str());
        }
        media
    }
}

fn rtpmap(codec: &Codec) -> String {
    let Codec { payload_type, name, clock_rate, channels, .. } = codec;
    match channels {
        1 => format!("{payload_type} {name}/{clock_rate}"),
        _ => format!("{payload_type} {name}/{clock_rate}/{channels}"),
    }
}

fn rtcp_value(rtcp: RtcpAttribute) -> String {
    let port = rtcp.port;
    match rtcp.address {
        Some(IpAddr::V4(address)) => format!("{port} IN IP4 {address}"),
        Some(IpAddr::V6(address)) => format!("{port} IN IP6 {address}"),
        None => port.to_string(),
    }
}
