//! The lowest rung: what the provider says of our account by its REST API. Whether it may be used, whether the numbers are its own,
//! and where their calls are sent. Only for providers that have such an API, and where we have been told what to ask it with.

mod ask;
mod telnyx;
mod twilio;

use kiestoon_control::{Rung, RungName};
use kiestoon_store::{Presets, TrunkDetails, TrunkPassword, TrunkWebhook};

use self::ask::{Api, Unasked};
use super::rung::{Draft, both};
use crate::snapshot::Source;
use crate::webhook::Outside;

/// An account at a provider, and what is expected of it.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    provider: Provider,
    /// The Account SID of Twilio, the connection of Telnyx.
    id: String,
    /// The name of the key, where it has one of its own.
    key: Option<String>,
    secret: TrunkPassword,
    /// Where the API is, where it is not where the provider says.
    base: Option<String>,
    /// Those that come in over the trunk, in E.164.
    numbers: Vec<String>,
    /// The hosts that the trunk calls, without ports.
    hosts: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Provider {
    Twilio,
    Telnyx,
}

/// Where the account of a trunk is found.
pub(crate) enum Whose {
    /// Here.
    Known(Option<Account>),
    /// In the database of a running PBX, when the rung is climbed.
    Of { source: Source, organisation: String },
}

impl Account {
    /// The account of a trunk; None where nothing is said of it, or its provider has no API that is known here.
    pub(crate) fn of(details: &TrunkDetails, presets: &Presets) -> Option<Self> {
        let below = presets.find(&details.preset).map(|preset| preset.settings.clone()).unwrap_or_default();
        let settings = details.settings.over(&below);
        let provider = match settings.webhook? {
            TrunkWebhook::Twilio => Provider::Twilio,
            TrunkWebhook::Telnyx => Provider::Telnyx,
            TrunkWebhook::Standard => return None,
        };
        let hosts = settings.hosts().map(|host| host.name.clone()).collect();
        Some(Self {
            provider,
            id: settings.account.clone()?,
            key: settings.api_key.clone(),
            secret: details.api_secret.clone()?,
            base: settings.api,
            numbers: details.numbers.keys().filter(|number| number.starts_with('+')).cloned().collect(),
            hosts,
        })
    }

    /// Asks the provider.
    pub(crate) async fn rung(&self, outside: &Outside) -> Rung {
        let mut draft = Draft::without_messages(RungName::Account, "");
        let api = match Api::new(outside, self) {
            Ok(api) => api,
            Err(fault) => return self.unasked(draft, fault),
        };
        let looked = match self.provider {
            Provider::Twilio => twilio::look(self, &api, &mut draft).await,
            Provider::Telnyx => telnyx::look(self, &api, &mut draft).await,
        };
        match looked {
            Ok(Found::Good(found)) => draft.ok(found),
            Ok(Found::Doubtful(found, advice)) => draft.warning(found, advice),
            Ok(Found::Bad(found, advice)) => draft.failed(found, advice),
            Err(fault) => self.unasked(draft, fault),
        }
    }

    fn unasked(&self, draft: Draft, fault: Unasked) -> Rung {
        match fault {
            // Calls need no API: what cannot be asked says nothing of them.
            Unasked::Unreached(reason) => draft.warning(
                both!("the API was not reached ({reason})", "de API is niet bereikt ({reason})"),
                both!(
                    "let HTTPS out to the provider; calls do not need it",
                    "laat HTTPS naar de aanbieder door; gesprekken hebben het niet nodig"
                ),
            ),
            Unasked::Refused(status) => draft.failed(
                both!("the API refuses our key ({status})", "de API weigert onze sleutel ({status})"),
                match self.provider {
                    Provider::Twilio => both!(
                        "`account` is the Account SID; `api_secret` is the Auth Token, or with `api_key` (SK...) the secret of that key",
                        "`account` is de Account SID; `api_secret` is de Auth Token, of met `api_key` (SK...) het geheim van die sleutel"
                    ),
                    Provider::Telnyx => both!(
                        "`account` is the number of the connection; `api_secret` is an API key (KEY...) of the portal",
                        "`account` is het nummer van de connection; `api_secret` is een API-sleutel (KEY...) uit het portaal"
                    ),
                },
            ),
            Unasked::Odd(what) => draft.warning(
                both!("the API answered something else than expected ({what})", "de API antwoordde iets anders dan verwacht ({what})"),
                both!("look at the provider's console", "kijk in de console van de aanbieder"),
            ),
        }
    }
}

impl Whose {
    /// The account of the trunk with this name, where there is one.
    pub(super) async fn account(self, name: &str) -> Option<Account> {
        match self {
            Self::Known(account) => account,
            Self::Of { source, organisation } => {
                let presets = crate::presets::load(source.presets.as_deref()).ok()?;
                match source.store.trunk(Some(&organisation), name).await {
                    Ok((_, trunk)) => Account::of(&trunk.details, &presets),
                    Err(error) => {
                        tracing::warn!(%error, "the account of a trunk is not read");
                        None
                    }
                }
            }
        }
    }
}

/// What the provider says, and what to do.
enum Found {
    Good(kiestoon_control::Sentence),
    Doubtful(kiestoon_control::Sentence, kiestoon_control::Sentence),
    Bad(kiestoon_control::Sentence, kiestoon_control::Sentence),
}

impl Found {
    fn strange_number(number: &str) -> Self {
        Self::Doubtful(
            both!("{number} is not a number of this account", "{number} is geen nummer van dit account"),
            both!(
                "take it from `numbers`, or buy or move it there",
                "haal het uit `numbers`, of koop of verhuis het daarheen"
            ),
        )
    }
}
