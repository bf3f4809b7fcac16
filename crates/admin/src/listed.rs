//! Lists in pages: so many items after the one that the cursor names.

use axum::Json;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::problem::Refusal;

/// Which page is asked for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Page {
    limit: Option<usize>,
    cursor: Option<String>,
}

/// One page, and the cursor of the next where there is one.
#[derive(Debug, Serialize)]
pub(crate) struct Listed<T> {
    items: Vec<T>,
    next: Option<String>,
}

impl Page {
    /// The page of `items`, which `key` tells apart and which are put in its order.
    pub(crate) fn of<T>(
        self,
        mut items: Vec<T>,
        key: impl Fn(&T) -> String,
    ) -> Result<Json<Listed<T>>, Refusal> {
        let limit = self.limit.unwrap_or(LIMIT);
        if !(1..=LARGEST).contains(&limit) {
            return Err(Refusal::Cursor);
        }
        items.sort_by_cached_key(&key);
        if let Some(cursor) = self.cursor {
            let after = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let after = after.ok_or(Refusal::Cursor)?;
            items.retain(|item| key(item) > after);
        }
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| URL_SAFE_NO_PAD.encode(key(last)));
        Ok(Json(Listed { items, next }))
    }
}

const LIMIT: usize = 200;
const LARGEST: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_hold_every_item_once() {
        let mut cursor = None;
        let mut seen = Vec::new();
        for _ in 0..3 {
            let page = Page { limit: Some(2), cursor: cursor.take() };
            let Json(listed) = page.of(vec!["c", "a", "e", "b", "d"], ToString::to_string).unwrap();
            seen.extend(listed.items);
            cursor = listed.next;
        }
        assert_eq!((seen, cursor), (vec!["a", "b", "c", "d", "e"], None));
        let odd = Page { limit: None, cursor: Some("*".into()) };
        assert!(odd.of(vec!["a"], ToString::to_string).is_err());
        assert!(Page { limit: Some(0), cursor: None }.of(vec!["a"], ToString::to_string).is_err());
    }
}
