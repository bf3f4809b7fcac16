//! The table of what can be said of a profile.

use toml_edit::Value;

use super::word::{CallClass, Limit, Money, Prefix};
use crate::rules;
use crate::trunks::settings::{Bounded, Limits, Setting, ValueFault, mistyped, refused, settings};
use crate::trunks::{Span, Wanted, WrongValue, word::shown};

settings! {
/// What an operator says of a profile. None: nothing, so that the default counts.
ProfileSettings of Profile {
    /// The classes that may be called.
    rights: Vec<CallClass>;
    /// Hours of the dialplan, by name.
    hours: String, by rules::hours;
    /// The classes that may be called outside them.
    rights_closed: Vec<CallClass>;
    /// Calls at one time.
    calls: Limit, in 0..=100_000;
    /// New calls a minute.
    calls_per_minute: Limit, in 0..=60_000;
    /// What a day's calls may cost.
    spend_per_day: Money;
    /// What a month's calls may cost.
    spend_per_month: Money;
    /// Beginnings of numbers that may not be called.
    blocked: Vec<Prefix>;
    /// Beginnings of numbers that may be called, whatever their class.
    allowed: Vec<Prefix>;
    /// The time in which calls abroad and to premium numbers are counted.
    watch_within: Span, in 60_000..=86_400_000;
    /// Such calls in that time.
    watch_calls: Limit, in 0..=999;
    /// Different numbers in that time.
    watch_destinations: Limit, in 0..=999;
    /// Such calls in that time, outside the hours.
    watch_closed: Limit, in 0..=999;
}
}

impl Bounded for Prefix {}

impl Setting for Limit {
    fn typed(text: &str) -> Value {
        u32::typed(text)
    }

    fn read(value: &Value, limits: &Limits) -> Result<Self, Vec<ValueFault>> {
        match value {
            Value::Integer(_) => u32::read(value, limits).map(Self::Most),
            Value::String(text) if text.value().eq_ignore_ascii_case(OFF) => Ok(Self::Off),
            Value::String(text) => Err(refused(value, WrongValue::NoLimit(shown(text.value())))),
            _ => Err(mistyped(value, Wanted::Limit)),
        }
    }
}

impl Setting for Money {
    /// The digits are read as they are written: a floating point number knows no cents, but is shown with those that it was made of.
    fn read(value: &Value, _: &Limits) -> Result<Self, Vec<ValueFault>> {
        let text = match value {
            Value::Integer(number) => number.value().to_string(),
            Value::Float(number) => number.value().to_string(),
            Value::String(text) => text.value().clone(),
            _ => return Err(mistyped(value, Wanted::Amount)),
        };
        text.parse().map_err(|wrong| refused(value, wrong))
    }
}

const OFF: &str = "off";
