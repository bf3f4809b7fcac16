//! Any text as a file of contacts: nothing panics, every line is a contact or a problem with its place, and what is written as
//! RFC 4180 says is read as it was. The store is not needed for that: its reader is taken in as it lies there.
#![no_main]

#[path = "../../crates/store/src/callers/csv.rs"]
mod csv;
mod import {
    /// What the reader tells of a line.
    #[derive(Debug)]
    pub struct ImportProblem {
        pub line: u32,
    }

    impl ImportProblem {
        pub(crate) fn of_line(_: &str, line: u32, _: String) -> Self {
            Self { line }
        }
    }
}

use libfuzzer_sys::fuzz_target;

/// What the reader makes of a line.
pub struct ContactEntry {
    pub number: String,
    pub name: String,
    pub line: u32,
}

fuzz_target!(|text: &str| {
    let lines = text.lines().count() as u32;
    match csv::read("c.csv", text) {
        Ok(entries) => {
            assert!(entries.is_sorted_by_key(|entry| entry.line));
            assert!(entries.iter().all(|entry| (1..=lines).contains(&entry.line)));
            entries.iter().for_each(|entry| again(&entry.number, &entry.name));
        }
        Err(problems) => {
            assert!(!problems.is_empty() && problems.iter().all(|problem| (1..=lines).contains(&problem.line)));
        }
    }
});

/// Written in quotes, below a line of titles, a contact is the same.
fn again(number: &str, name: &str) {
    let quoted = |field: &str| format!("\"{}\"", field.replace('"', "\"\""));
    let text = format!("number,name\n{},{}\n", quoted(number), quoted(name));
    let Ok(entries) = csv::read("c.csv", &text) else { panic!("{text:?}") };
    let [entry] = entries.as_slice() else { panic!("{text:?}") };
    assert_eq!((entry.number.as_str(), entry.name.as_str()), (number, name), "{text:?}");
}
