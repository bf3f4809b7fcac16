//! Any datagram as STUN: the answer is short, or there is none.
#![no_main]

use kiestoon_sip::stun;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for source in ["192.0.2.1:5060", "[2001:db8::1]:5060"] {
        if let Some(answer) = stun::answer(data, source.parse().expect("address")) {
            assert!(stun::is_stun(data) && answer.len() <= 44 && answer.len() <= data.len() + 24);
        }
    }
});
