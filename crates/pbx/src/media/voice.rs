//! What a leg needs once we hear it or speak to it ourselves: the ear, the mouth, and the digits in between. A leg whose
//! packets are only relayed has none of this.

mod alone;
mod transcoded;

use std::time::Instant;

use kiestoon_media::dtmf::{Detector, Digit, EventReceiver, Pressed};
use kiestoon_media::rtp::{Format, Header};
use kiestoon_media::tone::{FaxEar, FaxTone};
use kiestoon_media::transcode::{Heard, Listener, Speaker, Way, way};

use super::leg::{Activity, Leg, Legs, Playing};
use super::music::{Music, leg_has_music};
use super::relay::Counters;

/// Our own part in a leg's sound.
#[derive(Debug, Default)]
pub(super) struct Voice {
    listener: Option<Listener>,
    speaker: Option<Speaker>,
    events: Option<EventReceiver>,
    /// For a phone that talks to us and sends digits in no other way.
    ear: Option<Box<alone::Ear>>,
    /// The same for one whose sound is decoded for another.
    detector: Option<Detector>,
    /// Listens for a fax machine while the leg is young.
    fax_ear: Option<FaxEar>,
    /// What is heard on hold.
    pub(super) music: Option<Music>,
}

/// What becomes of the packets of one payload type, decided once for all of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route {
    pub(super) payload_type: u8,
    way: Way,
    /// The clock of telephone events.
    events: Option<u32>,
}

/// What a packet or a tick brought, beside sound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Noted {
    /// A key was pressed and let go.
    pub(super) pressed: Option<(Pressed, Source)>,
    /// The other phone was sent it as an event.
    pub(super) passed: bool,
    /// The leg wants its tick.
    pub(super) ticks: bool,
    /// A fax machine is heard.
    pub(super) fax: Option<FaxTone>,
}

/// How a digit came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Event,
    Inband,
}

/// What a tick of a leg came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tick {
    /// It wants the next one.
    Goes,
    /// Nothing is left to do.
    Idle,
    /// The prompts of this play are over.
    Played(u64),
}

impl Voice {
    pub(super) fn is_saying(&self) -> bool {
        self.speaker.as_ref().is_some_and(Speaker::is_saying)
    }

    pub(super) fn has_music(&self, now: Instant) -> bool {
        self.music.as_ref().is_some_and(|music| music.is_due(now))
    }

    /// What of it listens for keys, if anything does.
    pub(super) fn deafened(self) -> Option<Box<Self>> {
        let Self { events, ear, .. } = self;
        (events.is_some() || ear.is_some()).then(|| Box::new(Self { events, ear, ..Self::default() }))
    }

    /// Whether nothing of it is in use.
    pub(super) fn is_idle(&self) -> bool {
        let is_deaf = self.listener.is_none() && self.events.is_none() && self.ear.is_none();
        is_deaf && self.music.is_none() && !self.is_saying()
    }

    pub(super) fn is_fed(&self) -> bool {
        self.listener.is_some()
    }

    /// Whether the packet that this tick plays has been taken.
    pub(super) fn has_next(&self) -> bool {
        self.listener.as_ref().is_some_and(Listener::has_next)
    }
}

impl Legs {
    /// A packet of a leg that is bridged to `peer`. True where it is to be relayed, as `header` and `packet` then are.
    pub(super) fn bridged(
        &mut self,
        index: usize,
        peer: usize,
        now: Instant,
        header: &mut Header,
        packet: &mut [u8],
    ) -> (bool, Noted) {
        let Some(leg) = self.leg(index) else { return (false, Noted::default()) };
        let route = match leg.route {
            Some(route) if route.payload_type == header.payload_type => route,
            _ => self.decide(index, Some(peer), header),
        };
        let mut noted = Noted::default();
        let Some(leg) = self.leg_mut(index) else { return (false, noted) };
        if let Some(clock_rate) = route.events {
            noted.pressed = leg.event(now, clock_rate, header, packet);
        }
        let relayed = match route.way {
            Way::AsIs => {
                noted.passed = noted.pressed.is_some();
                true
            }
            Way::Renumbered(number) => {
                noted.passed = noted.pressed.is_some();
                header.payload_type = number;
                if let Some(field) = packet.get_mut(1) {
                    *field = (*field & 0x80) | (number & 0x7f);
                }
                true
            }
            Way::Transcoded => {
                self.sounds(index, peer, now);
                noted.ticks = self.listen(index, peer, now, header, packet);
                return (false, noted);
            }
            Way::Noise => {
                if let Some(listener) = leg.voice.as_mut().and_then(|voice| voice.listener.as_mut()) {
                    listener.insert_noise(now, header, header.payload(packet));
                }
                false
            }
            Way::Event => {
                if let Some(listener) = leg.voice.as_mut().and_then(|voice| voice.listener.as_mut()) {
                    listener.insert_event(now, header);
                }
                if let Some((pressed, _)) = noted.pressed {
                    noted.passed = self.say_as_event(peer, pressed);
                    noted.ticks = noted.passed;
                }
                false
            }
            Way::Nowhere => false,
        };
        // While a digit is said to the other phone, its sound would only blur it.
        let blurs = relayed && route.events.is_none() && self.sounds(index, peer, now);
        (relayed && !blurs, noted)
    }

    /// Sound comes for a leg from another. True where it hears something else: a digit that is being said to it, or music, since a browser that
    /// holds goes on sending silence.
    fn sounds(&mut self, from: usize, index: usize, now: Instant) -> bool {
        let is_browser = self.leg(from).is_some_and(|leg| leg.media.is_browser());
        let Some(voice) = self.leg_mut(index).and_then(|leg| leg.voice.as_deref_mut()) else { return false };
        match &mut voice.music {
            Some(_) if is_browser => return true,
            Some(music) => music.other_heard(now),
            None => {}
        }
        voice.is_saying()
    }

    fn decide(&mut self, index: usize, peer: Option<usize>, header: &Header) -> Route {
        let payload_type = header.payload_type;
        let mut route = Route { payload_type, way: Way::AsIs, events: None };
        let Some(leg) = self.leg(index) else { return route };
        let from = leg.media.formats();
        let format = Format::find(from, payload_type);
        route.events =
            format.as_ref().filter(|format| format.is_telephone_event()).map(|format| format.clock_rate);
        if let Some(peer) = peer.and_then(|peer| self.leg(peer)) {
            let to = peer.media.formats();
            let encoding = format.as_ref().and_then(Format::encoding);
            let lasts = encoding.and_then(|encoding| encoding.lasts_ms(header.payload_bytes()));
            let fits = match (lasts, peer.media.longest_packet()) {
                (Some(lasts), Some(most)) => lasts <= most,
                _ => true,
            };
            route.way = way(payload_type, from, to, &self.speaks, fits);
        }
        if let Some(leg) = self.leg_mut(index) {
            leg.route = Some(route);
            let relays = matches!(route.way, Way::AsIs | Way::Renumbered(_)) && route.events.is_none();
            if let Some(voice) = leg.voice.as_mut().filter(|_| relays) {
                voice.listener = None;
            }
        }
        route
    }

    /// Says a digit to a leg that takes telephone events; false where it takes none.
    fn say_as_event(&mut self, index: usize, pressed: Pressed) -> bool {
        let wanted = self.leg(index).and_then(|leg| leg.media.wanted(&self.speaks));
        wanted.is_some_and(|wanted| wanted.events.is_some())
            && self.say(index, pressed.digit, pressed.duration_ms)
    }

    /// Says a digit to a leg as it wants it; true where that takes ticks.
    pub(super) fn say(&mut self, index: usize, digit: Digit, duration_ms: u32) -> bool {
        let Some(leg) = self.leg(index).filter(|leg| leg.media.wanted(&self.speaks).is_some()) else {
            return false;
        };
        if leg.voice.as_ref().is_none_or(|voice| voice.speaker.is_none()) {
            self.begin_to_speak(index, QUIET_RATE);
        }
        let voice = self.leg_mut(index).and_then(|leg| leg.voice.as_mut());
        if let Some(speaker) = voice.and_then(|voice| voice.speaker.as_mut()) {
            speaker.say(digit, duration_ms);
        }
        true
    }

    /// Gives a leg a mouth for sound of this rate. What it says goes on in the leg's own stream.
    fn begin_to_speak(&mut self, index: usize, rate: u32) {
        let (ssrc, sequence) = self.stream();
        let wanted = self.leg(index).and_then(|leg| leg.media.wanted(&self.speaks));
        let Some(leg) = self.leg_mut(index) else { return };
        leg.keep_stream();
        let mut speaker = wanted.and_then(|wanted| Speaker::new(&wanted, rate, ssrc, sequence));
        if let Some(speaker) = &mut speaker
            && let Some(said) = leg.said.take()
        {
            speaker.go_on(&said, Instant::now());
        }
        leg.voice.get_or_insert_default().speaker = speaker;
    }

    /// 20 ms of whatever we do for a leg.
    pub(super) fn tick(&mut self, index: usize, now: Instant, counters: &mut Counters) -> (Tick, Noted) {
        let mut noted = Noted::default();
        let Some(leg) = self.leg_mut(index) else { return (Tick::Idle, noted) };
        if let Activity::Playing(_) = leg.activity {
            let Activity::Playing(mut playing) = std::mem::replace(&mut leg.activity, Activity::Idle) else {
                return (Tick::Idle, noted);
            };
            let tick = self.play(index, &mut playing, counters);
            if let Some(leg) = self.leg_mut(index) {
                leg.activity = Activity::Playing(playing);
            }
            return (tick, noted);
        }
        let listens = leg.voice.as_ref().is_some_and(|voice| voice.is_fed());
        let says = leg.voice.as_ref().is_some_and(|voice| voice.is_saying());
        let peer = match leg.activity {
            Activity::Bridged(peer) => Some(peer),
            _ => None,
        };
        let fed = peer.and_then(|peer| self.leg(peer)?.voice.as_ref()).is_some_and(|voice| voice.is_fed());
        let sings = leg_has_music(self.leg(index), now);
        if sings {
            self.sing(index, counters);
        } else if says && !fed {
            self.silence(index, counters);
        }
        if let (true, Some(peer)) = (listens, peer) {
            noted = self.transcode(index, peer, now, counters);
        }
        let goes = self
            .leg(index)
            .and_then(|leg| leg.voice.as_deref())
            .is_some_and(|voice| voice.is_fed() || voice.is_saying() || voice.music.is_some());
        (if goes { Tick::Goes } else { Tick::Idle }, noted)
    }

    fn play(&mut self, index: usize, playing: &mut Playing, counters: &mut Counters) -> Tick {
        let Playing { player, play } = playing;
        let mut frame = std::mem::take(&mut self.scratch);
        let more = player.next(&mut frame);
        let spoken = more && self.speak(index, &frame, player.sample_rate(), Heard::Speech, counters);
        self.scratch = frame;
        let receives = self.leg(index).is_some_and(|leg| leg.media.destination().is_some());
        if more && (spoken || !receives) { Tick::Goes } else { Tick::Played(*play) }
    }

    fn silence(&mut self, index: usize, counters: &mut Counters) {
        let mut frame = std::mem::take(&mut self.scratch);
        let rate =
            self.leg(index).and_then(|leg| leg.voice.as_ref()?.speaker.as_ref()).map(Speaker::sample_rate);
        let rate = rate.unwrap_or(QUIET_RATE);
        frame.clear();
        frame.resize(usize::try_from(rate / 50).unwrap_or_default(), 0);
        self.speak(index, &frame, rate, Heard::Speech, counters);
        self.scratch = frame;
    }

    /// Takes over what the leg's phone said anew.
    pub(super) fn described(&mut self, index: usize) {
        let wanted = self.leg(index).and_then(|leg| leg.media.wanted(&self.speaks));
        let Some(leg) = self.leg_mut(index) else { return };
        leg.route = None;
        if let Some(voice) = &mut leg.voice {
            voice.listener = None;
            let fits = |speaker: &Speaker| wanted.as_ref().is_some_and(|wanted| speaker.is_for(wanted));
            let is_other = !voice.speaker.as_ref().is_some_and(fits);
            if is_other {
                leg.keep_stream();
            }
        }
        if let Activity::Bridged(peer) = leg.activity
            && let Some(peer) = self.leg_mut(peer)
        {
            peer.route = None;
            if let Some(voice) = &mut peer.voice {
                voice.listener = None;
            }
        }
    }

    /// A press whose end was lost.
    pub(super) fn expired(&mut self, index: usize, now: Instant) -> Noted {
        let expired = |leg: &mut Leg| leg.voice.as_mut()?.events.as_mut()?.expire(now);
        let Some(leg) = self.leg_mut(index) else { return Noted::default() };
        let pressed = expired(leg).map(|pressed| (pressed, Source::Event));
        let relays = leg.route.is_some_and(|route| matches!(route.way, Way::AsIs | Way::Renumbered(_)));
        let is_relayed = relays && matches!(leg.activity, Activity::Bridged(_));
        Noted { pressed, passed: is_relayed && pressed.is_some(), ..Noted::default() }
    }
}

/// The rate of what is said to a leg that hears nothing else of us.
const QUIET_RATE: u32 = 8000;

impl Leg {
    /// Takes the leg's mouth away, and keeps how far its stream has come.
    pub(super) fn keep_stream(&mut self) {
        if let Some(speaker) = self.voice.as_mut().and_then(|voice| voice.speaker.take()) {
            self.said = Some(Box::new(speaker.stream(Instant::now())));
        }
    }

    fn event(
        &mut self,
        now: Instant,
        clock_rate: u32,
        header: &Header,
        packet: &[u8],
    ) -> Option<(Pressed, Source)> {
        let voice = self.voice.get_or_insert_default();
        let events = voice.events.get_or_insert_with(|| EventReceiver::new(clock_rate));
        events.packet(now, header, header.payload(packet)).map(|pressed| (pressed, Source::Event))
    }
}
