//! `kiestoon user`: who logs in at the sidecar, one at a time. The PBX itself knows no users, so nothing is reloaded.

use kiestoon_store::{NewUser, Role, Store};
use serde_json::json;

use super::args::{UserArgs, UserVerb};
use super::extension::{generated, given};
use super::failure::Failure;
use super::language::say;
use super::table::Table;
use super::{Cli, database, print_line, when};

pub(super) fn user(cli: &Cli, args: UserArgs) -> Result<(), Failure> {
    let config = cli.config()?;
    cli.block_on(async {
        let store = match args.verb {
            UserVerb::Add { .. } => database::open(&config).await?,
            _ => database::open_existing(&config).await?,
        };
        let done = run(cli, &store, args).await;
        store.close().await;
        done
    })
}

async fn run(cli: &Cli, store: &Store, args: UserArgs) -> Result<(), Failure> {
    let language = cli.language;
    match args.verb {
        UserVerb::Add { login, name, role, extension, password } => {
            let role = if role == Role::Admin.as_str() { Role::Admin } else { Role::User };
            let password = given(password, language)?;
            let organisation = args.organisation;
            let added =
                store.add_user(&NewUser { organisation, login, name, role, extension, password }).await?;
            let shown = added.generated.then_some(added.password);
            let (login, organisation) = (&added.login, &added.organisation);
            let line = say!(
                language,
                "user {login} added to {organisation}",
                "gebruiker {login} toegevoegd aan {organisation}"
            );
            let value =
                json!({ "id": added.id, "organisation": organisation, "login": login, "password": shown });
            tell(cli, &line, shown.as_deref(), &value)
        }
        UserVerb::List => list(cli, store, args.organisation.as_deref()).await,
        UserVerb::Remove { login } => {
            store.remove_user(&login).await?;
            let line = say!(language, "user {login} removed", "gebruiker {login} verwijderd");
            tell(cli, &line, None, &json!({ "login": login }))
        }
        UserVerb::Password { login, password } => {
            let given = given(password, language)?;
            let password = store.set_user_password(&login, given.as_deref(), None).await?;
            let shown = given.is_none().then_some(password);
            let line = say!(language, "password of {login} set", "wachtwoord van {login} gezet");
            tell(cli, &line, shown.as_deref(), &json!({ "login": login, "password": shown }))
        }
        UserVerb::Extension { login, number } => {
            store.set_user_extension(&login, number.as_deref()).await?;
            let shown = number.as_deref().unwrap_or("-");
            let line = say!(language, "extension of {login}: {shown}", "toestel van {login}: {shown}");
            tell(cli, &line, None, &json!({ "login": login, "extension": number }))
        }
    }
}

/// Says what was done, with a password that was made.
fn tell(cli: &Cli, line: &str, password: Option<&str>, value: &serde_json::Value) -> Result<(), Failure> {
    if cli.json {
        return cli.print_json(value);
    }
    print_line(line);
    if let Some(password) = password {
        print_line(&generated(password, cli.language));
    }
    Ok(())
}

async fn list(cli: &Cli, store: &Store, organisation: Option<&str>) -> Result<(), Failure> {
    let users = store.users(organisation).await?;
    if cli.json {
        return cli.print_json(&users);
    }
    let language = cli.language;
    if users.is_empty() {
        print_line(language.pick(
            "no users yet; `kiestoon user add anna` makes one",
            "nog geen gebruikers; `kiestoon user add anna` maakt er een",
        ));
        return Ok(());
    }
    let mut table = Table::new(&[
        language.pick("organisation", "organisatie"),
        language.pick("login", "naam om in te loggen"),
        language.pick("name", "naam"),
        language.pick("role", "rol"),
        language.pick("extension", "toestel"),
        language.pick("changed", "gewijzigd"),
    ]);
    for user in users {
        let role = user.role.as_str().to_owned();
        let extension = user.extension.unwrap_or_else(|| "-".into());
        table.row(vec![
            user.organisation,
            user.login,
            user.name,
            role,
            extension,
            when::local(user.updated_at),
        ]);
    }
    print_line(&table.render());
    Ok(())
}
