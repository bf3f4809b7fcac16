//! `ctl watch` on a terminal: asks the PBX once a second, draws, and outlives its restarts.

use std::io;
use std::time::{Duration, Instant};

use crossterm::event::{self, Event as TerminalEvent, KeyCode, KeyEventKind, KeyModifiers};
use kiestoon_control::{Client, ClientError};

use super::view::{self, Picture, Rates};
use crate::cli::failure::Failure;
use crate::cli::language::Language;

/// Draws until q, Esc or Ctrl-C. The terminal is restored however this ends, a panic included.
pub(super) async fn run(language: Language, client: &Client) -> Result<(), Failure> {
    // A PBX that does not run is told as a sentence, before the screen is taken.
    let mut picture = Picture::new(language);
    refresh(client, &mut picture).await?;
    let mut terminal = ratatui::try_init()?;
    let watched = watch(&mut terminal, client, &mut picture).await;
    ratatui::restore();
    watched
}

async fn watch(
    terminal: &mut ratatui::DefaultTerminal,
    client: &Client,
    picture: &mut Picture,
) -> Result<(), Failure> {
    let mut asked = Instant::now();
    loop {
        terminal.draw(|frame| view::draw(frame, picture))?;
        match key(asked)? {
            Some(Key::Quit) => return Ok(()),
            Some(Key::Scroll(by)) => picture.scroll(by),
            Some(Key::OtherList) => picture.change_focus(),
            Some(Key::Redraw) | None => {}
        }
        if asked.elapsed() >= PERIOD {
            asked = Instant::now();
            picture.trouble =
                refresh(client, picture).await.err().map(|error| Failure::from(error).text(picture.language));
        }
    }
}

async fn refresh(client: &Client, picture: &mut Picture) -> Result<(), ClientError> {
    let status = client.status().await?;
    picture.calls = client.calls().await?;
    // Registrations change slowly and may be thousands: each fifth time is enough, unless their number has changed.
    let stale = picture.age.is_multiple_of(5) || picture.registrations.len() as u64 != status.registrations;
    picture.age += 1;
    if stale {
        picture.registrations = client.registrations().await?;
    }
    let now = Instant::now();
    picture.rates = Rates::between(picture.status.as_ref(), &status, now - picture.at);
    picture.at = now;
    picture.status = Some(status);
    Ok(())
}

enum Key {
    Quit,
    Scroll(i32),
    OtherList,
    Redraw,
}

/// Waits for a key until the next question to the PBX is due. The runtime has nothing else to do meanwhile.
fn key(asked: Instant) -> io::Result<Option<Key>> {
    if !event::poll(PERIOD.saturating_sub(asked.elapsed()))? {
        return Ok(None);
    }
    let TerminalEvent::Key(key) = event::read()? else { return Ok(Some(Key::Redraw)) };
    if key.kind == KeyEventKind::Release {
        return Ok(None);
    }
    Ok(match key.code {
        KeyCode::Char('q' | 'Q') | KeyCode::Esc => Some(Key::Quit),
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Some(Key::Quit),
        KeyCode::Down | KeyCode::Char('j') => Some(Key::Scroll(1)),
        KeyCode::Up | KeyCode::Char('k') => Some(Key::Scroll(-1)),
        KeyCode::Tab | KeyCode::BackTab => Some(Key::OtherList),
        KeyCode::Home => Some(Key::Scroll(i32::MIN)),
        KeyCode::End => Some(Key::Scroll(i32::MAX)),
        KeyCode::PageDown => Some(Key::Scroll(10)),
        KeyCode::PageUp => Some(Key::Scroll(-10)),
        _ => None,
    })
}

const PERIOD: Duration = Duration::from_secs(1);
