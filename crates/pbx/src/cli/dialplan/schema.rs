//! `kiestoon dialplan schema`: what editors need to know of the language.

use kiestoon_dialplan::{SCHEMA, TEST_SCHEMA};

use super::chosen;
use crate::cli::args::SchemaArgs;
use crate::cli::failure::Failure;
use crate::cli::language::say;
use crate::cli::{Cli, print_line};

pub(super) fn schema(cli: &Cli, args: &SchemaArgs) -> Result<(), Failure> {
    if !args.write {
        print_line(if args.tests { TEST_SCHEMA } else { SCHEMA }.trim_end());
        return Ok(());
    }
    let folder = chosen(cli, args.path.clone())?;
    for (name, text) in [("dialplan.schema.json", SCHEMA), ("dialplan-test.schema.json", TEST_SCHEMA)] {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| {
            let path = path.display();
            Failure::Other(say!(
                cli.language,
                "{path} cannot be written ({error})",
                "{path} kan niet worden geschreven ({error})"
            ))
        })?;
        let path = path.display();
        print_line(&say!(cli.language, "{path} is written", "{path} is geschreven"));
    }
    Ok(())
}
