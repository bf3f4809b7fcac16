//! Writing.
use super::{MediaLine, Sdp};
use bytes::Bytes;
impl Sdp {
    /// The body, ready to be sent as `application/sdp`.
    pub fn to_bytes(&self) -> Bytes {
        Bytes::new()
    }
}
impl MediaLine {
    pub(crate) fn refused(kind: &str, proto: &str, formats: &str) -> Self {
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
        }
    }
}
