//! From TOML text to a checked import: organisations and extensions. Trunks are in `trunk_parse`, rights in `profile_parse`.

use std::collections::HashMap;

use toml_edit::{Document, Item, Table};

use super::problem::{ImportProblem, Position, Severity};
use super::reader::Reader;
use super::{ExtensionEntry, Import, OrganisationEntry, Unread};
use crate::extensions::Secret;
use crate::rules;

pub(super) fn read(file: &str, text: &str) -> Result<Import, Vec<ImportProblem>> {
    let mut reader = Reader::new(file, text);
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => return Err(reader.broken(&error)),
    };
    let mut import = Import { file: file.to_owned(), ..Import::default() };
    for (key, item) in document.as_table() {
        match key {
            "organisation" => {
                let blocks = reader.blocks(key, item);
                import.organisations.extend(blocks.filter_map(|table| reader.organisation(table)));
            }
            "extension" => {
                let blocks = reader.blocks(key, item);
                import.extensions.extend(blocks.filter_map(|table| reader.extension(table)));
            }
            "profile" => {
                let blocks = reader.blocks(key, item);
                import.profiles.extend(blocks.filter_map(|table| reader.profile(table)));
            }
            "trunk" => {
                let blocks = reader.blocks(key, item);
                import.trunks.extend(blocks.filter_map(|table| reader.trunk(table)));
            }
            "number" => {
                let blocks = reader.blocks(key, item);
                import.numbers.extend(blocks.filter_map(|table| reader.number(table)));
            }
            "contact" => {
                let blocks = reader.blocks(key, item);
                import.contacts.extend(blocks.filter_map(|table| reader.contact(table)));
            }
            "block" => {
                let blocks = reader.blocks(key, item);
                import.blocks.extend(blocks.filter_map(|table| reader.block(table)));
            }
            _ => {
                // Blocks of any kind may be meant.
                reader.unread = Unread { organisations: true, profiles: true, trunks: true };
                reader.unknown(
                    document.as_table(),
                    key,
                    "organisation, extension, profile, trunk, number, contact, block",
                );
            }
        }
    }
    reader.duplicates(&mut import);
    import.unread = reader.unread;
    let is_error = |problem: &ImportProblem| problem.severity == Severity::Error;
    (import.errors, import.warnings) = reader.into_problems().into_iter().partition(is_error);
    Ok(import)
}

impl Reader<'_> {
    /// The `[[key]]` blocks of a top-level item.
    fn blocks<'t>(&mut self, key: &str, item: &'t Item) -> impl Iterator<Item = &'t Table> + use<'t> {
        let blocks = item.as_array_of_tables();
        if blocks.is_none() {
            match key {
                "organisation" => self.unread.organisations = true,
                "profile" => self.unread.profiles = true,
                "trunk" => self.unread.trunks = true,
                _ => {}
            }
            self.error(item.span(), format!("write each {key} as a block that begins with [[{key}]]"));
        }
        blocks.into_iter().flatten()
    }

    fn organisation(&mut self, table: &Table) -> Option<OrganisationEntry> {
        self.known(table, "slug, domain, name, profile");
        let slug = self.required(table, "slug", rules::slug);
        self.unread.organisations |= slug.is_none();
        let domain = self.text(table, "domain", rules::domain);
        let name = self.text(table, "name", rules::name);
        let profile = self.profile_name(table);
        Some(OrganisationEntry { at: self.position(table.span()), slug: slug?, domain, name, profile })
    }

    fn extension(&mut self, table: &Table) -> Option<ExtensionEntry> {
        self.known(
            table,
            "organisation, number, name, password, ha1_md5, ha1_sha256, ha1_sha512_256, enabled, rights, profile",
        );
        let number = self.required(table, "number", rules::number);
        let organisation = self.home(table);
        Some(ExtensionEntry {
            at: self.position(table.get("number").and_then(Item::span).or_else(|| table.span())),
            name: self.text(table, "name", rules::name),
            secret: self.secret(table),
            enabled: self.flag(table, "enabled"),
            rights: self.rights(table),
            profile: self.profile_name(table),
            organisation: organisation?,
            number: number?,
        })
    }

    fn secret(&mut self, table: &Table) -> Option<Secret> {
        let password = self.text(table, "password", rules::password);
        let ha1_md5 = self.hash(table, "ha1_md5");
        let ha1_sha256 = self.hash(table, "ha1_sha256");
        let ha1_sha512_256 = self.hash(table, "ha1_sha512_256");
        let is_hashed = ha1_md5.is_some() || ha1_sha256.is_some() || ha1_sha512_256.is_some();
        let at = table.get("password").and_then(Item::span);
        if password.is_some() && is_hashed {
            self.error(at, "give a password or its HA1 forms, not both".into());
        } else if password.as_ref().is_some_and(|password| password.chars().count() < rules::SHORT_PASSWORD) {
            let message =
                format!("a password of less than {} characters is guessed soon", rules::SHORT_PASSWORD);
            self.problem(at, Severity::Warning, message);
        }
        let secret = Secret { password, ha1_md5, ha1_sha256, ha1_sha512_256 };
        (secret != Secret::default()).then_some(secret)
    }

    /// An HA1 in hexadecimal, as other PBXs and `htdigest` write it.
    fn hash<const N: usize>(&mut self, table: &Table, key: &str) -> Option<[u8; N]> {
        let text = self.text(table, key, |_| Ok(()))?;
        let hash = hexadecimal(&text);
        if hash.is_none() {
            self.error(
                table.get(key).and_then(Item::span),
                format!("`{key}` must be {} hexadecimal digits", 2 * N),
            );
        }
        hash
    }

    /// Tells of what stands twice, and leaves out the second one, of which nothing else is to be said.
    fn duplicates(&mut self, import: &mut Import) {
        self.once(
            &mut import.organisations,
            |entry| (entry.slug.clone(), entry.at),
            |slug| format!("organisation `{slug}`"),
        );
        let mut domains = HashMap::new();
        for entry in &mut import.organisations {
            let Some(domain) = &entry.domain else { continue };
            if let Some(first) = first_at(&mut domains, domain.clone(), entry.at) {
                self.duplicate(entry.at, format!("domain `{domain}`"), first);
                entry.domain = None;
            }
        }
        let of = |organisation: &Option<String>, name: &str| (organisation.clone(), name.to_owned());
        self.once(&mut import.extensions, |entry| (of(&entry.organisation, &entry.number), entry.at), number);
        self.once(
            &mut import.profiles,
            |entry| (of(&entry.organisation, &entry.name), entry.at),
            |(_, name)| format!("profile `{name}`"),
        );
        self.once(
            &mut import.trunks,
            |entry| (of(&entry.organisation, &entry.name), entry.at),
            |(_, name)| format!("trunk `{name}`"),
        );
        self.once(&mut import.numbers, |entry| (of(&entry.organisation, &entry.number), entry.at), number);
    }

    fn once<T, K: std::hash::Hash + Eq + Clone>(
        &mut self,
        entries: &mut Vec<T>,
        key: impl Fn(&T) -> (K, Position),
        shown: impl Fn(&K) -> String,
    ) {
        let mut seen = HashMap::with_capacity(entries.len());
        entries.retain(|entry| {
            let (key, at) = key(entry);
            let first = first_at(&mut seen, key.clone(), at);
            first.map(|first| self.duplicate(at, shown(&key), first)).is_none()
        });
    }

    fn duplicate(&mut self, at: Position, what: String, first: Position) {
        let message = format!("{what} stands here for the second time: first in line {}", first.line);
        self.problem_at(at, Severity::Error, message);
    }
}

fn number((_, number): &(Option<String>, String)) -> String {
    format!("number {number}")
}

/// The place where `what` stood first, if it has stood anywhere.
fn first_at<K: std::hash::Hash + Eq>(
    seen: &mut HashMap<K, Position>,
    what: K,
    at: Position,
) -> Option<Position> {
    match seen.entry(what) {
        std::collections::hash_map::Entry::Occupied(first) => Some(*first.get()),
        std::collections::hash_map::Entry::Vacant(place) => {
            place.insert(at);
            None
        }
    }
}

fn hexadecimal<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> Vec<String> {
        let problems = Import::parse("f.toml", text).unwrap_err();
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_documented_file_is_taken() {
        let text = "[[organisation]]\nslug = \"kantoor\"\ndomain = \"kantoor.example\"\n\n\
                    [[extension]]\norganisation = \"kantoor\"\nnumber = \"201\"\nname = \"Balie\"\npassword = \"geheim1\"\n";
        let import = Import::parse("f.toml", text).unwrap();
        assert_eq!(import.organisations[0].domain.as_deref(), Some("kantoor.example"));
        let extension = &import.extensions[0];
        assert_eq!(extension.secret.as_ref().unwrap().password.as_deref(), Some("geheim1"));
        assert!(import.warnings().is_empty());
        assert!(!format!("{import:?}").contains("geheim1"), "debug output shows no password");
    }

    #[test]
    fn every_problem_is_reported_at_its_place() {
        let text = "[[organisation]]\nslug = \"Kantoor\"\n\
                    [[extension]]\nnumber = 201\ncolour = \"red\"\n\
                    [[extension]]\nname = \"x\"\n\
                    [[extension]]\nnumber = \"2 1\"\nenabled = \"yes\"\n\
                    [trunks]\nname = \"voys\"\n";
        let errors = errors(text);
        let expected = [
            "f.toml:2:8: error: `Kantoor` cannot be an organisation's slug",
            "f.toml:4:10: error: `number` must be text in quotes, not a number",
            "f.toml:5:1: error: unknown key `colour`",
            "f.toml:6:1: error: `number` is missing",
            "f.toml:9:10: error: `2 1` cannot be an extension's number",
            "f.toml:10:11: error: `enabled` must be true or false, not text",
            "f.toml:11:2: error: unknown key `trunks`: did you mean `trunk`?",
        ];
        assert_eq!(errors.len(), expected.len(), "{errors:#?}");
        for (error, expected) in errors.iter().zip(expected) {
            assert!(error.starts_with(expected), "{error}\n{expected}");
        }
    }

    #[test]
    fn a_number_may_stand_once_in_an_organisation() {
        let text = "[[extension]]\nnumber = \"201\"\n[[extension]]\norganisation = \"b\"\nnumber = \"201\"\n\
                    [[extension]]\nnumber = \"201\"\n";
        assert_eq!(
            errors(text),
            ["f.toml:7:10: error: number 201 stands here for the second time: first in line 2"]
        );
    }

    #[test]
    fn broken_toml_is_one_error_with_its_place() {
        let errors = errors("[[extension]]\nnumber = \n");
        assert_eq!(errors.len(), 1);
        assert!(errors[0].starts_with("f.toml:2:"), "{errors:?}");
        assert!(!errors[0].contains('\n'));
    }

    #[test]
    fn other_shapes_are_refused() {
        let errors = errors("extension = \"201\"\n[organisation]\nslug = \"a\"\n");
        assert!(errors[0].starts_with("f.toml:1:13: error: write each extension as a block"), "{errors:?}");
        assert!(errors[1].starts_with("f.toml:2:1: error: write each organisation as a block"), "{errors:?}");
    }

    #[test]
    fn a_short_password_is_taken_with_a_warning() {
        let import =
            Import::parse("f.toml", "[[extension]]\nnumber = \"1\"\npassword = \"12345\"\n").unwrap();
        assert_eq!(import.warnings().len(), 1);
        assert_eq!((import.warnings()[0].line, import.extensions()), (3, 1));
        assert!(Import::parse("f", "[[extension]]\nnumber = \"1\"\npassword = \"\"\n").is_err());
    }

    #[test]
    fn ha1_forms_stand_in_for_a_password() {
        let ha1 = "939e7578ed9e3c518a452acee763bce9";
        let text = format!("[[extension]]\nnumber = \"1\"\nha1_md5 = \"{ha1}\"\n");
        let import = Import::parse("f", &text).unwrap();
        assert_eq!(import.extensions[0].secret.as_ref().unwrap().ha1_md5.unwrap()[..2], [0x93, 0x9e]);
        assert!(Import::parse("f", &format!("{text}password = \"geheim1\"\n")).is_err());
        assert!(Import::parse("f", "[[extension]]\nnumber = \"1\"\nha1_md5 = \"93\"\n").is_err());
        let text = format!("[[extension]]\nnumber = \"1\"\nha1_sha512_256 = \"{ha1}{ha1}\"\n");
        let import = Import::parse("f", &text).unwrap();
        assert_eq!(import.extensions[0].secret.as_ref().unwrap().ha1_sha512_256.unwrap()[..2], [0x93, 0x9e]);
        assert!(Import::parse("f", &format!("{text}password = \"geheim1\"\n")).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(\\[\\[(extension|organisation|x)\\]\\]\n|(number|slug|password|ha1_md5|enabled|é) ?= ?(\"[^\"\n]{0,40}\"|[0-9]{1,9}|true|\\[|\\{\\})\n){0,8}") {
            if let Err(problems) = Import::parse("f.toml", &text) {
                proptest::prop_assert!(!problems.is_empty());
            }
        }
    }
}
