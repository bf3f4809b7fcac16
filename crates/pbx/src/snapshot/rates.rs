//! What calls cost over each trunk, from a folder of CSV files: `TRUNK.csv`, or `ORGANISATION/TRUNK.csv` where two organisations have
//! a trunk of one name. Prices have to be known before a call is made, so a file with a fault keeps the former ones in force.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use kiestoon_call::{Rate, Rates};
use kiestoon_control::Sentence;
use kiestoon_store::{Directory, Money};

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

/// The prefixes of one trunk.
type Card = HashMap<String, Rate>;

/// All rates, by the slug of the organisation, empty for all of them, and the name of the trunk.
#[derive(Debug, Default)]
pub(crate) struct RateCards(BTreeMap<(String, String), Card>);

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
            card.iter().map(move |(prefix, rate)| (trunk.as_str(), prefix.as_str(), *rate))
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

fn card(path: &Path) -> Result<Card, Vec<RateProblem>> {
    let problem = |line, fault| RateProblem { path: path.to_owned(), line, fault };
    let text = read(path).map_err(|error| vec![problem(0, unreadable(&error))])?;
    let mut lines = text.lines().zip(1..);
    let header = lines.next().map(|(header, _)| header.trim_start_matches('\u{feff}').trim());
    if header != Some(HEADER) {
        let fault = both!("the first line must be `{HEADER}`", "de eerste regel moet `{HEADER}` zijn");
        return Err(vec![problem(1, fault)]);
    }
    let (mut card, mut seen, mut problems) = (Card::new(), HashMap::new(), Vec::new());
    for (line, at) in lines.filter(|(line, _)| !line.trim().is_empty()) {
        match row(line) {
            Ok((prefix, rate)) => {
                if let Some(first) = seen.insert(prefix.clone(), at) {
                    let fault = both!(
                        "the prefix stands in line {first} already",
                        "dit begin staat al op regel {first}"
                    );
                    problems.push(problem(at, fault));
                }
                card.insert(prefix, rate);
            }
            Err(fault) => problems.push(problem(at, fault)),
        }
        if card.len() > MOST_ROWS {
            let fault = both!(
                "a trunk has {MOST_ROWS} rates at most",
                "een trunk heeft hoogstens {MOST_ROWS} tarieven"
            );
            problems.push(problem(at, fault));
        }
        if problems.len() >= MOST_PROBLEMS {
            let fault = both!("what follows was not looked at", "wat hierna komt is niet bekeken");
            problems.push(problem(at, fault));
            break;
        }
    }
    if problems.is_empty() { Ok(card) } else { Err(problems) }
}

fn row(line: &str) -> Result<(String, Rate), Sentence> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let [prefix, per_minute, setup] = fields.as_slice() else {
        return Err(both!(
            "has {} fields: write `{HEADER}`, with a point before decimals",
            "heeft {} velden: schrijf `{HEADER}`, met een punt voor de decimalen",
            fields.len()
        ));
    };
    let as_dialled = prefix.strip_prefix(Rates::NATIONAL);
    let digits = as_dialled.unwrap_or_else(|| prefix.strip_prefix('+').unwrap_or(prefix));
    // No country code begins with 0, and `national:` alone would be all short numbers at once.
    let is_odd = if as_dialled.is_some() { digits.is_empty() } else { digits.starts_with('0') };
    if is_odd || digits.len() > LONGEST || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        let shown: String = prefix.chars().take(40).flat_map(char::escape_debug).collect();
        return Err(both!(
            "`{shown}` is no prefix: write the digits after the + of E.164, such as 49, national: and the digits that are dialled, such as national:1888, or nothing for all numbers of E.164",
            "`{shown}` is geen begin van nummers: schrijf de cijfers na de + van E.164, zoals 49, of national: en de cijfers die worden gekozen, zoals national:1888, of niets voor alle nummers van E.164"
        ));
    }
    let amount = |name: &str, text: &str| {
        let shown: String = text.chars().take(40).flat_map(char::escape_debug).collect();
        Money::parse_millionths(text).ok_or_else(|| {
            both!(
                "`{shown}` is no {name}: write an amount such as 0.0125, with at most six decimals",
                "`{shown}` is geen {name}: schrijf een bedrag zoals 0.0125, met hoogstens zes decimalen"
            )
        })
    };
    let rate = Rate { per_minute: amount("per_minute", per_minute)?, setup: amount("setup", setup)? };
    let marker = as_dialled.map_or("", |_| Rates::NATIONAL);
    Ok((format!("{marker}{digits}"), rate))
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

const HEADER: &str = "prefix,per_minute,setup";
/// Digits of a number (ITU-T E.164).
const LONGEST: usize = 15;
/// A card of all the world's prefixes is below a hundred thousand rows.
const MOST_ROWS: usize = 200_000;
const MOST_BYTES: u64 = 8 << 20;
const MOST_FILES: usize = 1_000;
/// Of one file.
const MOST_PROBLEMS: usize = 20;

#[cfg(test)]
mod tests {
    use kiestoon_call::Forms;
    use kiestoon_dialplan::Country;

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
    fn everything_that_is_wrong_is_told_with_its_line() {
        let text =
            "prefix,per_minute,setup\n0049,0.01,0\n49,1,5\n31,0.01\n32,x,0\n49,0.01,0\n33,0.0000001,0\n";
        assert_eq!(
            problems(text),
            [
                "voys.csv:2: error: `0049` is no prefix: write the digits after the + of E.164, such as 49, national: and the digits that are dialled, such as national:1888, or nothing for all numbers of E.164",
                "voys.csv:4: error: has 2 fields: write `prefix,per_minute,setup`, with a point before decimals",
                "voys.csv:5: error: `x` is no per_minute: write an amount such as 0.0125, with at most six decimals",
                "voys.csv:6: error: the prefix stands in line 3 already",
                "voys.csv:7: error: `0.0000001` is no per_minute: write an amount such as 0.0125, with at most six decimals",
            ]
        );
        assert_eq!(
            problems("prefix;per_minute\n"),
            ["voys.csv:1: error: the first line must be `prefix,per_minute,setup`"]
        );
        assert_eq!(problems("").len(), 1);
    }

    #[test]
    fn a_card_has_bounds() {
        let rows = |count: usize| {
            let rows: String = (0..count).map(|n| format!("{},1,0\n", 1_000_000 + n)).collect();
            format!("{HEADER}\n{rows}")
        };
        let told = problems(&rows(MOST_ROWS + 1));
        assert!(told[0].ends_with("a trunk has 200000 rates at most"), "{told:?}");
        let told = problems(&"x".repeat(usize::try_from(MOST_BYTES).unwrap() + 1));
        assert_eq!(told, ["voys.csv: error: cannot be read: it is larger than 8 MiB"]);
        let told = problems(&format!("{HEADER}\n{}", "x,1,0\n".repeat(100)));
        assert_eq!(told.len(), MOST_PROBLEMS + 1);
        let folder = tempfile::tempdir().unwrap();
        let missing = RateCards::load(Some(&folder.path().join("nowhere"))).unwrap_err();
        assert!(missing[0].to_string().contains("cannot be read"), "{missing:?}");
    }
}
