//! A certificate authority of this installation's own: a key under `tls/` beside the database, made at the first start. All
//! else follows from the key, the authority's name too, so that no more than its end has to be read back from a certificate.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use kiestoon_config::not_after;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use sha2::{Digest as _, Sha256};

/// Signs the certificates of this machine's names.
pub(crate) struct LocalAuthority {
    key: KeyPair,
    file: PathBuf,
    /// Its own certificate, PEM, for import into browsers.
    pub(crate) pem: String,
}

/// A certificate chain with its key.
pub(crate) struct Signed {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
}

/// Why there is no authority.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthorityError {
    #[error(
        "the file {} of the local certificate authority cannot be used ({reason}); it belongs to the user that runs \
         kiestoon-admin, with mode 600",
        path.display()
    )]
    File { path: PathBuf, reason: String },
    #[error("the key {} may be read by others: run `chmod 600 {}`", path.display(), path.display())]
    Exposed { path: PathBuf },
    #[error("a certificate cannot be made ({0})")]
    Made(#[from] rcgen::Error),
}

impl LocalAuthority {
    /// Reads the authority in `folder`, or makes it.
    pub(crate) fn open(folder: &Path, now: Timestamp) -> Result<Self, AuthorityError> {
        let (key_file, file) = (folder.join("ca.key"), folder.join("ca.crt"));
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error: io::Error| AuthorityError::File { path, reason: error.to_string() }
        };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed(folder))?;
        let key = match fs::read_to_string(&key_file) {
            Ok(text) => {
                let mode = fs::metadata(&key_file).map_err(failed(&key_file))?.permissions().mode();
                if mode & 0o077 != 0 {
                    return Err(AuthorityError::Exposed { path: key_file });
                }
                KeyPair::from_pem(&text)?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = KeyPair::generate()?;
                let mut options = OpenOptions::new();
                let mut made = options
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(&key_file)
                    .map_err(failed(&key_file))?;
                let written = made.write_all(key.serialize_pem().as_bytes()).and_then(|()| made.sync_all());
                written.map_err(failed(&key_file))?;
                // A certificate of an earlier key is none of this one.
                let _ = fs::remove_file(&file);
                key
            }
            Err(error) => return Err(failed(&key_file)(error)),
        };
        let pem = match fs::read_to_string(&file) {
            Ok(pem) => pem,
            Err(error) if error.kind() == io::ErrorKind::NotFound => written(&key, &file, now)?,
            Err(error) => return Err(failed(&file)(error)),
        };
        let mut authority = Self { key, file, pem };
        authority.renew(now)?;
        Ok(authority)
    }

    /// Makes its certificate anew, of the same key and name, where it would end before what it signs now. Whoever has imported
    /// the one before believes in it until that has ended. True where it was due.
    pub(crate) fn renew(&mut self, now: Timestamp) -> Result<bool, AuthorityError> {
        let end = not_after_of(&self.pem).ok_or_else(|| AuthorityError::File {
            path: self.file.clone(),
            reason: "it holds no certificate in PEM; remove it, and another one is made".into(),
        })?;
        let is_due = end.duration_since(now).as_secs() < (SERVER_DAYS + 1) * DAY_SECS;
        if is_due {
            self.pem = written(&self.key, &self.file, now)?;
        }
        Ok(is_due)
    }

    /// A fresh certificate with a fresh key for these names and addresses.
    pub(crate) fn sign(&self, names: &[String], now: Timestamp) -> Result<Signed, AuthorityError> {
        let mut server = CertificateParams::new(names.to_vec())?;
        server.distinguished_name = rcgen::DistinguishedName::new();
        server.distinguished_name.push(DnType::CommonName, names.first().map_or("kiestoon", String::as_str));
        valid_for(&mut server, now, SERVER_DAYS);
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        server.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = server.signed_by(&key, &Issuer::new(params(&self.key, now)?, &self.key))?;
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        Ok(Signed { chain: vec![certificate.der().clone()], key })
    }
}

/// Its own certificate, put beside the file first: what is there is whole at any time.
fn written(key: &KeyPair, file: &Path, now: Timestamp) -> Result<String, AuthorityError> {
    let pem = params(key, now)?.self_signed(key)?.pem();
    let beside = file.with_extension("new");
    fs::write(&beside, &pem)
        .and_then(|()| fs::rename(&beside, file))
        .map_err(|error| AuthorityError::File { path: file.to_owned(), reason: error.to_string() })?;
    Ok(pem)
}

/// When the first certificate of a PEM file ends.
fn not_after_of(pem: &str) -> Option<Timestamp> {
    not_after(&CertificateDer::from_pem_slice(pem.as_bytes()).ok()?)
}

/// The authority's own certificate, less the signature.
fn params(key: &KeyPair, now: Timestamp) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    let mark: String =
        Sha256::digest(key.public_key_raw()).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Kiestoon");
    params.distinguished_name.push(DnType::CommonName, format!("Kiestoon local authority {mark}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid_for(&mut params, now, AUTHORITY_DAYS);
    Ok(params)
}

/// Every name and address that a browser on this network may reach this machine by.
pub(crate) fn own_names(more: impl Iterator<Item = String>) -> Vec<String> {
    let mut names = vec!["localhost".to_owned()];
    let host =
        fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_ascii_lowercase();
    if !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte)) {
        names.push(host);
    }
    let interfaces = nix::ifaddrs::getifaddrs().into_iter().flatten();
    let mut addresses: Vec<IpAddr> = interfaces
        .filter_map(|interface| {
            let address = interface.address?;
            let four = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
            four.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
        })
        // A link-local address needs a zone, which no certificate can name.
        .filter(|address| !matches!(address, IpAddr::V6(six) if six.is_unicast_link_local()))
        .collect();
    addresses.extend([IpAddr::from([127, 0, 0, 1]), IpAddr::V6(std::net::Ipv6Addr::LOCALHOST)]);
    addresses.sort_unstable();
    names.extend(addresses.iter().map(ToString::to_string));
    names.extend(more);
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// Year, month and day, so many days from another.
fn day(from: Date, days: i64) -> (i32, u8, u8) {
    let date = from.checked_add(days.days()).unwrap_or(from);
    let part = |value: i8| u8::try_from(value).unwrap_or(1);
    (i32::from(date.year()), part(date.month()), part(date.day()))
}

/// From yesterday, for clocks that are behind, for so many days.
fn valid_for(params: &mut CertificateParams, now: Timestamp, days: i64) {
    let today = now.to_zoned(TimeZone::UTC).date();
    let (year, month, first) = day(today, -1);
    params.not_before = rcgen::date_time_ymd(year, month, first);
    let (year, month, last) = day(today, days);
    params.not_after = rcgen::date_time_ymd(year, month, last);
}

/// Browsers and phones refuse longer ones; it is made anew long before.
const SERVER_DAYS: i64 = 397;
const AUTHORITY_DAYS: i64 = 3_650;
const DAY_SECS: i64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tls");
        let first = LocalAuthority::open(&path, Timestamp::now()).unwrap();
        let again = LocalAuthority::open(&path, Timestamp::now()).unwrap();
        assert_eq!(first.pem, again.pem);
        let mode = |name: &str| fs::metadata(path.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode("ca.key"), 0o600);
        assert_eq!(mode("."), 0o700);
        fs::set_permissions(path.join("ca.key"), fs::Permissions::from_mode(0o644)).unwrap();
        let message = LocalAuthority::open(&path, Timestamp::now()).err().unwrap().to_string();
        assert!(message.contains("chmod 600"), "{message}");
    }

    #[test]
    fn what_it_signs_is_believed_by_who_knows_its_certificate() {
        use rustls::client::danger::ServerCertVerifier as _;
        use rustls::pki_types::{ServerName, UnixTime};
        let folder = tempfile::tempdir().unwrap();
        let now = Timestamp::now();
        let made = LocalAuthority::open(folder.path(), now).unwrap();
        drop(made);
        // Read back, as at a later start.
        let authority = LocalAuthority::open(folder.path(), now).unwrap();
        let signed = authority.sign(&own_names(["pbx.example".to_owned()].into_iter()), now).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
        let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = rustls::client::WebPkiServerVerifier::builder_with_provider(roots.into(), provider)
            .build()
            .unwrap();
        let verify = |name: &'static str| {
            let name = ServerName::try_from(name).unwrap();
            verifier.verify_server_cert(&signed.chain[0], &[], &name, &[], UnixTime::now()).is_ok()
        };
        assert!(verify("localhost") && verify("127.0.0.1") && verify("::1") && verify("pbx.example"));
        assert!(!verify("other.example"));
    }
}
