//! The format parameters that a sender honours: what the receiver of Opus wishes (RFC 7587 section 6.1).

/// What the receiver of an Opus stream wishes. A parameter that cannot be read counts as left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpusParameters {
    /// The highest sample rate that it plays, in Hz.
    pub max_playback_rate: u32,
    /// The most bits a second that it takes.
    pub max_average_bitrate: Option<u32>,
    /// Whether it uses in-band redundancy.
    pub in_band_fec: bool,
    /// Whether silence need not be sent.
    pub dtx: bool,
    /// Whether every packet shall have the same size.
    pub constant_bitrate: bool,
}

/// The least that libopus makes speech of.
const LEAST_BITRATE: u32 = 6000;

impl OpusParameters {
    /// Reads the value of an `a=fmtp` line.
    pub fn parse(fmtp: &str) -> Self {
        let flag = |name| parameter(fmtp, name).is_some_and(|value| value == "1");
        let number = |name| parameter(fmtp, name).and_then(|value| value.parse::<u32>().ok());
        Self {
            max_playback_rate: number("maxplaybackrate").unwrap_or(48_000),
            max_average_bitrate: number("maxaveragebitrate").map(|rate| rate.max(LEAST_BITRATE)),
            in_band_fec: flag("useinbandfec"),
            dtx: flag("usedtx"),
            constant_bitrate: flag("cbr"),
        }
    }
}

/// The value of `name=value` in a list that is parted by semicolons. Blanks and case of the name do not matter.
fn parameter<'a>(fmtp: &'a str, name: &str) -> Option<&'a str> {
    fmtp.split(';').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_read_whatever_their_order_and_spelling() {
        let wishes = OpusParameters::parse("stereo=0; UseInbandFEC = 1;maxplaybackrate=16000;usedtx=1;cbr=0");
        assert_eq!(
            wishes,
            OpusParameters {
                max_playback_rate: 16_000,
                max_average_bitrate: None,
                in_band_fec: true,
                dtx: true,
                constant_bitrate: false,
            }
        );
    }

    #[test]
    fn nothing_said_is_the_full_band_without_redundancy() {
        let wishes = OpusParameters::parse("minptime=10;maxaveragebitrate=10;maxplaybackrate=loud");
        assert_eq!((wishes.max_playback_rate, wishes.in_band_fec, wishes.dtx), (48_000, false, false));
        assert_eq!(wishes.max_average_bitrate, Some(6000));
    }
}
