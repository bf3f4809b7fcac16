//! The recorded ladder: every message of a story with its time and fate, printed as a sequence diagram.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use kiestoon_sip::{HeaderName, Message};

/// What became of a message that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It arrives once.
    Sent,
    /// The link lost it.
    Lost,
    /// A rule of the story dropped it.
    Dropped,
    /// It arrives twice.
    Twice,
    /// The receiver is unplugged, or its connection is gone.
    Unreachable,
}

/// One line of the ladder.
#[derive(Debug, Clone)]
pub struct Rung {
    /// Since the start of the story.
    pub at: Duration,
    /// The sending host.
    pub from: IpAddr,
    /// The host it was meant for.
    pub to: IpAddr,
    /// What was sent; `None` for bytes that are no SIP message.
    pub message: Option<Message>,
    /// What became of it.
    pub fate: Fate,
}

/// All messages of a story in the order they were sent, and remarks between them.
#[derive(Debug, Default)]
pub struct Ladder {
    hosts: Vec<(Vec<IpAddr>, String)>,
    lines: Vec<Line>,
}

impl Ladder {
    /// Names a host: it gets a column, in the order of naming.
    pub fn host(&mut self, addresses: &[IpAddr], name: &str) {
        self.hosts.push((addresses.to_vec(), name.to_owned()));
    }

    /// Adds what was sent.
    pub fn record(&mut self, rung: Rung) {
        self.lines.push(Line::Rung(Box::new(rung)));
    }

    /// Adds a remark, such as "201 is unplugged".
    pub fn remark(&mut self, at: Duration, text: impl Into<String>) {
        self.lines.push(Line::Remark(at, text.into()));
    }

    /// Every message sent so far.
    pub fn rungs(&self) -> impl Iterator<Item = &Rung> {
        self.lines.iter().filter_map(|line| match line {
            Line::Rung(rung) => Some(&**rung),
            Line::Remark(..) => None,
        })
    }

    /// Every message, as if each host had its first address alone.
    pub(crate) fn by_hosts(&self) -> impl Iterator<Item = Cow<'_, Rung>> {
        let first = |address: IpAddr| {
            let host = self.hosts.iter().find(|(host, _)| host.contains(&address));
            host.and_then(|(host, _)| host.first().copied()).unwrap_or(address)
        };
        self.rungs().map(move |rung| {
            let (from, to) = (first(rung.from), first(rung.to));
            match (from, to) == (rung.from, rung.to) {
                true => Cow::Borrowed(rung),
                false => Cow::Owned(Rung { from, to, ..rung.clone() }),
            }
        })
    }

    /// The ladder as an ASCII sequence diagram.
    pub fn draw(&self) -> String {
        let mut out = String::new();
        let _ = write!(out, "{:>10} ", "");
        for (_, name) in &self.hosts {
            let _ = write!(out, "{name:^WIDTH$}");
        }
        out.push('\n');
        for line in &self.lines {
            match line {
                Line::Remark(at, text) => {
                    let _ = writeln!(out, "{:>10.4}   -- {text} --", at.as_secs_f64());
                }
                Line::Rung(rung) => {
                    let _ = writeln!(out, "{:>10.4} {}", rung.at.as_secs_f64(), self.arrow(rung));
                }
            }
        }
        out
    }

    fn arrow(&self, rung: &Rung) -> String {
        let text = match &rung.message {
            Some(message) => summary(message),
            None => "(not SIP)".to_owned(),
        };
        let (Some(from), Some(to)) = (self.column(rung.from), self.column(rung.to)) else {
            return format!("{} -> {}: {text}", rung.from, rung.to);
        };
        let mut row = vec![' '; WIDTH * self.hosts.len()];
        for column in 0..self.hosts.len() {
            put(&mut row, middle(column), '|');
        }
        let (left, right) = (middle(from.min(to)) + 1, middle(from.max(to)).max(middle(from) + 2) - 1);
        for place in left..=right {
            put(&mut row, place, '-');
        }
        match rung.fate {
            Fate::Sent => {
                put(&mut row, if to >= from { right } else { left }, if to >= from { '>' } else { '<' })
            }
            Fate::Twice => {
                let end = if to >= from { right } else { left + 1 };
                put(&mut row, end, if to >= from { '>' } else { '<' });
                put(&mut row, end - 1, if to >= from { '>' } else { '<' });
            }
            Fate::Lost | Fate::Dropped | Fate::Unreachable => put(&mut row, (left + right) / 2, 'X'),
        }
        let mut line: String = row.into_iter().collect();
        let note = match rung.fate {
            Fate::Sent => "",
            Fate::Lost => "  [lost]",
            Fate::Dropped => "  [dropped by the story]",
            Fate::Twice => "  [twice]",
            Fate::Unreachable => "  [unreachable]",
        };
        let _ = write!(line, " {text}{note}");
        line
    }

    fn column(&self, address: IpAddr) -> Option<usize> {
        self.hosts.iter().position(|(host, _)| host.contains(&address))
    }
}

/// The first line, CSeq where it helps, and whether a body comes along.
pub fn summary(message: &Message) -> String {
    let (mut text, body) = match message {
        Message::Request(request) => (format!("{} {}", request.method, request.uri), &request.body),
        Message::Response(response) => {
            (format!("{} {}", response.status.code(), response.reason), &response.body)
        }
    };
    let cseq = message.cseq();
    let _ = write!(text, " ({} {})", cseq.number, cseq.method);
    if let Some(kind) = message.headers().get(&HeaderName::ContentType) {
        let _ = write!(text, " [{}{}]", kind.rsplit('/').next().unwrap_or(kind), direction(body));
    } else if !body.is_empty() {
        let _ = write!(text, " [{} bytes]", body.len());
    }
    let call_id = message.call_id();
    let _ = write!(text, " {}", call_id.get(..6).unwrap_or(call_id));
    text
}

/// Which way sound flows by a session description, where that is not both ways.
fn direction(body: &[u8]) -> &'static str {
    let one_way = [("sendonly", " sendonly"), ("recvonly", " recvonly"), ("inactive", " inactive")];
    let text = std::str::from_utf8(body).unwrap_or_default();
    let said = |name: &str| text.lines().any(|line| line.strip_prefix("a=") == Some(name));
    if text.contains("m=image ") && !text.contains("m=image 0 ") {
        return one_way.into_iter().find(|(name, _)| said(name)).map_or(" fax", |_| " fax, one way");
    }
    one_way.into_iter().find(|(name, _)| said(name)).map_or("", |(_, shown)| shown)
}

#[derive(Debug)]
enum Line {
    Rung(Box<Rung>),
    Remark(Duration, String),
}

fn middle(column: usize) -> usize {
    column * WIDTH + WIDTH / 2
}

fn put(row: &mut [char], place: usize, mark: char) {
    if let Some(cell) = row.get_mut(place) {
        *cell = mark;
    }
}

const WIDTH: usize = 12;
