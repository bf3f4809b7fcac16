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
    if !folder.is_dir() {
        let (shown, exists) = (folder.display(), folder.exists());
        return Err(Failure::Input(if exists {
            say!(
                cli.language,
                "{shown} is no folder; name the one that the plans are in",
                "{shown} is geen map; noem die waar de plannen in staan"
            )
        } else {
            say!(
                cli.language,
                "{shown}: there is no such folder; set `dialplan.path`, or name the folder",
                "{shown}: die map bestaat niet; zet `dialplan.path`, of noem de map"
            )
        }));
    }
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
    print_line(cli.language.pick(
        "for completion, write #:schema ./dialplan.schema.json as the first line of a plan, and #:schema ../dialplan-test.schema.json of a file in tests/",
        "voor aanvulling: zet #:schema ./dialplan.schema.json als eerste regel van een plan, en #:schema ../dialplan-test.schema.json van een bestand in tests/",
    ));
    Ok(())
}
