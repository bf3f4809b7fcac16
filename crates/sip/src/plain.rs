//! The plain form of what has none of its own: instants, which mean nothing in another process, and bytes, which are text nearly
//! always. Instants are written relative to the moment of the freezing, so both ways go through [`at`], which says when that is.

use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

thread_local! {
    /// Set while [`at`] runs, on its thread alone: serde hands no context down to a field.
    static ORIGIN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Runs `act`, in which the instants of state are written and read relative to `now`. Outside of it they can be neither.
pub fn at<R>(now: Instant, act: impl FnOnce() -> R) -> R {
    /// Puts back what was there, even where `act` panics.
    struct Before(Option<Instant>);
    impl Drop for Before {
        fn drop(&mut self) {
            ORIGIN.set(self.0);
        }
    }
    let _before = Before(ORIGIN.replace(Some(now)));
    act()
}

/// What can be a field with `#[serde(with = "plain")]`.
pub trait Plain: Sized {
    /// What is written.
    type Form: Serialize + for<'de> Deserialize<'de>;

    /// The plain form; `None` where it has none around `origin`.
    fn form(&self, origin: Instant) -> Option<Self::Form>;

    /// The value of a plain form; `None` where there is none around `origin`.
    fn of_form(form: Self::Form, origin: Instant) -> Option<Self>;
}

/// For `#[serde(with = "plain")]`.
///
/// # Errors
/// Outside [`at`].
pub fn serialize<T: Plain, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let origin = ORIGIN.get().ok_or_else(|| S::Error::custom(OUTSIDE))?;
    value.form(origin).ok_or_else(|| S::Error::custom(OUT_OF_RANGE))?.serialize(serializer)
}

/// For `#[serde(with = "plain")]`.
///
/// # Errors
/// Outside [`at`], and for an instant that this machine's clock cannot show.
pub fn deserialize<'de, T: Plain, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let origin = ORIGIN.get().ok_or_else(|| D::Error::custom(OUTSIDE))?;
    let form = T::Form::deserialize(deserializer)?;
    T::of_form(form, origin).ok_or_else(|| D::Error::custom(OUT_OF_RANGE))
}

/// Nanoseconds after the origin; negative before it.
impl Plain for Instant {
    type Form = i64;

    fn form(&self, origin: Instant) -> Option<i64> {
        match self.checked_duration_since(origin) {
            Some(after) => i64::try_from(after.as_nanos()).ok(),
            None => i64::try_from(origin.duration_since(*self).as_nanos()).ok()?.checked_neg(),
        }
    }

    fn of_form(nanos: i64, origin: Instant) -> Option<Self> {
        let distance = Duration::from_nanos(nanos.unsigned_abs());
        if nanos < 0 { origin.checked_sub(distance) } else { origin.checked_add(distance) }
    }
}

/// Nanoseconds: no longer than a sum with an instant of today can hold.
impl Plain for Duration {
    type Form = u64;

    fn form(&self, _origin: Instant) -> Option<u64> {
        Some(u64::try_from(self.as_nanos()).unwrap_or(u64::MAX))
    }

    fn of_form(nanos: u64, _origin: Instant) -> Option<Self> {
        Some(Self::from_nanos(nanos))
    }
}

impl Plain for Bytes {
    type Form = Octets;

    fn form(&self, _origin: Instant) -> Option<Octets> {
        Some(Octets(self.clone()))
    }

    fn of_form(form: Octets, _origin: Instant) -> Option<Self> {
        Some(form.0)
    }
}

/// What may stand beside an instant in a pair.
macro_rules! plain_already {
    ($($name:ty),*) => {$(
        impl Plain for $name {
            type Form = Self;

            fn form(&self, _origin: Instant) -> Option<Self> {
                Some(*self)
            }

            fn of_form(form: Self, _origin: Instant) -> Option<Self> {
                Some(form)
            }
        }
    )*};
}

plain_already!(u8, u16, crate::transaction::ClientId);

impl<T: Plain> Plain for Option<T> {
    type Form = Option<T::Form>;

    fn form(&self, origin: Instant) -> Option<Self::Form> {
        match self {
            Some(value) => value.form(origin).map(Some),
            None => Some(None),
        }
    }

    fn of_form(form: Self::Form, origin: Instant) -> Option<Self> {
        match form {
            Some(form) => T::of_form(form, origin).map(Some),
            None => Some(None),
        }
    }
}

impl<A: Plain, B: Plain> Plain for (A, B) {
    type Form = (A::Form, B::Form);

    fn form(&self, origin: Instant) -> Option<Self::Form> {
        Some((self.0.form(origin)?, self.1.form(origin)?))
    }

    fn of_form((a, b): Self::Form, origin: Instant) -> Option<Self> {
        Some((A::of_form(a, origin)?, B::of_form(b, origin)?))
    }
}

impl<T: Plain> Plain for VecDeque<T> {
    type Form = Vec<T::Form>;

    fn form(&self, origin: Instant) -> Option<Self::Form> {
        self.iter().map(|value| value.form(origin)).collect()
    }

    fn of_form(form: Self::Form, origin: Instant) -> Option<Self> {
        form.into_iter().map(|form| T::of_form(form, origin)).collect()
    }
}

/// Bytes, written as text where they are text and as a list of numbers otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Octets(Bytes);

impl Serialize for Octets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => serializer.collect_seq(self.0.iter()),
        }
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OctetsVisitor)
    }
}

struct OctetsVisitor;

impl<'de> Visitor<'de> for OctetsVisitor {
    type Value = Octets;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or a list of bytes")
    }

    fn visit_str<E>(self, text: &str) -> Result<Octets, E> {
        Ok(Octets(Bytes::copy_from_slice(text.as_bytes())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Octets, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = list.next_element()? {
            bytes.push(byte);
        }
        Ok(Octets(bytes.into()))
    }
}

const OUTSIDE: &str = "an instant is plain only while a state is frozen or thawed";
const OUT_OF_RANGE: &str = "an instant that the clock cannot show";

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test has to count from some instant")]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct State {
        #[serde(with = "crate::plain")]
        before: Instant,
        #[serde(with = "crate::plain")]
        after: Option<(u16, Instant)>,
        #[serde(with = "crate::plain")]
        bytes: Bytes,
    }

    #[test]
    fn instants_keep_their_distance_from_the_freezing() {
        let now = Instant::now();
        let later = now + Duration::from_secs(1_000);
        let bytes = Bytes::from_static(b"v=0\r\n");
        let state = State { before: now, after: Some((7, now + Duration::from_millis(9))), bytes };
        let frozen = at(now + Duration::from_millis(3), || serde_json::to_string(&state)).unwrap();
        assert_eq!(frozen, r#"{"before":-3000000,"after":[7,6000000],"bytes":"v=0\r\n"}"#);
        let thawed: State = at(later, || serde_json::from_str(&frozen)).unwrap();
        assert_eq!(thawed.before, later - Duration::from_millis(3));
        assert_eq!(thawed.after, Some((7, later + Duration::from_millis(6))));
        assert_eq!(thawed.bytes, state.bytes);
        assert!(serde_json::to_string(&state).is_err(), "outside");
        assert!(serde_json::from_str::<State>(&frozen).is_err(), "outside");
    }

    #[test]
    fn bytes_that_are_no_text_survive_too() {
        let octets = Octets(Bytes::from_static(&[0, 0xff, 13]));
        let frozen = serde_json::to_string(&octets).unwrap();
        assert_eq!(frozen, "[0,255,13]");
        assert_eq!(serde_json::from_str::<Octets>(&frozen).unwrap(), octets);
    }
}
