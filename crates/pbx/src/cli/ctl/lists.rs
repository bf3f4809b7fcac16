//! The two lists of `ctl watch`: columns as wide as what stands in them, and fewer of them on a narrow terminal.

use kiestoon_control::{Call, Leg, Registration, Stream};
use ratatui::layout::Constraint;
use ratatui::style::{Color, Modifier, Style, Stylize as _};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Row, Table};

use super::show;
use crate::cli::language::Language;
use crate::cli::table::printable;
use crate::cli::when;

/// A column and when it is shown.
#[derive(Debug, Clone, Copy)]
struct Column {
    title: &'static str,
    /// 0 is always shown; the others are added in this order while there is room.
    rank: u8,
    /// It may be cut down to this width; 0: to none.
    least: u16,
    right: bool,
}

impl Column {
    /// Makes columns by their titles in English and Dutch, their rank and their least width.
    fn in_language(language: Language) -> impl Fn(&'static str, &'static str, u8, u16) -> Self {
        move |english, dutch, rank, least| {
            let title = language.pick(english, dutch);
            Self { title, rank, least, right: false }
        }
    }
}

/// Lines below a header.
pub(super) struct List {
    columns: Vec<Column>,
    rows: Vec<Vec<Line<'static>>>,
}

impl List {
    /// A row for each leg: what its phone sends (in), and what it hears (out).
    pub(super) fn of_calls(calls: &[Call], language: Language) -> Self {
        let column = Column::in_language(language);
        let columns = vec![
            column("from > to", "van > naar", 0, 11),
            column("state", "toestand", 0, 0),
            Column { right: true, ..column("time", "duur", 0, 0) },
            column("leg", "kant", 0, 10),
            column("codec", "codec", 2, 0),
            Column { right: true, ..column("loss in", "verl. in", 1, 0) },
            Column { right: true, ..column("jit. in", "jit. in", 1, 0) },
            Column { right: true, ..column("loss out", "verl. uit", 3, 0) },
            Column { right: true, ..column("jit. out", "jit. uit", 3, 0) },
            column("id", "id", 4, 0),
            Column { right: true, ..column("rtt", "rtt", 5, 0) },
            Column { right: true, ..column("mos", "mos", 2, 0) },
            column("phone", "telefoon", 6, 8),
        ];
        Self { columns, rows: calls.iter().flat_map(|call| call_rows(call, language)).collect() }
    }

    /// A row for each registered phone.
    pub(super) fn of_registrations(registrations: &[Registration], language: Language) -> Self {
        let column = Column::in_language(language);
        let columns = vec![
            column("number", "nummer", 0, 6),
            column("over", "via", 0, 0),
            column("from", "vanaf", 0, 12),
            Column { right: true, ..column("expires", "verloopt", 0, 0) },
            column("phone", "telefoon", 1, 12),
            column("organisation", "organisatie", 2, 8),
        ];
        Self { columns, rows: registrations.iter().map(registration_row).collect() }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The lines from one on, as many as fit. The widths hold for all lines, so that scrolling moves no column.
    pub(super) fn table(self, from: usize, lines: usize, room: u16) -> Table<'static> {
        let widths = self.widths(room);
        let shown = |cells: Vec<Line<'static>>| {
            let cells = cells.into_iter().zip(&widths).zip(&self.columns);
            Row::new(cells.filter_map(|((cell, width), column)| {
                let cell = shortened(cell, (*width)?);
                Some(if column.right { cell.right_aligned() } else { cell })
            }))
        };
        let header = shown(self.columns.iter().map(|column| Line::from(column.title)).collect());
        let rows: Vec<Row<'_>> = self.rows.into_iter().skip(from).take(lines).map(shown).collect();
        Table::new(rows, widths.iter().flatten().map(|width| Constraint::Length(*width)))
            .header(header.style(Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)))
    }

    /// The width of each column; none for one that is left out.
    fn widths(&self, room: u16) -> Vec<Option<u16>> {
        let mut widest: Vec<u16> =
            self.columns.iter().map(|column| width(&Line::from(column.title))).collect();
        for row in &self.rows {
            for (widest, cell) in widest.iter_mut().zip(row) {
                *widest = (*widest).max(width(cell));
            }
        }
        fit(&self.columns, &widest, room)
    }
}

/// Columns of one rank come together or not at all; what room is left goes to those that were cut.
fn fit(columns: &[Column], widest: &[u16], room: u16) -> Vec<Option<u16>> {
    let least = |index: usize| match columns[index].least {
        0 => widest[index],
        least => widest[index].min(least),
    };
    let mut widths = vec![None; columns.len()];
    let mut used = 0_u16;
    for rank in 0..=columns.iter().map(|column| column.rank).max().unwrap_or(0) {
        let these: Vec<usize> = (0..columns.len()).filter(|index| columns[*index].rank == rank).collect();
        let need =
            these.iter().fold(0, |sum: u16, index| sum.saturating_add(least(*index)).saturating_add(GAP));
        if rank > 0 && used.saturating_add(need) > room.saturating_add(GAP) {
            break;
        }
        used = used.saturating_add(need);
        these.iter().for_each(|index| widths[*index] = Some(least(*index)));
    }
    let mut left = room.saturating_add(GAP).saturating_sub(used);
    for (shown, widest) in widths.iter_mut().zip(widest) {
        if let Some(shown) = shown {
            let more = widest.saturating_sub(*shown).min(left);
            *shown = shown.saturating_add(more);
            left = left.saturating_sub(more);
        }
    }
    widths
}

/// What does not fit ends in an ellipsis: half a number must not look like a whole one.
fn shortened(cell: Line<'static>, room: u16) -> Line<'static> {
    if width(&cell) <= room {
        return cell;
    }
    let style = cell.spans.first().map(|span| span.style).unwrap_or_default();
    let text: String = cell.spans.iter().flat_map(|span| span.content.chars()).collect();
    let kept: String = text.chars().take(usize::from(room.saturating_sub(1))).collect();
    Line::from(Span::styled(kept + "…", style))
}

fn width(line: &Line<'_>) -> u16 {
    u16::try_from(line.width()).unwrap_or(u16::MAX)
}

fn call_rows(call: &Call, language: Language) -> Vec<Vec<Line<'static>>> {
    let head = [
        Line::from(printable(show::parties(call)).bold()),
        Line::styled(printable(show::state(&call.state, language)), state_colour(&call.state)),
        Line::from(when::duration(call.talk_secs.unwrap_or(call.duration_secs))),
    ];
    // The end of a UUIDv7 is its random part, by which calls are told apart; `ctl hangup` takes it too.
    let id = Line::from(call.id[call.id.len() - call.id.len().min(8)..].to_owned()).dim();
    if call.legs.is_empty() {
        let blank = std::iter::repeat_n(Line::default(), 6);
        let end = std::iter::repeat_n(Line::default(), 3);
        return vec![head.into_iter().chain(blank).chain([id]).chain(end).collect()];
    }
    let rows = call.legs.iter().enumerate().map(|(index, leg)| {
        let (start, id) = match index {
            0 => (head.clone(), id.clone()),
            _ => (std::array::from_fn(|_| Line::default()), Line::default()),
        };
        let [leg, quality @ .., rtt, mos, phone] = leg_cells(leg, language);
        start.into_iter().chain([leg]).chain(quality).chain([id, rtt, mos, phone]).collect()
    });
    rows.collect()
}

fn leg_cells(leg: &Leg, language: Language) -> [Line<'static>; 9] {
    let [who, codec, loss_in, jitter_in, loss_out, jitter_out, rtt, mos, phone] =
        show::leg_cells(leg, language);
    [
        Line::from(printable(who)),
        Line::styled(printable(codec), Color::Cyan),
        graded(loss_in, &leg.inbound, leg.inbound.loss_percent, FAIR_LOSS, BAD_LOSS),
        graded(jitter_in, &leg.inbound, leg.inbound.jitter_ms, FAIR_JITTER, BAD_JITTER),
        graded(loss_out, &leg.outbound, leg.outbound.loss_percent, FAIR_LOSS, BAD_LOSS),
        graded(jitter_out, &leg.outbound, leg.outbound.jitter_ms, FAIR_JITTER, BAD_JITTER),
        Line::from(rtt),
        Line::styled(mos, show::mos(leg).map_or(Color::DarkGray, score_colour)),
        Line::from(printable(phone)),
    ]
}

fn graded(text: String, stream: &Stream, value: f64, fair: f64, bad: f64) -> Line<'static> {
    let colour = match value {
        _ if stream.packets == 0 => Color::DarkGray,
        value if value >= bad => Color::Red,
        value if value >= fair => Color::Yellow,
        _ => Color::Green,
    };
    Line::styled(text, colour)
}

fn score_colour(score: f64) -> Color {
    match score {
        score if score < BAD_SCORE => Color::Red,
        score if score < FAIR_SCORE => Color::Yellow,
        _ => Color::Green,
    }
}

fn state_colour(state: &str) -> Color {
    match state {
        "talking" => Color::Green,
        "starting" | "asking" | "dialling" | "ringing" => Color::Yellow,
        "playing" | "echo" => Color::Cyan,
        _ => Color::DarkGray,
    }
}

fn registration_row(registration: &Registration) -> Vec<Line<'static>> {
    let expires = registration.expires_in_secs;
    let colour = if expires < 10 || !registration.reachable { Color::Red } else { Color::Reset };
    vec![
        Line::from(printable(&registration.number).bold()),
        Line::styled(printable(&registration.transport), Color::Cyan),
        Line::from(printable(&registration.remote)),
        Line::styled(when::duration(expires), colour),
        Line::from(printable(registration.user_agent.as_deref().unwrap_or("-"))),
        Line::from(printable(&registration.organisation)),
    ]
}

/// Between two columns, as the table draws it.
const GAP: u16 = 1;
/// Percent from which speech is heard to suffer a little, and badly.
const FAIR_LOSS: f64 = 1.0;
const BAD_LOSS: f64 = 3.0;
/// Milliseconds from which phones' buffers begin to struggle, and fail.
const FAIR_JITTER: f64 = 20.0;
const BAD_JITTER: f64 = 40.0;
/// Below these many users are dissatisfied, and nearly all (ITU-T G.107 annex B).
const FAIR_SCORE: f64 = 3.6;
const BAD_SCORE: f64 = 3.1;

#[cfg(test)]
mod tests {
    use super::*;

    fn column(rank: u8, least: u16) -> Column {
        Column { title: "", rank, least, right: false }
    }

    #[test]
    fn columns_are_left_out_by_rank_and_cut_ones_get_the_rest() {
        let columns = [column(0, 4), column(1, 0), column(0, 0), column(2, 0)];
        let widest = [20, 5, 6, 7];
        assert_eq!(fit(&columns, &widest, 100), [Some(20), Some(5), Some(6), Some(7)]);
        assert_eq!(fit(&columns, &widest, 25), [Some(4), Some(5), Some(6), Some(7)]);
        assert_eq!(fit(&columns, &widest, 24), [Some(11), Some(5), Some(6), None]);
        assert_eq!(fit(&columns, &widest, 16), [Some(9), None, Some(6), None]);
        assert_eq!(fit(&columns, &widest, 3), [Some(4), None, Some(6), None]);
        assert_eq!(fit(&columns, &[u16::MAX; 4], 40), [Some(4), None, Some(u16::MAX), None]);
    }

    #[test]
    fn a_cut_number_shows_that_it_is_cut() {
        let cell = |room| shortened(Line::from("+31201234567"), room).to_string();
        assert_eq!([cell(12), cell(11), cell(1)], ["+31201234567", "+312012345…", "…"]);
    }
}
