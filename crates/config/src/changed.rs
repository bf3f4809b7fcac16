//! Which keys of two configurations differ.

use crate::render::Rendered;
use crate::section::join;
use crate::tree::Config;

impl Config {
    /// The keys whose values are others in `now`, in the order of the tree: `sip.udp`. A section that may be written any number of
    /// times counts as one key. Of secrets that are masked only the section is named.
    pub fn changed_keys(&self, now: &Self) -> Vec<String> {
        let mut keys = Vec::new();
        differ("", &self.rendered(), &now.rendered(), &mut keys);
        for (section, is_other) in [("store", self.store != now.store), ("admin", self.admin != now.admin)] {
            if is_other && !keys.iter().any(|key| key.starts_with(section)) {
                keys.push(section.to_owned());
            }
        }
        keys
    }
}

fn differ(path: &str, before: &Rendered, now: &Rendered, keys: &mut Vec<String>) {
    match (before, now) {
        (Rendered::Table(before), Rendered::Table(now)) => {
            // Both are of the same tree.
            for ((key, before), (_, now)) in before.iter().zip(now) {
                differ(&join(path, key), before, now, keys);
            }
        }
        (Rendered::Tables(before), Rendered::Tables(now)) => {
            let differs = |(before, now)| {
                let mut inside = Vec::new();
                differ("", before, now, &mut inside);
                !inside.is_empty()
            };
            if before.len() != now.len() || before.iter().zip(now).any(differs) {
                keys.push(path.to_owned());
            }
        }
        _ if before.to_toml() != now.to_toml() => keys.push(path.to_owned()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::{Config, ConfigFile, load};

    fn config(pairs: &[(&str, &str)]) -> Config {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        load(&ConfigFile::Named("/dev/null".into()), pairs).expect("a configuration").config
    }

    #[test]
    fn keys_that_differ_are_named_and_no_others() {
        let usual = config(&[]);
        assert!(usual.changed_keys(&usual.clone()).is_empty());
        let other = config(&[
            ("KIESTOON__SIP__EXTERNAL_ADDRESS", "203.0.113.10"),
            ("KIESTOON__LIMITS__DRAIN_SECS", "77"),
            ("KIESTOON__STORE__KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="),
        ]);
        let changed = usual.changed_keys(&other);
        for key in ["sip.external_address", "limits.drain_secs"] {
            assert!(changed.iter().any(|changed| changed == key), "{key}: {changed:?}");
        }
        assert_eq!(changed.len(), 3, "{changed:?}");
    }
}
