use super::*;

fn callers() -> Callers {
    let rule = |condition, trunk: Option<&str>, action| BlockRule {
        condition,
        trunk: trunk.map(Into::into),
        action,
    };
    let prefix = |prefix: &str| BlockCondition::Prefix(prefix.into());
    let number = |number: &str| BlockCondition::Number(number.into());
    Callers {
        country: Country::find("nl"),
        contacts: Contacts::new([
            ("+31201234567", "Bakkerij Jansen"),
            ("+3212345678", "Anna"),
            ("geen", "x"),
        ]),
        rules: BlockRules::new([
            rule(prefix("+44"), None, BlockAction::Reject),
            rule(prefix("+4420"), None, BlockAction::Allow),
            rule(prefix("+44207"), None, BlockAction::Busy),
            rule(number("+442071234567"), None, BlockAction::Allow),
            rule(prefix("+44"), Some("backup"), BlockAction::Silence),
            rule(prefix("+31"), None, BlockAction::Reject),
            rule(number("112"), None, BlockAction::Reject),
            rule(number("+31205550002"), None, BlockAction::Allow),
            rule(BlockCondition::Anonymous, Some("voys"), BlockAction::Busy),
        ]),
        listed: Arc::new(Numbers::new(["+31205550001", "+31205550002", "+442079999999", "x"])),
    }
}

fn action(trunk: &str, number: &str) -> Option<BlockAction> {
    let trunk = Trunk::new("1".into(), trunk.into(), Country::find("nl").expect("a country"));
    callers().rule(&trunk, &caller(number)).map(|rule| rule.action)
}

/// Who shows the number, or nothing.
fn caller(number: &str) -> Judged {
    Judged { number: number.into(), otherwise: None, is_withheld: number.is_empty() }
}

#[test]
fn the_most_exact_rule_counts() {
    assert_eq!(action("voys", "+44123456789"), Some(BlockAction::Reject));
    assert_eq!(action("voys", "+44201234567"), None, "a longer prefix lets in");
    assert_eq!(action("voys", "+44207123456"), Some(BlockAction::Busy), "a longer one still does not");
    assert_eq!(action("voys", "+442071234567"), None, "the number itself does");
    assert_eq!(action("voys", "+49301234567"), None);
    assert_eq!(
        action("backup", "+44123456789"),
        Some(BlockAction::Silence),
        "what is said of a trunk is first"
    );
}

#[test]
fn a_number_of_the_file_is_more_exact_than_a_prefix_and_less_than_a_rule_for_it() {
    let trunk = Trunk::new("1".into(), "voys".into(), Country::find("nl").expect("a country"));
    let rule = callers().rule(&trunk, &caller("+442079999999")).expect("a rule");
    assert_eq!(rule.condition, BlockCondition::Listed("+442079999999".into()));
    assert_eq!(action("voys", "+31205550002"), None);
}

#[test]
fn who_withholds_the_number_has_a_rule_of_its_own() {
    assert_eq!(action("voys", ""), Some(BlockAction::Busy));
    assert_eq!(action("backup", ""), None);
}

#[test]
fn who_withholds_a_number_that_we_know_is_under_the_rules_for_it() {
    let action = |trunk: &str, number: &str| {
        let trunk = Trunk::new("1".into(), trunk.into(), Country::find("nl").expect("a country"));
        callers().rule(&trunk, &Judged { is_withheld: true, ..caller(number) }).map(|rule| rule.action)
    };
    assert_eq!(action("backup", "+442079999999"), Some(BlockAction::Reject), "it is in the file");
    assert_eq!(action("backup", "+44123456789"), Some(BlockAction::Silence));
    assert_eq!(action("voys", "+442071234567"), None, "it is let in by the whole number");
    assert_eq!(action("voys", "+44201234567"), Some(BlockAction::Busy), "a beginning lets nobody in");
    assert_eq!(action("voys", "+49301234567"), Some(BlockAction::Busy));
    assert_eq!(action("backup", "+49301234567"), None);
}

#[test]
fn who_helps_is_always_heard() {
    assert_eq!(action("voys", "112"), None);
    assert_eq!(action("voys", "+31112"), None);
    assert_eq!(action("voys", "+311123"), Some(BlockAction::Reject));
}

#[test]
fn a_contact_is_named_in_any_form_of_its_number() {
    let callers = callers();
    for number in ["+31201234567", "0201234567", "0031201234567", "020-1234567"] {
        assert_eq!(callers.name(number), Some("Bakkerij Jansen"), "{number}");
    }
    assert_eq!(callers.name("+3212345678"), Some("Anna"));
    for number in
        ["+3120123456", "31201234567", "", "+", "+0", "geen", "++31201234567", "+99999999999999999999"]
    {
        assert_eq!(callers.name(number), None, "{number}");
    }
}

#[test]
fn a_stranger_has_no_contacts_name() {
    let callers = callers();
    assert_eq!(callers.shown("+31201234567", "Iemand"), "Bakkerij Jansen");
    assert_eq!(callers.shown("+31209999999", "Iemand"), "Iemand");
    for told in ["Bakkerij Jansen", "bakkerij  jansen", "BAKKERIJ-JANSEN", "Bakkerij\u{200b}Jansen", "anna"] {
        assert_eq!(callers.shown("+31209999999", told), "", "{told:?}");
    }
    assert_eq!(callers.shown("", ""), "");
    // Other letters that look the same: Cyrillic, Greek, full width, an accent, a digit.
    for told in [
        "\u{430}nna",
        "\u{3b1}\u{3b7}na",
        "Ａnna",
        "Ánna",
        "Bakkeri\u{458} Jansen",
        "Bakkerlj Jan\u{455}en",
        "Bakker1j Jansen",
    ] {
        assert_eq!(callers.shown("+31209999999", told), "", "{told:?}");
    }
    assert_eq!(callers.shown("+31209999999", "Hanna"), "Hanna");
}

#[test]
fn a_stranger_is_called_no_number_but_its_own() {
    let callers = callers();
    for told in
        ["+31 20 1234567", "0201234567", "０２０１２３４５６７", "112", "\u{662}\u{660}\u{661}", "000"]
    {
        assert_eq!(callers.shown("+31209999999", told), "", "{told:?}");
    }
    for told in ["+31 20 9999999", "020-9999999", "9999999", "Studio 54", "Bel 112 nooit", "12", "."] {
        assert_eq!(callers.shown("+31209999999", told), told, "{told:?}");
    }
}

/// As many as an organisation may have, with names of 20 bytes.
#[test]
fn a_hundred_thousand_contacts_take_four_megabytes() {
    let list: Vec<(String, String)> =
        (0..100_000).map(|nth| (format!("+3120{nth:07}"), format!("Een naam van {nth:07}"))).collect();
    let contacts = Contacts::new(list.iter().map(|(number, name)| (&**number, &**name)));
    assert_eq!(contacts.len(), 100_000);
    assert_eq!(contacts.name("+31200099999"), Some("Een naam van 0099999"));
    assert_eq!(contacts.name("+31200000000"), Some("Een naam van 0000000"));
    assert_eq!(contacts.size(), 4_000_000);
    assert_eq!(Numbers::new(list.iter().map(|(number, _)| &**number)).len(), 100_000);
}
