//! How callers' numbers are vouched for at a trunk: the operator's words with what their files hold.

use std::path::Path;
use std::sync::Arc;

use kiestoon_call::{Signing, Stir, StirPolicy};
use kiestoon_sip::stir::{Attestation, TrustAnchors};
use kiestoon_store::{StirAttest, TrunkSettings, TrunkStir};

use super::Warning;
use crate::stir;

/// What a trunk is told. A key that cannot be used is a warning, and its calls go out unsigned: they go out.
pub(super) fn of(
    trunk: &str,
    said: &TrunkSettings,
    anchors: &Arc<TrustAnchors>,
    warnings: &mut Vec<Warning>,
) -> Stir {
    let policy = match said.stir.unwrap_or(TrunkStir::Off) {
        TrunkStir::Off => StirPolicy::Off,
        TrunkStir::Verify => StirPolicy::Verify,
        TrunkStir::Require => StirPolicy::Require,
    };
    if policy != StirPolicy::Off && anchors.is_empty() {
        warnings.push(Warning::NobodyBelieved { trunk: trunk.to_owned() });
    }
    let signing = signing(trunk, said, warnings);
    Stir { policy, anchors: Arc::clone(anchors), signing }
}

fn signing(trunk: &str, said: &TrunkSettings, warnings: &mut Vec<Warning>) -> Option<Signing> {
    let (file, url) = (said.stir_key_file.as_deref()?, said.stir_certificate_url.as_deref()?);
    match stir::signing_key(Path::new(file)) {
        Ok(key) => {
            let best = match said.stir_attest.unwrap_or(StirAttest::A) {
                StirAttest::A => Attestation::A,
                StirAttest::B => Attestation::B,
                StirAttest::C => Attestation::C,
            };
            Some(Signing { key: Arc::new(key), certificate_url: url.into(), best })
        }
        Err(fault) => {
            warnings.push(Warning::NotSigned { trunk: trunk.to_owned(), fault });
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn said(words: &[(&str, &str)]) -> TrunkSettings {
        let mut said = TrunkSettings::default();
        words.iter().for_each(|(key, text)| said.take_text(key, text).expect("a good word"));
        said
    }

    #[test]
    fn a_key_that_cannot_be_used_is_told_and_the_calls_go_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("stir.key");
        let file = path.display().to_string();
        let words = [
            ("stir_key_file", file.as_str()),
            ("stir_certificate_url", "https://cert.example.com/stir.pem"),
            ("stir_attest", "b"),
        ];
        let built = || {
            let mut warnings = Vec::new();
            (of("voys", &said(&words), &Arc::default(), &mut warnings), warnings)
        };
        let (stir, warnings) = built();
        assert!(stir.signing.is_none());
        assert!(
            matches!(&warnings[..], [Warning::NotSigned { trunk, .. }] if trunk == "voys"),
            "{warnings:?}"
        );
        fs::write(&path, kiestoon_testkit::stir::Authority::new().issues(2040).key_pem).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its rights");
        let (stir, warnings) = built();
        assert_eq!(warnings, []);
        let signing = stir.signing.expect("a key");
        assert_eq!((&*signing.certificate_url, signing.best), (words[1].1, Attestation::B));
        assert_eq!(stir.policy, StirPolicy::Off);
    }

    #[test]
    fn who_verifies_by_nobody_is_told() {
        for (word, policy) in [("verify", StirPolicy::Verify), ("require", StirPolicy::Require)] {
            let mut warnings = Vec::new();
            let stir = of("voys", &said(&[("stir", word)]), &Arc::default(), &mut warnings);
            assert_eq!(stir.policy, policy);
            assert_eq!(warnings, [Warning::NobodyBelieved { trunk: "voys".into() }]);
        }
    }
}
