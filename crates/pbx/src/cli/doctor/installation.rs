//! What lies on the disk: database, dialplan, people, key.

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan as _};
use kiestoon_config::KeySource;
use kiestoon_dialplan::Plans;
use kiestoon_store::{Cdr, Disposition, HistoryFilter, Role, TrunkSummary, User};
use serde_json::Value;

use super::Look;
use super::outgoing::AnsweredOver;
use super::running::Running;
use crate::cli::language::say;
use crate::cli::{database, when};

/// What the database has.
pub(super) struct Directory {
    pub(super) extensions: usize,
    /// The slugs of the organisations that have phones.
    pub(super) with_phones: BTreeSet<String>,
    pub(super) trunks: Vec<TrunkSummary>,
    /// When the provider of each trunk last told something: organisation, trunk, microseconds.
    pub(super) heard: Vec<(String, String, i64)>,
    users: Vec<User>,
}

impl Look<'_> {
    pub(super) async fn database(&mut self) -> Option<Directory> {
        let read = async {
            let store = database::open_existing(self.config).await?;
            let extensions = store.extensions(None).await?;
            let directory = Directory {
                extensions: extensions.len(),
                with_phones: extensions.into_iter().map(|extension| extension.organisation).collect(),
                heard: store.last_provider_events().await?,
                trunks: store.trunks(None).await?,
                users: store.users(None).await?,
            };
            let name = store.name();
            // What is in it can be opened: the key fits, and nobody has changed a secret by hand.
            store.directory().await?;
            store.close().await;
            Ok::<_, crate::cli::failure::Failure>((name, directory))
        };
        match read.await {
            Ok((name, directory)) => {
                self.good(
                    "database",
                    say!(
                        self.language,
                        "{name} is of this release, and every secret opens",
                        "{name} is van deze versie, en elk geheim gaat open"
                    ),
                );
                Some(directory)
            }
            Err(failure) => {
                let advice = self.language.pick("mend that first", "verhelp dat eerst").to_owned();
                self.failed("database", failure.text(self.language), advice);
                None
            }
        }
    }

    pub(super) fn disk(&mut self) {
        let near = self.config.store.neighbour();
        let folder = near.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| std::path::Path::new("."));
        let Ok(room) = nix::sys::statvfs::statvfs(folder) else { return };
        let (free, all) = (room.blocks_available(), room.blocks().max(1));
        let megabytes = free.saturating_mul(room.fragment_size()) / 1_000_000;
        let percent = free.saturating_mul(100) / all;
        let (shown, language) = (folder.display(), self.language);
        let says = say!(
            language,
            "{shown}: {megabytes} MB free ({percent} %)",
            "{shown}: {megabytes} MB vrij ({percent} %)"
        );
        if megabytes < LEAST_MEGABYTES {
            let advice = language.pick(
                "free some space: without it neither calls nor changes are kept",
                "maak ruimte: anders worden gesprekken en wijzigingen niet bewaard",
            );
            self.warning("disk", says, advice.into());
        } else {
            self.good("disk", says);
        }
    }

    /// Whether it can be read, and whether somebody who dials for help gets out.
    pub(super) fn dialplan(&mut self, directory: &Directory, running: Option<&Running>) {
        let language = self.language;
        let path = &self.config.dialplan.path;
        let plans = crate::snapshot::dialplan_files(path).ok().and_then(|files| Plans::load(&files).ok());
        let Some((plans, _)) = plans else {
            let advice = say!(language, "see `kiestoon check`", "zie `kiestoon check`");
            return self.failed(
                "dialplan",
                say!(language, "it cannot be used", "het is niet te gebruiken"),
                advice,
            );
        };
        self.good("dialplan", say!(language, "it can be used", "het is te gebruiken"));
        self.help(&plans, directory, running);
    }

    /// Whether somebody administers it, and everybody who logs in can call.
    pub(super) fn people(&mut self, directory: &Directory) {
        let language = self.language;
        let users = &directory.users;
        let (count, admins) = (users.len(), users.iter().filter(|user| user.role == Role::Admin).count());
        let without: Vec<&str> =
            users.iter().filter(|user| user.extension.is_none()).map(|user| user.login.as_str()).collect();
        if admins == 0 {
            self.failed(
                "people",
                say!(
                    language,
                    "nobody administers it over the web pages (users: {count})",
                    "niemand beheert het over de webpagina's (gebruikers: {count})"
                ),
                "`kiestoon user add admin --role admin`".into(),
            );
        } else if without.is_empty() {
            self.good(
                "people",
                say!(
                    language,
                    "users: {count}; administrators: {admins}",
                    "gebruikers: {count}; beheerders: {admins}"
                ),
            );
        } else {
            let names = without.join(", ");
            self.warning(
                "people",
                say!(
                    language,
                    "cannot call from the browser: {names}",
                    "kunnen niet bellen uit de browser: {names}"
                ),
                say!(
                    language,
                    "give them an extension: `kiestoon user extension {} 201`",
                    "geef hun een toestel: `kiestoon user extension {} 201`",
                    names.split(',').next().unwrap_or_default()
                ),
            );
        }
    }

    /// Whether calls were answered lately; where an organisation has a trunk that is enabled, one of them over a trunk. `now` are
    /// those over which a call was answered a moment ago: its record may still be on its way to the database.
    pub(super) async fn calls(&mut self, directory: &Directory, now: &[AnsweredOver]) {
        let Ok(since) = Timestamp::now().checked_sub((DAYS * 24).hours()) else { return };
        let lately = HistoryFilter {
            since: Some(since.as_microsecond()),
            disposition: Some(Disposition::Answered),
            limit: 1000,
            ..HistoryFilter::default()
        };
        let Ok(store) = database::open_existing(self.config).await else { return };
        let enabled = directory.trunks.iter().filter(|trunk| trunk.enabled);
        let slugs: BTreeSet<&str> = enabled.map(|trunk| trunk.organisation.as_str()).collect();
        let mut homes = store.organisations().await.unwrap_or_default();
        homes.retain(|home| slugs.contains(home.slug.as_str()));
        if homes.is_empty() {
            let calls = store.history(&lately).await.unwrap_or_default();
            self.answered(&calls);
        }
        let are_several = homes.len() > 1;
        for home in &homes {
            let whose = if are_several { format!("{}: ", home.slug) } else { String::new() };
            let lately = HistoryFilter { tenant_id: Some(home.id.clone()), ..lately.clone() };
            let outside = HistoryFilter { over_trunk: true, ..lately.clone() };
            let outside = store.history(&outside).await.unwrap_or_default();
            let mut trunks: BTreeSet<&str> = outside.iter().flat_map(over).collect();
            let last = outside.iter().find(|call| !over(call).is_empty()).map(|call| call.started_at);
            let here = now.iter().filter(|answered| answered.organisation == home.slug);
            trunks.extend(here.clone().map(|answered| answered.trunk.as_str()));
            let last = here.map(|answered| answered.at).max().max(last);
            match last {
                Some(last) => self.answered_over(&whose, &trunks, last),
                None => {
                    let inside = store.history(&lately).await.unwrap_or_default().len();
                    self.not_over_a_trunk(&whose, inside);
                }
            }
        }
        store.close().await;
    }

    /// Where nothing leads out, any call counts.
    fn answered(&mut self, calls: &[Cdr]) {
        let Some(last) = calls.first() else { return self.not_over_a_trunk("", 0) };
        let (count, when) = (calls.len(), when::local(last.started_at));
        let says = say!(
            self.language,
            "answered in {DAYS} days: {count}; the last one {when}",
            "beantwoord in {DAYS} dagen: {count}; het laatste {when}"
        );
        self.good(CALL, says);
    }

    fn answered_over(&mut self, whose: &str, trunks: &BTreeSet<&str>, last: i64) {
        let names = trunks.iter().copied().collect::<Vec<_>>().join(", ");
        let when = when::local(last);
        let says = say!(
            self.language,
            "{whose}answered in {DAYS} days over {names}; the last one {when}",
            "{whose}beantwoord in {DAYS} dagen over {names}; het laatste {when}"
        );
        self.good(CALL, says);
    }

    /// So many calls were answered, and none of them over a trunk.
    fn not_over_a_trunk(&mut self, whose: &str, inside: usize) {
        let language = self.language;
        if inside == 0 {
            let says = say!(
                language,
                "{whose}no call was answered in {DAYS} days",
                "{whose}in {DAYS} dagen is geen gesprek beantwoord"
            );
            let advice = say!(
                language,
                "call *43 from a phone: it gives back what you say; then call out and in",
                "bel *43 op een toestel: het geeft terug wat u zegt; bel daarna naar buiten en naar binnen"
            );
            return self.warning(CALL, says, advice);
        }
        let says = say!(
            language,
            "{whose}answered calls were inside only in {DAYS} days: {inside}; none went over a trunk",
            "{whose}beantwoorde gesprekken bleven in {DAYS} dagen binnen: {inside}; geen ging over een trunk"
        );
        let advice = say!(
            language,
            "call out and in; `kiestoon doctor --production --call NUMBER` calls out over each trunk",
            "bel naar buiten en naar binnen; `kiestoon doctor --production --call NUMMER` belt over elke trunk naar buiten"
        );
        self.warning(CALL, says, advice);
    }

    /// Where the key is: without it no password can be read again.
    pub(super) fn key_file(&mut self) {
        let language = self.language;
        match self.config.store.key_source() {
            KeySource::Given(_) => self.good(
                "key",
                say!(language, "it is given by the configuration", "hij staat in de configuratie"),
            ),
            KeySource::File(file) => {
                let beside = self.config.store.path().and_then(|path| path.parent()) == file.parent();
                let file = file.display();
                if beside {
                    self.warning(
                        "key",
                        say!(language, "{file} lies beside the database: who copies the folder has both", "{file} ligt naast de database: wie de map kopieert heeft beide"),
                        say!(language, "keep a copy of it elsewhere, apart from copies of the database; `store.key_file` names another place", "bewaar er elders een kopie van, los van kopieën van de database; `store.key_file` noemt een andere plaats"),
                    );
                } else {
                    self.good(
                        "key",
                        say!(language, "{file}, apart from the database", "{file}, los van de database"),
                    );
                }
            }
        }
    }
}

/// The trunks over which an answered call was heard: where it came in, and where somebody answered. One that was tried in vain,
/// before the PBX itself answered, is none.
fn over(call: &Cdr) -> Vec<&str> {
    let is_answered = |name: &str| {
        call.legs.iter().any(|leg| {
            let status = leg.get("status").and_then(Value::as_u64);
            let is_of = |key: &str, word: &str| leg.get(key).and_then(Value::as_str) == Some(word);
            is_of("side", "callee")
                && is_of("trunk", name)
                && status.is_some_and(|status| (200..300).contains(&status))
        })
    };
    let went = call.trunk_out.as_deref().filter(|name| is_answered(name));
    call.trunk_in.as_deref().into_iter().chain(went).collect()
}

const CALL: &str = "test call";
const LEAST_MEGABYTES: u64 = 500;
const DAYS: i64 = 7;
