//! `kiestoon user`: who logs in at the sidecar, one at a time. The PBX itself knows no users, so nothing is reloaded.

use kiestoon_store::{NewUser, Role};
use serde_json::json;

use super::args::{UserArgs, UserVerb};
use super::desk::{Desk, Opening};
use super::extension::{generated, given};
use super::failure::Failure;
use super::language::say;
use super::table::Table;
use super::{Cli, print_line, when};

pub(super) fn user(cli: &Cli, args: UserArgs) -> Result<(), Failure> {
    let config = cli.config()?;
    cli.block_on(async {
        let opening = match args.verb {
            UserVerb::Add { .. } => Opening::MakesOne,
            _ => Opening::MustBeThere,
        };
        let desk = Desk::open(cli, &config, opening, args.organisation, Users).await?;
        let done = desk.run(args.verb).await;
        desk.close(done).await
    })
}

/// Whose verbs those of this file are.
struct Users;

impl Desk<'_, Users> {
    async fn run(&self, verb: UserVerb) -> Result<(), Failure> {
        let (language, store) = (self.cli.language, &self.store);
        match verb {
            UserVerb::Add { login, name, role, extension, password } => {
                let role = if role == Role::Admin.as_str() { Role::Admin } else { Role::User };
                let password = given(password, language)?;
                let organisation = self.organisation.clone();
                let new = NewUser { organisation, login, name, role, extension, password };
                let added = store.add_user(&new).await?;
                let shown = added.generated.then_some(added.password);
                let (login, organisation) = (&added.login, &added.organisation);
                let line = say!(
                    language,
                    "user {login} added to {organisation}",
                    "gebruiker {login} toegevoegd aan {organisation}"
                );
                let value = json!({ "id": added.id, "organisation": organisation, "login": login, "password": shown });
                self.tell(&line, shown.as_deref(), &value)
            }
            UserVerb::List => self.list().await,
            UserVerb::Remove { login } => {
                store.remove_user(&login).await?;
                let line = say!(language, "user {login} removed", "gebruiker {login} verwijderd");
                self.tell(&line, None, &json!({ "login": login }))
            }
            UserVerb::Password { login, password } => {
                let given = given(password, language)?;
                let password = store.set_user_password(&login, given.as_deref(), None).await?;
                let shown = given.is_none().then_some(password);
                let line = say!(language, "password of {login} set", "wachtwoord van {login} gezet");
                self.tell(&line, shown.as_deref(), &json!({ "login": login, "password": shown }))
            }
            UserVerb::Extension { login, number } => {
                store.set_user_extension(&login, number.as_deref()).await?;
                let shown = number.as_deref().unwrap_or("-");
                let line = say!(language, "extension of {login}: {shown}", "toestel van {login}: {shown}");
                self.tell(&line, None, &json!({ "login": login, "extension": number }))
            }
        }
    }

    /// Says what was done, with a password that was made.
    fn tell(&self, line: &str, password: Option<&str>, value: &serde_json::Value) -> Result<(), Failure> {
        if self.cli.json {
            return self.cli.print_json(value);
        }
        print_line(line);
        if let Some(password) = password {
            print_line(&generated(password, self.cli.language));
        }
        Ok(())
    }

    async fn list(&self) -> Result<(), Failure> {
        let users = self.store.users(self.organisation.as_deref()).await?;
        if self.cli.json {
            return self.cli.print_json(&users);
        }
        let language = self.cli.language;
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
}
