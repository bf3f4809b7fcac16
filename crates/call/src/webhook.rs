//! A step that asks a service outside where the call is to go: the question, the wait, and what came of it. The asking
//! itself is of whoever performs [`Output::Webhook`].

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use kiestoon_dialplan::{WebhookAnswer, WebhookCall};
use kiestoon_media::CallKey;
use serde::{Deserialize, Serialize};

use crate::call::{Call, Stage};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::id::CallId;
use crate::switch::Output;
use crate::walk::Step;

/// Which question an answer is to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WebhookId {
    pub(crate) call: CallKey,
    /// Random: a call may ask several times, and a late answer is to none but its own question.
    pub(crate) ask: u64,
}

/// What a service is asked about a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookRequest {
    /// For the answer.
    pub id: WebhookId,
    /// The service's name in the dialplan.
    pub name: Box<str>,
    /// Where it is: the operator's words, which nothing of the call goes into.
    pub url: Box<str>,
    /// How long the whole of it may take.
    pub timeout: Duration,
    /// The file of the secret that the question is signed with.
    pub secret_file: Option<Box<str>>,
    /// The call.
    pub call: CallId,
    /// The slug of the organisation.
    pub organisation: Box<str>,
    /// The dialplan context.
    pub context: Box<str>,
    /// The caller's number.
    pub from: Box<str>,
    /// The caller's name; may be empty.
    pub from_name: Box<str>,
    /// What was dialled; stars where a secret has become the number.
    pub dialled: Box<str>,
    /// When, by RFC 3339 in the zone of the dialplan.
    pub at: Box<str>,
    /// The variables of the dialplan, at this step.
    pub variables: BTreeMap<Box<str>, Box<str>>,
}

/// Why a service said nothing that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WebhookFault {
    /// No whole answer in time.
    Timeout,
    /// Its name is not known.
    UnknownHost,
    /// No connection can be made.
    Refused,
    /// It has not proved who it is.
    Tls,
    /// The connection ended before the answer did.
    Broken,
    /// Another status than 200 and 204.
    Status(u16),
    /// More than an answer may have.
    TooBig,
    /// No JSON of the form that is expected.
    NotJson,
    /// The secret cannot be read, and nothing is sent unsigned that is to be signed.
    NoSecret,
    /// The dialplan's URL cannot be asked.
    BadUrl,
    /// Too many questions are under way.
    Busy,
}

/// A call that waits for an answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Asking {
    request: WebhookRequest,
    /// Whoever asks keeps to the timeout; this is for one who does not.
    #[serde(with = "kiestoon_sip::plain")]
    pub(crate) until: Instant,
}

impl Call {
    /// Asks; the answer comes by [`Self::webhook_answered`].
    pub(crate) fn ask(&mut self, x: &mut Exchange, webhook: WebhookCall) -> Step {
        let record = &self.cdr.record;
        let at = x.timestamp();
        let zone = self.plan.timezone();
        let request = WebhookRequest {
            id: WebhookId { call: self.key, ask: x.random() },
            name: webhook.name,
            url: webhook.url,
            timeout: webhook.timeout,
            secret_file: webhook.secret_file,
            call: record.id,
            organisation: self.slug(),
            context: record.context.clone(),
            from: record.from_number.clone(),
            from_name: record.from_name.clone(),
            dialled: self.walk.dialled().map_or_else(|| record.dialled.clone(), Box::from),
            at: at.display_with_offset(zone.to_offset(at)).to_string().into(),
            variables: webhook.variables.into_iter().collect(),
        };
        let until = x.now + request.timeout + GRACE;
        self.stage = Stage::Asking(Box::new(Asking { request, until }));
        self.ask_again(x);
        Step::Begun
    }

    /// Asks what the call waits for: also after another process has taken it up, as the answer to the first one's question went
    /// to that one. Both questions have one id.
    pub(crate) fn ask_again(&self, x: &mut Exchange) {
        if let Stage::Asking(asking) = &self.stage {
            x.outputs.push_back(Output::Webhook(Box::new(asking.request.clone())));
        }
    }

    /// The answer to a question; one that comes too late changes nothing.
    pub(crate) fn webhook_answered(
        &mut self,
        x: &mut Exchange,
        id: WebhookId,
        answer: Result<WebhookAnswer, WebhookFault>,
    ) {
        let Stage::Asking(asking) = &self.stage else { return };
        if asking.request.id != id {
            return;
        }
        let name = asking.request.name.clone();
        let result = match answer {
            Ok(answer) => self.walk.webhook_answered(&self.plan, &answer),
            Err(fault) => {
                x.event(Event::WebhookFailed { call: self.id(), webhook: name, fault });
                self.walk.webhook_failed(fault)
            }
        };
        self.walk_on(x, Some(result));
    }

    /// Whoever asks has not kept to the time.
    pub(crate) fn tick_asking(&mut self, x: &mut Exchange) {
        if let Stage::Asking(asking) = &self.stage
            && asking.until <= x.now
        {
            self.webhook_answered(x, asking.request.id, Err(WebhookFault::Timeout));
        }
    }
}

impl fmt::Display for WebhookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.ask)
    }
}

impl WebhookFault {
    /// One of each kind.
    pub const ALL: [Self; 11] = [
        Self::Timeout,
        Self::UnknownHost,
        Self::Refused,
        Self::Tls,
        Self::Broken,
        Self::Status(500),
        Self::TooBig,
        Self::NotJson,
        Self::NoSecret,
        Self::BadUrl,
        Self::Busy,
    ];

    /// In one word, all statuses together.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::UnknownHost => "unknown_host",
            Self::Refused => "refused",
            Self::Tls => "tls",
            Self::Broken => "broken",
            Self::Status(_) => "status",
            Self::TooBig => "too_big",
            Self::NotJson => "not_json",
            Self::NoSecret => "no_secret",
            Self::BadUrl => "bad_url",
            Self::Busy => "busy",
        }
    }
}

impl fmt::Display for WebhookFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "status_{status}"),
            other => f.write_str(other.as_str()),
        }
    }
}

/// Longer than any way between here and whoever asks.
const GRACE: Duration = Duration::from_secs(1);
