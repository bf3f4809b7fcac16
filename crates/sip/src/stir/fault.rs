//! What a verification comes to, in the words of RFC 8224 and of 3GPP TS 24.229.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much who signs says of the caller (RFC 8588 section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Attestation {
    /// Full: the caller is known, and may use this number.
    A,
    /// Partial: the caller is known; whether they may use the number is not.
    B,
    /// Gateway: it is only known where the call came in.
    C,
}

/// Whether the caller's number is validated: the `verstat` parameter (3GPP TS 24.229 section 7.2A.20).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Verstat {
    /// It is signed by somebody who may.
    Passed,
    /// It was signed, but not like this, not by them, or not now.
    Failed,
    /// Nothing could be validated.
    NotValidated,
}

/// Why a number is not validated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error, Serialize, Deserialize)]
pub enum Fault {
    /// Nobody has signed it.
    #[error("there is no Identity header field")]
    NoIdentity,
    /// It was signed too long ago, or is from the future.
    #[error("the signature is not of this minute")]
    Stale,
    /// `info` names nothing that can be fetched: it is no `https` URL with a host.
    #[error("the certificate is not at an https URL")]
    BadInfo,
    /// The certificate could not be fetched, or not in time.
    #[error("the certificate could not be fetched")]
    NotFetched,
    /// What was fetched is no chain of certificates, or its key is none of ES256.
    #[error("the certificate cannot be read")]
    UnreadableCertificate,
    /// Another algorithm than ES256.
    #[error("the signature is not of ES256")]
    UnknownAlgorithm,
    /// The certificate is not valid at this time.
    #[error("the certificate is not valid now")]
    Expired,
    /// None of our authorities has issued the certificate.
    #[error("nobody whom we believe has issued the certificate")]
    UnknownAuthority,
    /// The certificate is not for this number, or for no numbers at all.
    #[error("the certificate is not for this number")]
    OtherNumbers,
    /// The header field cannot be read.
    #[error("the Identity header field is malformed")]
    Malformed,
    /// Another number calls than the one that was signed.
    #[error("another number calls than was signed")]
    WrongCaller,
    /// Another number is called than the one that was signed.
    #[error("another number is called than was signed")]
    WrongCallee,
    /// The signature is not of this key.
    #[error("the signature is wrong")]
    WrongSignature,
}

impl Attestation {
    /// `A`, `B` or `C`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
        }
    }

    /// The attestation of a letter.
    pub fn from_letter(letter: &str) -> Option<Self> {
        [Self::A, Self::B, Self::C].into_iter().find(|known| known.as_str() == letter)
    }
}

impl Verstat {
    /// The value of the parameter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "TN-Validation-Passed",
            Self::Failed => "TN-Validation-Failed",
            Self::NotValidated => "No-TN-Validation",
        }
    }
}

impl Fault {
    /// The status that refuses such a call, and its reason phrase (RFC 8224 section 6.2.2).
    pub fn status(self) -> (u16, &'static str) {
        match self {
            Self::NoIdentity => (428, "Use Identity Header"),
            Self::Stale => (403, "Stale Date"),
            Self::BadInfo | Self::NotFetched => (436, "Bad Identity Info"),
            Self::UnreadableCertificate
            | Self::UnknownAlgorithm
            | Self::Expired
            | Self::UnknownAuthority
            | Self::OtherNumbers => (437, "Unsupported Credential"),
            Self::Malformed | Self::WrongCaller | Self::WrongCallee | Self::WrongSignature => {
                (438, "Invalid Identity Header")
            }
        }
    }

    /// What is told of the number. Where there is nothing to look at, nothing was validated.
    pub fn verstat(self) -> Verstat {
        match self {
            Self::NoIdentity | Self::BadInfo | Self::NotFetched => Verstat::NotValidated,
            _ => Verstat::Failed,
        }
    }

    /// The word of the log and the call record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoIdentity => "no_identity",
            Self::Stale => "stale",
            Self::BadInfo => "bad_info",
            Self::NotFetched => "not_fetched",
            Self::UnreadableCertificate => "unreadable_certificate",
            Self::UnknownAlgorithm => "unknown_algorithm",
            Self::Expired => "expired",
            Self::UnknownAuthority => "unknown_authority",
            Self::OtherNumbers => "other_numbers",
            Self::Malformed => "malformed",
            Self::WrongCaller => "wrong_caller",
            Self::WrongCallee => "wrong_callee",
            Self::WrongSignature => "wrong_signature",
        }
    }
}

impl fmt::Display for Attestation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Verstat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
