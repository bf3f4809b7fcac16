//! What `ctl watch` draws: a header with counts and rates, the calls with their legs, the registrations.

use std::time::{Duration, Instant};

use kiestoon_control::{Call, Leg, Registration, Status};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize as _};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Cell, Paragraph, Row, Table};

use super::show;
use crate::cli::language::{Language, say};
use crate::cli::table::printable;
use crate::cli::when;

/// The last that is known of the PBX.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) language: Language,
    pub(super) status: Option<Status>,
    pub(super) calls: Vec<Call>,
    pub(super) registrations: Vec<Registration>,
    pub(super) rates: Rates,
    /// Why the picture is not fresh.
    pub(super) trouble: Option<String>,
    /// When the status was asked for.
    pub(super) at: Instant,
    /// How many times the PBX has answered.
    pub(super) age: u64,
    scrolled: usize,
}

/// What happens in a second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Rates {
    pub(super) calls: f64,
    pub(super) registrations: f64,
    pub(super) messages: f64,
    pub(super) packets: f64,
}

impl Picture {
    pub(super) fn new(language: Language) -> Self {
        Self {
            language,
            status: None,
            calls: Vec::new(),
            registrations: Vec::new(),
            rates: Rates::default(),
            trouble: None,
            at: Instant::now(),
            age: 0,
            scrolled: 0,
        }
    }

    /// Moves the list of calls by so many lines.
    pub(super) fn scroll(&mut self, by: i32) {
        let lines: usize = self.calls.iter().map(|call| call.legs.len().max(1)).sum();
        let step = by.unsigned_abs() as usize;
        let to = if by < 0 { self.scrolled.saturating_sub(step) } else { self.scrolled.saturating_add(step) };
        self.scrolled = to.min(lines.saturating_sub(1));
    }
}

impl Rates {
    /// Rates over the time between two states; none across a restart, where the counts fall.
    pub(super) fn between(before: Option<&Status>, after: &Status, passed: Duration) -> Self {
        let Some(before) = before.filter(|before| before.started_at == after.started_at) else {
            return Self::default();
        };
        let secs = passed.as_secs_f64().max(0.001);
        let rate = |before: u64, after: u64| after.saturating_sub(before) as f64 / secs;
        let (old, new) = (&before.totals, &after.totals);
        Self {
            calls: rate(old.calls, new.calls),
            registrations: rate(old.registrations, new.registrations),
            messages: rate(old.sip_received, new.sip_received),
            packets: rate(old.rtp_received, new.rtp_received),
        }
    }
}

/// Draws the picture into whatever room there is.
pub(super) fn draw(frame: &mut Frame<'_>, picture: &Picture) {
    let registrations = u16::try_from(picture.registrations.len()).unwrap_or(u16::MAX).saturating_add(2);
    let third = (frame.area().height / 3).max(3);
    let [header, calls, phones, footer] = Layout::vertical([
        Constraint::Length(3),
        Constraint::Min(3),
        Constraint::Length(registrations.min(third)),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    draw_header(frame, header, picture);
    draw_calls(frame, calls, picture);
    draw_registrations(frame, phones, picture);
    let keys = picture.language.pick("q quits · arrows scroll", "q stopt · pijlen bladeren");
    frame.render_widget(Line::from(keys).dim(), footer);
}

fn draw_header(frame: &mut Frame<'_>, area: Rect, picture: &Picture) {
    let language = picture.language;
    let Rates { calls, registrations, messages, packets } = picture.rates;
    let mut lines = Vec::new();
    if let Some(status) = &picture.status {
        let state = show::run_state(status.state, language);
        lines.push(Line::from(vec![
            Span::from(format!("kiestoon {} ", status.version)).bold(),
            Span::from(format!("{state} {}", when::duration(status.uptime_secs))).green(),
        ]));
        lines.push(Line::from(say!(
            language,
            "calls {} ({} talking)  registrations {} of {} extensions",
            "gesprekken {} ({} in gesprek)  registraties {} van {} toestellen",
            status.calls,
            status.calls_answered,
            status.registrations,
            status.extensions
        )));
    }
    lines.push(match &picture.trouble {
        Some(trouble) => Line::from(printable(trouble)).style(Style::new().fg(Color::Red).bold()),
        None => Line::from(say!(
            language,
            "per second: calls {calls:.1}  registrations {registrations:.1}  SIP {messages:.0}  RTP {packets:.0}",
            "per seconde: gesprekken {calls:.1}  registraties {registrations:.1}  SIP {messages:.0}  RTP {packets:.0}"
        ))
        .dim(),
    });
    frame.render_widget(Paragraph::new(lines), area);
}

fn draw_calls(frame: &mut Frame<'_>, area: Rect, picture: &Picture) {
    let language = picture.language;
    let title = say!(language, " calls {} ", " gesprekken {} ", picture.calls.len());
    let rows = picture.calls.iter().flat_map(|call| call_rows(call, language)).skip(picture.scrolled);
    let widths = [
        Constraint::Min(16),
        Constraint::Length(10),
        Constraint::Length(8),
        Constraint::Min(14),
        Constraint::Length(10),
        Constraint::Length(8),
        Constraint::Length(9),
        Constraint::Length(8),
        Constraint::Length(9),
    ];
    let titles = [
        language.pick("from > to", "van > naar"),
        language.pick("state", "toestand"),
        language.pick("time", "duur"),
        language.pick("leg", "kant"),
        "codec",
        language.pick("loss in", "verl. in"),
        "jitter in",
        language.pick("loss out", "verl. uit"),
        language.pick("jit. out", "jit. uit"),
    ];
    let table = Table::new(rows, widths)
        .header(Row::new(titles).style(Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)))
        .block(Block::bordered().title(title));
    frame.render_widget(table, area);
}

fn call_rows(call: &Call, language: Language) -> Vec<Row<'static>> {
    let head = [
        Cell::from(printable(show::parties(call))).bold(),
        Cell::from(printable(show::state(&call.state, language)))
            .style(Style::new().fg(state_colour(&call.state))),
        Cell::from(when::duration(call.talk_secs.unwrap_or(call.duration_secs))),
    ];
    if call.legs.is_empty() {
        return vec![Row::new(head)];
    }
    let rows = call.legs.iter().enumerate().map(|(index, leg)| {
        let start = if index == 0 { head.clone() } else { Default::default() };
        Row::new(start.into_iter().chain(leg_cells(leg, language)))
    });
    rows.collect()
}

fn leg_cells(leg: &Leg, language: Language) -> Vec<Cell<'static>> {
    let [who, codec, loss_in, jitter_in, loss_out, jitter_out, _] = show::leg_cells(leg, language);
    let graded = |text: String, value: f64, fair: f64, bad: f64| {
        let colour = if value >= bad {
            Color::Red
        } else if value >= fair {
            Color::Yellow
        } else {
            Color::Green
        };
        Cell::from(text).style(Style::new().fg(colour))
    };
    vec![
        Cell::from(printable(who)),
        Cell::from(printable(codec)).style(Style::new().fg(Color::Cyan)),
        graded(loss_in, leg.inbound.loss_percent, FAIR_LOSS, BAD_LOSS),
        graded(jitter_in, leg.inbound.jitter_ms, FAIR_JITTER, BAD_JITTER),
        graded(loss_out, leg.outbound.loss_percent, FAIR_LOSS, BAD_LOSS),
        graded(jitter_out, leg.outbound.jitter_ms, FAIR_JITTER, BAD_JITTER),
    ]
}

fn state_colour(state: &str) -> Color {
    match state {
        "talking" => Color::Green,
        "starting" | "dialling" | "ringing" => Color::Yellow,
        "playing" | "echo" => Color::Cyan,
        _ => Color::DarkGray,
    }
}

fn draw_registrations(frame: &mut Frame<'_>, area: Rect, picture: &Picture) {
    let language = picture.language;
    let title = say!(language, " registrations {} ", " registraties {} ", picture.registrations.len());
    let rows = picture.registrations.iter().map(|registration| {
        let expires = registration.expires_in_secs;
        let colour = if expires < 10 { Color::Red } else { Color::Reset };
        Row::new([
            Cell::from(printable(&registration.number)).bold(),
            Cell::from(printable(&registration.organisation)),
            Cell::from(printable(&registration.transport)).style(Style::new().fg(Color::Cyan)),
            Cell::from(printable(&registration.remote)),
            Cell::from(when::duration(expires)).style(Style::new().fg(colour)),
            Cell::from(printable(registration.user_agent.as_deref().unwrap_or("-"))),
        ])
    });
    let widths = [
        Constraint::Length(10),
        Constraint::Length(12),
        Constraint::Length(5),
        Constraint::Min(16),
        Constraint::Length(8),
        Constraint::Min(12),
    ];
    let table = Table::new(rows, widths).block(Block::bordered().title(title));
    frame.render_widget(table, area);
}

/// Percent from which speech is heard to suffer a little, and badly.
const FAIR_LOSS: f64 = 1.0;
const BAD_LOSS: f64 = 3.0;
/// Milliseconds from which phones' buffers begin to struggle, and fail.
const FAIR_JITTER: f64 = 20.0;
const BAD_JITTER: f64 = 40.0;

#[cfg(test)]
mod tests {
    use kiestoon_control::{RunState, Stream, Totals};
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;

    fn status(started_at: &str, calls: u64) -> Status {
        Status {
            version: "0.1.0".into(),
            state: RunState::Running,
            started_at: started_at.into(),
            uptime_secs: 65,
            revision: 1,
            dialplan_hash: "abc".into(),
            extensions: 7,
            registrations: 1,
            calls: 1,
            calls_answered: 1,
            cdrs_waiting: 0,
            listeners: Vec::new(),
            totals: Totals { calls, ..Totals::default() },
        }
    }

    fn leg(side: &str, number: &str, loss_percent: f64) -> Leg {
        let stream = Stream { packets: 100, loss_percent, jitter_ms: 2.5, ..Stream::default() };
        Leg {
            side: side.into(),
            number: number.into(),
            transport: "udp".into(),
            remote: "192.0.2.1:5060".into(),
            media_remote: None,
            codec: Some("PCMA".into()),
            on_hold: false,
            rtt_ms: None,
            inbound: stream,
            outbound: Stream::default(),
        }
    }

    fn picture() -> Picture {
        let call = Call {
            id: "1".into(),
            organisation: "kantoor".into(),
            state: "talking".into(),
            from_number: "201".into(),
            from_name: String::new(),
            dialed: "202".into(),
            to_number: Some("202".into()),
            started_at: "x".into(),
            answered_at: None,
            duration_secs: 70,
            talk_secs: Some(61),
            legs: vec![leg("caller", "201", 0.2), leg("callee", "202", 7.5)],
        };
        let registration = Registration {
            number: "201".into(),
            organisation: "kantoor".into(),
            contact: "sip:201@192.0.2.1".into(),
            transport: "udp".into(),
            remote: "192.0.2.1:5060".into(),
            q: 1.0,
            user_agent: Some("Snom\x1b[2J".into()),
            expires_in_secs: 55,
        };
        Picture {
            status: Some(status("x", 3)),
            calls: vec![call],
            registrations: vec![registration],
            ..Picture::new(Language::English)
        }
    }

    fn drawn(picture: &Picture, width: u16, height: u16) -> Terminal<TestBackend> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, picture)).unwrap();
        terminal
    }

    fn text(terminal: &Terminal<TestBackend>) -> String {
        let buffer = terminal.backend().buffer();
        let width = usize::from(buffer.area.width);
        let symbols: Vec<&str> = buffer.content.iter().map(|cell| cell.symbol()).collect();
        symbols.chunks(width).map(|line| line.concat().trim_end().to_owned() + "\n").collect()
    }

    #[test]
    fn calls_and_phones_are_shown_with_their_quality() {
        let terminal = drawn(&picture(), 110, 16);
        let text = text(&terminal);
        for expected in [
            "kiestoon 0.1.0 running 1:05",
            "calls 1 (1 talking)  registrations 1 of 7 extensions",
            "201 > 202",
            "caller 201",
            "callee 202",
            "PCMA",
            "0.2 %",
            "7.5 %",
            "2.5 ms",
            "Snom?[2J",
            "q quits",
        ] {
            assert!(text.contains(expected), "{expected} in\n{text}");
        }
        let buffer = terminal.backend().buffer();
        let colour_of = |wanted: &str| {
            let line = text.lines().position(|line| line.contains(wanted)).unwrap();
            let at = text.lines().nth(line).unwrap();
            let column = at[..at.find(wanted).unwrap()].chars().count();
            buffer[(u16::try_from(column).unwrap(), u16::try_from(line).unwrap())].fg
        };
        assert_eq!(colour_of("7.5 %"), Color::Red);
        assert_eq!(colour_of("0.2 %"), Color::Green);
    }

    #[test]
    fn trouble_takes_the_place_of_the_rates_and_the_last_picture_stays() {
        let picture = Picture { trouble: Some("the PBX does not run".into()), ..picture() };
        let text = text(&drawn(&picture, 110, 16));
        assert!(text.contains("the PBX does not run") && text.contains("201 > 202"), "{text}");
        assert!(!text.contains("per second"), "{text}");
    }

    #[test]
    fn any_size_can_be_drawn_and_scrolled() {
        let mut picture = picture();
        for by in [100, -1, -100] {
            picture.scroll(by);
            for (width, height) in [(1, 1), (5, 3), (20, 4), (80, 24), (300, 100)] {
                drawn(&picture, width, height);
            }
        }
        picture.scroll(1);
        let text = text(&drawn(&picture, 110, 16));
        assert!(!text.contains("caller 201") && text.contains("callee 202"), "{text}");
    }

    #[test]
    fn rates_are_not_taken_across_a_restart() {
        let half = Duration::from_millis(500);
        let same = Rates::between(Some(&status("x", 3)), &status("x", 8), half);
        assert!((same.calls - 10.0).abs() < 1e-9, "{same:?}");
        assert_eq!(Rates::between(Some(&status("x", 30)), &status("y", 8), half), Rates::default());
        assert_eq!(Rates::between(None, &status("y", 8), half), Rates::default());
    }
}
