//! Webhooks of providers, on their way in: signed, or refused with 401, and kept once for the record of their call.

mod event;
mod form;
mod refusals;
mod signature;
pub(crate) mod strays;

use std::time::Instant;

use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Extension, FromRequest as _, Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use kiestoon_config::Config;
use kiestoon_store::{
    EventCall, Kept, NewProviderEvent, Organisation, Presets, StoreError, Trunk, TrunkWebhook, WebhookSecret,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use self::event::Event;
use self::refusals::Refusals;
use self::signature::{Fault, Said, Scheme, Signed};
use crate::client::Client;
use crate::hall::Hall;
use crate::hub::Scope;
use crate::metrics::Delivery;
use crate::problem::Refusal;
use crate::routes::Shared;
use crate::serve::ConfigurationError;

/// What the routes of webhooks need besides.
pub(crate) struct Providers {
    /// What is known of providers, as it was at the start.
    presets: Presets,
    refusals: Refusals,
    /// Look-ups for sources that have sent much that was not signed: they leave the database to the others.
    turns: Semaphore,
}

impl Providers {
    /// # Errors
    /// What is wrong with a preset.
    pub(crate) fn new(config: &Config) -> Result<Self, ConfigurationError> {
        // Which countries are known is the PBX's business: here nothing is dialled.
        let numbering = |_: &str, number: &str| Some(number.to_owned());
        let presets = Presets::load(config.trunks.presets.as_deref(), numbering);
        let presets = presets.map_err(ConfigurationError::from_all)?;
        Ok(Self { presets, refusals: Refusals::default(), turns: Semaphore::new(TURNS) })
    }
}

/// The trunk that a request says it is of.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Address {
    organisation: Option<String>,
    trunk: Option<String>,
}

/// `POST /webhooks/ORGANISATION/TRUNK`.
pub(crate) async fn deliver(
    State(hall): State<Shared>,
    Extension(client): Extension<Client>,
    path: Result<Path<(String, String)>, PathRejection>,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let address = match path {
        Ok(Path((organisation, trunk))) => Address { organisation: Some(organisation), trunk: Some(trunk) },
        Err(_) => Address::default(),
    };
    Delivering { hall, client, address }.take(request).await
}

/// `POST /api/telephony/webhooks/call-events?organisation=ORGANISATION&trunk=TRUNK`: where one organisation has one trunk whose
/// provider's webhooks are signed, they may be left out.
pub(crate) async fn deliver_call_event(
    State(hall): State<Shared>,
    Extension(client): Extension<Client>,
    address: Result<Query<Address>, QueryRejection>,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let Query(address) = address.unwrap_or_default();
    Delivering { hall, client, address }.take(request).await
}

/// A request that is looked at.
struct Delivering {
    hall: Shared,
    client: Client,
    address: Address,
}

/// Why a request is not taken.
enum No {
    /// It is not believed: why, in a word for the log, and by whose rules.
    Refused { provider: Option<TrunkWebhook>, why: &'static str, result: Delivery },
    /// Whatever its sender may know.
    Told(Refusal),
}

impl<T: Into<Refusal>> From<T> for No {
    fn from(refusal: T) -> Self {
        Self::Told(refusal.into())
    }
}

impl Delivering {
    async fn take(self, request: Request) -> Result<StatusCode, Refusal> {
        // Behind one address may stand all customers of a provider, or of a proxy: what is signed is taken, whoever else stands there.
        let wait = self.hall.providers.refusals.wait(Instant::now(), self.client.source());
        let result = match wait {
            Some(_) if !says_to_be_signed(request.headers()) => {
                Err(No::Refused { provider: None, why: "unsigned", result: Delivery::Refused })
            }
            _ => self.deliver(request, wait.is_some()).await,
        };
        match (result, wait) {
            (Ok(()), _) => Ok(StatusCode::OK),
            (Err(No::Told(refusal)), _) => Err(refusal),
            (Err(No::Refused { .. }), Some(wait)) => {
                self.hall.metrics.delivered(None, Delivery::Limited);
                Err(Refusal::TooManyUnsigned(wait))
            }
            (Err(No::Refused { provider, why, result }), None) => {
                self.note_refused(provider, why, result);
                Err(Refusal::Unsigned)
            }
        }
    }

    async fn deliver(&self, request: Request, is_limited: bool) -> Result<(), No> {
        let path = request.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
        let headers = request.headers().clone();
        let body = Bytes::from_request(request, &()).await.map_err(|_| Refusal::TooLarge)?;
        let turn = match is_limited {
            true => self.hall.providers.turns.acquire().await.ok(),
            false => None,
        };
        let (home, trunk) = self.trunk().await?;
        drop(turn);
        let now = Timestamp::now();
        let sent = Sent { headers: &headers, path: &path, body: &body, now };
        let (provider, signed, event) = self.believe(&trunk, &sent)?;
        let new = new_event(&home, trunk.details.name, provider, &event, signed, &body);
        let replayed = No::Refused { provider: Some(provider), why: "replayed", result: Delivery::Replayed };
        let kept = self.hall.store.keep_provider_event(&new).await?;
        let result = match &kept {
            Kept::Replayed => return Err(replayed),
            // Twilio signs no time: the same once more is what somebody has kept, and has no other sign of it.
            Kept::Known if provider == TrunkWebhook::Twilio => return Err(replayed),
            Kept::Known => Delivery::Known,
            Kept::Full => Delivery::Full,
            Kept::New(_) => Delivery::Kept,
        };
        self.hall.metrics.delivered(Some(provider), result);
        let (organisation, trunk, kind) = (&home.slug, &new.trunk, new.kind);
        tracing::info!(%organisation, %trunk, kind, result = result.word(), "provider's webhook");
        if let Kept::New(calls) = kept {
            tell(&self.hall, &home, &new, &calls, now);
        }
        Ok(())
    }

    /// The trunk that it is for.
    async fn trunk(&self) -> Result<(Organisation, Trunk), No> {
        let nobody = || No::Refused { provider: None, why: "no_such_trunk", result: Delivery::Refused };
        let missing = |error: StoreError| if is_unknown(&error) { nobody() } else { error.into() };
        let store = &self.hall.store;
        let organisation = self.address.organisation.clone();
        let (organisation, name) = match &self.address.trunk {
            Some(name) => (organisation, name.clone()),
            None => {
                let all = store.trunks(organisation.as_deref()).await.map_err(missing)?;
                let mut signed = all.into_iter().filter(|trunk| trunk.has_webhook_secret);
                match (signed.next(), signed.next()) {
                    (Some(only), None) => (Some(only.organisation), only.name),
                    _ => return Err(nobody()),
                }
            }
        };
        store.trunk(organisation.as_deref(), &name).await.map_err(missing)
    }

    /// Whose event it is and what it says, where its provider has signed it.
    fn believe(&self, trunk: &Trunk, sent: &Sent<'_>) -> Result<(TrunkWebhook, Signed, Event), No> {
        let details = &trunk.details;
        let below = self.hall.providers.presets.find(&details.preset).map(|preset| &preset.settings);
        let settings = below.map_or_else(|| details.settings.clone(), |below| details.settings.over(below));
        let provider = settings.webhook.unwrap_or(TrunkWebhook::Standard);
        let refused = |why, result| No::Refused { provider: Some(provider), why, result };
        let faulty = |fault: Fault| match fault {
            Fault::Stale => refused(fault.word(), Delivery::Stale),
            _ => refused(fault.word(), Delivery::Refused),
        };
        let secrets: Vec<&str> = details.webhook_secrets.iter().map(WebhookSecret::expose).collect();
        let scheme = match provider {
            TrunkWebhook::Twilio => Scheme::Twilio { tokens: &secrets },
            TrunkWebhook::Telnyx => Scheme::Telnyx { key: settings.webhook_key.as_deref() },
            TrunkWebhook::Standard => Scheme::Standard { secrets: &secrets },
        };
        let form = match is_form(sent.headers).then(|| form::parameters(sent.body)) {
            Some(None) => return Err(refused("parameters", Delivery::Refused)),
            form => form.flatten(),
        };
        let said = Said {
            header: &|name| only(sent.headers, name),
            bases: &self.bases(),
            path: sent.path,
            form: form.as_deref(),
            body: sent.body,
            now: sent.now.as_second(),
        };
        let signed = signature::verify(scheme, &said).map_err(faulty)?;
        let Some(event) = read(provider, form.as_deref(), sent.body) else {
            self.hall.metrics.delivered(Some(provider), Delivery::Unreadable);
            return Err(Refusal::Body(format!("it is no event of {}", provider.word())).into());
        };
        if provider == TrunkWebhook::Twilio && is_of_yesterday(&event, sent.now) {
            return Err(faulty(Fault::Stale));
        }
        Ok((provider, signed, event))
    }

    /// What the sender may have called us.
    fn bases(&self) -> Vec<String> {
        let public = &self.hall.config.admin.public_url;
        if !public.is_empty() {
            return vec![public.clone()];
        }
        let scheme = if self.client.is_https { "https" } else { "http" };
        self.client.host.iter().map(|host| format!("{scheme}://{host}")).collect()
    }

    /// Counts it, and says it where the log has room for it.
    fn note_refused(&self, provider: Option<TrunkWebhook>, why: &'static str, result: Delivery) {
        self.hall.metrics.delivered(provider, result);
        let told = self.hall.providers.refusals.count(Instant::now(), self.client.source());
        let Some(untold) = told else { return };
        let short = |text: &Option<String>| text.iter().flat_map(|text| text.chars()).take(64).collect();
        let [organisation, trunk]: [String; 2] = [&self.address.organisation, &self.address.trunk].map(short);
        let provider = provider.map_or("unknown", TrunkWebhook::word);
        let source = self.client.address;
        tracing::warn!(target: "audit", %source, ?organisation, ?trunk, provider, why, untold, "webhook refused");
    }
}

/// A request as it came.
struct Sent<'a> {
    headers: &'a HeaderMap,
    /// With its query.
    path: &'a str,
    body: &'a [u8],
    now: Timestamp,
}

/// What is kept of an event.
fn new_event(
    home: &Organisation,
    trunk: String,
    provider: TrunkWebhook,
    event: &Event,
    signed: Signed,
    body: &[u8],
) -> NewProviderEvent {
    let body = String::from_utf8_lossy(body);
    let payload = body.get(..body.floor_char_boundary(PAYLOAD)).unwrap_or_default();
    NewProviderEvent {
        organisation_id: home.id.clone(),
        provider: provider.word(),
        event_id: signed.id.or_else(|| event.id.clone()).unwrap_or_else(|| signed.digest.clone()),
        kind: event.kind.word(),
        occurred_at: event.occurred_at,
        facts: serde_json::to_value(&event.facts).unwrap_or_default(),
        // PostgreSQL takes no zero in a text.
        payload: payload.replace('\0', "?"),
        names: event.names.clone(),
        signature: signed.lasts.map(|secs| {
            let place = [home.id.as_bytes(), b"/", trunk.as_bytes(), b"/", signed.digest.as_bytes()];
            (signature::digest(&place), secs.saturating_mul(1_000_000))
        }),
        trunk,
    }
}

fn read(provider: TrunkWebhook, form: Option<&[(String, String)]>, body: &[u8]) -> Option<Event> {
    if let (TrunkWebhook::Twilio, Some(form)) = (provider, form) {
        return Some(Event::of_twilio(form));
    }
    let body: Value = serde_json::from_slice(body).ok()?;
    match provider {
        TrunkWebhook::Twilio => Some(Event::of_twilio(&event::parameters_of(&body)?)),
        TrunkWebhook::Telnyx => Event::of_telnyx(&body),
        TrunkWebhook::Standard => Event::of_standard(&body),
    }
}

fn is_of_yesterday(event: &Event, now: Timestamp) -> bool {
    event.occurred_at.is_some_and(|at| at.abs_diff(now.as_microsecond()) > event::TWILIO_DAY)
}

/// Tells whoever watches, as far as it is theirs; of a call without a record only admins may know.
fn tell(hall: &Hall, home: &Organisation, event: &NewProviderEvent, calls: &[EventCall], now: Timestamp) {
    let one = |call: Option<&EventCall>| {
        let mut told = json!({
            "at": now.to_string(), "type": format!("provider.{}", event.kind), "organisation": home.slug, "trunk": event.trunk,
            "provider": event.provider, "call_id": call.map(|call| &call.id),
        });
        if let (Value::Object(told), Value::Object(facts)) = (&mut told, event.facts.clone()) {
            told.extend(facts);
        }
        let numbers = call.map(|call| call.numbers.clone()).unwrap_or_default();
        hall.hub.tell("provider", &told, Scope::Of { organisation: home.slug.clone(), numbers });
    };
    match calls {
        [] => one(None),
        calls => calls.iter().for_each(|call| one(Some(call))),
    }
}

/// The value of a header field that stands once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Whether there is anything to check.
fn says_to_be_signed(headers: &HeaderMap) -> bool {
    SIGNATURES.iter().any(|name| headers.contains_key(*name))
}

/// Whether nothing of that name is there: who asks is not told so.
fn is_unknown(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::UnknownOrganisation { .. }
            | StoreError::UnknownTrunk { .. }
            | StoreError::OrganisationNeeded
    )
}

/// Where signatures stand.
const SIGNATURES: [&str; 3] = ["x-twilio-signature", "telnyx-signature-ed25519", "webhook-signature"];
/// Look-ups at a time for those who have to prove that they are not what they seem.
const TURNS: usize = 4;
/// Bytes of a body that are kept, for people who look why something was not understood.
const PAYLOAD: usize = 2_048;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever a body holds, nothing panics. What is signed and what is not: `signature/tests.rs`.
        #[test]
        fn no_body_panics(body in ".{0,200}") {
            let form = form::parameters(body.as_bytes());
            for provider in [TrunkWebhook::Twilio, TrunkWebhook::Telnyx, TrunkWebhook::Standard] {
                let _ = read(provider, form.as_deref(), body.as_bytes());
            }
        }
    }
}
