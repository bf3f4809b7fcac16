//! SIP messages as typed values (RFC 3261 section 7): parsing checks everything that routing and transactions need;
//! writing uses the typed values only.

mod error;
mod limits;
mod method;
mod parse;
mod status;

pub use error::{Malformed, ParseError, Part, Reason};
pub use limits::Limits;
pub use method::Method;
pub use status::StatusCode;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::header::{HeaderName, Headers, NameAddr, Via, text};
use crate::uri::Uri;

/// A request or a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// What is asked.
    pub method: Method,
    /// Whom it is asked; never with headers (RFC 3261 section 19.1.1).
    pub uri: Uri,
    /// The way back, topmost first.
    pub via: Vec<Via>,
    /// Hops left; phones of RFC 2543 send none.
    pub max_forwards: Option<u8>,
    /// Who asks.
    pub from: NameAddr,
    /// Whom the caller meant.
    pub to: NameAddr,
    /// One word.
    pub call_id: Box<str>,
    /// Its method is that of the request.
    pub cseq: CSeq,
    /// All other headers.
    pub headers: Headers,
    /// The body; Content-Length is computed from it.
    #[serde(with = "crate::plain")]
    pub body: Bytes,
}

/// A response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// 100 to 699.
    pub status: StatusCode,
    /// The reason phrase.
    pub reason: Box<str>,
    /// The way back, topmost first; the topmost one is ours when it arrives.
    pub via: Vec<Via>,
    /// As in the request.
    pub from: NameAddr,
    /// As in the request, with a tag but for 100.
    pub to: NameAddr,
    /// As in the request.
    pub call_id: Box<str>,
    /// As in the request.
    pub cseq: CSeq,
    /// All other headers.
    pub headers: Headers,
    /// The body; Content-Length is computed from it.
    #[serde(with = "crate::plain")]
    pub body: Bytes,
}

/// The CSeq header (RFC 3261 section 20.16).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CSeq {
    /// Below 2^31.
    pub number: u32,
    /// The method of the request.
    pub method: Method,
}

impl CSeq {
    /// The highest number (RFC 3261 section 8.1.1.5).
    pub const MAX: u32 = 0x7fff_ffff;

    /// A sequence number with its method.
    pub fn new(number: u32, method: Method) -> Self {
        Self { number, method }
    }
}

impl Message {
    /// Reads one message with [`Limits::DEFAULT`]. Bytes behind the body that Content-Length declares are not read
    /// (RFC 3261 section 18.3); without Content-Length the body is all that is left.
    ///
    /// # Errors
    /// [`Malformed`] where the grammar is not met or a bound is passed; it can make the response.
    pub fn parse(bytes: &Bytes) -> Result<Self, Malformed> {
        Self::parse_with(bytes, &Limits::DEFAULT)
    }

    /// [`Message::parse`] with other bounds.
    ///
    /// # Errors
    /// As [`Message::parse`].
    pub fn parse_with(bytes: &Bytes, limits: &Limits) -> Result<Self, Malformed> {
        parse::message(bytes, limits).map_err(|error| Malformed::new(error, bytes.clone()))
    }

    /// Writes the message behind what is in `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Request(request) => request.write(out),
            Self::Response(response) => response.write(out),
        }
    }

    /// The message on the wire.
    pub fn to_bytes(&self) -> Bytes {
        match self {
            Self::Request(request) => request.to_bytes(),
            Self::Response(response) => response.to_bytes(),
        }
    }

    /// The way back, topmost first.
    pub fn via(&self) -> &[Via] {
        match self {
            Self::Request(request) => &request.via,
            Self::Response(response) => &response.via,
        }
    }

    /// The Call-ID.
    pub fn call_id(&self) -> &str {
        match self {
            Self::Request(request) => &request.call_id,
            Self::Response(response) => &response.call_id,
        }
    }

    /// The CSeq.
    pub fn cseq(&self) -> &CSeq {
        match self {
            Self::Request(request) => &request.cseq,
            Self::Response(response) => &response.cseq,
        }
    }

    /// The headers that are no fields.
    pub fn headers(&self) -> &Headers {
        match self {
            Self::Request(request) => &request.headers,
            Self::Response(response) => &response.headers,
        }
    }
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Self::Request(request)
    }
}

impl From<Response> for Message {
    fn from(response: Response) -> Self {
        Self::Response(response)
    }
}

impl Request {
    /// A request without Via, headers or body, 70 hops left. The method of the CSeq is that of the request.
    pub fn new(
        method: Method,
        uri: Uri,
        from: NameAddr,
        to: NameAddr,
        call_id: impl Into<Box<str>>,
        cseq: u32,
    ) -> Self {
        Self {
            cseq: CSeq::new(cseq & CSeq::MAX, method.clone()),
            method,
            uri,
            via: Vec::new(),
            max_forwards: Some(70),
            from,
            to,
            call_id: word(call_id.into()),
            headers: Headers::new(),
            body: Bytes::new(),
        }
    }

    /// A response to this request (RFC 3261 section 8.2.6): Via, From, To, Call-ID, CSeq are copied, Timestamp into
    /// a 100, Record-Route where the response can form a dialog (section 12.1.1). A To tag is for the caller to add.
    pub fn response(&self, status: StatusCode) -> Response {
        let mut response = Response {
            status,
            reason: status.reason().into(),
            via: self.via.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            call_id: self.call_id.clone(),
            cseq: self.cseq.clone(),
            headers: Headers::new(),
            body: Bytes::new(),
        };
        let copied = match status.code() {
            100 => Some(HeaderName::Timestamp),
            101..=299 if self.forms_dialog() => Some(HeaderName::RecordRoute),
            _ => None,
        };
        if let Some(name) = copied {
            for value in self.headers.get_all(&name) {
                response.headers.add(name.clone(), value.into());
            }
        }
        response
    }

    /// Sets the body with its media type.
    pub fn set_body(&mut self, media_type: &str, body: impl Into<Bytes>) {
        self.headers.set(HeaderName::ContentType, media_type);
        self.body = body.into();
    }

    /// Writes the request behind what is in `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        self.method.write(out);
        out.push(b' ');
        self.uri.write(out);
        text::put(out, " SIP/2.0\r\n");
        let fields = Fields {
            via: &self.via,
            max_forwards: self.max_forwards,
            from: &self.from,
            to: &self.to,
            call_id: &self.call_id,
            cseq: &self.cseq,
            headers: &self.headers,
            body: &self.body,
        };
        fields.write(out);
    }

    /// The request on the wire.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = Vec::with_capacity(room(self.headers.len(), self.body.len()));
        self.write(&mut out);
        out.into()
    }

    fn forms_dialog(&self) -> bool {
        matches!(self.method, Method::Invite | Method::Subscribe | Method::Refer | Method::Notify)
    }
}

impl Response {
    /// Sets the body with its media type.
    pub fn set_body(&mut self, media_type: &str, body: impl Into<Bytes>) {
        self.headers.set(HeaderName::ContentType, media_type);
        self.body = body.into();
    }

    /// Writes the response behind what is in `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        text::put(out, "SIP/2.0 ");
        text::put_number(out, self.status.code().into());
        out.push(b' ');
        text::put_text(out, &self.reason);
        text::put(out, "\r\n");
        let fields = Fields {
            via: &self.via,
            max_forwards: None,
            from: &self.from,
            to: &self.to,
            call_id: &self.call_id,
            cseq: &self.cseq,
            headers: &self.headers,
            body: &self.body,
        };
        fields.write(out);
    }

    /// The response on the wire.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = Vec::with_capacity(room(self.headers.len(), self.body.len()));
        self.write(&mut out);
        out.into()
    }
}

/// What requests and responses share, in the order in which it is written.
struct Fields<'a> {
    via: &'a [Via],
    max_forwards: Option<u8>,
    from: &'a NameAddr,
    to: &'a NameAddr,
    call_id: &'a str,
    cseq: &'a CSeq,
    headers: &'a Headers,
    body: &'a [u8],
}

impl Fields<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        for via in self.via {
            text::put(out, "Via: ");
            via.write(out);
            text::put(out, "\r\n");
        }
        let (routing, others) = self.headers.groups();
        write_lines(routing, out);
        if let Some(hops) = self.max_forwards {
            text::put(out, "Max-Forwards: ");
            text::put_number(out, hops.into());
            text::put(out, "\r\n");
        }
        text::put(out, "From: ");
        self.from.write(out);
        text::put(out, "\r\nTo: ");
        self.to.write(out);
        if !self.call_id.is_empty() {
            text::put(out, "\r\nCall-ID: ");
            text::put_word(out, self.call_id);
        }
        text::put(out, "\r\nCSeq: ");
        text::put_number(out, self.cseq.number.into());
        out.push(b' ');
        self.cseq.method.write(out);
        text::put(out, "\r\n");
        write_lines(others, out);
        text::put(out, "Content-Length: ");
        text::put_number(out, self.body.len() as u64);
        text::put(out, "\r\n\r\n");
        out.extend_from_slice(self.body);
    }
}

fn write_lines(lines: &[crate::header::Header], out: &mut Vec<u8>) {
    for header in lines {
        header.name().write(out);
        text::put(out, ": ");
        text::put_text(out, header.value());
        text::put(out, "\r\n");
    }
}

/// The visible ASCII characters of a text: what a Call-ID may hold.
fn word(text: Box<str>) -> Box<str> {
    if text.bytes().all(|b| b.is_ascii_graphic()) {
        return text;
    }
    text.chars().filter(char::is_ascii_graphic).collect()
}

/// A first guess of the bytes of a message, so that it is written without growing the buffer.
fn room(headers: usize, body: usize) -> usize {
    headers.saturating_mul(64).saturating_add(body).saturating_add(512)
}
