//! Questions on a terminal, one line each, and their answers. From a pipe they are read in the same way, so that a script can
//! answer them. They go to standard error: standard output is for what was made.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use crate::cli::failure::Failure;
use crate::cli::language::{Language, say};

pub(super) struct Questions {
    pub(super) language: Language,
    is_terminal: bool,
}

impl Questions {
    pub(super) fn new(language: Language) -> Self {
        Self { language, is_terminal: std::io::stdin().is_terminal() }
    }

    /// Whether a person sits there.
    pub(super) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// A line that is no question.
    pub(super) fn tell(&self, text: &str) {
        eprintln!("{text}");
    }

    /// Asks until the answer can be taken. No answer means `default`.
    pub(super) fn ask<T>(
        &self,
        question: &str,
        default: &str,
        take: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        loop {
            let shown = if default.is_empty() { String::new() } else { format!(" [{default}]") };
            let answer = self.answer(&format!("{question}{shown}: "))?;
            match take(if answer.is_empty() { default } else { &answer }) {
                Ok(taken) => return Ok(taken),
                Err(wrong) => self.tell(&format!("  {wrong}")),
            }
        }
    }

    /// Asks for a word that is not shown while it is typed.
    pub(super) fn ask_secret<T>(
        &self,
        question: &str,
        take: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        loop {
            let answer = if self.is_terminal {
                rpassword::prompt_password(format!("{question}: "))?
            } else {
                self.answer(&format!("{question}: "))?
            };
            match take(&answer) {
                Ok(taken) => return Ok(taken),
                Err(wrong) => self.tell(&format!("  {wrong}")),
            }
        }
    }

    /// Asks for yes or no.
    pub(super) fn agrees(&self, question: &str, default: bool) -> Result<bool, Failure> {
        let language = self.language;
        let shown = match default {
            true => language.pick("Y/n", "J/n"),
            false => language.pick("y/N", "j/N"),
        };
        self.ask(&format!("{question} ({shown})"), "", |answer| match answer.to_lowercase().as_str() {
            "" => Ok(default),
            "j" | "ja" | "y" | "yes" => Ok(true),
            "n" | "nee" | "no" => Ok(false),
            _ => Err(language.pick("answer yes or no", "antwoord ja of nee").into()),
        })
    }

    fn answer(&self, question: &str) -> Result<String, Failure> {
        let mut out = std::io::stderr().lock();
        let _ = write!(out, "{question}").and_then(|()| out.flush());
        let mut line = String::new();
        // A line without an end is the last one of a pipe, or Ctrl-D.
        if std::io::stdin().lock().read_line(&mut line)? == 0 {
            let _ = writeln!(out);
            return Err(Failure::Input(say!(
                self.language,
                "the answers ended before the questions did; nothing was changed",
                "de antwoorden hielden eerder op dan de vragen; er is niets veranderd"
            )));
        }
        if !self.is_terminal {
            let _ = writeln!(out);
        }
        Ok(line.trim().to_owned())
    }
}
