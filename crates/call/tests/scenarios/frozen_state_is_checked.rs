//! What is no frozen switch, or one of another version, is refused with a reason; nothing in it makes the reader panic. Every
//! other scenario runs a second time with the switch handed over before each step (`KIESTOON_HAND_OVER`, see the testkit).

use kiestoon_call::{Input, Settings, Switch, ThawError, WallClock};
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn another_version_and_garbage_are_refused() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    t.add(phone("202").never_answers());
    t.register_all();
    t.call(a, "202");
    t.run(secs(2));
    let now = t.now();
    let switch = &t.the_pbx().switch;
    let frozen = switch.freeze(now).unwrap();
    let thaw = |bytes: &[u8]| {
        let wall = WallClock { at: now, unix_micros: 0 };
        Switch::thaw(bytes, Settings::default(), switch.snapshot().clone(), [1; 32], wall)
    };
    assert_eq!(thaw(&frozen).unwrap().status().calls, 1);
    let text = String::from_utf8(frozen.clone()).unwrap();
    let later = text.replacen("\"version\":25", "\"version\":26,\"news\":[]", 1);
    assert!(matches!(thaw(later.as_bytes()), Err(ThawError::Version(26))));
    for garbage in ["", "{}", "[25]", "{\"version\":25}", "{\"version\":\"x\"}"] {
        assert!(matches!(thaw(garbage.as_bytes()), Err(ThawError::Unreadable(_))), "{garbage}");
    }
    for end in (0..frozen.len()).step_by(97) {
        assert!(thaw(&frozen[..end]).is_err(), "cut at {end}");
    }
    for at in (0..frozen.len()).step_by(31) {
        for byte in [b'9', b'-', b'}', 0] {
            let mut changed = frozen.clone();
            changed[at] = byte;
            // It may be readable still; it must not panic, then or when its time comes.
            if let Ok(mut thawed) = thaw(&changed) {
                thawed.handle(now, Input::Tick);
                while thawed.poll().is_some() {}
            }
        }
    }
}

/// A newer version may refuse what an older one took: no call is lost by that.
#[test]
fn a_call_whose_plan_cannot_be_read_goes_on() {
    let mut t =
        Story::office(1).rules("[[context.intern]]\nmatch = \"_2XX\"\ndo = [{ dial = \"ext:202\" }]\n");
    let a = t.add(phone("201"));
    t.add(phone("202").never_answers());
    t.register_all();
    t.call(a, "202");
    t.run(secs(2));
    let frozen = String::from_utf8(frozen(&t)).unwrap();
    t.reload("[[context.intern]]\nmatch = \"_!\"\ndo = [{ reject = 404 }]\n");
    let now = t.now();
    let thaw = |text: &str| {
        let wall = WallClock { at: now, unix_micros: 0 };
        let snapshot = t.the_pbx().switch.snapshot().clone();
        let switch = Switch::thaw(text.as_bytes(), Settings::default(), snapshot, [1; 32], wall).unwrap();
        let again = String::from_utf8(switch.freeze(now).unwrap()).unwrap();
        (switch.status().calls, again.contains("match = \\\"_2XX\\\""))
    };
    assert_eq!(thaw(&frozen), (1, true), "it is handed on");
    assert_eq!(thaw(&frozen.replace("dial = ", "bel = ")), (1, false), "a text that is not taken");
    assert_eq!(thaw(&frozen.replace("match = ", "match =  ")), (1, false), "not the text of that hash");
}

/// A fuzz target begins with these; one of a former form would be refused at its first field and teach it nothing.
#[test]
fn the_seeds_of_the_fuzz_target_are_of_this_form() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/thaw");
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").answers_after(secs(2)));
    let c = t.add(phone("203").never_answers());
    let mut states = Vec::new();
    t.register_all();
    states.push(("registered", frozen(&t)));
    t.call(a, "202");
    t.run(secs(1));
    states.push(("ringing", frozen(&t)));
    t.run(secs(3));
    states.push(("talking", frozen(&t)));
    t.transfer(b, "201", "203");
    t.run(secs(2));
    t.expect(c).ringing_with("201");
    states.push(("transferring", frozen(&t)));
    for (name, state) in states {
        let file = folder.join(format!("{name}.json"));
        if std::env::var_os("KIESTOON_WRITE_SEEDS").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&file, &state).unwrap();
        }
        let seed = std::fs::read(&file).unwrap_or_default();
        let now = t.now();
        let switch = &t.the_pbx().switch;
        let wall = WallClock { at: now, unix_micros: 0 };
        let thawed = Switch::thaw(&seed, Settings::default(), switch.snapshot().clone(), [1; 32], wall);
        assert!(
            thawed.as_ref().is_ok_and(|thawed| (name == "registered") == thawed.is_idle()),
            "{}: {:?}; write it anew with KIESTOON_WRITE_SEEDS=1",
            file.display(),
            thawed.err()
        );
        assert!(state.len() < 65_536, "{name} has {} bytes, more than the fuzzer takes", state.len());
    }
}

fn frozen(t: &Story) -> Vec<u8> {
    t.the_pbx().switch.freeze(t.now()).expect("plain data can be written")
}
