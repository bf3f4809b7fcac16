//! `kiestoon secrets`: the key that passwords are encrypted with.

use serde_json::json;

use super::args::{SecretsArgs, SecretsVerb};
use super::failure::Failure;
use super::language::say;
use super::{Cli, database, print_line};

pub(super) fn secrets(cli: &Cli, args: &SecretsArgs) -> Result<(), Failure> {
    match args.verb {
        SecretsVerb::Rotate { forget_old } => rotate(cli, !forget_old),
    }
}

fn rotate(cli: &Cli, keep_old: bool) -> Result<(), Failure> {
    let config = cli.config()?;
    let done = cli.block_on(async {
        let store = database::open_existing(&config).await?;
        let done = store.rotate_key(keep_old).await?;
        store.close().await;
        // It reads all secrets again, so that a new key that it cannot read is heard of now.
        database::announce(&config, cli.language).await;
        Ok(done)
    })?;
    if cli.json {
        return cli.print_json(&json!({
            "secrets": done.secrets, "key_file": done.key, "old_key_file": done.old, "older_key_files": done.older,
        }));
    }
    let (count, key) = (done.secrets, done.key.display());
    print_line(&say!(
        cli.language,
        "secrets encrypted anew: {count}; the new key is in {key}",
        "opnieuw versleutelde geheimen: {count}; de nieuwe sleutel staat in {key}"
    ));
    if let Some(old) = &done.old {
        let old = old.display();
        print_line(&say!(
            cli.language,
            "copies of the database from before today need the old key: {old}; remove it when none is left",
            "kopieën van de database van vóór nu hebben de oude sleutel nodig: {old}; verwijder die als er geen meer is"
        ));
    }
    if !done.older.is_empty() {
        let older = done.older.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ");
        print_line(&say!(
            cli.language,
            "keys of earlier rotations are still kept, remove them too when no copy of their time is left: {older}",
            "sleutels van eerdere vernieuwingen zijn er nog, verwijder ook die als er geen kopie uit hun tijd meer is: {older}"
        ));
    }
    print_line(cli.language.pick(
        "restart kiestoon and kiestoon-admin together when it suits: until then browsers log in with what was derived from the old key",
        "herstart kiestoon en kiestoon-admin samen als het uitkomt: tot dan melden browsers zich aan met wat van de oude sleutel is afgeleid",
    ));
    Ok(())
}
