//! The message parser: finds the end of the headers, walks the lines once, and types what is in them.

use std::borrow::Cow;

use bytes::Bytes;

use super::{CSeq, Limits, Message, Method, ParseError, Part, Reason, Request, Response, StatusCode};
use crate::header::cursor::{Cursor, Flaw};
use crate::header::{HeaderName, Headers, NameAddr, Via, text};
use crate::uri::{Host, SipUri, Uri};

pub(super) fn message(bytes: &Bytes, limits: &Limits) -> Result<Message, ParseError> {
    let whole = |reason, at| ParseError { part: Part::Message, reason, at };
    if bytes.len() > limits.message_bytes {
        return Err(whole(Reason::TooLong(limits.message_bytes), limits.message_bytes));
    }
    if bytes.iter().all(|b| matches!(b, b'\r' | b'\n' | 0)) {
        return Err(whole(Reason::Empty, 0));
    }
    let start = leading_line_ends(bytes);
    let end = head_end(bytes, start).ok_or_else(|| whole(Reason::NoEnd, bytes.len()))?;
    let head = head_text(bytes, start, end);
    let mut lines = Lines::new(&head, 0, start);
    let (first, at) = lines.start_line(limits).map_err(|flaw| flaw.in_part(Part::StartLine))?;
    let start_line = StartLine::parse(first, at, limits).map_err(|flaw| flaw.in_part(Part::StartLine))?;
    let mut collected = Collected::default();
    while let Some(line) = lines.next(limits).map_err(|flaw| flaw.in_part(Part::HeaderLine))? {
        collected.line(&line, limits)?;
    }
    let body = collected.body(bytes, end)?;
    start_line.finish(collected, body)
}

/// What can be read of a request that is malformed, with stand-ins for what cannot. `None` for what may not be
/// answered.
pub(super) fn recover(bytes: &Bytes, limits: &Limits) -> Option<Request> {
    let start = leading_line_ends(bytes);
    let end = head_end(bytes, start).unwrap_or(bytes.len());
    let head = head_text(bytes, start, end.min(limits.message_bytes));
    let first = head.split('\r').next().unwrap_or_default();
    let method = Method::from_token(first.split(' ').next().unwrap_or_default())?;
    if method == Method::Ack || !first.contains(" SIP/") {
        return None;
    }
    let mut collected = Collected::default();
    let mut lines = Lines::new(&head, first.len().saturating_add(2), start);
    let mut count: usize = 0;
    while let Ok(Some(line)) = lines.next(limits) {
        count = count.saturating_add(1);
        if count > limits.header_count {
            break;
        }
        // A line that is wrong is what this message is refused for: it is left out of the answer, but for the way back.
        if line.name.is_field() && collected.line(&line, limits).is_err() && collected.via.is_empty() {
            collected
                .via
                .extend((line.name == HeaderName::Via).then(|| Via::salvage(&line.value, limits)).flatten());
        }
    }
    if collected.via.is_empty() {
        return None;
    }
    let nobody = || NameAddr::new(Uri::Sip(SipUri::new(Host::Name("unreadable.invalid".into()))));
    let number = collected.cseq.map_or(0, |cseq| cseq.number);
    let mut request = Request::new(
        method,
        Uri::Sip(SipUri::new(Host::Name("unreadable.invalid".into()))),
        collected.from.unwrap_or_else(nobody),
        collected.to.unwrap_or_else(nobody),
        collected.call_id.unwrap_or_default(),
        number,
    );
    request.via = collected.via;
    Some(request)
}

/// Line ends before the start line are skipped (RFC 3261 section 7.5).
fn leading_line_ends(bytes: &[u8]) -> usize {
    bytes.iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(bytes.len())
}

/// The position behind the empty line that ends the headers.
pub(crate) fn head_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        let rest = bytes.get(at..)?;
        at = at.saturating_add(text::find(rest, b'\n')?).saturating_add(1);
        if bytes.get(at..)?.starts_with(b"\r\n") {
            return Some(at.saturating_add(2));
        }
    }
}

/// The header part without its last empty line. Bytes that are no UTF-8 are replaced: phones write display names in
/// Latin-1, and the call matters more than the letter.
fn head_text(bytes: &[u8], start: usize, end: usize) -> Cow<'_, str> {
    let head = bytes.get(start..end).unwrap_or_default();
    std::str::from_utf8(head).map_or_else(|_| String::from_utf8_lossy(head), Cow::Borrowed)
}

/// The lines of the header part, unfolded.
struct Lines<'a> {
    text: &'a str,
    pos: usize,
    base: usize,
    /// No line needs to be looked through for control characters.
    clean: bool,
}

struct Line<'a> {
    name: HeaderName,
    value: Cow<'a, str>,
    /// Position of the value's first byte in the message.
    at: usize,
}

impl<'a> Lines<'a> {
    /// `base` is the position of the text in the message, `pos` where to begin in it.
    fn new(text: &'a str, pos: usize, base: usize) -> Self {
        Self { text, pos, base, clean: text::is_clean_head(text.as_bytes()) }
    }

    fn at(&self) -> usize {
        self.base.saturating_add(self.pos)
    }

    fn flaw<T>(&self, reason: Reason) -> Result<T, Flaw> {
        Err(Flaw { reason, at: self.at() })
    }

    /// The next line up to its CRLF, not unfolded.
    fn physical(&mut self) -> Result<&'a str, Flaw> {
        let rest = self.text.get(self.pos..).unwrap_or_default();
        let Some(end) = text::find(rest.as_bytes(), b'\n') else {
            return self.flaw(Reason::NoEnd);
        };
        let Some(line) = rest.get(..end).and_then(|line| line.strip_suffix('\r')) else {
            return self.flaw(Reason::Control);
        };
        self.pos = self.pos.saturating_add(end).saturating_add(1);
        Ok(line)
    }

    fn start_line(&mut self, limits: &Limits) -> Result<(&'a str, usize), Flaw> {
        let at = self.at();
        let line = self.physical()?;
        if line.len() > limits.start_line_bytes {
            return Err(Flaw { reason: Reason::TooLong(limits.start_line_bytes), at });
        }
        match line.bytes().position(|b| text::is_control(b) || b == b'\t') {
            Some(offset) => Err(Flaw { reason: Reason::Control, at: at.saturating_add(offset) }),
            None => Ok((line, at)),
        }
    }

    /// The next header; `None` at the empty line.
    fn next(&mut self, limits: &Limits) -> Result<Option<Line<'a>>, Flaw> {
        let at = self.at();
        let mut line = Cow::Borrowed(self.physical()?);
        if line.is_empty() {
            return Ok(None);
        }
        while self.text.as_bytes().get(self.pos).is_some_and(|b| matches!(b, b' ' | b'\t')) {
            if line.len() > limits.header_bytes {
                break;
            }
            let more = self.physical()?.trim_start_matches([' ', '\t']);
            let unfolded = line.to_mut();
            unfolded.push(' ');
            unfolded.push_str(more);
        }
        if line.len() > limits.header_bytes {
            return Err(Flaw { reason: Reason::TooLong(limits.header_bytes), at });
        }
        if !self.clean && text::has_control(line.as_bytes()) {
            line = Cow::Owned(without_escaped_controls(&line, at)?);
        }
        split(line, at).map(Some)
    }
}

/// A quoted string may hold escaped control characters (RFC 3261 section 25.1). They are of no use to anybody and a
/// danger to logs and terminals, so they are left out; bare ones are refused.
fn without_escaped_controls(line: &str, at: usize) -> Result<String, Flaw> {
    let mut kept = String::with_capacity(line.len());
    let mut chars = line.char_indices().peekable();
    while let Some((_, c)) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(&(_, next))) => {
                chars.next();
                if !next.is_ascii_control() {
                    kept.push('\\');
                    kept.push(next);
                }
            }
            (c, next) if c.is_ascii() && text::is_control(c as u8) => {
                let offset = next.map_or(line.len(), |(offset, _)| *offset).saturating_sub(1);
                return Err(Flaw { reason: Reason::Control, at: at.saturating_add(offset) });
            }
            (c, _) => kept.push(c),
        }
    }
    Ok(kept)
}

fn split(line: Cow<'_, str>, at: usize) -> Result<Line<'_>, Flaw> {
    let Some(colon) = text::find(line.as_bytes(), b':') else {
        return Err(Flaw { reason: Reason::Expected("a colon"), at });
    };
    let name = line.get(..colon).unwrap_or_default().trim_end_matches([' ', '\t']);
    let Some(name) = HeaderName::from_token(name) else {
        return Err(Flaw { reason: Reason::Expected("a header name"), at });
    };
    let value_start = colon.saturating_add(1);
    let raw = line.get(value_start..).unwrap_or_default();
    let lead = raw.len().saturating_sub(raw.trim_start_matches([' ', '\t']).len());
    let at = at.saturating_add(value_start).saturating_add(lead);
    let value = match line {
        Cow::Borrowed(line) => Cow::Borrowed(trimmed(line, value_start)),
        Cow::Owned(line) => Cow::Owned(trimmed(&line, value_start).to_owned()),
    };
    Ok(Line { name, value, at })
}

fn trimmed(line: &str, start: usize) -> &str {
    line.get(start..).unwrap_or_default().trim_matches([' ', '\t'])
}

enum StartLine {
    Request { method: Method, uri: Uri },
    Response { status: StatusCode, reason: Box<str> },
}

impl StartLine {
    fn parse(line: &str, at: usize, limits: &Limits) -> Result<Self, Flaw> {
        if line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("SIP/")) {
            Self::response(line, at)
        } else {
            Self::request(line, at, limits)
        }
    }

    fn request(line: &str, at: usize, limits: &Limits) -> Result<Self, Flaw> {
        let expected =
            |what, offset: usize| Err(Flaw { reason: Reason::Expected(what), at: at.saturating_add(offset) });
        let Some((method, rest)) = line.split_once(' ') else {
            return expected("method, URI and version with single spaces between", 0);
        };
        let uri_offset = method.len().saturating_add(1);
        let Some((uri, version)) = rest.split_once(' ') else {
            return expected("method, URI and version with single spaces between", uri_offset);
        };
        let version_offset = uri_offset.saturating_add(uri.len()).saturating_add(1);
        check_version(version).map_err(|reason| Flaw { reason, at: at.saturating_add(version_offset) })?;
        let Some(method) = Method::from_token(method) else {
            return expected("a method", 0);
        };
        let uri = Uri::parse_at(uri, at.saturating_add(uri_offset), limits)?;
        if matches!(&uri, Uri::Sip(sip) if !sip.headers.is_empty()) {
            return expected("a Request-URI without headers", uri_offset);
        }
        Ok(Self::Request { method, uri })
    }

    fn response(line: &str, at: usize) -> Result<Self, Flaw> {
        let (version, rest) = line.split_once(' ').unwrap_or((line, ""));
        check_version(version).map_err(|reason| Flaw { reason, at })?;
        let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        let status = (code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit()))
            .then(|| code.parse().ok().and_then(StatusCode::new))
            .flatten();
        let Some(status) = status else {
            let at = at.saturating_add(version.len()).saturating_add(1);
            return Err(Flaw { reason: Reason::Expected("a status code from 100 to 699"), at });
        };
        Ok(Self::Response { status, reason: reason.trim_matches(' ').into() })
    }

    fn finish(self, collected: Collected, body: Bytes) -> Result<Message, ParseError> {
        let missing = |name| ParseError { part: Part::Header(name), reason: Reason::Missing, at: 0 };
        if collected.via.is_empty() {
            return Err(missing(HeaderName::Via));
        }
        let from = collected.from.ok_or_else(|| missing(HeaderName::From))?;
        let to = collected.to.ok_or_else(|| missing(HeaderName::To))?;
        let call_id = collected.call_id.ok_or_else(|| missing(HeaderName::CallId))?;
        let cseq = collected.cseq.ok_or_else(|| missing(HeaderName::CSeq))?;
        let (via, headers, max_forwards) = (collected.via, collected.headers, collected.max_forwards);
        match self {
            Self::Request { method, uri } => {
                if method != cseq.method {
                    let at = collected.cseq_at;
                    return Err(Flaw { reason: Reason::MethodMismatch, at }.in_header(HeaderName::CSeq));
                }
                let request =
                    Request { method, uri, via, max_forwards, from, to, call_id, cseq, headers, body };
                Ok(Message::Request(request))
            }
            Self::Response { status, reason } => Ok(Message::Response(Response {
                status,
                reason,
                via,
                from,
                to,
                call_id,
                cseq,
                headers,
                body,
            })),
        }
    }
}

fn check_version(version: &str) -> Result<(), Reason> {
    let Some((protocol, number)) = version.split_once('/') else {
        return Err(Reason::Expected("SIP/2.0"));
    };
    if !protocol.eq_ignore_ascii_case("SIP") {
        return Err(Reason::Expected("SIP/2.0"));
    }
    if number == "2.0" {
        return Ok(());
    }
    let is_version = number.split_once('.').is_some_and(|(major, minor)| {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits(major) && digits(minor)
    });
    Err(if is_version { Reason::Version } else { Reason::Expected("SIP/2.0") })
}

#[derive(Default)]
struct Collected {
    via: Vec<Via>,
    max_forwards: Option<u8>,
    from: Option<NameAddr>,
    to: Option<NameAddr>,
    call_id: Option<Box<str>>,
    cseq: Option<CSeq>,
    cseq_at: usize,
    content_length: Option<(usize, usize)>,
    headers: Headers,
    lines: usize,
}

impl Collected {
    fn line(&mut self, line: &Line<'_>, limits: &Limits) -> Result<(), ParseError> {
        self.lines = self.lines.saturating_add(1);
        if self.lines > limits.header_count {
            let flaw = Flaw { reason: Reason::TooMany(limits.header_count), at: line.at };
            return Err(flaw.in_part(Part::HeaderLine));
        }
        self.typed(line, limits).map_err(|flaw| flaw.in_header(line.name.clone()))
    }

    fn typed(&mut self, line: &Line<'_>, limits: &Limits) -> Result<(), Flaw> {
        let mut cursor = Cursor::new(&line.value, line.at);
        match line.name {
            HeaderName::Via => return Via::parse_list(&mut cursor, limits, &mut self.via),
            HeaderName::From => return once(&mut self.from, &cursor, address(&mut cursor.clone(), limits)?),
            HeaderName::To => return once(&mut self.to, &cursor, address(&mut cursor.clone(), limits)?),
            HeaderName::CallId => return once(&mut self.call_id, &cursor, call_id(&mut cursor.clone())?),
            HeaderName::CSeq => {
                self.cseq_at = line.at;
                return once(&mut self.cseq, &cursor, cseq(&mut cursor.clone())?);
            }
            HeaderName::MaxForwards => {
                return once(&mut self.max_forwards, &cursor, max_forwards(&mut cursor.clone())?);
            }
            HeaderName::ContentLength => {
                let length = content_length(&mut cursor.clone())?;
                return once(&mut self.content_length, &cursor, (length, line.at));
            }
            HeaderName::Contact if line.value == "*" => {}
            HeaderName::Contact | HeaderName::Route | HeaderName::RecordRoute => {
                NameAddr::parse_list(&mut cursor, limits, &mut Vec::new())?;
            }
            _ => {}
        }
        self.headers.add(line.name.clone(), (&*line.value).into());
        Ok(())
    }

    fn body(&self, bytes: &Bytes, start: usize) -> Result<Bytes, ParseError> {
        let present = bytes.len().saturating_sub(start);
        let (declared, at) = self.content_length.unwrap_or((present, start));
        if declared > present {
            let flaw = Flaw { reason: Reason::Truncated { declared, present }, at };
            return Err(flaw.in_header(HeaderName::ContentLength));
        }
        if declared == 0 {
            return Ok(Bytes::new());
        }
        Ok(bytes.slice(start..start.saturating_add(declared)))
    }
}

fn once<T>(field: &mut Option<T>, cursor: &Cursor<'_>, value: T) -> Result<(), Flaw> {
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err(cursor.flaw(Reason::Repeated)),
    }
}

fn address(cursor: &mut Cursor<'_>, limits: &Limits) -> Result<NameAddr, Flaw> {
    let address = NameAddr::parse_one(cursor, limits)?;
    cursor.finish("one address only")?;
    Ok(address)
}

fn call_id(cursor: &mut Cursor<'_>) -> Result<Box<str>, Flaw> {
    let word = cursor.take_while(|b| b.is_ascii_graphic());
    if word.is_empty() {
        return cursor.expected("one word");
    }
    cursor.finish("one word")?;
    Ok(word.into())
}

fn cseq(cursor: &mut Cursor<'_>) -> Result<CSeq, Flaw> {
    let start = cursor.flaw(Reason::Expected("a number below 2^31"));
    let number = cursor.number(CSeq::MAX.into(), "a number below 2^31")?;
    let number = u32::try_from(number).map_err(|_| start)?;
    cursor.skip_space();
    let method = Method::from_token(cursor.token()?).ok_or(start)?;
    cursor.finish("number and method only")?;
    Ok(CSeq { number, method })
}

fn max_forwards(cursor: &mut Cursor<'_>) -> Result<u8, Flaw> {
    let start = cursor.flaw(Reason::Expected("a number up to 255"));
    let hops = cursor.number(255, "a number up to 255")?;
    cursor.finish("a number up to 255")?;
    u8::try_from(hops).map_err(|_| start)
}

fn content_length(cursor: &mut Cursor<'_>) -> Result<usize, Flaw> {
    let start = cursor.flaw(Reason::Expected("a number of bytes"));
    let length = cursor.number(u32::MAX.into(), "a number of bytes")?;
    cursor.finish("a number of bytes")?;
    usize::try_from(length).map_err(|_| start)
}
