//! The door through which a test drives baresip (its module `ctrl_tcp`): netstrings of JSON, commands one way, events and responses
//! mixed the other way.
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

/// One phone's control socket and what has come from it.
pub(crate) struct Control {
    stream: TcpStream,
    unread: Vec<u8>,
    /// Events that nobody has taken yet, oldest first.
    events: Vec<Value>,
}

impl Control {
    pub(crate) fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        Self { stream, unread: Vec::new(), events: Vec::new() }
    }

    /// Gives one command, such as `dial` with `sip:202@127.0.0.1`.
    pub(crate) fn command(&mut self, command: &str, parameters: &str) {
        let message = json!({ "command": command, "params": parameters }).to_string();
        write!(self.stream, "{}:{},", message.len(), message).unwrap();
    }

    /// The oldest event of this type, such as `CALL_ESTABLISHED`; it is forgotten then.
    pub(crate) fn take(&mut self, kind: &str) -> Option<Value> {
        self.read();
        let place = self.events.iter().position(|event| event["type"] == kind)?;
        Some(self.events.remove(place))
    }

    fn read(&mut self) {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = self.stream.read(&mut buffer) {
            self.unread.extend_from_slice(&buffer[..length]);
        }
        while let Some(colon) = self.unread.iter().position(|byte| *byte == b':') {
            let length: usize = std::str::from_utf8(&self.unread[..colon]).unwrap().parse().unwrap();
            if self.unread.len() < colon + length + 2 {
                return;
            }
            let message: Value = serde_json::from_slice(&self.unread[colon + 1..colon + 1 + length]).unwrap();
            self.unread.drain(..colon + length + 2);
            if message["event"] == true {
                self.events.push(message);
            }
        }
    }
}

/// The newest recording in a phone's folder of what it heard (`dec`) or said (`enc`).
pub(crate) fn newest_recording(folder: &Path, side: &str) -> Option<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.to_string_lossy().ends_with(&format!("-{side}.wav")))
        .max_by_key(|path| fs::metadata(path).unwrap().modified().unwrap())
}

/// Where Debian puts baresip's modules.
pub(crate) const MODULES: &str = "/usr/lib/baresip/modules";
