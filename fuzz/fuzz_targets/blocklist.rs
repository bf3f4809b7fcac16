//! Any text as a file of numbers whose calls are declined: nothing panics, there are no more numbers than lines, and each line that is
//! none is told once, all of them in one warning.
#![no_main]
#![allow(dead_code, reason = "the target uses the reader alone")]

#[path = "../../crates/pbx/src/snapshot/blocklist.rs"]
mod blocklist;

use std::path::Path;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let listed = blocklist::parse(Path::new("list.txt"), text);
    let lines = text.lines().count();
    assert!(listed.numbers.len() <= lines && listed.warnings.len() <= 1);
    let wrong: usize = match listed.warnings.first() {
        None => 0,
        Some(warning) => {
            let count = warning.split(' ').nth(1).and_then(|count| count.parse().ok());
            count.unwrap_or_else(|| panic!("{warning}"))
        }
    };
    assert!(listed.numbers.len() + wrong <= lines);
    // Saying it again changes nothing, and nor does a comment.
    let twice = blocklist::parse(Path::new("list.txt"), &format!("{text}\n# {text}\n{text}"));
    assert!(twice.numbers.len() >= listed.numbers.len());
});
