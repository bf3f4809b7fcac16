//! What a phone hears that the other side has put on hold: music of ours, while who holds sends none of its own (RFC 5359
//! section 2.3 has the phone fetch it; here the PBX stands in the media path and fills the gap).

use std::borrow::Cow;

use kiestoon_media::{Direction, MediaCommand, Origin, Sdp, with_direction};

use crate::call::{Call, Stage};
use crate::cdr::Side;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::leg::Leg;

impl Call {
    /// Lets the two who talk hear each other, and one whom the other holds hear music.
    pub(crate) fn join_sound(&self, x: &mut Exchange) {
        let Stage::Talking(talk) = &self.stage else { return };
        x.media(MediaCommand::Connect { a: self.caller.id, b: talk.callee.id });
        for side in [Side::Caller, Side::Callee] {
            if self.leg(side).is_some_and(Leg::holds) {
                self.begin_or_end_music(x, side);
            }
        }
    }

    /// Says that a side holds or resumes, if it does, and begins or ends the music of the other.
    pub(crate) fn note_held(&self, x: &mut Exchange, by: Side, changed: bool) {
        if changed {
            let held = self.leg(by).is_some_and(Leg::holds);
            x.event(Event::CallHeld { call: self.id(), by, held });
            self.begin_or_end_music(x, by);
        }
    }

    fn begin_or_end_music(&self, x: &mut Exchange, by: Side) {
        let (Stage::Talking(_), Some(name)) = (&self.stage, self.hold_music(x)) else { return };
        let (Some(holder), Some(other)) = (self.leg(by), self.leg(by.other())) else { return };
        let prompt = holder.holds().then_some(name);
        x.media(MediaCommand::HoldMusic { leg: other.id, prompt });
    }

    /// Plays music to a caller whose other side has just left, until something else is heard.
    pub(crate) fn play_hold_music(&self, x: &mut Exchange) {
        if let Some(prompt) = self.hold_music(x) {
            let (leg, play) = (self.caller.id, x.random());
            x.media(MediaCommand::Play { leg, play, prompts: vec![prompt], repeat: true });
        }
    }

    /// An offer as the other side is told of it: one who is held without any sound may still hear our music.
    pub(crate) fn with_room_for_music<'a>(&self, x: &Exchange, offer: &'a Sdp) -> Cow<'a, Sdp> {
        let direction = offer.audio().map(|audio| audio.direction);
        if direction != Some(Direction::Inactive) || self.hold_music(x).is_none() {
            return Cow::Borrowed(offer);
        }
        Cow::Owned(with_direction(offer, Direction::SendOnly, &mut Origin::new(0)))
    }

    fn hold_music(&self, x: &Exchange) -> Option<String> {
        let name = x.settings.hold_music.as_deref()?;
        self.snapshot.has_prompt(name).then(|| name.to_owned())
    }
}
