//! The PBX answers itself: prompts, what it says and asks, and echo.

use kiestoon_dialplan::StepResult;
use kiestoon_media::{MediaCommand, local_answer, local_offer};
use kiestoon_sip::Request;
use serde::{Deserialize, Serialize};

use crate::call::{Call, Stage};
use crate::cdr::End;
use crate::collect::Collecting;
use crate::exchange::Exchange;
use crate::leg::{LegMedia, Signal};
use crate::open_offer::OpenOffer;
use crate::reason::EndReason;
use crate::walk::Step;
use crate::wire;

/// A prompt or echo, on its way or heard.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sound {
    pub(crate) kind: Kind,
    pub(crate) phase: Phase,
    /// What is played for it, once something is; the end of anything else is none of it.
    play: Option<u64>,
    /// How the call ends when the prompt is over; None: the dialplan goes on.
    then: Option<End>,
}

/// What the caller hears.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// These prompts, one after the other.
    Prompts(Vec<String>),
    /// A question, and then silence until it is answered.
    Collect(Box<Collecting>),
    /// Their own voice, until they hang up.
    Echo,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Phase {
    /// The caller's ports are being opened.
    Ports,
    /// We made the offer; the answer comes in the ACK.
    Answer,
    /// It is heard.
    Heard,
}

impl Call {
    /// Begins a prompt; one that is not loaded is over at once.
    pub(crate) fn play(&mut self, x: &mut Exchange, prompt: &str, then: Option<End>) -> Step {
        let Some(prompt) = self.prompt(prompt) else { return Step::Over(StepResult::Failed) };
        self.sound(x, Sound { kind: Kind::Prompts(vec![prompt]), phase: Phase::Ports, play: None, then });
        Step::Begun
    }

    /// Says something in several prompts. Where one is not loaded nothing is said: the others might be another number.
    pub(crate) fn say(&mut self, x: &mut Exchange, prompts: &[String]) -> Step {
        let found: Option<Vec<_>> = prompts.iter().map(|prompt| self.prompt(prompt)).collect();
        let Some(prompts) = found.filter(|found| !found.is_empty()) else {
            tracing::warn!(call = %self.id(), "say: a recording is missing; kiestoon check names it");
            return Step::Over(StepResult::Failed);
        };
        self.begin_sound(x, Kind::Prompts(prompts));
        Step::Begun
    }

    /// Begins an echo.
    pub(crate) fn echo(&mut self, x: &mut Exchange) -> Step {
        self.begin_sound(x, Kind::Echo);
        Step::Begun
    }

    /// What is played for a prompt: the recording in the language of the plan, else that of its plain name; None where there is neither.
    pub(crate) fn prompt(&self, name: &str) -> Option<String> {
        self.plan.language().prompt(name, |name| self.snapshot.has_prompt(name))
    }

    pub(crate) fn begin_sound(&mut self, x: &mut Exchange, kind: Kind) {
        self.sound(x, Sound { kind, phase: Phase::Ports, play: None, then: None });
    }

    fn sound(&mut self, x: &mut Exchange, sound: Sound) {
        self.stage = Stage::Sounding(Box::new(sound));
        match self.caller.media {
            LegMedia::Open(_) => self.sound_with_ports(x),
            LegMedia::Opening => {}
            LegMedia::Closed => self.caller.open(x, self.key),
        }
    }

    /// The caller's ports are open: answers, unless the call is answered already, and begins.
    pub(crate) fn sound_with_ports(&mut self, x: &mut Exchange) {
        if !matches!(self.stage, Stage::Sounding(_)) {
            return;
        }
        if let Signal::Inviting { .. } = self.caller.signal
            && let Err(end) = self.answer_locally(x)
        {
            return self.end(x, end);
        }
        if self.offer.is_some() {
            return self.make_sound(x);
        }
        if let Stage::Sounding(sound) = &mut self.stage {
            sound.phase = Phase::Answer;
        }
    }

    /// The answer to our own offer came in the caller's ACK.
    pub(crate) fn sound_answered(&mut self, x: &mut Exchange, ack: &Request) {
        let terms = self.caller.terms(&x.settings);
        let answer = wire::sdp_of(&terms, &ack.headers, &ack.body).filter(|answer| answer.audio().is_some());
        let Some(answer) = answer else {
            return self.end(x, EndReason::MediaFailed.into());
        };
        self.caller.open = OpenOffer::None;
        self.caller.set_remote(x, &answer);
        self.note_caller_codec(&answer);
        self.offer = Some(Box::new(answer));
        self.make_sound(x);
    }

    /// The same, where the offer was made before in a provisional response.
    pub(crate) fn sound_answered_early(&mut self, x: &mut Exchange) {
        if matches!(&self.stage, Stage::Sounding(sound) if sound.phase == Phase::Answer) {
            self.make_sound(x);
        }
    }

    /// The prompt was played to its end. That of one before it may be told late: it was stopped just then.
    pub(crate) fn sound_is_over(&mut self, x: &mut Exchange, play: u64) {
        let Stage::Sounding(sound) = &self.stage else { return };
        if sound.play != Some(play) {
            return;
        }
        if let Kind::Collect(_) = sound.kind {
            return self.wait_for_keys(x.now);
        }
        match sound.then {
            Some(end) => self.end(x, end),
            None => self.walk_on(x, Some(StepResult::Played)),
        }
    }

    fn make_sound(&mut self, x: &mut Exchange) {
        let leg = self.caller.id;
        let Stage::Sounding(sound) = &mut self.stage else { return };
        sound.phase = Phase::Heard;
        // A phone whose early media was heard may still be joined.
        x.media(MediaCommand::Disconnect { leg });
        let number = x.random();
        let mut play = |prompts: Vec<String>| {
            sound.play = Some(number);
            MediaCommand::Play { leg, play: number, prompts, repeat: false }
        };
        let question = match &sound.kind {
            Kind::Collect(collecting) if collecting.is_unanswered() => collecting.prompt.clone(),
            _ => None,
        };
        let is_silent = question.is_none() && matches!(sound.kind, Kind::Collect(_));
        x.media(match (&sound.kind, question) {
            (Kind::Prompts(prompts), _) => play(prompts.clone()),
            (Kind::Echo, _) => MediaCommand::Echo { leg },
            (Kind::Collect(_), Some(question)) => play(vec![question]),
            (Kind::Collect(_), None) => MediaCommand::StopPlay { leg },
        });
        if is_silent {
            self.wait_for_keys(x.now);
        }
        // Who is transferred to the PBX itself has arrived: nobody else is to answer.
        self.search_succeeded(x, None);
    }

    /// Answers the caller ourselves: with an answer to their offer, or with an offer of our own. What is agreed stands in
    /// `offer` from then on, for phones that are rung later.
    fn answer_locally(&mut self, x: &mut Exchange) -> Result<(), End> {
        let LegMedia::Open(media) = &mut self.caller.media else { return Err(EndReason::MediaFailed.into()) };
        let Some(offer) = self.offer.take() else {
            let ours = local_offer(&media.local, &mut media.origin);
            self.answer_caller(x, Some(&ours), None);
            return Ok(());
        };
        let (ours, codec) = local_answer(&offer, &media.local, &mut media.origin).map_err(|error| End {
            reason: EndReason::MediaFailed,
            status: Some(error.status()),
            q850: None,
        })?;
        media.codec = Some(codec.name);
        let agreed = wire::as_theirs(&ours, &media.origin);
        self.caller.set_remote(x, &offer);
        self.note_caller_codec(&ours);
        self.answer_caller(x, Some(&ours), None);
        self.offer = Some(Box::new(agreed));
        Ok(())
    }
}
