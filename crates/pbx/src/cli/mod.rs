//! The command line. Each verb is a file; this one parses, dispatches and turns failures into exit codes: 0 fine, 64 for
//! what the operator has to mend (usage, configuration, input files), 1 for the rest.

mod args;
mod block;
mod check;
mod contact;
mod ctl;
mod database;
mod desk;
mod dialplan;
mod doctor;
mod extension;
mod failure;
mod folder;
mod fraud_drill;
mod history;
mod import;
mod names;
mod print_config;
mod profile;
mod rights;
mod rights_words;
mod secrets;
mod serve;
mod setup;
mod table;
mod told;
mod trunk;
mod trunk_details;
mod trunk_env;
mod trunk_rename;
mod trunk_test;
mod trunk_words;
mod user;
mod way;
mod when;
mod why;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;
use kiestoon_config::{Config, ConfigFile, Loaded};
use kiestoon_store::Presets;

use self::args::{Args, Verb};
use self::failure::Failure;
use crate::configured;
use crate::language::{self, Language};

/// Runs the command line of this process to its end.
pub(crate) fn run() -> ExitCode {
    // What is not Unicode is no key or value of ours.
    let variable = |name: &str| std::env::var(name).ok();
    let language = Language::from_locale(variable);
    match start(std::env::args_os(), language) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print(language);
            ExitCode::from(failure.code())
        }
    }
}

fn start(arguments: impl Iterator<Item = OsString>, language: Language) -> Result<(), Failure> {
    let args = match Args::try_parse_from(arguments) {
        Ok(args) => args,
        Err(error) if error.use_stderr() => return Err(Failure::usage(&error)),
        Err(help) => {
            let _ = help.print();
            return Ok(());
        }
    };
    let cli =
        Cli { file: args.config.map_or(ConfigFile::Default, ConfigFile::Named), json: args.json, language };
    cli.dispatch(args.verb).map_err(|failure| failure.shown_by(&cli))
}

/// What every verb needs to know of its surroundings.
#[derive(Debug, Clone)]
struct Cli {
    file: ConfigFile,
    json: bool,
    language: Language,
}

impl Cli {
    fn dispatch(&self, verb: Verb) -> Result<(), Failure> {
        match verb {
            Verb::Serve => serve::serve(self),
            Verb::Check => check::check(self),
            Verb::Import(args) => import::import(self, &args),
            Verb::Extension(args) => extension::extension(self, args),
            Verb::Trunk(args) => trunk::trunk(self, args),
            Verb::Rights(args) => rights::rights(self, args),
            Verb::Profile(args) => profile::profile(self, args),
            Verb::FraudDrill(args) => fraud_drill::fraud_drill(self, args),
            Verb::Contact(args) => contact::contact(self, args),
            Verb::Block(args) => block::block(self, args),
            Verb::User(args) => user::user(self, args),
            Verb::Dialplan(args) => dialplan::dialplan(self, args),
            Verb::History(args) => history::history(self, &args),
            Verb::Ctl(args) => ctl::ctl(self, args),
            Verb::Secrets(args) => secrets::secrets(self, &args),
            Verb::Setup(args) => setup::setup(self, &args),
            Verb::Doctor(args) => doctor::doctor(self, &args),
            Verb::PrintConfig => print_config::print_config(self),
            Verb::Version if self.json => {
                self.print_json(&serde_json::json!({ "version": env!("CARGO_PKG_VERSION") }))
            }
            Verb::Version => {
                print_line(concat!("kiestoon ", env!("CARGO_PKG_VERSION")));
                Ok(())
            }
        }
    }

    /// The configuration with its warnings, or every problem of it.
    fn load(&self) -> Result<Loaded, Failure> {
        configured::load(&self.file).map_err(|problems| Failure::configuration(&problems, self.language))
    }

    /// The configuration alone, for verbs that `kiestoon check` has nothing to add to.
    fn config(&self) -> Result<Config, Failure> {
        self.load().map(|loaded| loaded.config)
    }

    /// The presets of trunks, the operator's own among them.
    fn presets(&self, config: &Config) -> Result<Presets, Failure> {
        crate::presets::load(config.trunks.presets.as_deref()).map_err(|problems| Failure::import(&problems))
    }

    /// Runs what needs the runtime on one thread.
    fn block_on<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(work)
    }

    /// The text with what this run was given of the configuration in each command of ours, so that the command can be pasted:
    /// the file, and the variables that override it, of which no value is shown.
    fn pasted(&self, text: &str) -> String {
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let mut names: Vec<String> = names.filter(|name| name.starts_with("KIESTOON__")).collect();
        names.sort();
        pasted(text, &self.file, &names)
    }

    /// Prints a value as JSON.
    fn print_json(&self, value: &impl serde::Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(anyhow::Error::from)?;
        print_line(&text);
        Ok(())
    }
}

fn pasted(text: &str, file: &ConfigFile, variables: &[String]) -> String {
    let before: String = variables.iter().map(|name| format!("{name}=\"${name}\" ")).collect();
    let after = match file {
        ConfigFile::Default => String::new(),
        ConfigFile::Named(path) => {
            let path = path.display().to_string();
            let is_plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+".contains(&byte));
            let path = if is_plain { path } else { format!("'{}'", path.replace('\'', r"'\''")) };
            format!(" --config {path}")
        }
    };
    let whole = |command: &str| format!("{before}{command}{after}");
    let parts = text.split('`').enumerate().map(|(index, part)| {
        let is_ours =
            index % 2 == 1 && ["kiestoon ", "kiestoon-admin "].iter().any(|ours| part.starts_with(ours));
        if is_ours { part.split(" && ").map(whole).collect::<Vec<_>>().join(" && ") } else { part.to_owned() }
    });
    parts.collect::<Vec<_>>().join("`")
}

/// Prints to standard output; a reader that has gone, such as `head`, is no error of ours.
fn print_line(text: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n"));
}

#[cfg(test)]
mod tests;
