//! Asks services outside where calls are to go: the questions of the switch over HTTP, bounded in time, in size and in number. A
//! service that is slow or ill keeps its own calls waiting and nothing else.
mod answer;
mod client;
mod connect;
mod question;
mod signature;
#[cfg(test)]
mod tests;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Instant,
};

use kiestoon_call::{Input, WebhookFault, WebhookId, WebhookRequest};
use kiestoon_dialplan::WebhookAnswer;
use tokio::{runtime::Handle, sync::mpsc};

use self::client::{Client, Failure};
pub(crate) use self::connect::{Connector, Names, causes};
use crate::task::{self, Task};

/// The answer to one question.
#[derive(Debug)]
pub(crate) struct Answered {
    /// As asked.
    pub(crate) id: WebhookId,
    /// What came, or why nothing did.
    pub(crate) answer: Result<WebhookAnswer, WebhookFault>,
}

impl From<Answered> for Input {
    fn from(Answered { id, answer }: Answered) -> Self {
        Self::WebhookAnswered { id, answer }
    }
}

/// How services are found and believed.
#[derive(Debug, Clone)]
pub(crate) struct Outside {
    /// DNS servers; empty: the system's.
    pub(crate) dns: Vec<SocketAddr>,
    /// A file of authorities that are believed beside those of the system.
    pub(crate) server_ca: Option<PathBuf>,
}

/// Questions under way. Owned by the signalling task; the asking is done on another runtime, so that no handshake holds up a
/// call that asks nothing.
pub(crate) struct Webhooks {
    outside: Outside,
    /// Made at the first question: who asks none holds no authorities.
    client: Arc<OnceLock<Client>>,
    runtime: Handle,
    answers: mpsc::Sender<Answered>,
    under_way: Vec<(Box<str>, Task<()>)>,
}

impl Webhooks {
    /// Asks on `runtime`. `answers` has room for as many as are asked at a time.
    pub(crate) fn new(outside: Outside, runtime: Handle, answers: mpsc::Sender<Answered>) -> Self {
        Self { outside, client: Arc::default(), runtime, answers, under_way: Vec::new() }
    }

    /// Asks; the answer comes on the queue. Too many questions at a time are answered at once, by this.
    pub(crate) fn ask(&mut self, request: WebhookRequest) -> Option<Answered> {
        self.under_way.retain(|(_, question)| !question.is_finished());
        let of_service = self.under_way.iter().filter(|(url, _)| *url == request.url).count();
        if self.under_way.len() >= QUESTIONS || of_service >= QUESTIONS_TO_ONE {
            let (call, webhook) = (request.call, request.name);
            tracing::warn!(%call, %webhook, fault = %WebhookFault::Busy, "webhook failed");
            return Some(Answered { id: request.id, answer: Err(WebhookFault::Busy) });
        }
        let url = request.url.clone();
        let (outside, client, answers) =
            (self.outside.clone(), Arc::clone(&self.client), self.answers.clone());
        let question = task::spawn_on(&self.runtime, "webhook", async move {
            let client = client.get_or_init(|| Client::new(&outside));
            let id = request.id;
            let answer = asked(client, request).await;
            let _ = answers.send(Answered { id, answer }).await;
        });
        self.under_way.push((url, question));
        None
    }
}

async fn asked(client: &Client, request: WebhookRequest) -> Result<WebhookAnswer, WebhookFault> {
    let (call, webhook) = (request.call, request.name.clone());
    let begun = Instant::now();
    let asked = client.ask(request).await;
    let ms = begun.elapsed().as_millis();
    asked.inspect(|_| tracing::debug!(%call, %webhook, ms, "webhook answered")).map_err(
        |Failure { fault, detail }| {
            tracing::warn!(%call, %webhook, %fault, detail, ms, "webhook failed");
            fault
        },
    )
}

/// What is wrong with a file that is to hold a secret, if anything is.
pub(crate) fn secret_fault(path: &str) -> Option<String> {
    signature::Key::read(Path::new(path)).err()
}

/// Questions at a time, to all services; one more fails at once, as does one more to a service that has its share already.
pub(crate) const QUESTIONS: usize = 256;
/// The share of one service: one that never answers leaves room for the others.
const QUESTIONS_TO_ONE: usize = 64;
