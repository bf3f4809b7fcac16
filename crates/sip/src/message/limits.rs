//! The bounds of what a peer may send in one message.

/// Bounds honoured by [`Message::parse_with`](super::Message::parse_with) and by
/// [`Framer`](crate::framing::Framer).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a whole message, body included.
    pub message_bytes: usize,
    /// Header lines of a message, folded ones counted once.
    pub header_count: usize,
    /// Bytes of one header line, folding included.
    pub header_bytes: usize,
    /// Bytes of the start line.
    pub start_line_bytes: usize,
    /// Via values; more than a legal Max-Forwards could leave behind is a loop.
    pub vias: usize,
    /// Addresses in one Contact, Route or Record-Route line.
    pub addresses: usize,
    /// Parameters of one value or URI.
    pub params: usize,
}

impl Limits {
    /// The bounds of the running PBX.
    pub const DEFAULT: Self = Self {
        message_bytes: 65_535,
        header_count: 160,
        header_bytes: 8_192,
        start_line_bytes: 4_096,
        vias: 70,
        addresses: 64,
        params: 32,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
