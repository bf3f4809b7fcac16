//! What the rungs of a test have noted, as `kiestoon trunk test -v` shows it. Names of header fields, addresses and questions to the
//! DNS are the same in any language.

use super::language::Language;

/// The name of a detail.
pub(super) fn name(word: &str, language: Language) -> String {
    if let Some(nth) = word.strip_prefix("contact_") {
        return language.pick(word, &format!("contact {nth}")).to_owned();
    }
    let dutch = match word {
        "pbx_registered_until" => "centrale aangemeld tot",
        "asked" => "gevraagd",
        "order" => "volgorde",
        "local" => "eigen adres",
        "told" => "opgegeven adres",
        "seen_at" => "gezien op",
        "asked_for" => "gevraagde naam",
        "certificates" => "certificaten",
        "names" => "namen",
        "expires" => "verloopt",
        "version" => "versie",
        "cipher" => "versleuteling",
        "number" => "nummer",
        "answered_after" => "opgenomen na",
        "sent_to" => "gezonden naar",
        "protected" => "beveiligd",
        "packets" => "pakketten",
        "packets_before_answer" => "pakketten voor het opnemen",
        "heard" => "gehoord",
        "sound_from" => "geluid van",
        "level" => "sterkte",
        "tone_came_back" => "toon kwam terug",
        "another_trunk" => "andere trunk",
        "from" => "van",
        "at" => "op",
        "to" => "aan",
        "request_uri" => "opgevraagde URI",
        "caller" => "beller",
        other => return other.to_owned(),
    };
    language.pick(word, dutch).to_owned()
}

/// The value of one, where it is a word of ours.
pub(super) fn value(word: &str, language: Language) -> &str {
    let dutch = match word {
        "connected" => "verbonden",
        "answers" => "antwoordt",
        "silent" => "zwijgt",
        "no" | "false" => "nee",
        "true" => "ja",
        other => other,
    };
    language.pick(word, dutch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_the_wire_stays_as_it_is() {
        assert_eq!(name("sent_to", Language::Dutch), "gezonden naar");
        assert_eq!(name("sent_to", Language::English), "sent_to");
        assert_eq!(name("status", Language::Dutch), "status");
        assert_eq!(value("silent", Language::Dutch), "zwijgt");
        assert_eq!(value("503 Busy", Language::Dutch), "503 Busy");
    }
}
