//! What is asked, and what the answers together mean.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use kiestoon_store::{ANONYMOUS, Import, Presets, Refusal, TrunkDetails, TrunkDoubt, TrunkPassword, login};

use super::questions::Questions;
use super::{Place, Trial};
use crate::cli::failure::Failure;
use crate::cli::language::{Language, say};
use crate::cli::trunk_words as words;
use crate::dutch;

/// All answers. Nothing is written before the last one.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// The address that the router has outside; None: there is none before us, or it was told before.
    pub(super) external: Option<IpAddr>,
    /// The SIP domain; None: it stays as it is.
    pub(super) domain: Option<String>,
    /// Numbers and names of new extensions.
    pub(super) extensions: Vec<(String, String)>,
    /// Who administers it over the web pages; None: somebody is there already.
    pub(super) admin: Option<String>,
    /// The way to the public network.
    pub(super) trunk: Option<TrunkDetails>,
}

impl Answers {
    pub(super) fn ask(place: &Place, trial: &Trial<'_>, questions: &Questions) -> Result<Self, Failure> {
        let language = questions.language;
        let mut answers = Self::default();
        questions.tell(language.pick("\n1. The PBX", "\n1. De centrale"));
        if place.external.is_none() {
            answers.external = external(questions)?;
        }
        if place.domain.is_none() {
            answers.domain = domain(questions)?;
        }
        questions.tell(language.pick("\n2. Phones", "\n2. Toestellen"));
        answers.extensions = extensions(place, questions)?;
        if place.users == 0 {
            questions.tell(language.pick("\n3. Web pages", "\n3. Webpagina's"));
            let question =
                language.pick("Whoever administers it logs in as", "De beheerder meldt zich aan als");
            let login = questions.ask(question, "admin", |answer| {
                login::check(answer)
                    .map(|()| answer.to_owned())
                    .map_err(|refusal| dutch::refusal(&refusal, language))
            })?;
            answers.admin = Some(login);
        }
        questions.tell(language.pick("\n4. Calling out", "\n4. Naar buiten bellen"));
        answers.trunk = tried(place, trial, questions)?;
        Ok(answers)
    }

    /// The import that these answers are.
    pub(super) fn import(&self, organisation: &str) -> String {
        let quoted = |text: &str| toml_edit::Value::from(text).to_string();
        let organisation = quoted(organisation);
        let mut text = String::new();
        if let Some(domain) = &self.domain {
            text += &format!("[[organisation]]\nslug = {organisation}\ndomain = {}\n", quoted(domain));
        }
        for (number, name) in &self.extensions {
            let (number, name) = (quoted(number), quoted(name));
            text +=
                &format!("[[extension]]\norganisation = {organisation}\nnumber = {number}\nname = {name}\n");
        }
        text
    }
}

fn external(questions: &Questions) -> Result<Option<IpAddr>, Failure> {
    let language = questions.language;
    let own = own_address().map(|address| address.to_string()).unwrap_or_default();
    questions.tell(&say!(
        language,
        "This machine is {own} here. Behind a router, phones and providers outside reach it at another address.",
        "Deze machine is hier {own}. Achter een router bereiken toestellen en aanbieders van buiten haar op een ander adres."
    ));
    let question = language.pick(
        "Address outside (such as 203.0.113.10; empty: none)",
        "Adres buiten (zoals 203.0.113.10; leeg: geen)",
    );
    questions.ask(question, "", |answer| match answer {
        "" => Ok(None),
        _ => answer.parse().map(Some).map_err(|_| {
            say!(
                language,
                "`{answer}` is no IP address, such as 203.0.113.10",
                "`{answer}` is geen IP-adres, zoals 203.0.113.10"
            )
        }),
    })
}

fn domain(questions: &Questions) -> Result<Option<String>, Failure> {
    let language = questions.language;
    let question = language.pick(
        "SIP domain, such as pbx.example.com (empty: phones use the address)",
        "SIP-domein, zoals centrale.example.com (leeg: toestellen gebruiken het adres)",
    );
    questions.ask(question, "", |answer| match answer {
        "" => Ok(None),
        _ if is_domain(answer) => Ok(Some(answer.to_owned())),
        _ => Err(say!(
            language,
            "`{0}` is no SIP domain: write a name with a dot in lower case, such as pbx.example.com, an address, such as 203.0.113.10, or localhost",
            "`{0}` is geen SIP-domein: schrijf een naam met een punt in kleine letters, zoals centrale.example.com, een adres, zoals 203.0.113.10, of localhost",
            shown(answer)
        )),
    })
}

/// What an import takes, and the world may know: a word without a dot, or a part of an address, is more often an answer to
/// another question. The last label of a name begins with a letter (RFC 3261 section 25.1).
fn is_domain(answer: &str) -> bool {
    let import = format!("[[organisation]]\nslug = \"x\"\ndomain = {}\n", toml_edit::Value::from(answer));
    let is_address = answer.starts_with('[') || answer.parse::<Ipv4Addr>().is_ok();
    let top = answer.rsplit_once('.').map(|(_, top)| top);
    let is_name = top.is_some_and(|top| top.starts_with(|first: char| first.is_ascii_alphabetic()));
    (is_address || is_name || answer == "localhost") && is_taken(&import)
}

fn extensions(place: &Place, questions: &Questions) -> Result<Vec<(String, String)>, Failure> {
    let language = questions.language;
    if !place.extensions.is_empty() {
        let there = place.extensions.join(", ");
        questions.tell(&say!(language, "There are: {there}", "Er zijn: {there}"));
    }
    let default = if place.extensions.is_empty() { "3" } else { "0" };
    let question = language
        .pick("How many phones are to be added (0 to 50)", "Hoeveel toestellen komen erbij (0 tot 50)");
    let count = questions.ask(question, default, |answer| {
        let number: Option<usize> = answer.parse().ok().filter(|count| *count <= MOST_PHONES);
        number.ok_or_else(|| {
            say!(
                language,
                "write a number from 0 to {MOST_PHONES}; `kiestoon import` takes more",
                "schrijf een getal van 0 tot {MOST_PHONES}; `kiestoon import` neemt er meer"
            )
        })
    })?;
    let mut made: Vec<(String, String)> = Vec::new();
    let last = place.extensions.iter().filter_map(|number| number.parse::<u64>().ok()).max();
    let mut next = last.map_or(FIRST, |last| last.saturating_add(1));
    for _ in 0..count {
        let question = language.pick("Number (such as 201)", "Nummer (zoals 201)");
        let is_there = |sought: &str| {
            made.iter().map(|(number, _)| number).chain(&place.extensions).any(|number| number == sought)
        };
        let free = (next..=u64::MAX).map(|number| number.to_string()).find(|number| !is_there(number));
        let number = questions.ask(question, &free.unwrap_or_default(), |answer| {
            if is_there(answer) {
                return Err(say!(language, "{answer} is there already", "{answer} is er al"));
            }
            let number = toml_edit::Value::from(answer);
            match is_taken(&format!("[[extension]]\nnumber = {number}\n")) {
                true => Ok(answer.to_owned()),
                false => Err(dutch::refusal(&Refusal::Number(shown(answer)), language)),
            }
        })?;
        next = number.parse::<u64>().unwrap_or(next).saturating_add(1);
        let question = say!(
            language,
            "Name of {number} (such as Reception; empty: none)",
            "Naam van {number} (zoals Balie; leeg: geen)"
        );
        let name = questions.ask(&question, "", |answer| {
            let name = toml_edit::Value::from(answer);
            match is_taken(&format!("[[extension]]\nnumber = \"1\"\nname = {name}\n")) {
                true => Ok(answer.to_owned()),
                false => Err(dutch::refusal(&Refusal::Name, language)),
            }
        })?;
        made.push((number, name));
    }
    Ok(made)
}

/// A trunk that holds its test, or that is wanted all the same.
fn tried(place: &Place, trial: &Trial<'_>, questions: &Questions) -> Result<Option<TrunkDetails>, Failure> {
    let language = questions.language;
    loop {
        let Some(details) = trunk(place, trial.presets, questions)? else { return Ok(None) };
        let preset = trial.presets.find(&details.preset);
        let unheard = words::unheard(trial.config, &details.settings, preset, language);
        unheard.iter().for_each(|doubt| questions.tell(&format!("  ! {doubt}")));
        // What a script wants to read is what was made.
        if trial.cli.json || !questions.agrees(language.pick("Test it now?", "Nu testen?"), true)? {
            return Ok(Some(details));
        }
        let question = language.pick("Keep it all the same?", "Toch bewaren?");
        if trial.holds(&details, &place.organisation)? || questions.agrees(question, false)? {
            return Ok(Some(details));
        }
    }
}

fn trunk(place: &Place, presets: &Presets, questions: &Questions) -> Result<Option<TrunkDetails>, Failure> {
    let language = questions.language;
    if !place.trunks.is_empty() {
        let there = place.trunks.join(", ");
        questions.tell(&say!(language, "There are trunks: {there}", "Er zijn trunks: {there}"));
    }
    for preset in presets.iter() {
        questions.tell(&format!("  {:<12} {}", preset.name, preset.title));
    }
    let question = language.pick(
        "Provider, a word of this list (such as voipgrid; empty: none now)",
        "Aanbieder, een woord uit deze lijst (zoals voipgrid; leeg: nu geen)",
    );
    let preset = questions.ask(question, "", |answer| match (answer, presets.find(answer)) {
        ("", _) => Ok(None),
        (_, Some(preset)) => Ok(Some(preset)),
        (_, None) => Err(dutch::preset_hint(&presets.hint(answer), language)),
    })?;
    let Some(preset) = preset else { return Ok(None) };
    questions.tell(&format!("  {}", language.pick(&preset.note_en, &preset.note_nl)));
    let question =
        language.pick("Its name in the dialplan (such as voys)", "Hoe het belplan hem noemt (zoals voys)");
    let is_there = |sought: &str| place.trunks.iter().any(|there| there == sought);
    let others = (2..).map(|count: u64| format!("{}-{count}", preset.name));
    let free = std::iter::once(preset.name.clone()).chain(others).find(|name| !is_there(name));
    let name = questions.ask(question, &free.unwrap_or_default(), |answer| {
        if is_there(answer) {
            return Err(say!(language, "{answer} is there already", "{answer} is er al"));
        }
        let name = toml_edit::Value::from(answer);
        match is_taken(&format!("[[trunk]]\nname = {name}\nhost = \"a.example\"\n")) {
            true => Ok(answer.to_owned()),
            false => Err(dutch::refusal(&Refusal::TrunkName(shown(answer)), language)),
        }
    })?;
    let mut details = TrunkDetails { preset: preset.name.clone(), ..TrunkDetails::new(&name) };
    for key in &preset.needs {
        need(&mut details, key, questions)?;
    }
    if preset.settings.register.is_none() {
        let question = language.pick(
            "Does it give you a user name and a password to register with?",
            "Geeft hij u een naam en een wachtwoord om u mee aan te melden?",
        );
        let registers = questions.agrees(question, true)?;
        details.settings.register = Some(registers);
        let more: &[&str] = if registers { &["username", "password"] } else { &["addresses"] };
        for key in more.iter().filter(|key| !preset.needs.iter().any(|need| need == *key)) {
            need(&mut details, key, questions)?;
        }
    }
    numbers(&mut details, presets, questions)?;
    shown_number(&mut details, presets, questions)?;
    for doubt in dutch::doubts(&details.doubts(presets), language) {
        questions.tell(&format!("  ! {doubt}"));
    }
    Ok(Some(details))
}

/// Asks for one key of a trunk.
fn need(details: &mut TrunkDetails, key: &str, questions: &Questions) -> Result<(), Failure> {
    if key == "password" {
        let question = questions.language.pick("password", "password (wachtwoord)");
        let password = questions.ask_secret(question, |answer| {
            TrunkPassword::new(answer).map_err(|refusal| dutch::refusal(&refusal, questions.language))
        })?;
        details.password = Some(password);
        return Ok(());
    }
    let language = questions.language;
    let example = match key {
        "host" => language.pick(" (such as sip.example.net)", " (zoals sip.example.net)"),
        "username" => language.pick(" (such as 100001)", " (zoals 100001)"),
        "addresses" => language.pick(
            ": where its calls come from (such as 192.0.2.0/24,198.51.100.7; empty: nobody calls in)",
            ": waar zijn oproepen vandaan komen (zoals 192.0.2.0/24,198.51.100.7; leeg: niemand belt binnen)",
        ),
        _ => "",
    };
    let settings = questions.ask(&format!("{key}{example}"), "", |answer| {
        let mut settings = details.settings.clone();
        settings
            .take_text(key, answer)
            .map(|()| settings)
            .map_err(|wrong| dutch::said(&wrong, questions.language).join("; "))
    })?;
    details.settings = settings;
    Ok(())
}

fn numbers(details: &mut TrunkDetails, presets: &Presets, questions: &Questions) -> Result<(), Failure> {
    let language = questions.language;
    let question = language.pick(
        "Your numbers there (such as +31201234567,+31201234568; empty: all that it sends)",
        "Uw nummers daar (zoals +31201234567,+31201234568; leeg: alles wat hij stuurt)",
    );
    let numbers = questions.ask(question, "", |answer| {
        let written = answer.split(',').map(str::trim).filter(|number| !number.is_empty());
        let normal = |number: &str| {
            let doubt = || dutch::doubts(&[TrunkDoubt::Number(shown(number))], language).concat();
            details.normal(presets, number).ok_or_else(doubt)
        };
        written.map(normal).collect::<Result<Vec<String>, String>>()
    })?;
    details.numbers = numbers.into_iter().map(|number| (number, None)).collect();
    Ok(())
}

/// What people see who are called. Whoever answers a call for help rings back there.
fn shown_number(details: &mut TrunkDetails, presets: &Presets, questions: &Questions) -> Result<(), Failure> {
    let language = questions.language;
    // A short word is a number that calls come in by, and none that anybody could ring back.
    let first = details.numbers.keys().find(|number| is_whole(number)).cloned().unwrap_or_default();
    let question = language.pick(
        "Number that people see whom you call, 112 too (such as +31201234567; `anonymous` shows none)",
        "Nummer dat zichtbaar is voor wie u belt, ook voor 112 (zoals +31201234567; `anonymous` toont er geen)",
    );
    details.settings.caller_id_number = questions.ask(question, &first, |answer| {
        let settled = match answer {
            "" => return Ok(None),
            ANONYMOUS => Some(answer.to_owned()),
            _ => details.normal(presets, answer).filter(|number| is_whole(number)),
        };
        settled.map(Some).ok_or_else(|| no_whole_number(answer, language))
    })?;
    Ok(())
}

/// Whether a number, as it is kept, is one of the public network.
fn is_whole(number: &str) -> bool {
    number.starts_with('+')
}

fn no_whole_number(text: &str, language: Language) -> String {
    say!(
        language,
        "`{0}` is no whole number: write it as +31201234567, or `{ANONYMOUS}` to show none",
        "`{0}` is geen heel nummer: schrijf het als +31201234567, of `{ANONYMOUS}` om er geen te tonen",
        shown(text)
    )
}

/// Whether an import would take this.
fn is_taken(import: &str) -> bool {
    Import::parse("", import).is_ok()
}

/// What was refused, as one short, printable piece of a sentence.
fn shown(answer: &str) -> String {
    answer.chars().take(40).flat_map(char::escape_debug).collect()
}

/// The address that packets to outside leave from. Nothing is sent.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind(("0.0.0.0", 0)).ok()?;
    socket.connect(("192.0.2.1", 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

const FIRST: u64 = 201;
/// As many as somebody answers questions for.
const MOST_PHONES: usize = 50;
