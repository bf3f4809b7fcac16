//! Dutch or English, by the locale. Both sentences stand side by side where they are used, so that neither is forgotten.

use kiestoon_control::Sentence;

/// The language of what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Dutch,
}

impl Language {
    /// Dutch where the locale for messages begins with `nl`: the first that is set of `LC_ALL`, `LC_MESSAGES`, `LANG`.
    pub(crate) fn from_locale(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .filter_map(variable)
            .find(|locale| !locale.is_empty())
            .unwrap_or_default();
        if set.to_ascii_lowercase().starts_with("nl") { Self::Dutch } else { Self::English }
    }

    /// What a client asks for with `Accept-Language` (RFC 9110 section 12.5.4): Dutch where its first choice is that.
    pub(crate) fn accepted(header: Option<&str>) -> Self {
        match header {
            Some(header) if header.trim_start().to_ascii_lowercase().starts_with("nl") => Self::Dutch,
            _ => Self::English,
        }
    }

    /// Its tag (RFC 5646).
    pub(crate) fn tag(self) -> &'static str {
        self.pick("en", "nl")
    }

    /// The sentence in this language.
    pub(crate) fn of(self, sentence: &Sentence) -> &str {
        self.pick(&sentence.en, &sentence.nl)
    }

    /// The one of both texts that is in this language.
    pub(crate) fn pick<'a>(self, english: &'a str, dutch: &'a str) -> &'a str {
        match self {
            Self::English => english,
            Self::Dutch => dutch,
        }
    }
}

/// Formats the one of both sentences that is in the language.
macro_rules! say {
    ($language:expr, $english:literal, $dutch:literal $(, $($argument:tt)*)?) => {
        match $language {
            $crate::language::Language::English => format!($english $(, $($argument)*)?),
            $crate::language::Language::Dutch => format!($dutch $(, $($argument)*)?),
        }
    };
}
pub(crate) use say;

/// A sentence in both languages, formatted.
macro_rules! both {
    ($english:literal, $dutch:literal $(, $($argument:tt)*)?) => {
        kiestoon_control::Sentence {
            en: format!($english $(, $($argument)*)?),
            nl: format!($dutch $(, $($argument)*)?),
        }
    };
}
pub(crate) use both;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_says_which_language_it_reads() {
        for (header, language) in [
            (None, Language::English),
            (Some("nl"), Language::Dutch),
            (Some("nl-BE, en;q=0.5"), Language::Dutch),
            (Some("en, nl;q=0.5"), Language::English),
        ] {
            assert_eq!(Language::accepted(header), language, "{header:?}");
        }
        for language in [Language::English, Language::Dutch] {
            assert_eq!(Language::accepted(Some(language.tag())), language);
        }
    }

    fn language(pairs: &[(&str, &str)]) -> Language {
        Language::from_locale(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_first_locale_that_is_set_decides() {
        assert_eq!(language(&[]), Language::English);
        assert_eq!(language(&[("LANG", "nl_NL.UTF-8")]), Language::Dutch);
        assert_eq!(language(&[("LANG", "nl_NL.UTF-8"), ("LC_ALL", "C")]), Language::English);
        assert_eq!(language(&[("LANG", "en_GB.UTF-8"), ("LC_MESSAGES", "nl")]), Language::Dutch);
        assert_eq!(language(&[("LANG", "nl_BE"), ("LC_ALL", "")]), Language::Dutch);
    }
}
