//! What calls cost over each trunk, from a folder of CSV files: `TRUNK.csv`, or `ORGANISATION/TRUNK.csv` where two organisations have
//! a trunk of one name. Prices have to be known before a call is made, so a file with a fault keeps the former ones in force.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use kiestoon_call::{RateCard, RateFaultKind, Rates};
use kiestoon_control::Sentence;
use kiestoon_store::Directory;

use super::{Missing, Warning};
use crate::language::{Language, both};

/// One thing wrong with a file. Displays as `file:line: error: message`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RateProblem {
    path: PathBuf,
    /// From 1; 0 for the file as a whole.
    line: usize,
    fault: Sentence,
}

impl RateProblem {
    /// Where it is, and what.
    pub(crate) fn text(&self, language: Language) -> String {
        let (path, error) = (self.path.display(), language.pick("error", "fout"));
        let fault = language.of(&self.fault);
        match self.line {
            0 => format!("{path}: {error}: {fault}"),
            line => format!("{path}:{line}: {error}: {fault}"),
        }
    }
}

impl fmt::Display for RateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::English))
    }
}

/// All rates, by the slug of the organisation, empty for all of them, and the name of the trunk.
#[derive(Debug, Default)]
pub(crate) struct RateCards(BTreeMap<(String, String), RateCard>);

impl RateCards {
    /// Reads the folder.
    ///
    /// # Errors
    /// Everything that is wrong with its files.
    pub(crate) fn load(folder: Option<&Path>) -> Result<Self, Vec<RateProblem>> {
        let Some(folder) = folder else { return Ok(Self::default()) };
        let (mut cards, mut problems) = (BTreeMap::new(), Vec::new());
        let mut read = |slug: &str, path: &Path| match card(path) {
            Ok(card) => {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                cards.insert((slug.to_owned(), name), card);
            }
            Err(wrong) => problems.extend(wrong),
        };
        let listed = entries(folder).and_then(|(files, folders)| {
            files.iter().for_each(|path| read("", path));
            for own in folders {
                let slug = own.file_name().unwrap_or_default().to_string_lossy().into_owned();
                entries(&own)?.0.iter().for_each(|path| read(&slug, path));
            }
            Ok(())
        });
        if let Err(error) = listed {
            problems.push(RateProblem { path: folder.to_owned(), line: 0, fault: unreadable(&error) });
        }
        if problems.is_empty() { Ok(Self(cards)) } else { Err(problems) }
    }

    /// The rates of an organisation.
    pub(super) fn of(&self, slug: &str) -> Rates {
        // What is the organisation's own comes after what is everybody's, and counts.
        let own = self.0.keys().any(|(of, _)| of == slug);
        let of = |(of, trunk): &(String, String)| {
            of == slug || (of.is_empty() && !(own && self.0.contains_key(&(slug.to_owned(), trunk.clone()))))
        };
        let cards = self.0.iter().filter(|(key, _)| of(key));
        Rates::new(cards.flat_map(|((_, trunk), card)| {
            card.iter().map(move |(prefix, rate)| (trunk.as_str(), prefix, rate))
        }))
    }

    /// Files of trunks that nobody has.
    pub(super) fn unused(&self, directory: &Directory) -> Vec<Warning> {
        let has = |slug: &str, name: &str| {
            let homes = directory.organisations.iter().filter(|home| slug.is_empty() || home.slug == slug);
            homes.into_iter().any(|home| {
                directory
                    .trunks
                    .iter()
                    .any(|trunk| trunk.organisation_id == home.id && trunk.details.name == name)
            })
        };
        let unused = self.0.keys().filter(|(slug, name)| !has(slug, name));
        let warning = |(slug, name): &(String, String)| {
            let organisation = Some(slug.clone()).filter(|slug| !slug.is_empty());
            Missing::TrunkOfRates { trunk: name.clone(), organisation }.into()
        };
        unused.map(warning).collect()
    }
}

/// The CSV files of a folder and the folders in it, by name.
fn entries(folder: &Path) -> io::Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            folders.push(path);
        } else if path.extension().is_some_and(|extension| extension == "csv") {
            files.push(path);
        }
        if files.len() + folders.len() > MOST_FILES {
            return Err(io::Error::other(format!("it has more than {MOST_FILES} files")));
        }
    }
    files.sort();
    folders.sort();
    Ok((files, folders))
}

fn card(path: &Path) -> Result<RateCard, Vec<RateProblem>> {
    let problem = |line, fault| RateProblem { path: path.to_owned(), line, fault };
    let text = read(path).map_err(|error| vec![problem(0, unreadable(&error))])?;
    RateCard::read(&text)
        .map_err(|faults| faults.into_iter().map(|fault| problem(fault.line, said(&fault.kind))).collect())
}

fn said(kind: &RateFaultKind) -> Sentence {
    match kind {
        RateFaultKind::Header { due } => {
            both!("the first line must be `{due}`", "de eerste regel moet `{due}` zijn")
        }
        RateFaultKind::Repeated { first } => {
            both!("the prefix stands in line {first} already", "dit begin staat al op regel {first}")
        }
        RateFaultKind::TooMany { most } => {
            both!("a trunk has {most} rates at most", "een trunk heeft hoogstens {most} tarieven")
        }
        RateFaultKind::NotLookedAt => {
            both!("what follows was not looked at", "wat hierna komt is niet bekeken")
        }
        RateFaultKind::Fields { count, due } => both!(
            "has {count} fields: write `{due}`, with a point before decimals",
            "heeft {count} velden: schrijf `{due}`, met een punt voor de decimalen"
        ),
        RateFaultKind::Prefix { shown } => both!(
            "`{shown}` is no prefix: write the digits after the + of E.164, such as 49, national: and the digits that are dialled, such as national:1888, or nothing for all numbers of E.164",
            "`{shown}` is geen begin van nummers: schrijf de cijfers na de + van E.164, zoals 49, of national: en de cijfers die worden gekozen, zoals national:1888, of niets voor alle nummers van E.164"
        ),
        RateFaultKind::Amount { name, shown } => both!(
            "`{shown}` is no {name}: write an amount such as 0.0125, with at most six decimals",
            "`{shown}` is geen {name}: schrijf een bedrag zoals 0.0125, met hoogstens zes decimalen"
        ),
    }
}

fn unreadable(error: &io::Error) -> Sentence {
    both!("cannot be read: {error}", "niet te lezen: {error}")
}

fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(io::Error::other(format!("it is larger than {} MiB", MOST_BYTES >> 20)));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
}

const MOST_BYTES: u64 = 8 << 20;
const MOST_FILES: usize = 1_000;

#[cfg(test)]
mod tests {
    use kiestoon_call::{Forms, Rate};
    use kiestoon_dialplan::Country;
    use kiestoon_store::Money;

    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("voys.csv"), text).unwrap();
        let problems = RateCards::load(Some(folder.path())).unwrap_err();
        let beginning = format!("{}/", folder.path().display());
        problems.iter().map(|problem| problem.to_string().replacen(&beginning, "", 1)).collect()
    }

    fn priced(cards: &RateCards, slug: &str) -> impl Fn(&str, &str) -> Option<Rate> + use<> {
        let (rates, nl) = (cards.of(slug), Country::find("nl").unwrap());
        move |trunk, number| rates.of(trunk, &Forms::of(nl, number))
    }

    #[test]
    fn each_organisation_has_its_own_card_or_that_of_all() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(
            "voys.csv",
            "prefix,per_minute,setup\n31,0.01,0\n+49,0.02,0.05\r\n\n,0.50,0\nnational:1888,0.90,0\n",
        );
        write("b/voys.csv", "\u{feff}prefix,per_minute,setup\n31,0.03,0\n");
        write("readme.txt", "no rates");
        let cards = RateCards::load(Some(folder.path())).unwrap();
        let (a, b) = (priced(&cards, "a"), priced(&cards, "b"));
        assert_eq!(a("voys", "+31201234567"), Some(Rate { per_minute: 10_000, setup: 0 }));
        assert_eq!(a("voys", "+49301234567"), Some(Rate { per_minute: 20_000, setup: 50_000 }));
        assert_eq!(a("voys", "+3221234567"), Some(Rate { per_minute: 500_000, setup: 0 }));
        assert_eq!(b("voys", "+31201234567"), Some(Rate { per_minute: 30_000, setup: 0 }));
        assert_eq!(b("voys", "+49301234567"), None, "its own card is all that it has");
        assert_eq!(a("elders", "+31201234567"), None);
        assert_eq!(a("voys", "1888"), Some(Rate { per_minute: 900_000, setup: 0 }));
        assert_eq!(a("voys", "1850"), None);
        assert_eq!(priced(&RateCards::load(None).unwrap(), "a")("voys", "+31201234567"), None);
    }

    #[test]
    fn everything_that_is_wrong_is_told_with_its_file_and_line() {
        assert_eq!(
            problems("prefix,per_minute,setup\n31,0.01\n49,1,5\n49,0.01,0\n"),
            [
                "voys.csv:2: error: has 2 fields: write `prefix,per_minute,setup`, with a point before decimals",
                "voys.csv:4: error: the prefix stands in line 3 already",
            ]
        );
        let told = problems(&"x".repeat(usize::try_from(MOST_BYTES).unwrap() + 1));
        assert_eq!(told, ["voys.csv: error: cannot be read: it is larger than 8 MiB"]);
        let folder = tempfile::tempdir().unwrap();
        let missing = RateCards::load(Some(&folder.path().join("nowhere"))).unwrap_err();
        assert!(missing[0].to_string().contains("cannot be read"), "{missing:?}");
    }

    proptest::proptest! {
        // A budget and a price are written in one way.
        #[test]
        fn amounts_of_cards_are_those_of_budgets(text in "[0-9]{0,11}(\\.[0-9]{0,7})?|[0-9.,e+ -]{0,6}") {
            let card = RateCard::read(&format!("prefix,per_minute,setup\n31,{text},0\n"));
            let price = card.ok().and_then(|card| card.iter().next().map(|(_, rate)| rate.per_minute));
            let budget = text.trim().parse::<Money>().ok().and_then(Money::millionths);
            proptest::prop_assert_eq!(price, budget.filter(|_| !text.contains(',')));
        }
    }
}
