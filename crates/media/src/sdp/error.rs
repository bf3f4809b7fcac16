//! Why a session description could not be used.

/// Why a session description could not be read, offered or answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// The body is larger than we read: 400.
    #[error("session description of {bytes} bytes, at most {limit} are read")]
    TooLarge {
        /// The size that came.
        bytes: usize,
        /// The size we read.
        limit: usize,
    },
    /// The body has more `m=` lines than we read: 400.
    #[error("more than {limit} media lines")]
    TooManyMedia {
        /// How many are read.
        limit: usize,
    },
    /// A line that matters cannot be read: 400.
    #[error("session description line {line}: {what}")]
    Malformed {
        /// The line of the body, from 1.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// An offer without audio or fax that can be relayed (none at all, refused, only SRTP, no known codec): 488.
    #[error("no usable audio is offered")]
    NoUsableAudio,
    /// The answer refused the fax that was offered: 488.
    #[error("the fax was refused")]
    NoFax,
    /// The answer refused the audio, or took none of the codecs that were offered: 488.
    #[error("no audio codec in common")]
    NoCommonCodec,
}

impl SdpError {
    /// The SIP status that says this to the side that wrote the description.
    pub fn status(&self) -> u16 {
        match self {
            Self::TooLarge { .. } | Self::TooManyMedia { .. } | Self::Malformed { .. } => 400,
            Self::NoUsableAudio | Self::NoCommonCodec | Self::NoFax => 488,
        }
    }
}
