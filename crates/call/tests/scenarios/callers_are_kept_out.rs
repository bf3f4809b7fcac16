//! Who calls in over a trunk may be kept out: by number, by prefix, for having none, by a list, for a number that is forged.

use kiestoon_call::{AnonymousCallers, BlockAction, BlockCondition, Event, StirPolicy, Trunk};
use kiestoon_dialplan::Country;
use kiestoon_sip::network::Network;
use kiestoon_sip::{HeaderName, Method, NameAddr, Request, Uri};
use kiestoon_testkit::stir::Authority;
use kiestoon_testkit::{PhoneId, Story, carrier, phone, secs};

const IN: &str = r#"
    [[context.inkomend]]
    match = "+31201234567"
    do = [{ choose = "${from_name}", cases = { "Moeder" = [{ dial = "ext:204" }] }, else = [{ dial = "ext:202" }] }]
    [[context.spam]]
    match = "+31201234567"
    do = [{ dial = "ext:203" }]
"#;

fn voys(trunk: &mut Trunk) {
    // The first phone of a story stands there.
    trunk.addresses = vec![Network { address: [10, 0, 0, 20].into(), prefix: 32 }];
}

fn prefix(prefix: &str) -> BlockCondition {
    BlockCondition::Prefix(prefix.into())
}

struct Office {
    t: Story,
    far: PhoneId,
    phones: [PhoneId; 3],
}

impl Office {
    fn new(story: Story) -> Self {
        Self::with(story, voys)
    }

    fn with(story: Story, change: impl FnOnce(&mut Trunk)) -> Self {
        let mut t = story.rules(IN).trunk("voys", change);
        let far = t.add_carrier(carrier("voys"));
        let phones = ["202", "203", "204"].map(|number| t.add(phone(number)));
        t.register_all();
        Self { t, far, phones }
    }

    fn calls(&mut self, number: &str) {
        self.t.call_with(self.far, "+31201234567", |invite| from(invite, number));
        self.t.run(secs(3));
    }

    /// It is refused, nobody is rung, and the record and an event say why.
    fn refuses(mut self, number: &str, status: u16, disposition: &str, action: &str) {
        self.calls(number);
        self.t.expect(self.far).got(status, &Method::Invite);
        for phone in self.phones {
            self.t.expect(phone).never_called();
        }
        self.t.settle();
        let record = self.t.expect_cdr().disposition(disposition).reason("blocked").status(status).record();
        assert_eq!(&*record.dialled, "+31201234567");
        assert_eq!(self.told(), [action]);
        self.t.expect_nothing_left();
    }

    /// It rings a phone, and is hung up again.
    fn rings(mut self, number: &str, phone: usize) -> Self {
        self.calls(number);
        self.t.expect(self.far).talks_both_ways_with(self.phones[phone]);
        self.t.hang_up(self.far);
        self.t.settle();
        self
    }

    /// What was done to calls by rules.
    fn told(&self) -> Vec<&'static str> {
        let events = self.t.the_pbx().events.iter();
        events
            .filter_map(
                |event| if let Event::CallBlocked { action, .. } = event { Some(*action) } else { None },
            )
            .collect()
    }
}

fn from(invite: &mut Request, number: &str) {
    let tag = invite.from.tag().unwrap_or_default().to_owned();
    let uri = Uri::parse(&format!("sip:{number}@voys.example")).expect("a URI");
    invite.from = NameAddr::new(uri).with_tag(&tag);
}

#[test]
fn a_blocked_number_is_declined() {
    let story = || Story::office(1).block(BlockCondition::Number("+31612345678".into()), BlockAction::Reject);
    Office::new(story()).refuses("0612345678", 603, "failed", "reject");
    let others = Office::new(story()).rings("+31612345679", 0);
    assert!(others.told().is_empty());
}

#[test]
fn a_blocked_prefix_is_busy_but_for_who_is_let_through() {
    let story = || {
        let story = Story::office(2).block(prefix("+44"), BlockAction::Busy);
        story.block(prefix("+442071"), BlockAction::Allow)
    };
    Office::new(story()).refuses("0044123456789", 486, "busy", "busy");
    let allowed = Office::new(story()).rings("+442071234567", 0);
    assert!(allowed.told().is_empty());
}

#[test]
fn a_number_of_the_list_is_declined() {
    let story = Story::office(3).listed("+31612345678");
    Office::new(story).refuses("+31612345678", 603, "failed", "reject");
}

#[test]
fn who_withholds_the_number_is_declined() {
    let story = Story::office(4).block(BlockCondition::Anonymous, BlockAction::Reject);
    Office::new(story).refuses("anonymous", 603, "failed", "reject");
}

#[test]
fn a_word_where_the_number_would_be_is_no_number() {
    for word in ["restricted", "Unavailable", "unknown", "private", "ANONYMOUS", "withheld"] {
        let story = Story::office(14).block(BlockCondition::Anonymous, BlockAction::Reject);
        Office::new(story).refuses(word, 603, "failed", "reject");
    }
    let story = Story::office(15).block(BlockCondition::Anonymous, BlockAction::Reject);
    let others = Office::new(story).rings("unknownsoldier", 0);
    assert!(others.told().is_empty());
}

/// What a trunk sends of a caller who wants to be unknown (RFC 3325 section 9.3).
fn withheld(office: &mut Office, number: &str) {
    office.t.call_with(office.far, "+31201234567", |invite| {
        from(invite, "anonymous");
        invite.headers.push(HeaderName::PAssertedIdentity, format!("<sip:{number}@voys.example>"));
        invite.headers.push(HeaderName::Privacy, "id");
    });
    office.t.run(secs(3));
}

#[test]
fn who_withholds_a_blocked_number_is_declined_and_stays_unknown() {
    let number = |number: &str| BlockCondition::Number(number.into());
    for (seed, story) in [
        (16, Story::office(16).block(number("+31612345678"), BlockAction::Reject)),
        (17, Story::office(17).block(prefix("+316"), BlockAction::Reject)),
        (18, Story::office(18).listed("+31612345678")),
    ] {
        let mut office = Office::new(story);
        withheld(&mut office, "+31612345678");
        office.t.expect(office.far).got(603, &Method::Invite);
        office.t.settle();
        let record = office.t.expect_cdr().disposition("failed").reason("blocked").status(603).record();
        assert_eq!((&*record.from_number, &*record.from_name), ("", ""), "{seed}");
        let told = office.t.the_pbx().events.iter().find_map(|event| match event {
            Event::CallBlocked { from, rule, .. } => Some((from.to_string(), rule.to_string())),
            _ => None,
        });
        let (from, rule) = told.expect("an event");
        assert!(from.is_empty() && !rule.contains("+31"), "{seed}: {rule}");
        office.t.expect_nothing_left();
    }
}

#[test]
fn who_withholds_a_number_is_under_the_rule_for_that_too() {
    // A number that is let through is more exact; a prefix is less.
    let allowed = BlockCondition::Number("+31612345678".into());
    let story = |seed| Story::office(seed).block(BlockCondition::Anonymous, BlockAction::Reject);
    let mut office = Office::new(story(19).block(prefix("+31"), BlockAction::Allow));
    withheld(&mut office, "+31612345678");
    office.t.expect(office.far).got(603, &Method::Invite);
    office.t.settle();
    office.t.expect_cdr().reason("blocked");

    let mut office = Office::new(story(20).block(allowed, BlockAction::Allow));
    withheld(&mut office, "+31612345678");
    office.t.expect(office.far).talks_both_ways_with(office.phones[0]);
    let invite = office.t.phone(office.phones[0]).requests().find(|request| request.method == Method::Invite);
    let invite = String::from_utf8_lossy(&invite.expect("an INVITE").to_bytes()).into_owned();
    assert!(!invite.contains("31612345678"), "{invite}");
    office.t.hang_up(office.far);
    office.t.settle();
    assert_eq!(&*office.t.expect_cdr().answered().record().from_number, "");
    office.t.expect_nothing_left();
}

#[test]
fn the_policy_of_the_trunk_is_asked_first() {
    let story = Story::office(5).block(BlockCondition::Anonymous, BlockAction::Busy);
    let mut office = Office::with(story, |trunk| {
        voys(trunk);
        trunk.anonymous = AnonymousCallers::Reject;
    });
    office.calls("anonymous");
    office.t.expect(office.far).got(433, &Method::Invite);
    office.t.settle();
    office.t.expect_cdr().reason("forbidden");
    assert!(office.told().is_empty());
}

#[test]
fn it_may_ring_for_nobody_until_the_caller_gives_up() {
    let mut office = Office::new(Story::office(6).block(prefix("+31"), BlockAction::Silence));
    office.calls("+31612345678");
    office.t.expect(office.far).got(180, &Method::Invite).never_got(486, &Method::Invite);
    office.t.run(secs(20));
    office.t.cancel(office.far);
    office.t.settle();
    office.t.expect(office.far).got(487, &Method::Invite);
    for phone in office.phones {
        office.t.expect(phone).never_called();
    }
    office.t.expect_cdr().disposition("failed").reason("blocked").status(487);
    assert_eq!(office.told(), ["silence"]);
    office.t.expect_nothing_left();
}

#[test]
fn it_rings_for_nobody_for_less_than_a_minute() {
    let mut office = Office::new(Story::office(7).block(prefix("+31"), BlockAction::Silence));
    office.calls("+31612345678");
    office.t.run(secs(60));
    office.t.expect(office.far).got(480, &Method::Invite);
    office.t.settle();
    office.t.expect_cdr().disposition("failed").reason("blocked").status(480);
    office.t.expect_nothing_left();
}

#[test]
fn it_may_enter_a_context_of_its_own() {
    let story = Story::office(8).block(prefix("+31"), BlockAction::Context("spam".into()));
    let office = Office::new(story).rings("+31612345678", 1);
    assert_eq!(office.told(), ["context"]);
    let record = office.t.expect_cdr().answered().reached("203").record();
    assert_eq!(&*record.context, "spam");
    office.t.expect_nothing_left();
}

#[test]
fn who_helps_is_never_kept_out() {
    let story = Story::office(9).block(BlockCondition::Number("112".into()), BlockAction::Reject);
    let office = Office::new(story).rings("112", 0);
    assert!(office.told().is_empty());
}

const URL: &str = "https://cert.example.com/sti.pem";

/// A caller whose number is signed by nobody whom we believe: it is that of somebody else, who is a contact.
fn forged(story: Story) -> Office {
    let (authority, other) = (Authority::new(), Authority::new());
    let signer = other.issues(2030);
    let mut office = Office::with(story.contact("+31612345678", "Moeder"), |trunk| {
        voys(trunk);
        (trunk.stir.policy, trunk.stir.anchors) = (StirPolicy::Verify, authority.anchors());
    });
    office.t.publish(URL, Some(&signer.certificate));
    let identity = signer.signs("31699999999", "31201234567", office.t.unix_secs(), URL);
    office.t.call_with(office.far, "+31201234567", |invite| {
        from(invite, "+31612345678");
        invite.headers.push(HeaderName::Identity, identity.clone());
    });
    office.t.run(secs(3));
    office
}

#[test]
fn a_forged_number_is_not_shown_as_a_contact() {
    let mut office = forged(Story::office(10));
    office.t.expect(office.far).talks_both_ways_with(office.phones[0]);
    let invite = office.t.phone(office.phones[0]).requests().find(|request| request.method == Method::Invite);
    assert_eq!(invite.expect("an INVITE").from.display.as_deref().unwrap_or_default(), "");
    office.t.hang_up(office.far);
    office.t.settle();
    assert_eq!(&*office.t.expect_cdr().answered().reached("202").record().from_name, "");
    office.t.expect_nothing_left();
}

#[test]
fn a_forged_number_is_declined_or_enters_a_context() {
    let mut office = forged(Story::office(11).block(BlockCondition::StirFailed, BlockAction::Reject));
    office.t.expect(office.far).got(603, &Method::Invite);
    office.t.settle();
    office.t.expect_cdr().disposition("failed").reason("blocked").status(603);
    assert_eq!(office.told(), ["reject"]);
    office.t.expect_nothing_left();

    let spam = BlockAction::Context("spam".into());
    let mut office = forged(Story::office(12).block(BlockCondition::StirFailed, spam));
    office.t.expect(office.far).talks_both_ways_with(office.phones[1]);
    office.t.hang_up(office.far);
    office.t.settle();
    assert_eq!(&*office.t.expect_cdr().answered().reached("203").record().context, "spam");
    assert_eq!(office.told(), ["context"]);
    office.t.expect_nothing_left();

    let mut office = forged(Story::office(13).block(BlockCondition::StirFailed, BlockAction::Silence));
    office.t.expect(office.far).got(180, &Method::Invite);
    office.t.cancel(office.far);
    office.t.settle();
    office.t.expect_cdr().reason("blocked");
    office.t.expect_nothing_left();
}

#[test]
fn nobody_is_let_through_for_a_number_that_is_forged() {
    let number = || BlockCondition::Number("+31612345678".into());
    let story = |seed| Story::office(seed).block(prefix("+31"), BlockAction::Reject);
    for story in [
        story(21).block(number(), BlockAction::Allow),
        story(22).block(prefix("+3161"), BlockAction::Allow),
        Story::office(23).listed("+31612345678").block(number(), BlockAction::Allow),
    ] {
        let mut office = forged(story);
        office.t.expect(office.far).got(603, &Method::Invite);
        office.t.settle();
        office.t.expect_cdr().disposition("failed").reason("blocked").status(603);
        assert_eq!(office.told(), ["reject"]);
        office.t.expect_nothing_left();
    }

    // What is said of failed signatures comes first: here that nothing is made of them.
    let said = story(24).block(number(), BlockAction::Allow);
    let mut office = forged(said.block(BlockCondition::StirFailed, BlockAction::Allow));
    office.t.expect(office.far).talks_both_ways_with(office.phones[0]);
    office.t.hang_up(office.far);
    office.t.settle();
    assert!(office.told().is_empty());
    office.t.expect_nothing_left();
}

#[test]
fn a_rule_that_a_call_is_under_is_told_once_though_its_number_is_forged() {
    let mut office = forged(Story::office(25).block(prefix("+31"), BlockAction::Context("spam".into())));
    office.t.expect(office.far).talks_both_ways_with(office.phones[1]);
    office.t.hang_up(office.far);
    office.t.settle();
    assert_eq!(office.told(), ["context"]);
    office.t.expect_nothing_left();
}

#[test]
fn a_caller_without_the_plus_is_who_it_is_with_it() {
    let blocked = || {
        let story = Story::office(31).block(prefix("+44"), BlockAction::Reject);
        story.block(BlockCondition::Number("+31205550000".into()), BlockAction::Reject).listed("+4930123456")
    };
    for number in ["442079460000", "31205550000", "+310205550000", "310205550000", "4930123456"] {
        Office::new(blocked()).refuses(number, 603, "failed", "reject");
    }
    for number in ["31205550001", "201", "3120", "0442079460"] {
        assert!(Office::new(blocked()).rings(number, 0).told().is_empty(), "{number}");
    }
    // A number of Luxembourg has as many digits as it likes.
    let lu = |trunk: &mut Trunk| {
        voys(trunk);
        trunk.country = Country::find("lu").expect("a country");
    };
    let story = Story::office(33).block(prefix("+49"), BlockAction::Reject);
    assert!(Office::with(story, lu).rings("4930123456", 0).told().is_empty());
    let known = || Story::office(32).contact("+31612345678", "Moeder");
    for number in ["31612345678", "+310612345678"] {
        Office::new(known()).rings(number, 2);
    }
}

#[test]
fn the_own_code_without_its_plus_is_known_where_numbers_have_any_length() {
    for (seed, country, told, other, number) in [
        (34, "lu", "35226123456", "35226123457", "+35226123456"),
        (35, "it", "39061234567", "39061234568", "+39061234567"),
    ] {
        let over = |story| {
            Office::with(story, |trunk| {
                voys(trunk);
                trunk.country = Country::find(country).expect("a country");
            })
        };
        let blocked = |condition| Story::office(seed).block(condition, BlockAction::Reject);
        let exactly = || blocked(BlockCondition::Number(number.into()));
        over(exactly()).refuses(told, 603, "failed", "reject");
        over(blocked(prefix(&number[..7]))).refuses(told, 603, "failed", "reject");
        assert!(over(exactly()).rings(other, 0).told().is_empty(), "{other}");
        over(Story::office(seed).contact(number, "Moeder")).rings(told, 2);
    }
}
