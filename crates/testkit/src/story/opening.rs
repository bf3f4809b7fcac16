//! How most stories begin, and how they end: phones that talk, and a call after which nothing is left.

use super::{PhoneId, Story};
use crate::clock::secs;
use crate::phone::Profile;

impl Story {
    /// These phones are registered; the first has called the second, and they talk.
    #[must_use]
    pub fn talking<const N: usize>(mut self, profiles: [Profile; N]) -> (Self, [PhoneId; N]) {
        let phones = profiles.map(|profile| self.add(profile));
        let [first, second, ..] = phones[..] else { panic!("a call takes two") };
        self.register_all();
        let number = self.number(second);
        self.call(first, &number);
        self.run(secs(3));
        self.expect(first).talking_with(&number);
        (self, phones)
    }

    /// They talk as in [`Story::talking`]; then the second has put the first on hold and called the third, and talks to it.
    #[must_use]
    pub fn consulting(self, profiles: [Profile; 3]) -> (Self, [PhoneId; 3]) {
        let (mut story, phones) = self.talking(profiles);
        let [_, second, third] = phones;
        story.hold(second);
        story.run(secs(1));
        let number = story.number(third);
        story.call(second, &number);
        story.run(secs(3));
        story.expect(second).talking_with(&number).talks_both_ways_with(third);
        (story, phones)
    }

    /// A phone hangs up; once every timer has ended, nothing is left.
    pub fn close(&mut self, phone: PhoneId) {
        self.hang_up(phone);
        self.settle();
        self.expect_nothing_left();
    }

    fn number(&self, phone: PhoneId) -> String {
        self.phone(phone).profile.number.clone()
    }
}
