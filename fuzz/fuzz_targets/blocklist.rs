//! Any text as a file of numbers whose calls are declined: nothing panics, there are no more numbers than lines, and each line that is
//! none is counted once.
#![no_main]

use kiestoon_call::NumberList;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let listed = NumberList::read(text);
    let lines = text.lines().count();
    let (first, wrong) = listed.wrong.unwrap_or_default();
    assert!(listed.numbers.len() + wrong <= lines && (first == 0) == (wrong == 0));
    assert!(usize::try_from(first).is_ok_and(|first| first <= lines));
    // Saying it again changes nothing, and nor does a comment.
    let twice = NumberList::read(&format!("{text}\n# {text}\n{text}"));
    assert!(twice.numbers.len() >= listed.numbers.len());
});
