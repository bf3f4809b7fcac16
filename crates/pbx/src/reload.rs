//! Keeps the snapshot and the certificate current: rebuilt when an operator asks, when the database's revision rises and
//! when a dialplan or certificate file changes. A refused one changes nothing, is said once, and is tried again when something changes again.
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use kiestoon_call::Snapshot;
use kiestoon_control::Reloaded;
use kiestoon_store::StoreError;
use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot, watch,
};

use crate::{
    configured::Configured,
    dutch,
    language::{Language, say},
    snapshot::{self, BlocklistStamp, DialplanStamp, SnapshotError, Source, Warning},
    transport::{Certificates, TlsError},
};

/// Somebody asks for a reload; the answer is what is in force now, or why the old state stays.
pub(crate) type Request = oneshot::Sender<Result<Taken, Refused>>;

/// A reload that was taken.
#[derive(Debug)]
pub(crate) struct Taken {
    revision: i64,
    dialplan_hash: String,
    /// What works, but not as the operator may think.
    warnings: Vec<Warning>,
    /// The keys of the configuration that have another value now, which counts from the next start.
    waiting: Vec<String>,
}

impl Taken {
    /// As it is told to who asked.
    pub(crate) fn told(self, language: Language) -> Reloaded {
        let Self { revision, dialplan_hash, warnings, waiting } = self;
        let warnings = warnings.iter().map(|warning| warning.text(language)).collect();
        Reloaded { revision, dialplan_hash, warnings, waiting }
    }
}

/// Why a reload changed nothing.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Another one waits to begin.
    UnderWay,
    /// The configuration has faults.
    Configuration(Vec<kiestoon_config::Problem>),
    /// The certificate has one; and the rest may have, too.
    Certificate(TlsError, Option<SnapshotError>),
    /// Database, dialplan or another file has.
    Snapshot(SnapshotError),
}

impl Refused {
    /// Every reason, a text each.
    pub(crate) fn problems(&self, language: Language) -> Vec<String> {
        match self {
            Self::UnderWay => {
                vec![say!(language, "another reload is under way", "er wordt al herladen")]
            }
            Self::Configuration(problems) => {
                problems.iter().map(|problem| dutch::configuration(problem, language)).collect()
            }
            Self::Certificate(error, rest) => {
                let rest = rest.iter().flat_map(|rest| rest.problems(language));
                std::iter::once(dutch::certificate(error, language)).chain(rest).collect()
            }
            Self::Snapshot(error) => error.problems(language),
        }
    }

    /// Whether it passes by itself: there is nothing to mend, and the same may be asked again.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::UnderWay => true,
            Self::Configuration(_) | Self::Certificate(..) => false,
            Self::Snapshot(error) => match error {
                // It was reached at the start: it is named well, and comes back.
                SnapshotError::Store(StoreError::Unreachable { .. }) => true,
                SnapshotError::Store(error) => !error.must_be_mended(),
                SnapshotError::Changing => true,
                SnapshotError::Folder { .. }
                | SnapshotError::Dialplan(_)
                | SnapshotError::Presets(_)
                | SnapshotError::Rates(_)
                | SnapshotError::Authorities(_) => false,
            },
        }
    }
}

/// Asks for a reload. While another one waits to begin there is no room for more, and that is the answer.
pub(crate) fn ask(reloads: &mpsc::Sender<Request>, reply: Request) {
    if let Err(TrySendError::Full(reply)) = reloads.try_send(reply) {
        let _ = reply.send(Err(Refused::UnderWay));
    }
}

/// The task's parts.
pub(crate) struct Reloader {
    pub(crate) configured: Configured,
    pub(crate) source: Source,
    pub(crate) certificates: Certificates,
    pub(crate) snapshots: watch::Sender<Arc<Snapshot>>,
    pub(crate) requests: mpsc::Receiver<Request>,
    /// Whether the last reload was refused, for the metrics.
    pub(crate) refused: Arc<AtomicBool>,
}

impl Reloader {
    /// Runs until nobody can ask any more.
    pub(crate) async fn run(mut self) {
        let mut seen = self.seen().await;
        let mut is_restless = false;
        let mut poll = tokio::time::interval(POLL);
        poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut daily = tokio::time::interval_at(tokio::time::Instant::now() + DAY, DAY);
        loop {
            tokio::select! {
                request = self.requests.recv() => {
                    let Some(reply) = request else { return };
                    seen = self.seen().await;
                    let _ = reply.send(self.reload_all().await);
                }
                _ = daily.tick() => self.certificates.warn(),
                _ = poll.tick() => {
                    let mut now = self.seen().await;
                    if now == seen {
                        continue;
                    }
                    // An editor may still be writing, or the next of several files is to come.
                    if now.files != seen.files {
                        match settled(now.files, || self.files()).await {
                            Some(files) => now.files = files,
                            // What does not come to rest is looked at again with the next poll.
                            None => {
                                if !std::mem::replace(&mut is_restless, true) {
                                    tracing::warn!("a dialplan, certificate or blocklist file changes all the time: the former state stays in force until it rests");
                                }
                                continue;
                            }
                        }
                    }
                    is_restless = false;
                    if now.files.certificate != seen.files.certificate {
                        seen.files.certificate.clone_from(&now.files.certificate);
                        self.reload_certificate();
                    }
                    if now != seen {
                        match self.reload(Some(&now.files.dialplans)).await {
                            Err(SnapshotError::Changing) => {}
                            _ => seen = now,
                        }
                    }
                }
            }
        }
    }

    /// An operator asks: everything is taken, or nothing and every reason is given.
    async fn reload_all(&mut self) -> Result<Taken, Refused> {
        let config = self.configured.read().map_err(|problems| {
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            tracing::error!(problems = told.join("; "), "reload refused: the configuration has faults");
            self.refused.store(true, Ordering::Relaxed);
            Refused::Configuration(problems)
        })?;
        let certificate = match self.certificates.reload() {
            Ok(certificate) => certificate,
            Err(error) => {
                tracing::error!(%error, "reload refused: the former certificate stays in force");
                self.refused.store(true, Ordering::Relaxed);
                return Err(Refused::Certificate(error, self.source.build().await.err()));
            }
        };
        let source = self.source.configured(&config);
        let former = std::mem::replace(&mut self.source, source);
        let taken = match self.reload(None).await {
            Ok(taken) => taken,
            Err(error) => {
                self.source = former;
                return Err(Refused::Snapshot(error));
            }
        };
        self.certificates.take(certificate);
        let waiting = self.configured.waiting(&config);
        if !waiting.is_empty() {
            tracing::warn!(
                keys = waiting.join(", "),
                "these changes of the configuration wait for a restart"
            );
        }
        Ok(Taken { waiting, ..taken })
    }

    fn reload_certificate(&self) {
        match self.certificates.reload() {
            Ok(identity) => {
                self.certificates.take(identity);
                self.refused.store(false, Ordering::Relaxed);
                tracing::info!("certificate replaced; open connections keep the former one");
            }
            Err(error) => {
                tracing::error!(%error, "new certificate refused: the former one stays in force");
                self.refused.store(true, Ordering::Relaxed);
            }
        }
    }

    /// What was read while a file changed is not used, whatever it came to; nor are other files than those found at rest.
    async fn read(
        &mut self,
        at_rest: Option<&DialplanStamp>,
    ) -> Result<(Snapshot, Vec<Warning>), SnapshotError> {
        for _ in 0..LOOKS {
            let before = snapshot::dialplan_stamp(&self.source.dialplans);
            if at_rest.is_some_and(|at_rest| *at_rest != before) {
                break;
            }
            let built = self.source.build().await;
            if snapshot::dialplan_stamp(&self.source.dialplans) == before {
                return built;
            }
            tokio::time::sleep(SETTLE).await;
        }
        Err(SnapshotError::Changing)
    }

    async fn reload(&mut self, at_rest: Option<&DialplanStamp>) -> Result<Taken, SnapshotError> {
        match self.read(at_rest).await {
            Ok((snapshot, warnings)) => {
                warn(&warnings);
                let taken = Taken {
                    revision: snapshot.revision,
                    dialplan_hash: snapshot.plans().hash().to_owned(),
                    warnings,
                    waiting: Vec::new(),
                };
                self.snapshots.send_replace(Arc::new(snapshot));
                self.refused.store(false, Ordering::Relaxed);
                tracing::info!(revision = taken.revision, "reloaded");
                Ok(taken)
            }
            Err(SnapshotError::Changing) => Err(SnapshotError::Changing),
            Err(error) => {
                tracing::error!(%error, "reload refused: the former state stays in force");
                self.refused.store(true, Ordering::Relaxed);
                Err(error)
            }
        }
    }

    async fn seen(&self) -> Seen {
        // A database that is away has no new revision: calls go on with what is known.
        let revision = self.source.store.revision().await.unwrap_or(self.snapshots.borrow().revision);
        Seen { revision, files: self.files() }
    }

    fn files(&self) -> Files {
        Files {
            dialplans: snapshot::dialplan_stamp(&self.source.dialplans),
            certificate: self.certificates.stamp(),
            blocklist: self.source.blocklist.stamp(),
        }
    }
}

/// What `look` finds once it finds the same for [`SETTLE`]; None where it finds something else each time.
async fn settled<S: PartialEq>(mut found: S, mut look: impl FnMut() -> S) -> Option<S> {
    for _ in 0..LOOKS {
        tokio::time::sleep(SETTLE).await;
        let now = look();
        if now == found {
            return Some(found);
        }
        found = now;
    }
    None
}

/// Tells an operator what was found odd.
pub(crate) fn warn(warnings: &[Warning]) {
    for warning in warnings {
        tracing::warn!("{}", warning.text(Language::English));
    }
}

/// What changes when a file of the certificate is replaced.
type CertificateStamp = Vec<Option<(u64, std::time::SystemTime)>>;

#[derive(PartialEq, Eq)]
struct Seen {
    revision: i64,
    files: Files,
}

#[derive(PartialEq, Eq)]
struct Files {
    dialplans: DialplanStamp,
    certificate: CertificateStamp,
    blocklist: Option<BlocklistStamp>,
}

const POLL: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);
const SETTLE: Duration = Duration::from_millis(150);
/// Looks for files at rest; then whoever asks for a reload is heard again.
const LOOKS: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn files_are_read_once_they_are_at_rest() {
        let looks = std::sync::atomic::AtomicUsize::new(0);
        let saved = || looks.fetch_add(1, Ordering::Relaxed).min(3);
        assert_eq!(settled(9, saved).await, Some(3), "not at the first saved file, nor at the second");
        assert_eq!(looks.load(Ordering::Relaxed), 5);
        let always = || looks.fetch_add(1, Ordering::Relaxed);
        assert_eq!(settled(0, always).await, None);
    }

    #[tokio::test]
    async fn who_asks_while_another_reload_waits_is_told_so() {
        let (reloads, _requests) = mpsc::channel(1);
        ask(&reloads, oneshot::channel().0);
        let (reply, answer) = oneshot::channel();
        ask(&reloads, reply);
        let refused = answer.await.unwrap().unwrap_err();
        assert_eq!(refused.problems(Language::English), ["another reload is under way"]);
        assert!(refused.passes());
    }
}
