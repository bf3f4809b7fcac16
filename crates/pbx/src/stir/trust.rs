//! What operators keep in files: the authorities that are believed, and the keys that calls are signed with.
use std::{
    fs,
    io::Read as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use kiestoon_control::Sentence;
use kiestoon_sip::stir::{SigningKey, TrustAnchors};

use crate::language::both;

/// The authorities of a folder: all certificates of its `*.pem` and `*.crt` files.
///
/// # Errors
/// The first file that cannot be read or holds none, in words.
pub(crate) fn authorities(folder: &Path) -> Result<TrustAnchors, Sentence> {
    let mut anchors = TrustAnchors::default();
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let path: PathBuf = entry.map_err(|error| unreadable(folder, &error))?.path();
        let is_certificate = path.extension().is_some_and(|ending| ending == "pem" || ending == "crt");
        if is_certificate {
            paths.push(path);
        }
    }
    paths.sort();
    for path in paths {
        let pem = read(&path)?;
        let path = path.display();
        anchors.add_pem(&pem).map_err(|error| both!("{path}: {error}", "{path}: geen certificaat in PEM"))?;
    }
    Ok(anchors)
}

/// The key of a file.
///
/// # Errors
/// Where it cannot be read, is readable by everybody, or is no key of ES256, in words.
pub(crate) fn signing_key(path: &Path) -> Result<SigningKey, Sentence> {
    let mode = fs::metadata(path).map_err(|error| unreadable(path, &error))?.permissions().mode();
    if mode & OTHERS != 0 {
        let path = path.display();
        return Err(both!(
            "{path} can be read by every user of this machine; run `chmod 600 {path}`",
            "{path} is leesbaar voor elke gebruiker van deze machine; geef `chmod 600 {path}`"
        ));
    }
    let (pem, path) = (read(path)?, path.display());
    SigningKey::from_pem(&pem)
        .map_err(|error| both!("{path}: {error}", "{path}: geen privésleutel op de curve P-256, in PEM"))
}

fn read(path: &Path) -> Result<Vec<u8>, Sentence> {
    let mut bytes = Vec::new();
    // Of a pipe nobody would ever see the end.
    if !fs::metadata(path).map_err(|error| unreadable(path, &error))?.is_file() {
        let path = path.display();
        return Err(both!("{path}: no file", "{path}: geen bestand"));
    }
    let file = fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    match bytes.len() as u64 > MOST_BYTES {
        true => {
            let (path, most) = (path.display(), MOST_BYTES >> 10);
            Err(both!("{path}: more than {most} KiB", "{path}: meer dan {most} KiB"))
        }
        false => Ok(bytes),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Sentence {
    let path = path.display();
    both!("{path}: cannot be read: {error}", "{path}: niet te lezen: {error}")
}

const OTHERS: u32 = 0o007;
/// Of one file.
const MOST_BYTES: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    #[test]
    fn the_authorities_of_a_folder_are_those_of_all_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let pem = || {
            let key = KeyPair::generate().unwrap();
            CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap().pem()
        };
        assert!(authorities(folder.path()).unwrap().is_empty());
        fs::write(folder.path().join("a.pem"), pem() + &pem()).unwrap();
        fs::write(folder.path().join("b.crt"), pem()).unwrap();
        fs::write(folder.path().join("README"), "x").unwrap();
        assert_eq!(authorities(folder.path()).unwrap().len(), 3);
        fs::write(folder.path().join("c.pem"), "x").unwrap();
        let error = authorities(folder.path()).unwrap_err().en;
        assert!(error.ends_with("c.pem: no certificate in PEM"), "{error}");
        let error = authorities(&folder.path().join("nowhere")).unwrap_err().en;
        assert!(error.contains("nowhere: cannot be read: No such file"), "{error}");
    }

    #[test]
    fn a_key_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stir.key");
        fs::write(&path, KeyPair::generate().unwrap().serialize_pem()).unwrap();
        let open = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        open(0o600);
        signing_key(&path).unwrap();
        open(0o644);
        assert!(signing_key(&path).unwrap_err().en.contains("run `chmod 600 "));
        open(0o600);
        fs::write(&path, "x").unwrap();
        assert!(
            signing_key(&path)
                .unwrap_err()
                .en
                .ends_with("stir.key: no private key on the curve P-256, in PEM")
        );
    }
}
