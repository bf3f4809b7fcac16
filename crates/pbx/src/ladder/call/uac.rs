//! Who calls: the INVITE over the line of the ladder, its challenges, the dialog and its end. Retransmissions and the ACK of refusals
//! are those of the PBX itself (`kiestoon_sip::transaction`).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kiestoon_call::{Account, Settings, Trunk};
use kiestoon_sip::dialog::Dialog;
use kiestoon_sip::digest::Session;
use kiestoon_sip::transaction::{ClientId, ServerId, TransactionLayer, TransactionLimits, TransactionOutput};
use kiestoon_sip::{Flow, HeaderName, Message, Method, Request, Response, StatusCode};
use rand_chacha::ChaCha12Rng;
use rand_core::{Rng as _, SeedableRng as _};
use tokio::time::timeout_at;

use super::super::line::{Line, Silence};
use super::super::register::is_stale;
use super::super::rung::Draft;
use super::forks::Forks;

/// One who calls.
pub(super) struct Uac<'a> {
    pub(super) line: Line,
    pub(super) draft: Draft,
    /// What is offered where the first offer is refused.
    pub(super) plain: Option<Bytes>,
    settings: &'a Settings,
    account: Option<&'a Account>,
    layer: TransactionLayer,
    random: ChaCha12Rng,
    session: Session,
    /// The INVITE that is out.
    invite: Request,
    client: ClientId,
    /// Who rings.
    forks: Forks,
    /// The tag of who has answered first, then those of others who were hung up.
    answered: Vec<Box<str>>,
    /// What was heard before anybody asked.
    early: VecDeque<Heard>,
    /// Why nothing more comes, found before anybody asked.
    lost: Option<Silence>,
}

/// What comes over the line.
pub(super) enum Heard {
    Response(ClientId, Box<Response>),
    Request(ServerId, Box<Request>),
    /// No response will come any more.
    Failed(ClientId),
}

/// What came before the answer.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Progress {
    /// Whether anything was heard.
    pub(super) is_heard: bool,
    /// The last provisional status above 100.
    pub(super) status: Option<u16>,
}

/// How the call went up to its answer.
pub(super) enum Dialled {
    /// Somebody has answered.
    Answered(Box<Response>),
    /// Somebody has answered while it was taken back: it costs, and is to be hung up.
    Late(Box<Response>),
    Refused(Box<Response>),
    /// It wants credentials again, after it was given them twice.
    AsksForever(Box<Response>),
    /// It wants credentials, and there are none, or of a kind that we cannot make.
    Unanswerable(Box<Response>),
    /// It rang for as long as it may.
    NotAnswered(Progress),
    Silent(Silence),
    /// Whoever has asked for the call wants it no more.
    Stopped,
}

impl<'a> Uac<'a> {
    /// Sends the INVITE.
    pub(super) fn new(
        line: Line,
        draft: Draft,
        settings: &'a Settings,
        account: Option<&'a Account>,
        invite: Request,
        random: &mut ChaCha12Rng,
    ) -> Self {
        let mut own = || {
            let mut seed = [0; 32];
            random.fill_bytes(&mut seed);
            ChaCha12Rng::from_seed(seed)
        };
        let layer = TransactionLayer::new(settings.timers, own(), TransactionLimits::default());
        let (random, session) = (own(), Session::default());
        let client = ClientId(0);
        let (first, answered, early) = (invite.clone(), Vec::new(), VecDeque::new());
        let mut uac = Self {
            line,
            draft,
            plain: None,
            settings,
            account,
            layer,
            random,
            session,
            invite: first,
            client,
            forks: Forks::default(),
            answered,
            early,
            lost: None,
        };
        uac.client = uac.send(invite);
        uac
    }

    /// The INVITE that is out.
    pub(super) fn invite(&self) -> &Request {
        &self.invite
    }

    /// The response that says what an answer speaks.
    pub(super) fn session<'r>(&'r self, answer: &'r Response) -> &'r Response {
        self.forks.session(answer)
    }

    fn send(&mut self, request: Request) -> ClientId {
        self.send_by(request, self.line.flow)
    }

    fn send_by(&mut self, mut request: Request, flow: Flow) -> ClientId {
        request.headers.set(HeaderName::UserAgent, self.settings.user_agent.clone());
        self.layer.request(Instant::now(), request, flow, self.line.sent_by())
    }

    /// What comes next. Nothing is lost where nobody waits for it any more.
    pub(super) async fn next(&mut self) -> Result<Heard, Silence> {
        match (self.early.pop_front(), self.lost.take()) {
            (Some(heard), lost) => {
                self.lost = lost;
                Ok(heard)
            }
            (None, Some(lost)) => Err(lost),
            (None, None) => self.hear().await,
        }
    }

    async fn hear(&mut self) -> Result<Heard, Silence> {
        loop {
            self.line.finish().await?;
            while let Some(output) = self.layer.poll() {
                match output {
                    TransactionOutput::Transmit { bytes, flow } => {
                        self.draft.message(true, &bytes);
                        self.line.send_to(&bytes, flow.remote).await?;
                    }
                    TransactionOutput::Response { id, response, .. } => {
                        return Ok(Heard::Response(id, Box::new(response)));
                    }
                    TransactionOutput::Request { id, request, .. } => {
                        return Ok(Heard::Request(id, Box::new(request)));
                    }
                    TransactionOutput::Failed { id, .. } => return Ok(Heard::Failed(id)),
                    TransactionOutput::Ack { .. }
                    | TransactionOutput::Cancelled { .. }
                    | TransactionOutput::Ended { .. } => {}
                }
            }
            let due = self.layer.deadline().unwrap_or_else(|| Instant::now() + IDLE);
            match timeout_at(due.into(), self.line.receive()).await {
                Ok(bytes) => self.take(&bytes?),
                Err(_) => self.layer.tick(Instant::now()),
            }
        }
    }

    /// Takes a message in, where it is one of this call. As it was understood nothing secret hides from the mask.
    fn take(&mut self, bytes: &Bytes) {
        let Ok(message) = Message::parse(bytes) else { return };
        if *message.call_id() == *self.invite.call_id {
            self.draft.message(false, &message.to_bytes());
            self.layer.receive(Instant::now(), message, self.line.flow);
        }
    }

    /// Waits for the answer: for `patience` until anything is heard, and in all for `most`.
    pub(super) async fn dial(&mut self, most: Duration, stopped: impl Future<Output = ()>) -> Dialled {
        let began = Instant::now();
        let (mut progress, mut tries) = (Progress::default(), 0);
        let mut stopped = std::pin::pin!(stopped);
        loop {
            let until = began + if progress.is_heard { most } else { self.line.patience().min(most) };
            let heard = tokio::select! {
                heard = timeout_at(until.into(), self.next()) => heard,
                () = &mut stopped => return self.give_up(Dialled::Stopped).await,
            };
            let response = match heard {
                Ok(Ok(Heard::Response(id, response))) if id == self.client => response,
                Ok(Ok(Heard::Request(id, request))) => {
                    self.answer(id, &request);
                    continue;
                }
                Ok(Ok(Heard::Response(_, response))) => {
                    self.proves_prack(&response);
                    continue;
                }
                Ok(Ok(Heard::Failed(id))) if id == self.client => return Dialled::Silent(Silence::Nothing),
                Ok(Ok(Heard::Failed(_))) => continue,
                Ok(Err(silence)) => return Dialled::Silent(silence),
                Err(_) => {
                    let end = match progress.is_heard {
                        true => Dialled::NotAnswered(progress),
                        false => Dialled::Silent(Silence::Nothing),
                    };
                    return self.give_up(end).await;
                }
            };
            progress.is_heard = true;
            match response.status.code() {
                100 => {}
                status @ 101..200 => {
                    progress.status = Some(status);
                    self.rings(&response);
                }
                200..300 => return Dialled::Answered(response),
                415 | 488 | 606 if self.offers_plain(response.status.code()) => tries = 0,
                401 | 407 if tries >= MOST_TRIES || (tries > 0 && !is_stale(&response)) => {
                    return Dialled::AsksForever(response);
                }
                401 | 407 => {
                    tries += 1;
                    if !self.proves(&response) {
                        return Dialled::Unanswerable(response);
                    }
                }
                422 if self.lengthens(&response) => {}
                _ => return Dialled::Refused(response),
            }
        }
    }

    /// Sends the INVITE again with what a challenge asks for. False where there is nothing to answer with.
    fn proves(&mut self, response: &Response) -> bool {
        if self.account.is_none() || !self.session.challenged(&response.headers) {
            return false;
        }
        let mut again = self.invite.clone();
        again.cseq.number = again.cseq.number.saturating_add(1);
        self.invite_again(again);
        true
    }

    /// Sends the INVITE again with a session that is refreshed as seldom as a 422 wants it. False where that was tried before.
    fn lengthens(&mut self, response: &Response) -> bool {
        let mut again = self.invite.clone();
        let lengthens = Trunk::test_invite_longer(&mut again, response);
        if lengthens {
            let asked = again.headers.get(&HeaderName::SessionExpires).unwrap_or_default();
            self.draft.detail("session_expires", asked);
            self.invite_again(again);
        }
        lengthens
    }

    fn invite_again(&mut self, mut again: Request) {
        self.prove(&mut again);
        self.forks.clear();
        self.invite = again.clone();
        self.client = self.send(again);
    }

    /// Somebody rings, and may want to be told that we have heard it.
    fn rings(&mut self, response: &Response) {
        if let Some((mut prack, flow)) = self.forks.heard(&self.invite, response, self.line.flow) {
            self.prove(&mut prack);
            self.send_by(prack, flow);
        }
    }

    /// Sends a PRACK again with what its challenge asks for.
    fn proves_prack(&mut self, response: &Response) {
        if matches!(response.status.code(), 401 | 407)
            && self.account.is_some()
            && self.session.challenged(&response.headers)
            && let Some((mut prack, flow)) = self.forks.challenged(response)
        {
            self.prove(&mut prack);
            self.send_by(prack, flow);
        }
    }

    /// Sends the INVITE again with another offer. False where there is none, or no more.
    fn offers_plain(&mut self, status: u16) -> bool {
        let Some(offer) = self.plain.take() else { return false };
        self.draft.detail("protection", format!("refused ({status}), called again without"));
        let mut again = self.invite.clone();
        again.cseq.number = again.cseq.number.saturating_add(1);
        again.set_body("application/sdp", offer);
        self.invite_again(again);
        true
    }

    fn prove(&mut self, request: &mut Request) {
        let cnonce = format!("{:016x}", self.random.next_u64());
        if let Some(account) = self.account.filter(|_| !self.session.is_empty()) {
            self.session.prove(request, &account.login, &account.password, &cnonce);
        }
    }

    /// Takes the INVITE back; should somebody answer all the same, that is how it went.
    async fn give_up(&mut self, end: Dialled) -> Dialled {
        self.layer.cancel(Instant::now(), self.client);
        let until = Instant::now() + LAST_WORDS;
        while let Ok(Ok(heard)) = timeout_at(until.into(), self.next()).await {
            match heard {
                Heard::Response(id, response) if id == self.client && response.status.is_success() => {
                    return Dialled::Late(response);
                }
                Heard::Response(id, response) if id == self.client && response.status.is_final() => {
                    self.flush().await;
                    return end;
                }
                Heard::Failed(id) if id == self.client => return end,
                Heard::Request(id, request) => self.answer(id, &request),
                Heard::Response(..) | Heard::Failed(_) => {}
            }
        }
        end
    }

    /// Lets out what is to be said already, such as the ACK of a refusal. What is heard meanwhile comes next.
    pub(super) async fn flush(&mut self) {
        match timeout_at(Instant::now().into(), self.hear()).await {
            Ok(Ok(heard)) => self.early.push_back(heard),
            Ok(Err(silence)) => self.lost = Some(silence),
            Err(_) => {}
        }
    }

    /// The dialog that an answer makes, acknowledged; None where it makes none.
    pub(super) fn acknowledge(&mut self, response: &Response) -> Option<Dialog> {
        let mut dialog = Dialog::uac(&self.invite, response, self.line.flow).ok()?;
        let used = self.forks.cseq(response.to.tag().unwrap_or_default()).unwrap_or_default();
        dialog.skip(used.saturating_sub(dialog.local_cseq()));
        if let (true, Some(tag)) = (self.answered.is_empty(), response.to.tag()) {
            self.answered.push(tag.into());
        }
        let mut ack = dialog.ack(self.invite.cseq.number);
        ack.headers.set(HeaderName::UserAgent, self.settings.user_agent.clone());
        // The ACK has the credentials of its INVITE (RFC 3261 section 22.1).
        for name in [HeaderName::Authorization, HeaderName::ProxyAuthorization] {
            for value in self.invite.headers.get_all(&name) {
                ack.headers.push(name.clone(), value);
            }
        }
        self.layer.ack(Instant::now(), ack, self.line.flow, self.line.sent_by());
        Some(dialog)
    }

    /// Acknowledges an answer that comes after the first one. That of another branch is a call of its own, and is hung up
    /// (RFC 3261 section 13.2.2.4).
    fn acknowledge_again(&mut self, response: &Response) {
        let Some(mut dialog) = self.acknowledge(response) else { return };
        let tag = response.to.tag().unwrap_or_default();
        if !self.answered.iter().any(|known| **known == *tag) {
            self.answered.push(tag.into());
            let mut bye = dialog.request(Method::Bye);
            self.prove(&mut bye);
            self.send(bye);
        }
    }

    /// Acknowledges an answer, and hangs up. One that does not say where the call goes on is hung up where the INVITE went.
    pub(super) async fn end(&mut self, response: &Response) {
        let mut dialog = self.acknowledge(response);
        if dialog.is_none() {
            let mut named = response.clone();
            named.headers.set(HeaderName::Contact, format!("<{}>", self.invite.uri));
            dialog = self.acknowledge(&named);
        }
        if let Some(dialog) = dialog {
            self.hang_up(dialog).await;
        }
    }

    /// Waits for as long as people talk: until the other side hangs up, or nobody waits any more. An answer that comes again has not
    /// been acknowledged yet.
    pub(super) async fn talk(&mut self) -> Result<(), Silence> {
        loop {
            match self.next().await? {
                Heard::Response(id, response) if id == self.client && response.status.is_success() => {
                    self.acknowledge_again(&response);
                }
                Heard::Request(id, request) => {
                    self.answer(id, &request);
                    if self.is_ended_by(&request) {
                        self.flush().await;
                        return Ok(());
                    }
                }
                Heard::Response(..) | Heard::Failed(_) => {}
            }
        }
    }

    /// Says BYE, and waits for its answer.
    pub(super) async fn hang_up(&mut self, mut dialog: Dialog) {
        let mut bye = dialog.request(Method::Bye);
        self.prove(&mut bye);
        let mut client = self.send(bye);
        let (until, mut is_asked) = (Instant::now() + LAST_WORDS, false);
        while let Ok(Ok(heard)) = timeout_at(until.into(), self.next()).await {
            match heard {
                Heard::Response(id, response) if id == client => match response.status.code() {
                    100..200 => {}
                    401 | 407 if !is_asked && self.session.challenged(&response.headers) => {
                        is_asked = true;
                        let mut bye = dialog.request(Method::Bye);
                        self.prove(&mut bye);
                        client = self.send(bye);
                    }
                    _ => return,
                },
                Heard::Response(id, response) if id == self.client && response.status.is_success() => {
                    self.acknowledge_again(&response);
                }
                Heard::Failed(id) if id == client => return,
                Heard::Request(id, request) => self.answer(id, &request),
                Heard::Response(..) | Heard::Failed(_) => {}
            }
        }
    }

    /// Answers what the other side asks meanwhile: the session stays as it is.
    fn answer(&mut self, id: ServerId, request: &Request) {
        let is_of_call = self.is_of_call(request);
        let status = match request.method {
            Method::Options => StatusCode::OK,
            // Our own call comes back to us.
            Method::Invite if request.to.tag().is_none() => StatusCode::LOOP_DETECTED,
            _ if !is_of_call => StatusCode::CALL_DOES_NOT_EXIST,
            Method::Bye | Method::Info => StatusCode::OK,
            Method::Update if request.body.is_empty() => StatusCode::OK,
            Method::Invite | Method::Update => StatusCode::NOT_ACCEPTABLE_HERE,
            _ => StatusCode::METHOD_NOT_ALLOWED,
        };
        let mut response = request.response(status);
        response.headers.push(HeaderName::Server, self.settings.user_agent.clone());
        response.headers.push(HeaderName::Allow, ALLOW);
        if let Some(contact) = self.invite.headers.get(&HeaderName::Contact) {
            response.headers.push(HeaderName::Contact, contact);
        }
        self.layer.respond(Instant::now(), id, response);
    }

    /// Whether a request is in a dialog of this call: that of who has answered, who rings, or of another branch. One of RFC 2543 has no tag.
    fn is_of_call(&self, request: &Request) -> bool {
        let from = request.from.tag().unwrap_or_default();
        let is_known =
            from.is_empty() || self.forks.rings(from) || self.answered.iter().any(|tag| **tag == *from);
        is_known && request.to.tag() == self.invite.from.tag()
    }

    /// Whether a request hangs up the branch that is heard. Another one may hang up as well.
    fn is_ended_by(&self, request: &Request) -> bool {
        let from = request.from.tag().unwrap_or_default();
        let is_heard = self.answered.first().is_none_or(|tag| **tag == *from);
        request.method == Method::Bye && self.is_of_call(request) && is_heard
    }
}

/// As with REGISTER.
const MOST_TRIES: u32 = 2;
/// For the answer to a CANCEL or a BYE.
const LAST_WORDS: Duration = Duration::from_secs(4);
/// What is taken once the call is up.
const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE";
const IDLE: Duration = Duration::from_secs(60);
