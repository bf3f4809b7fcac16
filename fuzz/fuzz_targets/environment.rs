//! Any bytes as a file of variables, as `kiestoon trunk import-env` reads one: nothing panics, and it comes to an end.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // A variable takes a line at least.
    let most = data.iter().filter(|byte| **byte == b'\n').count() + 1;
    let read = dotenvy::from_read_iter(data).take(most + 1).take_while(Result::is_ok);
    assert!(read.count() <= most);
});
