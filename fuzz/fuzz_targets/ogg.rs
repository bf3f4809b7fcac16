//! Ogg Opus prompts: any file is read or refused, within its bounds.
#![no_main]

use kiestoon_media::prompt::Prompt;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let _ = Prompt::from_ogg_opus(file).map(|prompt| prompt.decoded());
});
