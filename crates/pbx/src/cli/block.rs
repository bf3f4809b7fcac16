//! `kiestoon block`: who is kept out.

use kiestoon_store::{Block, BlockAction, BlockCondition, BlockDetails, Presets};
use serde_json::json;

use super::args::{BlockArgs, BlockVerb, BlockWho as Who, BlockWhom as Whom};
use super::desk::{Desk, Opening};
use super::failure::Failure;
use super::language::{Language, say};
use super::names::{Names, no_trunk};
use super::table::Table;
use super::{Cli, print_line, when};

pub(super) fn block(cli: &Cli, args: BlockArgs) -> Result<(), Failure> {
    let config = cli.config()?;
    let presets = cli.presets(&config)?;
    cli.block_on(async {
        let opening = match args.verb {
            BlockVerb::Add { .. } => Opening::MakesOne,
            _ => Opening::MustBeThere,
        };
        let desk = Desk::open(cli, &config, opening, args.organisation, Blocks { presets }).await?;
        let done = desk.run(args.verb).await;
        desk.close(done).await
    })
}

/// What the verbs of this file need beside the database.
struct Blocks {
    presets: Presets,
}

impl Desk<'_, Blocks> {
    async fn run(&self, verb: BlockVerb) -> Result<(), Failure> {
        match verb {
            BlockVerb::Add { whom, action, context, note } => {
                let action = context.map(BlockAction::Context).or_else(|| BlockAction::of_word(&action));
                let action = action.unwrap_or(BlockAction::Reject);
                let Whom { who, trunk } = whom;
                self.add(BlockDetails { condition: condition(who), trunk, action, note }).await
            }
            BlockVerb::List => self.list().await,
            BlockVerb::Remove { whom } => self.remove(whom).await,
        }
    }

    async fn add(&self, details: BlockDetails) -> Result<(), Failure> {
        let language = self.cli.language;
        let home = self.organisation.as_deref();
        self.refuse_unknown(&details).await?;
        let (is_new, block) = self.store.save_block(home, &self.own.presets, details).await?;
        self.announce().await;
        if self.cli.json {
            return self.cli.print_json(&block);
        }
        let (what, action) =
            (whom(&block.details.condition, language), action(&block.details.action, language));
        print_line(&match is_new {
            true => say!(
                language,
                "block for {what} added: {action}",
                "blokkade voor {what} toegevoegd: {action}"
            ),
            false => {
                say!(language, "block for {what} kept: {action}", "blokkade voor {what} bewaard: {action}")
            }
        });
        Ok(())
    }

    /// A trunk or a context that is not there is a mistake: the block would keep out nobody.
    async fn refuse_unknown(&self, details: &BlockDetails) -> Result<(), Failure> {
        let home = self.store.organisation(self.organisation.as_deref()).await?.slug;
        let language = self.cli.language;
        let mut faults = Vec::new();
        if let Some(name) = &details.trunk {
            let trunks = self.store.trunks(Some(&home)).await?;
            faults.extend(no_trunk(name, trunks.iter().map(|trunk| trunk.name.as_str()), language));
        }
        if let BlockAction::Context(name) = &details.action {
            let names = Names::of(self.config, language);
            faults.extend(names.and_then(|names| names.context(Some(&home), name)));
        }
        if faults.is_empty() { Ok(()) } else { Err(Failure::Input(faults.join("\n"))) }
    }

    async fn remove(&self, named: Whom) -> Result<(), Failure> {
        let language = self.cli.language;
        let (home, condition) = (self.organisation.as_deref(), condition(named.who));
        let removed = self.store.remove_block(home, &self.own.presets, condition, named.trunk).await?;
        self.announce().await;
        if self.cli.json {
            return self.cli.print_json(&json!({ "removed": removed.to_string() }));
        }
        let what = whom(&removed, language);
        print_line(&say!(language, "block for {what} removed", "blokkade voor {what} verwijderd"));
        Ok(())
    }

    async fn list(&self) -> Result<(), Failure> {
        let blocks = self.store.blocks(self.organisation.as_deref()).await?;
        if self.cli.json {
            return self.cli.print_json(&blocks);
        }
        let language = self.cli.language;
        let mut table = Table::new(&[
            language.pick("organisation", "organisatie"),
            language.pick("whom", "wie"),
            "trunk",
            language.pick("what", "wat"),
            language.pick("note", "notitie"),
            language.pick("changed", "gewijzigd"),
        ]);
        for Block { organisation, details, updated_at, .. } in blocks {
            table.row(vec![
                organisation,
                whom(&details.condition, language),
                details.trunk.unwrap_or_else(|| "*".into()),
                action(&details.action, language),
                details.note,
                when::local(updated_at),
            ]);
        }
        print_line(&match table.is_empty() {
            true => language.pick("nobody is kept out", "niemand wordt geweerd").to_owned(),
            false => table.render(),
        });
        Ok(())
    }
}

/// The one of the words that was given: clap takes no more and no less.
fn condition(who: Who) -> BlockCondition {
    match who {
        Who { number: Some(number), .. } => BlockCondition::Number(number),
        Who { prefix: Some(start), .. } => BlockCondition::Prefix(start),
        Who { anonymous: true, .. } => BlockCondition::Anonymous,
        Who { .. } => BlockCondition::StirFailed,
    }
}

fn whom(condition: &BlockCondition, language: Language) -> String {
    match condition {
        BlockCondition::Number(number) => number.clone(),
        BlockCondition::Prefix(start) => format!("{start}..."),
        BlockCondition::Anonymous => language.pick("withheld numbers", "verborgen nummers").to_owned(),
        BlockCondition::StirFailed => language.pick("forged numbers", "vervalste nummers").to_owned(),
    }
}

fn action(action: &BlockAction, language: Language) -> String {
    match action {
        BlockAction::Reject => language.pick("declined (603)", "geweigerd (603)").to_owned(),
        BlockAction::Busy => language.pick("busy (486)", "bezet (486)").to_owned(),
        BlockAction::Silence => language.pick("rings for nobody", "gaat bij niemand over").to_owned(),
        BlockAction::Allow => language.pick("let through", "doorgelaten").to_owned(),
        BlockAction::Context(name) => say!(language, "enters context {name}", "gaat naar context {name}"),
    }
}
