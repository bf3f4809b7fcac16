//! An answer that goes on: its bytes as they come, for whoever cuts them into events or rungs.

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};

use crate::error::ClientError;

/// The rest of an answer. Dropping it ends the connection.
pub(crate) struct AnswerStream {
    socket: PathBuf,
    body: Incoming,
    connection: Option<Connection>,
}

type Connection = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

impl AnswerStream {
    pub(crate) fn new(
        socket: PathBuf,
        body: Incoming,
        connection: Pin<Box<impl Future<Output = hyper::Result<()>> + Send + 'static>>,
    ) -> Self {
        Self { socket, body, connection: Some(connection) }
    }

    /// What comes next; `None` at the end. May be dropped and called again without losing a byte.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, ClientError>> {
        loop {
            let frame = match &mut self.connection {
                None => self.body.frame().await,
                Some(connection) => tokio::select! {
                    frame = self.body.frame() => frame,
                    _ = connection => {
                        self.connection = None;
                        continue;
                    }
                },
            };
            return Some(match frame? {
                Ok(frame) => Ok(frame.into_data().unwrap_or_default()),
                Err(error) => {
                    Err(ClientError::Broken { path: self.socket.clone(), reason: error.to_string() })
                }
            });
        }
    }

    /// What came is not what the PBX writes.
    pub(crate) fn unexpected(&self, reason: String) -> ClientError {
        ClientError::Unexpected { path: self.socket.clone(), reason }
    }
}

impl fmt::Debug for AnswerStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerStream").field("socket", &self.socket).finish_non_exhaustive()
    }
}
