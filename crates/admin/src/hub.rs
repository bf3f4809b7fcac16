//! The PBX's events, read once for all who watch: each with the organisation and the numbers that it concerns, so that
//! everybody is told only what is theirs. The PBX may go away and come back; the hub lives on.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use kiestoon_config::Config;
use kiestoon_control::{Client as Pbx, Event, Happening, RefusedCall};
use kiestoon_store::Store;
use tokio::sync::broadcast;

/// What the routes hold of the hub.
#[derive(Debug, Clone)]
pub(crate) struct Hub {
    told: broadcast::Sender<Arc<Told>>,
    is_up: Arc<AtomicBool>,
}

/// An event for those whom it concerns.
#[derive(Debug)]
pub(crate) struct Told {
    /// The name of the server-sent event: `call`, `registration`, `pbx` and so on.
    pub(crate) name: String,
    /// One line of JSON.
    pub(crate) data: String,
    pub(crate) scope: Scope,
}

/// Whom an event concerns.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Of {
        organisation: String,
        numbers: Vec<String>,
    },
    /// The PBX as a whole.
    Process,
    /// Nobody knows, so nobody is told.
    Unknown,
}

/// The reading end.
pub(crate) struct Listening {
    hub: Hub,
    pbx: Pbx,
    store: Store,
    calls: HashMap<String, Concerned>,
    organisations: Vec<String>,
}

/// The organisation and the numbers of a call so far.
#[derive(Debug, Clone, Default)]
struct Concerned {
    organisation: Option<String>,
    numbers: HashSet<String>,
}

impl Hub {
    pub(crate) fn new(config: &Config, store: Store) -> (Self, Listening) {
        let (told, _) = broadcast::channel(BEHIND);
        let hub = Self { told, is_up: Arc::default() };
        let pbx = Pbx::new(&config.control.socket);
        let listening =
            Listening { hub: hub.clone(), pbx, store, calls: HashMap::new(), organisations: Vec::new() };
        (hub, listening)
    }

    /// Tells what has happened here, in the form of the PBX's events.
    pub(crate) fn tell(&self, name: &str, event: &serde_json::Value, scope: Scope) {
        // Without readers it goes nowhere.
        let _ = self.told.send(Arc::new(Told { name: name.to_owned(), data: event.to_string(), scope }));
    }

    /// What is told from now on. A reader that falls too far behind is told so, once, and should be let go.
    pub(crate) fn watch(&self) -> broadcast::Receiver<Arc<Told>> {
        self.told.subscribe()
    }

    /// Whether the PBX's events arrive.
    pub(crate) fn is_up(&self) -> bool {
        self.is_up.load(Relaxed)
    }
}

impl Listening {
    /// Reads events, again and again; does not return.
    pub(crate) async fn run(mut self) {
        loop {
            self.listen().await;
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Reads events until the PBX goes.
    async fn listen(&mut self) {
        let Ok(mut events) = self.pbx.events().await else { return };
        // After the stream is open, so that no call falls between both.
        self.calls.clear();
        self.look_up().await;
        self.say_up(true);
        while let Some(Ok(event)) = events.next().await {
            let scope = self.scope(&event).await;
            let name = event.name().split('.').next().unwrap_or_default().to_owned();
            let Ok(data) = serde_json::to_string(&event) else { continue };
            // Without readers it goes nowhere.
            let _ = self.hub.told.send(Arc::new(Told { name, data, scope }));
        }
        self.say_up(false);
    }

    fn say_up(&self, is_up: bool) {
        self.hub.is_up.store(is_up, Relaxed);
        tracing::info!(is_up, "the PBX's events");
        let told = Told { name: "pbx".into(), data: format!("{{\"up\":{is_up}}}"), scope: Scope::Process };
        let _ = self.hub.told.send(Arc::new(told));
    }

    /// Takes the organisations there are, and what the PBX says of its calls.
    async fn look_up(&mut self) {
        if let Ok(organisations) = self.store.organisations().await {
            self.organisations = organisations.into_iter().map(|organisation| organisation.slug).collect();
        }
        for call in self.pbx.calls().await.unwrap_or_default() {
            let numbers = call.legs.iter().map(|leg| leg.number.clone()).chain([call.from_number]);
            let known = self.calls.entry(call.id).or_default();
            known.organisation = Some(call.organisation);
            known.numbers.extend(numbers.filter(|number| !number.is_empty()));
        }
    }

    async fn scope(&mut self, event: &Event) -> Scope {
        if let Some(id) = event.what.call_id() {
            return self.scope_of_call(id, &event.what).await;
        }
        match &event.what {
            // Who calls from outside is nobody here, also where the number is that of an extension.
            Happening::CallRefused { organisation, call: Some(RefusedCall::In(_)), .. }
                if !organisation.is_empty() =>
            {
                Scope::Of { organisation: organisation.clone(), numbers: Vec::new() }
            }
            Happening::RegistrationChanged { organisation, number, .. }
            | Happening::CallRefused { organisation, from_number: number, .. } => {
                scope_of(organisation, number)
            }
            Happening::HoursChanged { organisation, .. }
            | Happening::TrunkRegistered { organisation, .. }
            | Happening::TrunkRefused { organisation, .. }
            | Happening::TrunkUp { organisation, .. }
            | Happening::TrunkDown { organisation, .. }
            | Happening::TrunkHostUp { organisation, .. }
            | Happening::TrunkHostDown { organisation, .. }
            | Happening::FraudHeld { organisation, .. }
            | Happening::FraudApproved { organisation, .. }
            | Happening::BudgetNearlySpent { organisation, .. }
                if !organisation.is_empty() =>
            {
                Scope::Of { organisation: organisation.clone(), numbers: Vec::new() }
            }
            Happening::Reloaded { .. } => {
                self.look_up().await;
                Scope::Process
            }
            Happening::Draining => Scope::Process,
            Happening::AuthenticationFailed { .. }
            | Happening::SourceBanned { .. }
            | Happening::SourceUnbanned { .. } => match self.only_one() {
                Some(organisation) => Scope::Of { organisation, numbers: Vec::new() },
                None => Scope::Unknown,
            },
            _ => Scope::Unknown,
        }
    }

    async fn scope_of_call(&mut self, id: &str, what: &Happening) -> Scope {
        if self.calls.get(id).is_none_or(|known| known.organisation.is_none()) {
            if self.calls.len() >= MOST_CALLS {
                self.calls.clear();
            }
            match what {
                Happening::CallStarted { organisation, .. } if !organisation.is_empty() => {
                    let known = self.calls.entry(id.to_owned()).or_default();
                    known.organisation = Some(organisation.clone());
                }
                // It began before we listened.
                _ => self.look_up().await,
            }
        }
        let known = self.calls.entry(id.to_owned()).or_default();
        known.numbers.extend(numbers(what).into_iter().map(str::to_owned));
        let concerned = known.clone();
        if matches!(what, Happening::CallEnded { .. }) {
            self.calls.remove(id);
        }
        match concerned.organisation {
            Some(organisation) => {
                Scope::Of { organisation, numbers: concerned.numbers.into_iter().collect() }
            }
            None => Scope::Unknown,
        }
    }

    fn only_one(&self) -> Option<String> {
        match &self.organisations[..] {
            [only] => Some(only.clone()),
            _ => None,
        }
    }
}

/// An extension's; of an organisation that is gone, nobody's.
fn scope_of(organisation: &str, number: &str) -> Scope {
    if organisation.is_empty() {
        return Scope::Unknown;
    }
    Scope::Of { organisation: organisation.to_owned(), numbers: vec![number.to_owned()] }
}

/// The numbers that an event of a call adds to it.
fn numbers(what: &Happening) -> Vec<&str> {
    match what {
        Happening::CallStarted { from_number, .. } => vec![from_number],
        Happening::CallRinging { number, .. } | Happening::CallAnswered { number: Some(number), .. } => {
            vec![number]
        }
        Happening::CallForwarded { by_number, to_number, .. }
        | Happening::CallTransferred { by_number, to_number, .. } => vec![by_number, to_number],
        _ => Vec::new(),
    }
}

/// Events that a reader may be behind.
const BEHIND: usize = 512;
const AGAIN: Duration = Duration::from_secs(1);
/// More than a PBX has calls.
const MOST_CALLS: usize = 100_000;
