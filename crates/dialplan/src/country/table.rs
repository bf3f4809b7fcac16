//! The numbering plans, as far as dialling needs them.

use super::{Country, Trunk};

pub(super) static COUNTRIES: &[Country] = &[
    Country {
        name: "nl",
        code: "31",
        // Nine digits; eleven in the range of machines (097).
        lengths: 9..=9,
        longer: &[("97", 11)],
        national_only: &["0800", "0900", "0906", "0909"],
        ..ZERO
    },
    // 8 digits on a landline, 9 on a mobile.
    Country {
        name: "be",
        code: "32",
        lengths: 8..=8,
        longer: &[("4", 9)],
        national_only: &["0800", "090"],
        ..ZERO
    },
    Country {
        name: "de",
        code: "49",
        lengths: 5..=13,
        // 010xy chooses a carrier for one call; 018 and 019 are for groups of users and for data.
        national_only: &["010", "012", "0137", "018", "019", "031", "0800", "0900"],
        ..ZERO
    },
    Country {
        name: "fr",
        code: "33",
        lengths: 9..=9,
        // 0508 and 0708 are Saint-Pierre-et-Miquelon, whose numbers are shorter from abroad.
        national_only: &["08", "0508", "0708"],
        elsewhere: &[
            ("0262", "262262"),
            ("0263", "262263"),
            ("0269", "262269"),
            ("0639", "262639"),
            ("0692", "262692"),
            ("0693", "262693"),
            ("0590", "590590"),
            ("0690", "590690"),
            ("0691", "590691"),
            ("0594", "594594"),
            ("0694", "594694"),
            ("0596", "596596"),
            ("0696", "596696"),
            ("0697", "596697"),
        ],
        ..ZERO
    },
    Country { name: "pt", code: "351", trunk: Trunk::Closed("239"), lengths: 9..=9, ..ZERO },
    Country {
        name: "br",
        code: "55",
        trunk: Trunk::Brazil,
        // Area code and eight digits, nine on a mobile.
        lengths: 10..=10,
        longer: &[("??9", 11)],
        national_only: &["0300", "0303", "0500", "0800", "0900"],
        ..ZERO
    },
    Country {
        name: "gb",
        code: "44",
        lengths: 9..=10,
        national_only: &["0500", "0800", "0808", "09"],
        ..ZERO
    },
    Country {
        name: "ie",
        code: "353",
        // Ten digits only where it is Northern Ireland, which has a prefix as if it were inside the country.
        lengths: 7..=9,
        longer: &[("48", 10)],
        elsewhere: &[("048", "4428")],
        ..ZERO
    },
    // No prefix and no fixed length; service numbers start with 1.
    Country {
        name: "lu",
        code: "352",
        trunk: Trunk::Closed("23456789"),
        lengths: 5..=11,
        surely: 9,
        national_only: &["800", "801", "900", "901", "905"],
        ..ZERO
    },
    Country {
        name: "at",
        code: "43",
        lengths: 4..=13,
        national_only: &["0800", "0810", "082", "0900", "0901", "093"],
        ..ZERO
    },
    Country { name: "ch", code: "41", lengths: 9..=9, national_only: &["0800", "084", "090"], ..ZERO },
    // The 0 of a landline belongs to the number; mobiles start with 3.
    Country { name: "it", code: "39", trunk: Trunk::Closed("03"), lengths: 6..=11, surely: 10, ..ZERO },
    Country {
        name: "es",
        code: "34",
        trunk: Trunk::Closed("56789"),
        lengths: 9..=9,
        national_only: &["80", "90"],
        ..ZERO
    },
    Country {
        name: "dk",
        code: "45",
        trunk: Trunk::Closed("23456789"),
        lengths: 8..=8,
        national_only: &["80", "90"],
        ..ZERO
    },
    Country {
        name: "no",
        code: "47",
        trunk: Trunk::Closed("23456789"),
        lengths: 8..=8,
        national_only: &["80", "81", "82"],
        ..ZERO
    },
    Country {
        name: "se",
        code: "46",
        lengths: 6..=12,
        national_only: &["020", "0900", "0939", "0944", "099"],
        ..ZERO
    },
    Country {
        name: "fi",
        code: "358",
        lengths: 5..=12,
        national_only: &["0600", "0606", "0700", "0800"],
        ..ZERO
    },
    Country {
        name: "pl",
        code: "48",
        trunk: Trunk::Closed("123456789"),
        lengths: 9..=9,
        national_only: &["70", "80"],
        ..ZERO
    },
    Country {
        name: "cz",
        code: "420",
        trunk: Trunk::Closed("2345679"),
        lengths: 9..=9,
        national_only: &["90", "976"],
        ..ZERO
    },
    Country { name: "sk", code: "421", lengths: 9..=9, national_only: &["0800", "0850", "0900"], ..ZERO },
    Country {
        name: "hu",
        code: "36",
        trunk: Trunk::Prefix("06"),
        lengths: 8..=9,
        national_only: &["0640", "0680", "0690", "0691"],
        ..ZERO
    },
    Country { name: "ro", code: "40", lengths: 9..=9, national_only: &["08", "090"], ..ZERO },
    Country {
        name: "gr",
        code: "30",
        trunk: Trunk::Closed("269"),
        lengths: 10..=10,
        national_only: &["90"],
        ..ZERO
    },
    Country {
        name: "us",
        code: "1",
        trunk: Trunk::NorthAmerica,
        international: "011",
        lengths: 10..=10,
        ..ZERO
    },
    Country {
        name: "ca",
        code: "1",
        trunk: Trunk::NorthAmerica,
        international: "011",
        lengths: 10..=10,
        ..ZERO
    },
];

/// What most countries have.
const ZERO: Country = Country {
    name: "",
    code: "",
    trunk: Trunk::Prefix("0"),
    international: "00",
    lengths: 9..=9,
    longer: &[],
    surely: usize::MAX,
    national_only: &[],
    elsewhere: &[],
};
