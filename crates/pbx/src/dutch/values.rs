//! What is wrong with what somebody said of a trunk or a profile, in Dutch.

use kiestoon_store::{Found, Said, Wanted, WordFault, WrongValue};

use super::refused;

/// A whole sentence.
pub(super) fn fault(fault: &WordFault) -> String {
    match fault {
        WordFault::UnknownKey { of, key, near, known } => {
            let of = match of {
                Said::Trunk => "een trunk",
                Said::Profile => "een profiel",
            };
            let hint = match near {
                Some(near) => format!("bedoelde u `{near}`?"),
                None => format!("bekend zijn {}", known.join(", ")),
            };
            format!("{of} heeft geen sleutel `{key}`: {hint}")
        }
        WordFault::Value { key, wrong } => format!("`{key}` {}", value(wrong)),
        WordFault::In { place, fault } => format!("{place}: {}", self::fault(fault)),
        WordFault::Refused(refusal) => refused(refusal),
    }
}

/// The end of a sentence that begins with the key.
fn value(wrong: &WrongValue) -> String {
    match wrong {
        WrongValue::Type { wanted: wants, found: has } => {
            format!("moet {} zijn, niet {}", wanted(*wants), found(*has))
        }
        WrongValue::NoneOf { known, said, near } => {
            let known = known.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
            let meant = near.map(|near| format!(": bedoelde u \"{near}\"?")).unwrap_or_default();
            format!("moet een van {known} zijn, niet \"{said}\"{meant}")
        }
        WrongValue::OutOfBounds { said, low, high } => {
            format!("is {said}, maar moet van {low} tot {high} zijn")
        }
        WrongValue::TooMany { count, most } => format!("heeft {count} waarden, maar mag er {most} hebben"),
        WrongValue::Twice(said) => format!("heeft {said} dubbel"),
        WrongValue::Refused(refusal) => format!("is geweigerd: {}", refused(refusal)),
        WrongValue::NoLimit(said) => format!("moet een getal of \"off\" zijn, niet \"{said}\""),
        WrongValue::NoAmount { said, decimals, most } => format!(
            "moet een bedrag zijn zoals 25.00 met hoogstens {decimals} decimalen, tot {most}, of \"off\", niet \"{said}\""
        ),
        WrongValue::NoSpan(said) => {
            format!("moet een tijdsduur zijn zoals \"500ms\", \"2s\", \"30m\" of \"1h\", niet \"{said}\"")
        }
        WrongValue::NoInterval(said) => {
            format!("moet \"off\" zijn of een tijdsduur zoals \"30s\" of \"30m\", niet \"{said}\"")
        }
        WrongValue::NoHeader(said) => {
            format!("moet een headerveld met zijn waarde zijn zoals \"X-Account: 100001\", niet \"{said}\"")
        }
        WrongValue::HostWithSips(said) => {
            format!("kan niet \"{said}\" zijn: schrijf het zonder sips: en zet transport = \"tls\"")
        }
        WrongValue::HostParameter(said) => {
            format!("kan niet \"{said}\" zijn: na de host mag alleen ;transport=udp, tcp of tls volgen")
        }
        WrongValue::HostTransport(wrong) => format!("heeft een transport; dat {}", value(wrong)),
        WrongValue::HostWithUser(said) => format!(
            "kan niet \"{said}\" zijn: schrijf de gebruikersnaam als `username`, en hier de host alleen"
        ),
        WrongValue::HostWithoutBrackets(said) => {
            format!("kan niet \"{said}\" zijn: schrijf een IPv6-adres tussen haken, zoals [2001:db8::1]")
        }
        WrongValue::HostPort(said) => format!("heeft geen poort van 1 tot 65535 in \"{said}\""),
        WrongValue::NoHost(said) => format!(
            "kan niet \"{said}\" zijn: schrijf een host zoals \"sip.example.net\", \"sip.example.net:5060\" of \"[2001:db8::1]:5060\""
        ),
        WrongValue::NoAddress(said) => format!(
            "kan \"{said}\" niet hebben: schrijf adressen zoals \"192.0.2.7\" of blokken zoals \"192.0.2.0/24\""
        ),
        WrongValue::BlockPrefix { said, bits } => {
            format!("heeft een blok waarvan de prefix niet van 0 tot {bits} is: \"{said}\"")
        }
        WrongValue::BlockBegins { said, first, prefix } => {
            format!("heeft het blok \"{said}\", dat in zichzelf begint: schrijf \"{first}/{prefix}\"")
        }
        WrongValue::NoBeginning(said) => format!(
            "heeft \"{said}\", dat geen begin van een nummer is: schrijf het als +49, of zoals men het belt, zoals 0900"
        ),
        WrongValue::AbroadBy00 { said, rest } => {
            format!("heeft \"{said}\", dat anderen anders bellen: schrijf het als +{rest}")
        }
    }
}

fn wanted(wanted: Wanted) -> &'static str {
    match wanted {
        Wanted::Flag => "true of false",
        Wanted::Number => "een getal zonder aanhalingstekens",
        Wanted::Limit => "een getal of \"off\"",
        Wanted::Amount => "een bedrag zoals 25.00, of \"off\"",
        Wanted::Text => "tekst tussen aanhalingstekens",
    }
}

fn found(found: Found) -> &'static str {
    match found {
        Found::Text => "tekst",
        Found::Number => "een getal",
        Found::Flag => "true of false",
        Found::Date => "een datum",
        Found::List => "een lijst",
        Found::Table => "een tabel",
    }
}
