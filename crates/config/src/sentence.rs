//! What an operator reads, in both languages that the command line speaks. They stand side by side, so that neither is forgotten.

/// A sentence, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// In English, as the log has it.
    pub en: String,
    /// In Dutch.
    pub nl: String,
}

/// What is wanted of a value, as in "must be …" and "moet … zijn".
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) en: &'static str,
    pub(crate) nl: &'static str,
}

/// A sentence in both languages, formatted.
macro_rules! both {
    ($english:literal, $dutch:literal $(, $($argument:tt)*)?) => {
        $crate::sentence::Sentence {
            en: format!($english $(, $($argument)*)?),
            nl: format!($dutch $(, $($argument)*)?),
        }
    };
}
pub(crate) use both;

impl Sentence {
    /// The question whether this was meant.
    pub(crate) fn meant(near: &str) -> Self {
        both!("did you mean `{near}`?", "bedoelde u `{near}`?")
    }
}
