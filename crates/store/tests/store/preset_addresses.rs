//! The addresses that calls of a preset's provider come from: those of its own page, and none beside them.
use std::net::Ipv4Addr;

use crate::words::presets;

/// Preset, first address of a region, and how many there are.
const REGIONS: [(&str, [u8; 4], u32); 14] = [
    ("twilio", [54, 172, 60, 0], 4),
    ("twilio", [54, 244, 51, 0], 4),
    ("twilio", [54, 171, 127, 192], 4),
    ("twilio", [35, 156, 191, 128], 4),
    ("twilio", [54, 65, 63, 192], 4),
    ("twilio", [54, 169, 127, 128], 4),
    ("twilio", [54, 252, 254, 64], 4),
    ("twilio", [177, 71, 206, 192], 4),
    ("telnyx", [185, 246, 41, 140], 2),
    ("telnyx", [192, 76, 120, 10], 1),
    ("telnyx", [64, 16, 250, 10], 1),
    ("telnyx", [192, 76, 120, 31], 1),
    ("telnyx", [64, 16, 250, 13], 1),
    ("telnyx", [103, 115, 244, 145], 2),
];

/// The addresses of a preset, in order.
fn known(preset: &str) -> Vec<u32> {
    let presets = presets();
    let blocks = presets.find(preset).unwrap().settings.addresses.clone().unwrap_or_default();
    let mut addresses: Vec<u32> = blocks
        .iter()
        .flat_map(|block| {
            let first = block.address.to_string().parse::<Ipv4Addr>().unwrap().to_bits();
            first..first + (1 << (32 - block.prefix))
        })
        .collect();
    addresses.sort_unstable();
    addresses
}

#[test]
fn calls_come_from_where_the_provider_says() {
    for preset in ["twilio", "telnyx"] {
        let regions = REGIONS.iter().filter(|(of, ..)| *of == preset);
        let mut said: Vec<u32> = regions
            .flat_map(|(_, first, many)| {
                let first = Ipv4Addr::from(*first).to_bits();
                first..first + many
            })
            .collect();
        said.sort_unstable();
        assert_eq!(known(preset), said, "{preset}");
    }
}

/// Who registers is called over what it has registered, and an account at a domain of its own has addresses that nobody else knows.
#[test]
fn the_others_are_known_by_their_registration() {
    for preset in ["voipgrid", "voximplant", "api4com"] {
        let presets = presets();
        let settings = &presets.find(preset).unwrap().settings;
        assert_eq!((settings.register, known(preset)), (Some(true), Vec::new()), "{preset}");
    }
}
