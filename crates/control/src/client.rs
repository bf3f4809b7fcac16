//! The client: one connection for each command, so that a restart of the PBX never leaves a dead one behind.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;

use crate::answer_stream::AnswerStream;
use crate::error::ClientError;
use crate::event_stream::Events;
use crate::fraud::{OnHold, SetHold};
use crate::hours::{Hours, SetHours};
use crate::ladder::TestTrunk;
use crate::path;
use crate::problem::Problem;
use crate::reply::{Ban, Call, DrainRequest, Draining, LiftRequest, Lifted, Registration, Reloaded, Status};
use crate::rights::{CallOutVerdict, DrillAttempt, DrillRequest, TryCallOut};
use crate::rung_stream::Rungs;
use crate::trunk::Trunk;

/// Speaks to the PBX behind one socket.
#[derive(Debug, Clone)]
pub struct Client {
    socket: PathBuf,
    timeout: Duration,
    language: &'static str,
}

impl Client {
    /// A client of the PBX at `socket`, which is not touched before the first command.
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self { socket: socket.into(), timeout: TIMEOUT, language: "en" }
    }

    /// The same client with another limit on each command (5 s as made).
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The same client for who reads another language (a tag of RFC 5646, `en` as made), as far as the PBX has its texts.
    #[must_use]
    pub fn speaking(self, language: &'static str) -> Self {
        Self { language, ..self }
    }

    /// The socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The PBX as a whole.
    pub async fn status(&self) -> Result<Status, ClientError> {
        self.ask(Method::GET, path::STATUS, None::<&()>).await
    }

    /// Everything that is measured, in Prometheus text exposition (format 0.0.4): ready to be merged with other families.
    pub async fn metrics(&self) -> Result<String, ClientError> {
        let bytes = self.send(Method::GET, path::METRICS, None::<&()>).await?;
        String::from_utf8(bytes.into()).map_err(|error| self.unexpected(error.to_string()))
    }

    /// Live calls, the oldest first.
    pub async fn calls(&self) -> Result<Vec<Call>, ClientError> {
        self.ask(Method::GET, path::CALLS, None::<&()>).await
    }

    /// Registered contacts, by number.
    pub async fn registrations(&self) -> Result<Vec<Registration>, ClientError> {
        self.ask(Method::GET, path::REGISTRATIONS, None::<&()>).await
    }

    /// The trunks, by organisation and name.
    pub async fn trunks(&self) -> Result<Vec<Trunk>, ClientError> {
        self.ask(Method::GET, path::TRUNKS, None::<&()>).await
    }

    /// Sources that are refused for guessing passwords, the latest first.
    pub async fn bans(&self) -> Result<Vec<Ban>, ClientError> {
        self.ask(Method::GET, path::BANS, None::<&()>).await
    }

    /// Lifts the ban of one source, or all; refused with 404 where that source is not banned.
    pub async fn lift_bans(&self, request: &LiftRequest) -> Result<Lifted, ClientError> {
        self.ask(Method::POST, path::LIFT_BANS, Some(request)).await
    }

    /// The hours of the dialplan, by organisation and name.
    pub async fn hours(&self) -> Result<Vec<Hours>, ClientError> {
        self.ask(Method::GET, path::HOURS, None::<&()>).await
    }

    /// Sets hours by hand; refused with 404 where there are none of that name.
    pub async fn set_hours(&self, request: &SetHours) -> Result<Hours, ClientError> {
        self.ask(Method::POST, path::HOURS, Some(request)).await
    }

    /// Everybody on hold, by organisation and number.
    pub async fn on_hold(&self) -> Result<Vec<OnHold>, ClientError> {
        self.ask(Method::GET, path::ON_HOLD, None::<&()>).await
    }

    /// Puts somebody on hold, or takes them off it; refused with 404 where there is nobody of that number.
    pub async fn set_hold(&self, request: &SetHold) -> Result<Vec<OnHold>, ClientError> {
        self.ask(Method::POST, path::ON_HOLD, Some(request)).await
    }

    /// What would become of a call out, over each trunk; refused with 404 where there is nobody of that number.
    pub async fn try_call_out(&self, request: &TryCallOut) -> Result<Vec<CallOutVerdict>, ClientError> {
        self.ask(Method::POST, path::TRY_CALL_OUT, Some(request)).await
    }

    /// Tries what a thief would; refused with 404 where there is nobody of that number.
    pub async fn drill(&self, request: &DrillRequest) -> Result<Vec<DrillAttempt>, ClientError> {
        self.ask(Method::POST, path::DRILL, Some(request)).await
    }

    /// Ends a call; refused with 404 where there is none with that id.
    pub async fn hangup(&self, call_id: &str) -> Result<(), ClientError> {
        self.send(Method::POST, &path::hangup(call_id), None::<&()>).await.map(drop)
    }

    /// Takes the state of database and dialplan folder; refused with every problem, and then nothing changes.
    pub async fn reload(&self) -> Result<Reloaded, ClientError> {
        let patient = self.clone().with_timeout(self.timeout.max(RELOAD_TIMEOUT));
        patient.ask(Method::POST, path::RELOAD, None::<&()>).await
    }

    /// Refuses new calls, waits for the live ones up to a limit, then ends the PBX. Returns at once.
    pub async fn drain(&self, request: DrainRequest) -> Result<Draining, ClientError> {
        self.ask(Method::POST, path::DRAIN, Some(&request)).await
    }

    /// Tests a trunk, and tells of each rung as it is climbed; refused with 404 where there is none of that name, and with 409 where it
    /// is being tested.
    pub async fn test_trunk(&self, name: &str, asked: &TestTrunk) -> Result<Rungs, ClientError> {
        let body = serde_json::to_vec(asked).map_err(|error| self.unexpected(error.to_string()))?;
        let request = self.request(Method::POST, &path::test_trunk(name), body.into())?;
        let (body, connection) = self.within(self.open(request)).await?;
        Ok(Rungs::new(AnswerStream::new(self.socket.clone(), body, connection)))
    }

    /// What happens from now on.
    pub async fn events(&self) -> Result<Events, ClientError> {
        let request = self.request(Method::GET, path::EVENTS, Bytes::new())?;
        let (body, connection) = self.within(self.open(request)).await?;
        Ok(Events::new(AnswerStream::new(self.socket.clone(), body, connection)))
    }

    /// Sends a request whose answer does not end soon: its body, and the connection that has to be polled beside it.
    async fn open(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(Incoming, Pin<Box<impl Future<Output = hyper::Result<()>> + Send + 'static>>), ClientError>
    {
        let (mut sender, connection) = self.connect().await?;
        let mut connection = Box::pin(connection);
        let response = {
            let mut answer = std::pin::pin!(sender.send_request(request));
            tokio::select! {
                answer = &mut answer => answer.map_err(|error| self.broken(&error))?,
                _ = &mut connection => answer.await.map_err(|error| self.broken(&error))?,
            }
        };
        if response.status() == StatusCode::OK {
            return Ok((response.into_body(), connection));
        }
        let mut reading = std::pin::pin!(self.read(response));
        let refused = tokio::select! {
            biased;
            refused = &mut reading => refused,
            _ = &mut connection => reading.await,
        };
        Err(refused.err().unwrap_or_else(|| self.unexpected("another status than 200".into())))
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, ClientError> {
        let bytes = self.send(method, path, body).await?;
        serde_json::from_slice(&bytes).map_err(|error| self.unexpected(error.to_string()))
    }

    /// Sends one request and returns the body of a good answer.
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<Bytes, ClientError> {
        let body = match body {
            Some(body) => serde_json::to_vec(body).map_err(|error| self.unexpected(error.to_string()))?,
            None => Vec::new(),
        };
        let request = self.request(method, path, body.into())?;
        let exchange = async {
            let (mut sender, connection) = self.connect().await?;
            let work = async move {
                let response = sender.send_request(request).await.map_err(|error| self.broken(&error))?;
                self.read(response).await
            };
            // The connection needs polling beside the request; what it had received outlives its end.
            let (mut work, mut connection) = (std::pin::pin!(work), std::pin::pin!(connection));
            tokio::select! {
                biased;
                answer = &mut work => answer,
                _ = &mut connection => work.await,
            }
        };
        self.within(exchange).await
    }

    async fn read(&self, response: Response<Incoming>) -> Result<Bytes, ClientError> {
        let status = response.status();
        let body = Limited::new(response.into_body(), REPLY_BYTES).collect().await;
        let bytes = body.map_err(|error| self.broken(&*error))?.to_bytes();
        if status.is_success() {
            return Ok(bytes);
        }
        match serde_json::from_slice::<Problem>(&bytes) {
            Ok(problem) => Err(ClientError::Refused(problem)),
            Err(_) => Err(self.unexpected(format!("status {status}"))),
        }
    }

    async fn connect(
        &self,
    ) -> Result<
        (http1::SendRequest<Full<Bytes>>, http1::Connection<TokioIo<UnixStream>, Full<Bytes>>),
        ClientError,
    > {
        let stream = UnixStream::connect(&self.socket).await.map_err(|error| self.unreachable(&error))?;
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| self.broken(&error))
    }

    fn request(&self, method: Method, path: &str, body: Bytes) -> Result<Request<Full<Bytes>>, ClientError> {
        Request::builder()
            .method(method)
            .uri(path)
            .header("host", "kiestoon")
            .header("accept-language", self.language)
            .header("content-type", "application/json")
            .body(Full::new(body))
            .map_err(|error| self.unexpected(error.to_string()))
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T, ClientError>>) -> Result<T, ClientError> {
        match tokio::time::timeout(self.timeout, work).await {
            Ok(done) => done,
            Err(_) => Err(ClientError::Timeout { path: self.socket.clone(), secs: self.timeout.as_secs() }),
        }
    }

    fn unreachable(&self, error: &std::io::Error) -> ClientError {
        use std::io::ErrorKind;
        let path = self.socket.clone();
        match error.kind() {
            ErrorKind::NotFound => ClientError::NoSocket { path },
            ErrorKind::ConnectionRefused => ClientError::NotListening { path },
            ErrorKind::PermissionDenied => ClientError::Forbidden { path },
            _ => self.broken(error),
        }
    }

    fn broken(&self, error: &(impl std::error::Error + ?Sized)) -> ClientError {
        ClientError::Broken { path: self.socket.clone(), reason: error.to_string() }
    }

    fn unexpected(&self, reason: String) -> ClientError {
        ClientError::Unexpected { path: self.socket.clone(), reason }
    }
}

const TIMEOUT: Duration = Duration::from_secs(5);
/// The PBX reads its whole directory for it.
const RELOAD_TIMEOUT: Duration = Duration::from_secs(60);
/// Bounds what a reply may take in memory: some 60,000 calls.
const REPLY_BYTES: usize = 64 * 1024 * 1024;
