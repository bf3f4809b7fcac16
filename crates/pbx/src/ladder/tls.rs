//! Whether a host proves to be who it should be, by a certificate that calls would believe.

use jiff::Timestamp;
use kiestoon_control::{Rung, RungName, Sentence};
use kiestoon_sip::Flow;
use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;

use super::line::Line;
use super::rung::{Draft, both};
use super::{Climb, Host};
use crate::transport::{Distrust, handshake};

impl Climb<'_> {
    /// The line over TLS, once the host has proved the name that was asked for.
    pub(super) async fn prove(&self, host: &Host<'_>, stream: TcpStream, flow: Flow) -> (Rung, Option<Line>) {
        let mut draft = Draft::new(RungName::Tls, &host.text, self.trunk);
        let name = self.trunk.query(host.uri).host;
        let local = stream.local_addr().unwrap_or(flow.local);
        let shaken = handshake(&self.around.certificates, stream, &name).await;
        let own = shaken.shown.first();
        draft.detail("asked_for", &name);
        draft.detail("certificates", shaken.shown.len());
        let (names, expires) =
            (own.map(|der| names(der)).unwrap_or_default(), own.and_then(|der| not_after(der)));
        draft.detail("names", names.join(", "));
        if let Some(expires) = expires {
            draft.detail("expires", expires);
        }
        let stream = match shaken.stream {
            Ok(stream) => stream,
            Err(why) => {
                let (found, advice) = distrusted(&why, &name, &names, &shaken.shown);
                return (draft.failed(found, advice), None);
            }
        };
        let (_, session) = stream.get_ref();
        let version = session.protocol_version().and_then(|version| version.as_str()).unwrap_or("TLS");
        let version = version.replace("v1_", " 1.");
        draft.detail("version", &version);
        if let Some(suite) = session.negotiated_cipher_suite() {
            draft.detail("cipher", suite.suite().as_str().unwrap_or_default());
        }
        let found = both!(
            "{version}, and the certificate is that of {name}",
            "{version}, en het certificaat is dat van {name}"
        );
        let rung = match days_left(expires) {
            Some(days) if days < SOON_DAYS => draft.warning(
                found,
                both!(
                    "the certificate expires in {days} days: ask the provider whether it will be renewed",
                    "het certificaat verloopt over {days} dagen: vraag de aanbieder of het wordt vernieuwd"
                ),
            ),
            _ => draft.ok(found),
        };
        let (settings, trunk) = (&self.around.settings, self.trunk);
        (rung, Some(Line::stream(stream, local, &flow, settings, trunk)))
    }
}

/// Why a certificate is not believed, and what to do.
fn distrusted(
    why: &Distrust,
    name: &str,
    names: &[String],
    shown: &[CertificateDer<'static>],
) -> (Sentence, Sentence) {
    match why {
        Distrust::UnknownIssuer
            if shown.len() == 1 && shown.first().is_some_and(|der| is_self_signed(der)) =>
        {
            (
                both!(
                    "the certificate has been signed by nobody but itself",
                    "het certificaat is door niemand dan zichzelf ondertekend"
                ),
                both!(
                    "if this is the right host, put its certificate into the file of `sip.tls.server_ca`; else compare `host` with what the provider wrote",
                    "is dit de juiste host, zet het certificaat van de host dan in het bestand van `sip.tls.server_ca`; vergelijk anders `host` met wat de aanbieder schreef"
                ),
            )
        }
        Distrust::UnknownIssuer => (
            both!(
                "nobody whom the PBX believes has signed the certificate",
                "niemand die de centrale gelooft heeft het certificaat ondertekend"
            ),
            both!(
                "put the authority of the provider into the file of `sip.tls.server_ca`, or, where that is empty, update the authorities of this machine",
                "zet de autoriteit van de aanbieder in het bestand van `sip.tls.server_ca`, of werk, als dat leeg is, de autoriteiten van deze machine bij"
            ),
        ),
        Distrust::WrongName => {
            let names = if names.is_empty() { "-".to_owned() } else { names.join(", ") };
            (
                both!(
                    "the certificate is not that of {name}: it names {names}",
                    "het certificaat is niet dat van {name}: het noemt {names}"
                ),
                both!(
                    "write one of these names at `host` of the trunk, if the provider says that it is his",
                    "zet een van deze namen bij `host` van de trunk, als de aanbieder zegt dat die van hem is"
                ),
            )
        }
        Distrust::Expired => {
            let at = shown
                .first()
                .and_then(|der| not_after(der))
                .map_or_else(|| "-".to_owned(), |at| at.to_string());
            (
                both!("the certificate has expired on {at}", "het certificaat is verlopen op {at}"),
                both!(
                    "if the clock of this machine is right, tell the provider: it has to renew its certificate",
                    "staat de klok van deze machine goed, meld het dan de aanbieder: die moet zijn certificaat vernieuwen"
                ),
            )
        }
        Distrust::NotYetValid => (
            both!("the certificate is not valid yet", "het certificaat is nog niet geldig"),
            both!("set the clock of this machine right", "zet de klok van deze machine goed"),
        ),
        Distrust::Certificate(reason) => (
            both!("the certificate is not good: {reason}", "het certificaat is niet goed: {reason}"),
            both!("tell the provider, with this sentence", "meld het de aanbieder, met deze zin"),
        ),
        Distrust::Handshake(reason) => (
            both!("no TLS came about: {reason}", "er kwam geen TLS tot stand: {reason}"),
            both!(
                "the port may speak SIP without TLS: compare port and `transport` of the trunk with what the provider wrote",
                "de poort spreekt misschien SIP zonder TLS: vergelijk poort en `transport` van de trunk met wat de aanbieder schreef"
            ),
        ),
        Distrust::Silent => (
            both!(
                "the host took the connection and says nothing",
                "de host nam de verbinding aan en zegt niets"
            ),
            both!(
                "the port may speak SIP without TLS, or a firewall looks into connections: compare port and `transport` with what the provider wrote",
                "de poort spreekt misschien SIP zonder TLS, of een firewall kijkt in verbindingen: vergelijk poort en `transport` met wat de aanbieder schreef"
            ),
        ),
    }
}

/// The domains of a certificate.
fn names(der: &CertificateDer<'_>) -> Vec<String> {
    let Ok(certificate) = webpki::EndEntityCert::try_from(der) else { return Vec::new() };
    let all = certificate.valid_uri_names().chain(certificate.valid_dns_names());
    all.take(MOST_NAMES).map(str::to_owned).collect()
}

fn is_self_signed(der: &CertificateDer<'_>) -> bool {
    webpki::EndEntityCert::try_from(der)
        .is_ok_and(|certificate| certificate.issuer() == certificate.subject())
}

fn not_after(der: &CertificateDer<'_>) -> Option<Timestamp> {
    kiestoon_config::not_after(der)
}

fn days_left(expires: Option<Timestamp>) -> Option<i64> {
    Some(expires?.duration_since(Timestamp::now()).as_secs().div_euclid(86_400))
}

const SOON_DAYS: i64 = 14;
const MOST_NAMES: usize = 20;
