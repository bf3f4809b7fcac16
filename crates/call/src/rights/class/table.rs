//! The numbers of each country that are not simply national: by what ITU, the regulators and libphonenumber's metadata say of them.
//! Shared cost and personal numbers are premium too: who is called is paid, or leads them where they like.

use kiestoon_dialplan::Country;

use super::Class;
use super::Class::{International, Mobile, National, Premium};

/// What is known of the numbers of one country. In prefixes and short numbers `?` is any digit.
#[derive(Debug)]
pub(super) struct Numbers {
    /// ISO 3166, in small letters.
    pub(super) country: &'static str,
    /// Numbers that help is called by.
    pub(super) emergency: &'static [&'static str],
    /// Whole numbers, as they are dialled.
    short: &'static [(Class, &'static [&'static str])],
    /// Prefixes of numbers without what marks them as national; the longest one that fits counts.
    ranges: &'static [(Class, &'static [&'static str])],
}

impl Numbers {
    pub(super) fn of(country: &Country) -> Option<&'static Self> {
        ALL.iter().find(|numbers| numbers.country == country.name())
    }

    /// The class of a number that is no longer than a word.
    pub(super) fn short(&self, number: &str) -> Option<Class> {
        if self.emergency.contains(&number) {
            return Some(National);
        }
        let harmonised = [(National, &["116???"] as &[&str])];
        let mut known = self.short.iter().chain(&harmonised);
        known.find_map(|(class, patterns)| {
            let fits = |pattern: &&str| pattern.len() == number.len() && starts(number, pattern);
            patterns.iter().any(fits).then_some(*class)
        })
    }

    /// The prefixes of the ranges of a class.
    #[cfg(test)]
    pub(super) fn prefixes(&self, class: Class) -> impl Iterator<Item = &'static str> {
        self.ranges.iter().filter(move |range| range.0 == class).flat_map(|range| range.1.iter().copied())
    }

    /// The class of the range that a number is in.
    pub(super) fn range(&self, significant: &str) -> Option<Class> {
        let all =
            self.ranges.iter().flat_map(|(class, prefixes)| prefixes.iter().map(|prefix| (*class, *prefix)));
        let fitting = all.filter(|(_, prefix)| starts(significant, prefix));
        fitting.max_by_key(|(_, prefix)| prefix.len()).map(|(class, _)| class)
    }
}

/// Whether a number begins so.
fn starts(number: &str, pattern: &str) -> bool {
    let mut digits = number.bytes();
    pattern.bytes().all(|wanted| digits.next().is_some_and(|digit| wanted == b'?' || wanted == digit))
}

/// Codes of no country, after the `+`: satellites and international networks, and international premium numbers.
pub(super) static WORLD: [&str; 6] = ["87", "881", "882", "883", "808", "979"];

pub(super) static ALL: &[Numbers] = &[
    Numbers {
        country: "nl",
        emergency: &["112"],
        // 113 suicide prevention, 144 animals, 14 and an area code for the town hall; 18xx directories.
        short: &[(National, &["113", "144", "140??", "140???"]), (Premium, &["18??"])],
        // 066 pagers, 067 the internet by telephone, 097 machines.
        ranges: &[(Mobile, &["6"]), (Premium, &["66", "67", "90"]), (National, &["80", "970"])],
    },
    Numbers {
        country: "be",
        emergency: &["112", "100", "101"],
        short: &[(National, &["10?", "110", "1722", "1733", "1771"]), (Premium, &["12??", "13??", "14??"])],
        ranges: &[
            (Mobile, &["45", "46", "47", "48", "49"]),
            (Premium, &["70", "77", "7879", "90"]),
            (National, &["78", "80"]),
        ],
    },
    Numbers {
        country: "de",
        emergency: &["112", "110"],
        short: &[(National, &["115"]), (Premium, &["118??", "118???"])],
        // 0190 is gone, and was premium.
        ranges: &[
            (Mobile, &["15", "160", "162", "163", "17"]),
            (Premium, &["137", "138", "164", "168", "169", "180", "190", "700", "900"]),
            (National, &["800"]),
        ],
    },
    Numbers {
        country: "fr",
        emergency: &["112", "15", "17", "18", "114", "191", "196", "197"],
        short: &[
            (National, &["115", "119", "30??", "31??"]),
            (Premium, &["118???", "10??", "32??", "34??", "36??", "39??"]),
        ],
        ranges: &[(Mobile, &["6", "7"]), (Premium, &["8"]), (National, &["80"])],
    },
    Numbers {
        country: "pt",
        emergency: &["112"],
        short: &[(National, &["117", "144"]), (Premium, &["18??"])],
        ranges: &[
            (Mobile, &["91", "92", "93", "96"]),
            (Premium, &["6", "70", "76", "808", "809", "884"]),
            (National, &["800", "802"]),
        ],
    },
    Numbers {
        country: "br",
        emergency: &["112", "190", "191", "192", "193", "194", "197", "198", "199", "911"],
        short: &[(National, &["188"]), (Premium, &["102"])],
        ranges: &[(Mobile, &["??9"]), (Premium, &["300", "303", "500", "900"]), (National, &["800"])],
    },
    Numbers {
        country: "gb",
        emergency: &["999", "112"],
        short: &[(National, &["101", "105", "111", "119", "159"]), (Premium, &["118???", "123"])],
        // 070 personal numbers, 076 pagers (07624 are mobiles of the Isle of Man), 084 and 087 services.
        ranges: &[
            (Mobile, &["7", "7624"]),
            (Premium, &["70", "76", "84", "87", "9"]),
            (National, &["500", "80"]),
        ],
    },
    Numbers {
        country: "ie",
        emergency: &["112", "999"],
        short: &[
            (National, &["1800??????"]),
            (Premium, &["118??", "15????????", "1850??????", "1890??????"]),
        ],
        // 01 5xx xxxx is Dublin, and shorter.
        ranges: &[
            (Mobile, &["82", "83", "85", "86", "87", "88", "89"]),
            (Premium, &["15????????", "1850??????", "1890??????", "700"]),
            (National, &["1800??????", "818"]),
        ],
    },
    Numbers {
        country: "lu",
        emergency: &["112", "113"],
        short: &[(Premium, &["118??"])],
        ranges: &[(Mobile, &["6"]), (Premium, &["801", "90"]), (National, &["800"])],
    },
    Numbers {
        country: "at",
        emergency: &["112", "122", "133", "144"],
        short: &[(National, &["140", "142", "147", "1450"]), (Premium, &["118??", "118???"])],
        // 0662 is Salzburg.
        ranges: &[
            (Mobile, &["65", "66", "67", "68", "69"]),
            (Premium, &["8", "9"]),
            (National, &["662", "800"]),
        ],
    },
    Numbers {
        country: "ch",
        emergency: &["112", "117", "118", "144", "1414"],
        short: &[(National, &["140", "143", "145", "147"]), (Premium, &["18??"])],
        ranges: &[
            (Mobile, &["68", "69", "72", "73", "75", "76", "77", "78", "79"]),
            (Premium, &["74", "84", "878", "90"]),
            (National, &["800"]),
        ],
    },
    Numbers {
        country: "it",
        emergency: &["112", "113", "115", "117", "118"],
        short: &[(National, &["114", "1522"]), (Premium, &["12??", "4????"])],
        ranges: &[
            (Mobile, &["3"]),
            (Premium, &["0878", "144", "163", "164", "166", "178", "199", "84", "89"]),
            (National, &["800", "803"]),
        ],
    },
    Numbers {
        country: "es",
        emergency: &["112", "061", "062", "080", "085", "088", "091", "092"],
        short: &[(National, &["010", "012", "016", "060"]), (Premium, &["118??"])],
        ranges: &[(Mobile, &["6", "7"]), (Premium, &["70", "80", "90"]), (National, &["800", "900"])],
    },
    Numbers {
        country: "dk",
        emergency: &["112"],
        short: &[(National, &["113", "114"]), (Premium, &["118"])],
        ranges: &[
            (
                Mobile,
                &[
                    "2", "30", "31", "40", "41", "42", "50", "51", "52", "53", "60", "61", "71", "81", "91",
                    "92", "93",
                ],
            ),
            (Premium, &["90"]),
            (National, &["80"]),
        ],
    },
    Numbers {
        country: "no",
        emergency: &["112", "110", "113"],
        short: &[(National, &["116117"]), (Premium, &["18??", "0????"])],
        ranges: &[(Mobile, &["4", "9"]), (Premium, &["81", "82", "880"]), (National, &["80", "815"])],
    },
    Numbers {
        country: "se",
        emergency: &["112"],
        short: &[(National, &["1177", "11313", "11414"]), (Premium, &["118???"])],
        // 090 is Umea, where no number begins with 0.
        ranges: &[
            (Mobile, &["70", "72", "73", "76", "79"]),
            (Premium, &["649", "74", "75", "77", "900", "939", "944", "99"]),
            (National, &["20"]),
        ],
    },
    Numbers {
        country: "fi",
        emergency: &["112"],
        short: &[(Premium, &["118???", "0202??"])],
        ranges: &[(Mobile, &["4", "50"]), (Premium, &["600", "700"]), (National, &["800"])],
    },
    Numbers {
        country: "pl",
        emergency: &["112", "997", "998", "999"],
        short: &[(National, &["19???"]), (Premium, &["118???"])],
        ranges: &[
            (Mobile, &["45", "50", "51", "53", "57", "60", "66", "69", "72", "73", "78", "79", "88"]),
            (Premium, &["118", "64", "70", "801"]),
            (National, &["800", "804"]),
        ],
    },
    Numbers {
        country: "cz",
        emergency: &["112", "150", "155", "156", "158"],
        short: &[(Premium, &["118?", "12???"])],
        ranges: &[
            (Mobile, &["60", "7"]),
            (Premium, &["700", "701", "8", "90", "976"]),
            (National, &["800", "91", "95", "97"]),
        ],
    },
    Numbers {
        country: "sk",
        emergency: &["112", "150", "155", "158", "159"],
        short: &[(Premium, &["118?", "12???"])],
        ranges: &[(Mobile, &["9"]), (Premium, &["8", "900", "9090", "97", "98"]), (National, &["800"])],
    },
    Numbers {
        country: "hu",
        emergency: &["112", "104", "105", "107"],
        short: &[(Premium, &["180?", "198"])],
        ranges: &[
            (Mobile, &["20", "30", "31", "50", "70"]),
            (Premium, &["90", "91"]),
            (National, &["40", "80"]),
        ],
    },
    Numbers {
        country: "ro",
        emergency: &["112"],
        short: &[(Premium, &["118??", "19??"])],
        ranges: &[(Mobile, &["6", "7"]), (Premium, &["801", "90"]), (National, &["80"])],
    },
    Numbers {
        country: "gr",
        emergency: &["112", "100", "166", "199"],
        short: &[(Premium, &["118??", "14???"])],
        ranges: &[(Mobile, &["69", "94"]), (Premium, &["70", "80", "90"]), (National, &["800"])],
    },
    Numbers { country: "us", ..NORTH_AMERICA },
    Numbers { country: "ca", ..NORTH_AMERICA },
];

/// The United States and Canada, who call each other at home. The islands with the same code are abroad, and known for it.
const NORTH_AMERICA: Numbers = Numbers {
    country: "",
    emergency: &["911", "988"],
    short: &[(National, &["211", "311", "511", "811"]), (Premium, &["411"])],
    ranges: &[
        (Premium, &["500", "52", "533", "544", "566", "577", "588", "700", "900", "???976"]),
        (National, &["520"]),
        (
            International,
            &[
                "242", "246", "264", "268", "284", "345", "441", "473", "649", "658", "664", "721", "758",
                "767", "784", "809", "829", "849", "868", "869", "876",
            ],
        ),
        (National, &["800", "833", "844", "855", "866", "877", "888"]),
    ],
};
