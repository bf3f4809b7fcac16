//! What a provider signs its webhooks with, sealed at rest like a password.

use std::fmt;

use crate::StoreError;
use crate::rules::{self, Refusal};
use crate::seal::{Place, Seal};

/// A secret that webhooks are signed with, as the provider shows it. Its debug output does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(String);

impl WebhookSecret {
    /// One secret, or two while the provider changes from one to the other.
    ///
    /// # Errors
    /// Where one of them cannot be a secret, or there are more.
    pub fn all<T: AsRef<str>>(texts: &[T]) -> Result<Vec<Self>, Refusal> {
        if texts.len() > MOST {
            return Err(Refusal::WebhookSecret);
        }
        let one = |text: &T| rules::webhook_secret(text.as_ref()).map(|()| Self(text.as_ref().to_owned()));
        texts.iter().map(one).collect()
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(..)")
    }
}

/// The secrets of a trunk as its row holds them.
pub(super) fn sealed(
    seal: &Seal,
    trunk: &str,
    secrets: &[WebhookSecret],
) -> Result<Option<String>, StoreError> {
    if secrets.is_empty() {
        return Ok(None);
    }
    // No secret holds a space.
    let clear = secrets.iter().map(WebhookSecret::expose).collect::<Vec<_>>().join(" ");
    seal.seal(Place { column: COLUMN, row: trunk }, clear.as_bytes()).map(Some)
}

pub(super) fn open(seal: &Seal, trunk: &str, sealed: &str) -> Result<Vec<WebhookSecret>, StoreError> {
    let place = Place { column: COLUMN, row: trunk };
    let broken = || StoreError::Sealed { place: place.to_string() };
    let clear = String::from_utf8(seal.open(place, sealed)?).map_err(|_| broken())?;
    let texts: Vec<&str> = clear.split(' ').collect();
    WebhookSecret::all(&texts).map_err(|_| broken())
}

const COLUMN: &str = "trunks.webhook_secret";
const MOST: usize = 2;
