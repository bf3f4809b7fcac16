//! The keys that the caller presses for the PBX itself: the digits that a `collect` step asks for, and those pressed ahead of it,
//! while something else was heard.

use std::time::{Duration, Instant};

use kiestoon_dialplan::{Collect, StepResult};
use kiestoon_media::{LegId, MediaCommand};
use serde::{Deserialize, Serialize};

use crate::call::{Call, Stage};
use crate::exchange::Exchange;
use crate::prompt::{Kind, Phase};
use crate::walk::Step;

/// Digits that are asked for, and those that have come.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Collecting {
    /// What is heard until the first digit.
    pub(crate) prompt: Option<String>,
    most: u8,
    timeout: Duration,
    pause: Duration,
    end: Option<char>,
    digits: String,
    is_secret: bool,
    /// When it ends unless a key is pressed; None before its prompt is over.
    #[serde(with = "kiestoon_sip::plain")]
    until: Option<Instant>,
}

/// Keys pressed while the PBX was heard, for the next question; None for a phone without any.
pub(crate) type Ahead = Option<Box<str>>;

/// Keys that are kept ahead of their question; nobody knows a longer way through menus by heart.
const MOST_AHEAD: usize = 32;

impl Collecting {
    fn new(asked: Collect, prompt: Option<String>) -> Self {
        let Collect { max, timeout, pause, end, is_secret, .. } = asked;
        Self { prompt, most: max, timeout, pause, end, digits: String::new(), is_secret, until: None }
    }

    /// Takes a key; true where the answer is whole.
    fn press(&mut self, key: char) -> bool {
        if self.end == Some(key) {
            return true;
        }
        self.digits.push(key);
        self.digits.len() >= usize::from(self.most)
    }

    /// Nothing of ours is heard any more: the time runs.
    fn wait(&mut self, now: Instant) {
        let wait = if self.digits.is_empty() { self.timeout } else { self.pause };
        self.until = Some(now + wait);
    }

    /// Whether its prompt is wanted still.
    pub(crate) fn is_unanswered(&self) -> bool {
        self.digits.is_empty()
    }
}

impl Call {
    /// Asks for digits: plays the prompt unless some have been pressed ahead, which may be the whole answer.
    pub(crate) fn collect(&mut self, x: &mut Exchange, asked: Collect) -> Step {
        let prompt = asked.prompt.as_deref().and_then(|prompt| self.prompt(prompt));
        let mut collecting = Collecting::new(asked, prompt);
        let ahead = self.keys_ahead().and_then(Option::take).unwrap_or_default();
        // The end key of the question before, pressed though that was whole without it.
        let mut keys = ahead.trim_start_matches(|key| collecting.end == Some(key)).chars();
        while let Some(key) = keys.next() {
            if collecting.press(key) {
                self.keep_ahead(keys.as_str());
                return Step::Over(self.collected(&collecting.digits));
            }
        }
        self.begin_sound(x, Kind::Collect(Box::new(collecting)));
        Step::Begun
    }

    /// A key of the caller's. It ends the prompt of a question, and counts for the next one while another prompt is heard.
    pub(crate) fn key_for_us(&mut self, x: &mut Exchange, from: LegId, key: char) {
        let Stage::Sounding(sound) = &mut self.stage else { return };
        let leg = self.caller.id;
        if from != leg {
            return;
        }
        let is_heard = sound.phase == Phase::Heard;
        match &mut sound.kind {
            Kind::Echo => {}
            Kind::Prompts(_) => {
                let mut keys = self.keys_ahead().and_then(Option::take).unwrap_or_default().into_string();
                keys.push(key);
                self.keep_ahead(&keys);
            }
            Kind::Collect(collecting) => {
                if is_heard && collecting.until.is_none() {
                    x.media(MediaCommand::StopPlay { leg });
                }
                if collecting.press(key) {
                    return self.question_is_over(x);
                }
                if is_heard {
                    collecting.wait(x.now);
                }
            }
        }
    }

    /// Whether a key of this leg is not to be shown: it answers a secret question, or may, for a plan that puts any, since
    /// callers type ahead.
    pub(crate) fn hears_secret(&self, from: LegId) -> bool {
        if from != self.caller.id {
            return false;
        }
        match &self.stage {
            Stage::Sounding(sound) => match &sound.kind {
                Kind::Collect(collecting) => collecting.is_secret,
                Kind::Prompts(_) => self.plan.asks_secrets(),
                Kind::Echo => false,
            },
            Stage::Asking(_) => self.plan.asks_secrets(),
            _ => false,
        }
    }

    /// The caller's sound is there: the time of a question without a prompt runs, or of one that was answered in part.
    pub(crate) fn wait_for_keys(&mut self, now: Instant) {
        if let Stage::Sounding(sound) = &mut self.stage
            && let Kind::Collect(collecting) = &mut sound.kind
            && collecting.until.is_none()
        {
            collecting.wait(now);
        }
    }

    /// Ends a question that nobody answers any more.
    pub(crate) fn tick_collect(&mut self, x: &mut Exchange) {
        if self.collect_deadline().is_some_and(|until| until <= x.now) {
            self.question_is_over(x);
        }
    }

    /// When [`Call::tick_collect`] is wanted.
    pub(crate) fn collect_deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Sounding(sound) => match &sound.kind {
                Kind::Collect(collecting) => collecting.until,
                Kind::Prompts(_) | Kind::Echo => None,
            },
            _ => None,
        }
    }

    /// What was pressed until now answers no question to come.
    pub(crate) fn forget_keys(&mut self) {
        if let Some(ahead) = self.keys_ahead() {
            *ahead = None;
        }
    }

    fn question_is_over(&mut self, x: &mut Exchange) {
        let Stage::Sounding(sound) = &mut self.stage else { return };
        let Kind::Collect(collecting) = &mut sound.kind else { return };
        let digits = std::mem::take(&mut collecting.digits);
        let result = self.collected(&digits);
        self.walk_on(x, Some(result));
    }

    /// Hands the digits to the rule. After a wrong answer the question comes again, and is answered anew.
    fn collected(&mut self, digits: &str) -> StepResult {
        let result = self.walk.collected(digits, &self.plan);
        if result != StepResult::Collected {
            self.forget_keys();
        }
        result
    }

    fn keep_ahead(&mut self, keys: &str) {
        let end = keys.len().min(MOST_AHEAD);
        let kept = keys.get(..end).filter(|kept| !kept.is_empty());
        if let (Some(kept), Some(ahead)) = (kept, self.keys_ahead()) {
            *ahead = Some(kept.into());
        }
    }

    fn keys_ahead(&mut self) -> Option<&mut Ahead> {
        self.caller.digits.as_deref_mut().map(|digits| &mut digits.ahead)
    }
}
