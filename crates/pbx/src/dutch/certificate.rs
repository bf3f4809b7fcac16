//! What is wrong with the certificate of SIP over TLS and what belongs to it, in Dutch.

use crate::language::Language;
use crate::transport::TlsError;

/// Why its files cannot be used.
pub(crate) fn certificate(error: &TlsError, language: Language) -> String {
    match language {
        Language::English => error.to_string(),
        Language::Dutch => dutch(error),
    }
}

fn dutch(error: &TlsError) -> String {
    match error {
        TlsError::Unreadable { key, path, error } => {
            format!("`{key}`: het bestand {} is niet te lezen ({error})", path.display())
        }
        TlsError::Empty { key, path, what } => {
            let what = match *what {
                "certificate" => "certificaat",
                _ => "privésleutel",
            };
            format!("`{key}`: in het bestand {} staat geen {what} in PEM", path.display())
        }
        TlsError::Unusable { key, path, error } => {
            format!("`{key}`: het bestand {} is niet te gebruiken ({error})", path.display())
        }
        TlsError::Mismatch { key, certificate } => format!(
            "`sip.tls.key`: {} is niet de sleutel van het certificaat {}",
            key.display(),
            certificate.display()
        ),
        TlsError::Expired { path, at } => format!(
            "`sip.tls.certificate`: {} is op {at} verlopen; vraag de uitgever om een nieuw",
            path.display()
        ),
        TlsError::Authorities { path, error } => {
            format!("`sip.tls.client_ca`: het bestand {} is niet te gebruiken ({error})", path.display())
        }
    }
}
