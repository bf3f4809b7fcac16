//! Whether somebody who dials for help gets out: which rule takes the call, which trunks it rings, and how these stand.

use jiff::Timestamp;
use kiestoon_dialplan::{Action, CallFacts, Circumstances, Overrides, Plan, Plans, StepResult, Target};

use super::Look;
use super::installation::Directory;
use super::running::Running;
use crate::cli::language::say;

impl Look<'_> {
    /// Each organisation by the plan that its calls take. Where it has no trunk, and no rule needs one, there is no way out at all.
    pub(super) fn help(&mut self, plans: &Plans, directory: &Directory, running: Option<&Running>) {
        let mut slugs = directory.with_phones.clone();
        slugs.extend(directory.trunks.iter().map(|trunk| trunk.organisation.clone()));
        if slugs.is_empty() {
            // Of whoever gets the first phone.
            slugs.insert(FIRST.to_owned());
        }
        for slug in &slugs {
            let whose = if slugs.len() > 1 { format!("{slug}: ") } else { String::new() };
            let has_trunk = directory.trunks.iter().any(|trunk| trunk.organisation == *slug);
            match ways(plans.of(slug)) {
                Some(ways) if has_trunk || !ways.is_empty() => {
                    self.out(&whose, slug, &ways, directory, running);
                }
                None if has_trunk => self.no_rule(&whose),
                Some(_) | None => self.skipped(
                    ITEM,
                    say!(self.language, "{whose}there is no way out", "{whose}er is geen weg naar buiten"),
                ),
            }
        }
    }

    fn no_rule(&mut self, whose: &str) {
        let language = self.language;
        self.warning(
            ITEM,
            say!(
                language,
                "{whose}no rule takes {HELP} as a call for help",
                "{whose}geen regel neemt {HELP} als noodoproep"
            ),
            say!(
                language,
                "add a rule with `match = \"{HELP}\"` and `emergency = true` that dials your trunk: docs/dialplan.md has one",
                "voeg een regel toe met `match = \"{HELP}\"` en `emergency = true` die uw trunk belt: docs/dialplan.md heeft er een"
            ),
        );
    }

    fn out(
        &mut self,
        whose: &str,
        slug: &str,
        ways: &[String],
        directory: &Directory,
        running: Option<&Running>,
    ) {
        let language = self.language;
        let is_enabled = |name: &&String| {
            directory
                .trunks
                .iter()
                .any(|trunk| trunk.enabled && trunk.organisation == slug && trunk.name == **name)
        };
        let there: Vec<&String> = ways.iter().filter(is_enabled).collect();
        if there.is_empty() {
            let named = ways.iter().map(|name| format!("`trunk:{name}`")).collect::<Vec<_>>().join(", ");
            let says = match ways {
                [] => say!(
                    language,
                    "{whose}the rule of {HELP} rings no trunk",
                    "{whose}de regel van {HELP} belt geen trunk"
                ),
                _ => say!(
                    language,
                    "{whose}{HELP} rings {named}, which is not there or not enabled",
                    "{whose}{HELP} belt {named}, die er niet is of niet aanstaat"
                ),
            };
            let advice = enabling(whose, slug, ways, directory).unwrap_or_else(|| {
                say!(
                    language,
                    "name a trunk in that rule that `kiestoon trunk list` shows as enabled",
                    "noem in die regel een trunk die `kiestoon trunk list` als aan toont"
                )
            });
            return self.failed(ITEM, says, advice);
        }
        let names = there.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
        let goes = say!(
            language,
            "{whose}{HELP} goes out over {names}",
            "{whose}{HELP} gaat naar buiten over {names}"
        );
        let Some(running) = running else {
            let unseen = say!(
                language,
                "{goes}; whether that is up was not checked: the PBX is not running",
                "{goes}; of die werkt is niet nagegaan: de centrale draait niet"
            );
            return self.good(ITEM, unseen);
        };
        let is_up = |name: &&String| running.state(slug, name) == Some("up");
        if there.iter().any(is_up) {
            return self.good(ITEM, goes);
        }
        let says = say!(language, "{goes}, and that is not up", "{goes}, en die werkt niet");
        let advice = there.iter().map(|name| format!("`kiestoon trunk test {name}`"));
        self.failed(ITEM, says, advice.collect::<Vec<_>>().join("; "));
    }
}

/// What enables those of the trunks that are there; None where none is.
fn enabling(whose: &str, slug: &str, ways: &[String], directory: &Directory) -> Option<String> {
    let is_there =
        |name: &str| directory.trunks.iter().any(|trunk| trunk.organisation == slug && trunk.name == name);
    let of = if whose.is_empty() { String::new() } else { format!(" --organisation {slug}") };
    let mut names: Vec<&str> = Vec::new();
    for name in ways.iter().filter(|name| is_there(name)) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let commands: Vec<String> =
        names.iter().map(|name| format!("`kiestoon trunk enable {name}{of}`")).collect();
    (!commands.is_empty()).then(|| commands.join("; "))
}

/// The trunks that a call for help rings, in order, where none of them takes it; None where no rule takes it as one.
fn ways(plan: &Plan) -> Option<Vec<String>> {
    let overrides = Overrides::default();
    let at = Timestamp::now();
    let facts =
        CallFacts { context: "intern", from: "", from_name: "", dialled: HELP, at, overrides: &overrides };
    let mut decision = plan.decide(&facts).filter(|decision| decision.emergency)?;
    let now = Circumstances { plan, at, overrides: &overrides };
    let (mut ways, mut result) = (Vec::new(), None);
    loop {
        let next = match decision.run.next(result, &now) {
            Action::Dial(dial) => {
                ways.extend(dial.targets.into_iter().filter_map(|target| match target {
                    Target::Trunk(name) => Some(name),
                    Target::Extension(_) => None,
                }));
                StepResult::Unavailable
            }
            Action::Play { .. } | Action::Say { .. } => StepResult::Played,
            Action::Override { .. } | Action::Notify { .. } | Action::Require { .. } => StepResult::Done,
            Action::Collect(_) => StepResult::TimedOut,
            Action::Webhook(_) | Action::NotBuilt { .. } => StepResult::Failed,
            Action::Echo | Action::Reject { .. } | Action::Hangup { .. } | Action::Done => return Some(ways),
        };
        result = Some(next);
    }
}

const ITEM: &str = "112";
/// The slug of the organisation that a new PBX gets.
const FIRST: &str = "default";
/// The number that is dialled for help in Europe.
const HELP: &str = "112";
