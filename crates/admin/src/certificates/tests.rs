//! Certificates over years, with the clock as an argument.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use jiff::ToSpan as _;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::{ServerName, UnixTime};
use tempfile::TempDir;

use super::*;

fn after(days: i64) -> Timestamp {
    start().checked_add((days * 24).hours()).unwrap()
}

fn start() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn own(folder: &TempDir, now: Timestamp) -> Result<Certificates, CertificateError> {
    let authority = LocalAuthority::open(&folder.path().join("tls"), now)?;
    Certificates::of(Source::Own { authority, more: Vec::new() }, now)
}

/// Whether a browser that has imported this authority believes what is shown then.
fn is_believed(certificates: &Certificates, authority: &str, at: Timestamp) -> bool {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider).build().unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let at = UnixTime::since_unix_epoch(Duration::from_secs(at.as_second().try_into().unwrap()));
    let shown = certificates.shown.0.load();
    verifier.verify_server_cert(&shown.cert[0], &[], &name, &[], at).is_ok()
}

fn shown(certificates: &Certificates) -> CertificateDer<'static> {
    certificates.shown.0.load().cert[0].clone()
}

#[test]
fn it_is_made_anew_before_it_ends_and_the_authority_stays() {
    let folder = tempfile::tempdir().unwrap();
    let certificates = own(&folder, start()).unwrap();
    let (first, authority) = (shown(&certificates), certificates.authority_pem().unwrap());
    assert!(is_believed(&certificates, &authority, start()));
    assert_eq!(certificates.look(after(300)).unwrap(), None);
    assert_eq!(shown(&certificates), first);
    assert!(!is_believed(&certificates, &authority, after(400)), "it would have ended");
    assert_eq!(certificates.look(after(340)).unwrap(), Some("the one before ends"));
    assert_ne!(shown(&certificates), first);
    assert_eq!(certificates.authority_pem().unwrap(), authority);
    assert!(is_believed(&certificates, &authority, after(400)));
    assert!(certificates.seconds_left(after(340)).unwrap() > 396 * 86_400);
    assert_eq!(certificates.look(after(341)).unwrap(), None, "once");
}

#[test]
fn the_authority_is_renewed_before_it_could_outlive_its_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let certificates = own(&folder, start()).unwrap();
    let old = certificates.authority_pem().unwrap();
    let mut years = 0;
    while certificates.authority_pem().unwrap() == old {
        years += 1;
        assert!(years * 350 < 3_650, "it would have ended");
        certificates.look(after(years * 350)).unwrap();
    }
    let (at, new) = (after(years * 350), certificates.authority_pem().unwrap());
    assert!(is_believed(&certificates, &new, at), "who imports it now");
    assert!(is_believed(&certificates, &old, at), "who has imported the one before");
    let file = fs::read_to_string(folder.path().join("tls/ca.crt")).unwrap();
    assert_eq!(file, new);
    let again = own(&folder, at).unwrap();
    assert_eq!(again.authority_pem().unwrap(), new);
}

#[test]
fn another_name_is_taken_in_and_one_that_goes_is_not_missed() {
    let folder = tempfile::tempdir().unwrap();
    let certificates = own(&folder, start()).unwrap();
    let first = shown(&certificates);
    let made_of = |names: &[&str]| {
        let names = names.iter().map(ToString::to_string).collect();
        certificates.source.lock().unwrap().made_of = Mark::Names(names);
    };
    let mut now = own_names(std::iter::empty());
    now.push("an.address.that.is.gone".into());
    made_of(&now.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(certificates.look(after(1)).unwrap(), None);
    made_of(&["localhost"]);
    assert_eq!(certificates.look(after(1)).unwrap(), Some("another name or address"));
    assert_ne!(shown(&certificates), first);
    assert_eq!(certificates.look(after(1)).unwrap(), None);
}

#[test]
fn given_files_are_taken_when_they_change_and_bad_ones_are_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let pair = |name: &str| {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    };
    let write = |certificate: &str, key: &str| {
        fs::write(path("web.crt"), certificate).unwrap();
        fs::write(path("web.key"), key).unwrap();
    };
    let given = || {
        let source = Source::Files { certificate: path("web.crt"), key: path("web.key") };
        Certificates::of(source, start())
    };
    let refused = || given().err().unwrap().to_string();
    let missing = refused();
    for part in ["`admin.certificate`", "web.crt", "cannot be read", "make it readable"] {
        assert!(missing.contains(part), "{missing}");
    }
    let (one, key) = pair("one.example");
    write(&one, "nothing");
    assert!(refused().contains("web.key holds no private key in PEM"), "{}", refused());

    write(&one, &key);
    let certificates = given().unwrap();
    assert!(certificates.authority_pem().is_none());
    let first = shown(&certificates);
    let (two, its_key) = pair("another.two.example");
    fs::write(path("web.crt"), &two).unwrap();
    let half = certificates.look(after(1)).unwrap_err().to_string();
    assert!(half.contains("cannot be used together"), "{half}");
    assert_eq!(certificates.look(after(1)).unwrap(), None, "said once");
    assert_eq!(shown(&certificates), first, "it stays as it was");
    fs::write(path("web.key"), its_key).unwrap();
    assert_eq!(certificates.look(after(1)).unwrap(), Some("other files"));
    assert_ne!(shown(&certificates), first);
    assert_eq!(certificates.look(after(2)).unwrap(), None);
}

#[test]
fn an_authority_that_cannot_be_read_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    drop(own(&folder, start()).unwrap());
    let file = folder.path().join("tls/ca.crt");
    fs::write(&file, "nothing").unwrap();
    let error = own(&folder, start()).err().unwrap().to_string();
    assert!(error.contains("tls/ca.crt") && error.contains("remove it"), "{error}");
    fs::remove_file(&file).unwrap();
    fs::set_permissions(folder.path().join("tls/ca.key"), fs::Permissions::from_mode(0o640)).unwrap();
    let error = own(&folder, start()).err().unwrap().to_string();
    assert!(error.contains("chmod 600"), "{error}");
}
