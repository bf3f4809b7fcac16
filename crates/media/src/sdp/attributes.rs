//! The attributes of an audio section that we understand: formats, packet times, the RTCP port.

use super::{Codec, RtcpAttribute};

/// The formats of a section in its order, as mapped by `a=rtpmap` or the static table. A dynamic payload type without
/// a map means nothing to anyone and is left out.
pub(super) fn codecs(media: &sdp_types::Media) -> Vec<Codec> {
    let mut codecs: Vec<Codec> = Vec::new();
    // Looked at once each, so that a line of repeated formats costs no more than a short one.
    let mut seen = 0_u128;
    for format in media.fmt.split_ascii_whitespace() {
        let Some(payload_type) = format.parse::<u8>().ok().filter(|payload_type| *payload_type < 128) else {
            continue;
        };
        let bit = 1_u128 << payload_type;
        if seen & bit != 0 {
            continue;
        }
        seen |= bit;
        let mapped = of_payload_type(media, "rtpmap", payload_type).find_map(rtpmap);
        let Some((name, clock_rate, channels)) = mapped.or_else(|| static_format(payload_type)) else {
            continue;
        };
        // A line of nothing but control characters is empty once these are gone.
        let fmtp =
            of_payload_type(media, "fmtp", payload_type).find(|value| !value.is_empty()).map(Into::into);
        codecs.push(Codec { payload_type, name: name.into(), clock_rate, channels, fmtp });
    }
    codecs
}

/// The first value of a numeric attribute that can be read; some phones write fractions (`ptime:20.0`).
pub(super) fn number(media: &sdp_types::Media, name: &str) -> Option<u32> {
    let value = media.get_first_attribute_value(name)??;
    let whole = value.split(['.', ' ']).next()?;
    whole.parse().ok().filter(|number| (1..=1000).contains(number))
}

/// `a=rtcp:PORT [IN IP4 ADDRESS]` (RFC 3605).
pub(super) fn rtcp(value: &str) -> Option<RtcpAttribute> {
    let mut fields = value.split_ascii_whitespace();
    let port = fields.next()?.parse().ok().filter(|port| *port != 0)?;
    let address = fields.nth(2).and_then(|address| address.parse().ok());
    Some(RtcpAttribute { port, address })
}

/// The encoding name, clock rate and channels of a static payload type (RFC 3551 table 4).
pub(crate) fn static_format(payload_type: u8) -> Option<(&'static str, u32, u8)> {
    let format = match payload_type {
        0 => ("PCMU", 8000, 1),
        3 => ("GSM", 8000, 1),
        4 => ("G723", 8000, 1),
        5 => ("DVI4", 8000, 1),
        6 => ("DVI4", 16_000, 1),
        7 => ("LPC", 8000, 1),
        8 => ("PCMA", 8000, 1),
        9 => ("G722", 8000, 1),
        10 => ("L16", 44_100, 2),
        11 => ("L16", 44_100, 1),
        12 => ("QCELP", 8000, 1),
        13 => ("CN", 8000, 1),
        15 => ("G728", 8000, 1),
        16 => ("DVI4", 11_025, 1),
        17 => ("DVI4", 22_050, 1),
        18 => ("G729", 8000, 1),
        _ => return None,
    };
    Some(format)
}

/// What follows the payload type in the attributes of that name.
fn of_payload_type<'a>(
    media: &'a sdp_types::Media,
    name: &'a str,
    payload_type: u8,
) -> impl Iterator<Item = &'a str> {
    media.get_attribute_values(name).flatten().filter_map(move |value| {
        let (number, rest) = value.split_once([' ', '\t'])?;
        (number.parse() == Ok(payload_type)).then(|| rest.trim())
    })
}

fn rtpmap(value: &str) -> Option<(&str, u32, u8)> {
    let mut parts = value.split('/').map(str::trim);
    let name =
        parts.next().filter(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()))?;
    let clock_rate = parts.next()?.parse().ok().filter(|rate| *rate > 0)?;
    let channels = match parts.next() {
        Some(channels) => channels.parse().ok()?,
        None => 1,
    };
    Some((name, clock_rate, channels))
}
