//! What `ctl watch` draws: a header with counts and rates, the calls with their legs, the registrations.

use std::time::{Duration, Instant};

use kiestoon_control::{Call, Registration, RunState, Status};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize as _};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

use super::lists::List;
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
    focus: Focus,
    scrolled_calls: usize,
    scrolled_registrations: usize,
}

/// The list that the arrows scroll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Focus {
    Calls,
    Registrations,
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
            focus: Focus::Calls,
            scrolled_calls: 0,
            scrolled_registrations: 0,
        }
    }

    /// Moves the list in focus by so many lines; drawing holds it within the list.
    pub(super) fn scroll(&mut self, by: i32) {
        let scrolled = self.scrolled(self.focus);
        let step = by.unsigned_abs() as usize;
        *scrolled = if by < 0 { scrolled.saturating_sub(step) } else { scrolled.saturating_add(step) };
    }

    /// Gives the arrows to the other list.
    pub(super) fn change_focus(&mut self) {
        self.focus = match self.focus {
            Focus::Calls => Focus::Registrations,
            Focus::Registrations => Focus::Calls,
        };
    }

    fn scrolled(&mut self, list: Focus) -> &mut usize {
        match list {
            Focus::Calls => &mut self.scrolled_calls,
            Focus::Registrations => &mut self.scrolled_registrations,
        }
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
pub(super) fn draw(frame: &mut Frame<'_>, picture: &mut Picture) {
    let registrations =
        u16::try_from(picture.registrations.len()).unwrap_or(u16::MAX).saturating_add(FRAME_AND_HEADER);
    let third = (frame.area().height / 3).max(FRAME_AND_HEADER + 1);
    let [header, calls, phones, footer] = Layout::vertical([
        Constraint::Length(3),
        Constraint::Min(FRAME_AND_HEADER + 1),
        Constraint::Length(registrations.min(third)),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    draw_header(frame, header, picture);
    draw_calls(frame, calls, picture);
    draw_registrations(frame, phones, picture);
    let keys = picture.language.pick(
        "q quits · arrows scroll · tab changes list",
        "q stopt · pijlen bladeren · tab wisselt van lijst",
    );
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
            Span::from(format!("{state}, {}", when::duration(status.uptime_secs))).style(
                match status.state {
                    RunState::Running => Color::Green,
                    RunState::Draining => Color::Yellow,
                },
            ),
        ]));
        lines.push(Line::from(say!(
            language,
            "calls {} ({} talking)  registrations {}  extensions {}",
            "gesprekken {} ({} in gesprek)  registraties {}  toestellen {}",
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

fn draw_calls(frame: &mut Frame<'_>, area: Rect, picture: &mut Picture) {
    let list = List::of_calls(&picture.calls, picture.language);
    let title = say!(picture.language, "calls {}", "gesprekken {}", picture.calls.len());
    draw_list(frame, area, picture, list, title, Focus::Calls);
}

fn draw_registrations(frame: &mut Frame<'_>, area: Rect, picture: &mut Picture) {
    let list = List::of_registrations(&picture.registrations, picture.language);
    let title = say!(picture.language, "registrations {}", "registraties {}", picture.registrations.len());
    draw_list(frame, area, picture, list, title, Focus::Registrations);
}

/// A list in its frame; the title says which part of it is seen where it does not fit, and is bright where the arrows
/// scroll it.
fn draw_list(
    frame: &mut Frame<'_>,
    area: Rect,
    picture: &mut Picture,
    list: List,
    title: String,
    which: Focus,
) {
    let all = list.len();
    let lines = usize::from(area.height.saturating_sub(FRAME_AND_HEADER));
    let scrolled = picture.scrolled(which);
    *scrolled = (*scrolled).min(all.saturating_sub(lines));
    let from = *scrolled;
    let part = match (from + lines).min(all) {
        to if to > from && to - from < all => {
            say!(picture.language, " (lines {}-{to} of {all})", " (regels {}-{to} van {all})", from + 1)
        }
        _ => String::new(),
    };
    let style = if picture.focus == which { Style::new().bold() } else { Style::new() };
    let block = Block::bordered().title(Line::styled(format!(" {title}{part} "), style));
    let room = area.width.saturating_sub(2);
    frame.render_widget(list.table(from, lines, room).block(block), area);
}

const FRAME_AND_HEADER: u16 = 3;

#[cfg(test)]
mod tests {
    use kiestoon_control::{Leg, Stream, Totals};
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;

    fn status(started_at: &str, calls: u64) -> Status {
        Status {
            version: "0.1.0".into(),
            state: RunState::Running,
            drain: None,
            started_at: started_at.into(),
            uptime_secs: 65,
            revision: 1,
            dialplan_hash: "abc".into(),
            extensions: 7,
            registrations: 1,
            bans: 0,
            calls: 1,
            calls_answered: 1,
            diagnoses: std::collections::BTreeMap::new(),
            webhooks: std::collections::BTreeMap::new(),
            cdrs_waiting: 0,
            held: kiestoon_control::Held::default(),
            listeners: Vec::new(),
            totals: Totals { calls, ..Totals::default() },
        }
    }

    fn leg(side: &str, number: &str, loss_percent: f64) -> Leg {
        let stream =
            Stream { packets: 100, loss_percent, jitter_ms: 2.5, mos: Some(4.31), ..Stream::default() };
        Leg {
            side: side.into(),
            number: number.into(),
            name: String::new(),
            transport: "udp".into(),
            remote: "192.0.2.1:5060".into(),
            media_remote: None,
            user_agent: Some("Yealink\x1b[2J".into()),
            codec: Some("PCMA".into()),
            on_hold: false,
            srtp: None,
            srtp_keys: None,
            srtp_key_in_clear: false,
            diagnosis: None,
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
            to_name: None,
            started_at: "x".into(),
            answered_at: None,
            duration_secs: 70,
            talk_secs: Some(61),
            legs: vec![leg("caller", "201", 0.2), leg("callee", "202", 7.5)],
            way: Vec::new(),
        };
        let registration = Registration {
            number: "201".into(),
            name: String::new(),
            organisation: "kantoor".into(),
            contact: "sip:201@192.0.2.1".into(),
            transport: "udp".into(),
            remote: "192.0.2.1:5060".into(),
            q: 1.0,
            user_agent: Some("Snom\x1b[2J".into()),
            since: "2026-11-20T10:00:00Z".into(),
            expires_in_secs: 55,
            reachable: true,
        };
        Picture {
            status: Some(status("x", 3)),
            calls: vec![call],
            registrations: vec![registration],
            ..Picture::new(Language::English)
        }
    }

    fn drawn(picture: &mut Picture, width: u16, height: u16) -> Terminal<TestBackend> {
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
        let terminal = drawn(&mut picture(), 110, 16);
        let text = text(&terminal);
        for expected in [
            "kiestoon 0.1.0 running, 1:05",
            "calls 1 (1 talking)  registrations 1  extensions 7",
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
        let mut picture = Picture { trouble: Some("the PBX does not run".into()), ..picture() };
        let text = text(&drawn(&mut picture, 110, 16));
        assert!(text.contains("the PBX does not run") && text.contains("201 > 202"), "{text}");
        assert!(!text.contains("per second"), "{text}");
    }

    #[test]
    fn any_size_can_be_drawn_and_scrolled() {
        let mut picture = picture();
        for by in [100, -1, -100] {
            picture.scroll(by);
            for (width, height) in [(1, 1), (5, 3), (20, 4), (80, 24), (300, 100)] {
                drawn(&mut picture, width, height);
            }
        }
        picture.scroll(1);
        let text = text(&drawn(&mut picture, 110, 12));
        assert!(!text.contains("caller 201") && text.contains("callee 202"), "{text}");
    }

    #[test]
    fn both_legs_of_a_call_stand_in_the_same_columns() {
        let text = text(&drawn(&mut picture(), 110, 16));
        let place = |of: &str| {
            let line = text.lines().find(|line| line.contains(of)).unwrap();
            line[..line.find(of).unwrap()].chars().count()
        };
        assert_eq!(place("caller 201"), place("callee 202"), "{text}");
        assert_eq!(place("0.2 %"), place("7.5 %"), "{text}");
    }

    #[test]
    fn a_narrow_terminal_loses_columns_and_no_digits() {
        for (width, shown, left_out) in [
            (150, &["loss out", "rtt", "id", "4.3"][..], &[][..]),
            (80, &["loss in", "codec", "talking", "192.0.2.1:5060"], &[]),
            (48, &["201 > 202", "talking", "callee 202", "192.0.2.1:5060"], &["codec"]),
        ] {
            let text = text(&drawn(&mut picture(), width, 16));
            assert!(shown.iter().all(|part| text.contains(part)), "{width}\n{text}");
            assert!(!left_out.iter().any(|part| text.contains(part)), "{width}\n{text}");
        }
    }

    #[test]
    fn a_long_list_says_which_part_is_seen() {
        let mut picture = picture();
        picture.registrations = vec![picture.registrations[0].clone(); 40];
        picture.change_focus();
        picture.scroll(i32::MAX);
        let end = text(&drawn(&mut picture, 110, 24));
        assert!(end.contains("registrations 40 (lines 36-40 of 40)"), "{end}");
        picture.scroll(-1);
        let before = text(&drawn(&mut picture, 110, 24));
        assert!(before.contains("(lines 35-39 of 40)"), "{before}");
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
