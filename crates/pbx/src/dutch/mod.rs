//! The sentences of the database and of the control socket in Dutch. Their crates have them in English only, since the log
//! and the API speak English.

mod certificate;
mod dialplan;
mod values;

use kiestoon_control::{ClientError, Problem};
use kiestoon_store::{PresetHint, Refusal, StoreError, TrunkDoubt, WordFault};

pub(crate) use self::certificate::certificate;
pub(crate) use self::dialplan::{dialplan, dialplan_line};
use crate::language::Language;

/// What is wrong with the database or with what was to be written to it; `None` where only the English sentence exists.
pub(super) fn store(error: &StoreError) -> Option<String> {
    match error {
        StoreError::Trunk(doubts) => Some(joined(doubts.iter().map(doubt))),
        StoreError::TrunkWords(faults) | StoreError::ProfileWords(faults) => {
            Some(joined(faults.iter().map(values::fault)))
        }
        StoreError::Refused(refusal) => Some(refused(refusal)),
        _ => database(error).or_else(|| key(error)).or_else(|| office(error)).or_else(|| way(error)),
    }
}

/// The same in the language, where the Dutch sentence exists.
pub(super) fn store_error(error: &StoreError, language: Language) -> String {
    let dutch = match language {
        Language::English => None,
        Language::Dutch => store(error),
    };
    dutch.unwrap_or_else(|| error.to_string())
}

/// What is wrong with a trunk, a sentence each.
pub(super) fn doubts(doubts: &[TrunkDoubt], language: Language) -> Vec<String> {
    let shown = |doubt: &TrunkDoubt| match language {
        Language::English => doubt.to_string(),
        Language::Dutch => self::doubt(doubt),
    };
    doubts.iter().map(shown).collect()
}

/// What was said of a trunk or a profile and cannot be, a sentence each.
pub(super) fn said(faults: &[WordFault], language: Language) -> Vec<String> {
    match language {
        Language::English => faults.iter().map(ToString::to_string).collect(),
        Language::Dutch => faults.iter().map(values::fault).collect(),
    }
}

/// What is wrong with the configuration.
pub(super) fn configuration(problem: &kiestoon_config::Problem, language: Language) -> String {
    match language {
        Language::English => problem.to_string(),
        Language::Dutch => problem.dutch(),
    }
}

/// Why a value was refused.
pub(super) fn refusal(refusal: &Refusal, language: Language) -> String {
    match language {
        Language::English => refusal.to_string(),
        Language::Dutch => refused(refusal),
    }
}

fn joined(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}

/// Opening the database, and what its file or its server does.
fn database(error: &StoreError) -> Option<String> {
    Some(match error {
        StoreError::Url { url } => format!(
            "de url van de database `{url}` is niet te lezen: schrijf sqlite:PAD, zoals sqlite:data/kiestoon.db, of postgres://GEBRUIKER@HOST/DATABASE; een met een wachtwoord hoort in een bestand van zichzelf, genoemd in `store.url_file`"
        ),
        StoreError::Open { path, reason } => format!(
            "de database {} kan niet worden geopend ({reason}): controleer het pad in [store] url en de rechten op bestand en map",
            path.display()
        ),
        StoreError::Unreachable { database, reason } => format!(
            "de database {database} is niet bereikbaar ({reason}): controleer of de server draait en of [store] url haar noemt"
        ),
        StoreError::Denied { database, reason } => format!(
            "de database {database} laat ons niet toe ({reason}): controleer gebruiker, wachtwoord en database in [store] url, en pg_hba.conf op de server"
        ),
        StoreError::Missing { path } => format!(
            "er is geen database {}: start Kiestoon of importeer eerst iets, of controleer [store] url",
            path.display()
        ),
        StoreError::Gone { path } => format!(
            "de database {} is tijdens gebruik verplaatst of vervangen: zet haar terug, of herstart Kiestoon",
            path.display()
        ),
        StoreError::NotADatabase { path } => format!(
            "{} is geen SQLite-database: noem een ander bestand in [store] url, of zet dit opzij om leeg te beginnen",
            path.display()
        ),
        StoreError::Foreign { database } => {
            format!("{} is de database van een ander programma: noem een andere in [store] url", database)
        }
        StoreError::Corrupt { path } => format!(
            "de database {} is beschadigd: stop Kiestoon, zet het bestand opzij en plaats een kopie terug",
            path.display()
        ),
        StoreError::ReadOnly { database } => format!(
            "de database {} kan niet worden beschreven: controleer de rechten op bestand en map",
            database
        ),
        StoreError::Full { database } => {
            format!("de schijf met de database {} is vol: maak ruimte vrij", database)
        }
        StoreError::Busy { database, waited } => format!(
            "de database {} is na {} ms nog vergrendeld door een ander programma: probeer het opnieuw, of beëindig dat programma",
            database,
            waited.as_millis()
        ),
        StoreError::NewerSchema { database, found, known } => format!(
            "de database {} heeft schema {found} en deze versie kent er tot {known}: installeer de nieuwere versie",
            database
        ),
        StoreError::Database { database, reason } => format!("de database {database} faalde: {reason}"),
        StoreError::Value { what, value } => {
            format!("in de database staat een {what} `{value}`, die deze versie niet kent")
        }
        _ => return None,
    })
}

/// The key and what it seals.
fn key(error: &StoreError) -> Option<String> {
    Some(match error {
        StoreError::Entropy => "het besturingssysteem gaf geen willekeurige bytes".into(),
        StoreError::Sealed { place } => {
            format!("het bewaarde geheim {place} gaat niet open: zet dat wachtwoord opnieuw")
        }
        StoreError::KeyFile { path, reason } => format!(
            "het sleutelbestand {} kan niet worden gebruikt ({reason}): zet het bestand terug dat bij de database is gemaakt, of herstel de rechten",
            path.display()
        ),
        StoreError::KeyExposed { path, mode } => format!(
            "het sleutelbestand {0} is bruikbaar voor anderen (rechten {mode:03o}): geef `chmod 600 {0}`",
            path.display()
        ),
        StoreError::KeyFormat { path } => format!(
            "het sleutelbestand {} bevat geen sleutel (32 bytes in base64): zet het bestand terug dat bij de database is gemaakt",
            path.display()
        ),
        StoreError::WrongKey { key, database } => format!(
            "de sleutel {key} past niet op de database {}: zet het sleutelbestand terug dat erbij is gemaakt",
            database
        ),
        StoreError::KeyGiven => "de sleutel staat in `store.key`, die alleen u kunt veranderen: schrijf hem in een bestand, noem dat in `store.key_file`, en vernieuw hem dan".into(),
        StoreError::KeyOwner { path, user, reason } => format!(
            "het nieuwe sleutelbestand {} kan niet van gebruiker {user} worden, die het oude heeft ({reason}): doe dit als die gebruiker, of als root; er is niets veranderd",
            path.display()
        ),
        StoreError::KeyNotPlaced { fresh, file, reason } => format!(
            "alle geheimen zijn nu versleuteld met de nieuwe sleutel, maar die kan niet op zijn plaats {} komen ({reason}): laat {} waar het is, herstel de map, en start Kiestoon opnieuw, dat hem daar neerzet",
            file.display(),
            fresh.display()
        ),
        StoreError::KeyUndecided { fresh, reason } => format!(
            "de database zei niet of zij de nieuwe sleutel heeft aangenomen ({reason}): laat {} waar het is en start Kiestoon, dat de passende sleutel vindt; doe dit daarna opnieuw",
            fresh.display()
        ),
        _ => return None,
    })
}

/// Who is in the house, and whom it knows outside.
fn office(error: &StoreError) -> Option<String> {
    Some(match error {
        StoreError::UnknownOrganisation { slug } => format!("er is geen organisatie `{slug}`"),
        StoreError::OrganisationNeeded => "er zijn meer organisaties: noem er een".into(),
        StoreError::UnknownExtension { number, organisation } => {
            format!("er is geen toestel {number} in organisatie `{organisation}`")
        }
        StoreError::ExtensionExists { number, organisation } => {
            format!("toestel {number} bestaat al in organisatie `{organisation}`")
        }
        StoreError::UnknownUser { login } => format!("er is geen gebruiker `{login}`"),
        StoreError::ContactExists { number, organisation } => {
            format!("nummer {number} is al van een contact in organisatie `{organisation}`")
        }
        StoreError::BlockExists { what, organisation } => {
            let what = blocked(what);
            format!("er is al een blokkade voor {what} in organisatie `{organisation}`")
        }
        StoreError::UnknownContact { number, organisation } => {
            format!("er is geen contact {number} in organisatie `{organisation}`")
        }
        StoreError::TooManyContacts { organisation, most } => {
            format!(
                "organisatie `{organisation}` zou meer dan {most} contacten hebben: verwijder er eerst enkele"
            )
        }
        StoreError::UnknownBlock { what, organisation } => {
            format!("er is geen blokkade voor {} in organisatie `{organisation}`", blocked(what))
        }
        StoreError::TooManyBlocks { organisation, most } => format!(
            "organisatie `{organisation}` zou meer dan {most} blokkades hebben: noem nummers in het bestand van [trunks] blocklist"
        ),
        StoreError::UserExists { login } => format!("gebruiker `{login}` bestaat al"),
        _ => return None,
    })
}

/// Whom a block is for, by the words of the database.
fn blocked(what: &str) -> String {
    match what.split_once(' ') {
        Some(("number", number)) => number.to_owned(),
        Some(("prefix", start)) => format!("{start}..."),
        Some(_) => "vervalste nummers".into(),
        None => "verborgen nummers".into(),
    }
}

/// The ways out of the house, and who may take them.
fn way(error: &StoreError) -> Option<String> {
    Some(match error {
        StoreError::UnknownTrunk { name, organisation, near } => {
            let meant = near.as_ref().map(|near| format!(": bedoelde u `{near}`?")).unwrap_or_default();
            format!("er is geen trunk `{name}` in organisatie `{organisation}`{meant}")
        }
        StoreError::TrunkExists { name, organisation } => {
            format!("trunk `{name}` bestaat al in organisatie `{organisation}`")
        }
        StoreError::NumberTaken { number, trunk } => {
            format!("nummer {number} komt binnen over trunk `{trunk}`: haal het daar eerst weg")
        }
        StoreError::NumberNotThere { number, trunk } => {
            format!("nummer {number} komt niet binnen over trunk `{trunk}`")
        }
        StoreError::UnknownProfile { name, organisation, near } => {
            let meant = near.as_ref().map(|near| format!(": bedoelde u `{near}`?")).unwrap_or_default();
            format!("er is geen profiel `{name}` in organisatie `{organisation}`{meant}")
        }
        StoreError::ProfileInUse { name, users } => {
            format!("profiel `{name}` is dat van {}: geef die eerst een ander", users.join(", "))
        }
        _ => return None,
    })
}

/// What to write instead of a preset that is not there.
pub(super) fn preset_hint(hint: &PresetHint, language: Language) -> String {
    match (language, hint) {
        (Language::English, hint) => hint.to_string(),
        (Language::Dutch, PresetHint::Near(name)) => format!("bedoelde u `{name}`?"),
        (Language::Dutch, PresetHint::Known(names)) => format!("er zijn {}", names.join(", ")),
    }
}

/// What is wrong with a trunk.
pub(super) fn doubt(doubt: &TrunkDoubt) -> String {
    match doubt {
        TrunkDoubt::UnknownPreset { name, hint } => {
            format!("er is geen preset `{name}`: {}", preset_hint(hint, Language::Dutch))
        }
        TrunkDoubt::UnknownCountry(country) => {
            format!("het land `{country}` is hier niet bekend: schrijf de twee letters ervan, zoals nl")
        }
        TrunkDoubt::Needs { preset, keys } => {
            format!("bij preset `{preset}` is nog in te vullen: {}", keys.join(", "))
        }
        TrunkDoubt::NoHost => "`host` ontbreekt: waar moeten de oproepen heen?".into(),
        TrunkDoubt::RegistersAsNobody => "`register = true` vraagt om `username`".into(),
        TrunkDoubt::ShowsNobody => "`caller_id_from = \"account\"` vraagt om `username`".into(),
        TrunkDoubt::PasswordOfNobody => "een wachtwoord vraagt om `username`".into(),
        TrunkDoubt::Number(number) => format!(
            "`{number}` is geen nummer: schrijf het als +31201234567, zoals men in het land belt, of als kort woord"
        ),
        TrunkDoubt::ShownNumber(number) => format!(
            "`{number}` is geen heel nummer: schrijf het als +31201234567, of zoals men in het land belt met het netnummer"
        ),
        TrunkDoubt::RegistersWithoutPassword => {
            "`register = true` zonder wachtwoord: een aanbieder die vraagt wie we zijn krijgt geen antwoord"
                .into()
        }
        TrunkDoubt::SignsWithHalf { has, misses } => format!(
            "`{has}` vraagt om `{misses}`: nummers van bellers worden ondertekend met een sleutel waarvan anderen het certificaat kunnen ophalen"
        ),
        TrunkDoubt::NobodyCallsIn => {
            "er kan geen oproep over binnenkomen: hij meldt zich niet aan en heeft geen `addresses`; zet een van beide".into()
        }
        TrunkDoubt::ShowsNoNumber => {
            "`caller_id_number` ontbreekt: oproepen erover, ook die naar 112, tonen geen nummer van u; vul er een in, of `anonymous` waar dat de bedoeling is".into()
        }
        TrunkDoubt::KeysInTheOpen(transport) => format!(
            "`srtp = \"required\"` over {transport}: wie de SIP-berichten leest heeft de sleutels; zet transport = \"tls\""
        ),
    }
}

fn refused(refusal: &Refusal) -> String {
    match refusal {
        Refusal::File(path) => {
            format!("`{path}` is geen bestand: schrijf het pad ervan, zoals /etc/kiestoon/stir.key")
        }
        Refusal::ApiUrl(url) => format!(
            "`{url}` is geen adres van een API: schrijf het als https://api.example.com; http:// alleen op deze machine"
        ),
        Refusal::HttpsUrl(url) => {
            format!("`{url}` is geen https-URL: schrijf hem als https://cert.example.com/stir.pem")
        }
        Refusal::WebhookSecret => {
            "een geheim van webhooks heeft 16 tot 256 tekens, zonder spaties en komma's, en is na `whsec_` base64 van 24 tot 64 bytes; er worden er hoogstens twee bewaard".into()
        }
        Refusal::WebhookKey(key) => format!(
            "`{key}` is geen openbare sleutel van webhooks: schrijf hem zoals de aanbieder hem toont, 32 bytes in base64"
        ),
        Refusal::Number(number) => format!(
            "`{number}` kan geen nummer van een toestel zijn: 1 tot 32 van de tekens a-z A-Z 0-9 + * _ . - en geen . of - vooraan"
        ),
        Refusal::Password => "een wachtwoord heeft 1 tot 128 tekens en geen stuurtekens".into(),
        Refusal::TrunkName(name) => format!(
            "`{name}` kan geen naam van een trunk zijn: 1 tot 63 van de tekens a-z A-Z 0-9 . _ - en geen . of - vooraan"
        ),
        Refusal::ProfileName(name) => format!(
            "`{name}` kan geen naam van een profiel zijn: 1 tot 63 van de tekens a-z A-Z 0-9 . _ - en geen . of - vooraan"
        ),
        Refusal::Hours(hours) => {
            format!("`{hours}` kan geen naam van uren zijn: schrijf die zoals het belplan haar heeft")
        }
        Refusal::Context(context) => {
            format!("`{context}` kan geen context zijn: schrijf de naam zoals het belplan die heeft")
        }
        Refusal::PublicNumber(number) => {
            format!("`{number}` is geen heel nummer: schrijf het als +31201234567")
        }
        Refusal::Prefix(start) => {
            format!("`{start}` kan geen begin van nummers zijn: schrijf het als +44 of +4420")
        }
        Refusal::NoName => "een contact heeft een naam nodig".into(),
        Refusal::Name => "een naam heeft hoogstens 128 tekens en geen stuurtekens".into(),
        Refusal::Slug(slug) => format!(
            "`{slug}` kan geen kort woord van een organisatie zijn: 1 tot 63 van de tekens a-z 0-9 - en geen - vooraan"
        ),
        Refusal::Domain(domain) => format!(
            "`{domain}` kan geen SIP-domein zijn: schrijf een hostnaam in kleine letters, zoals kantoor.example"
        ),
        Refusal::Login(login) => format!(
            "`{login}` kan geen naam om in te loggen zijn: 1 tot 64 van de tekens a-z 0-9 . _ @ + - en geen . of - vooraan"
        ),
        Refusal::LoginPassword => {
            "een wachtwoord om in te loggen heeft 10 tot 128 tekens en geen stuurtekens".into()
        }
        Refusal::Account(account) => format!(
            "`{account}` kan geen gebruikersnaam bij een aanbieder zijn: 1 tot 128 tekens, zonder spaties, aanhalingstekens, <, > of @"
        ),
        Refusal::Called(number) => {
            format!("`{number}` is geen nummer: schrijf het als +31201234567, of als kort woord")
        }
        Refusal::Country(country) => {
            format!("`{country}` is geen land: schrijf de twee letters ervan, zoals nl")
        }
    }
}

/// Why the PBX could not be asked; `None` where only the English sentence exists.
pub(super) fn client(error: &ClientError) -> Option<String> {
    Some(match error {
        ClientError::NoSocket { path } => format!(
            "de centrale draait niet: er is geen socket {}; start haar met `kiestoon serve`",
            path.display()
        ),
        ClientError::NotListening { path } => format!(
            "de centrale draait niet: op de socket {} antwoordt niemand; start haar met `kiestoon serve`",
            path.display()
        ),
        ClientError::Forbidden { path } => format!(
            "u mag de socket {} niet gebruiken; doe dit als de gebruiker van de centrale of word lid van zijn groep",
            path.display()
        ),
        ClientError::Timeout { path, secs } => format!(
            "de centrale op {} antwoordde niet binnen {secs} s; misschien is zij overbelast, zie haar log",
            path.display()
        ),
        ClientError::Broken { path, reason } => format!(
            "de verbinding met de centrale op {} brak af ({reason}); probeer het opnieuw",
            path.display()
        ),
        ClientError::Refused(problem) => return problem_of(problem),
        ClientError::Unexpected { path, reason } => format!(
            "de centrale op {} antwoordde iets anders dan verwacht ({reason}); gebruik de `kiestoon` van dezelfde versie",
            path.display()
        ),
    })
}

/// Why the running PBX refused a command: what its kind of refusal is called, with every single fault as it was given.
fn problem_of(problem: &Problem) -> Option<String> {
    let known = problem.detail.split_once("; it has ").map(|(_, known)| format!(", wel: {known}"));
    let sentence = match problem.title.as_str() {
        "no such call" => "dat gesprek is er niet".into(),
        "no such ban" => "dat adres wordt niet geweigerd".into(),
        "which organisation" => "er zijn meer organisaties: noem er een".into(),
        "no such organisation" => "die organisatie is er niet, of heeft nog niets".into(),
        "no such hours" => format!("die uren heeft het belplan niet{}", known.unwrap_or_default()),
        "no such extension" => "dat toestel is er niet".into(),
        "no such trunk" => "er is geen trunk met die naam die aanstaat en volledig is".into(),
        "trunk not whole" => "van de trunk ontbreekt iets".into(),
        "being tested" => "deze trunk wordt al getest; probeer het daarna opnieuw".into(),
        "too many tests" => {
            "er worden al zoveel trunks getest als tegelijk mag; probeer het later opnieuw".into()
        }
        "reload refused" => "de nieuwe toestand is geweigerd en de oude gebleven".into(),
        "no reload now" => {
            "er is niets herladen en de oude toestand is gebleven; probeer het zo opnieuw".into()
        }
        "overloaded" => "de centrale heeft het te druk om te antwoorden; probeer het zo opnieuw".into(),
        "stopping" => "de centrale stopt".into(),
        _ => return None,
    };
    Some(joined(std::iter::once(sentence).chain(problem.errors.iter().map(|error| format!("  {error}")))))
}

#[cfg(test)]
mod tests;
