//! Talk-off: minutes of speech of several voices hold no digit.

use std::process::Command;
use std::sync::Arc;

use kiestoon_media::dtmf::Detector;
use kiestoon_media::prompt::{Player, Prompt};

/// espeak-ng's voices, and their pitches.
const VOICES: [(&str, &str); 10] = [
    ("nl", "50"),
    ("nl+f2", "80"),
    ("nl+m3", "30"),
    ("en-gb", "50"),
    ("en-us+f4", "95"),
    ("en-gb+m7", "20"),
    ("de", "50"),
    ("de+f3", "70"),
    ("fr+f1", "60"),
    ("pt+m1", "40"),
];
const TEXT: &str = "Goedemiddag, u spreekt met de receptie. Een ogenblik, ik verbind u door met mevrouw Zwiers van de \
    administratie. Wie wie wie, nee nee nee, ja ja ja, oei oei oei. Zeven, acht, negen, tien, elf, twaalf. She sells sea \
    shells by the sea shore, while nine new engineers measure the melody of many lonely moons. Ooh, aah, eeh, mmm. The rain \
    in Spain stays mainly in the plain; we were away a year ago. Peter Piper picked a peck of pickled peppers. One, two, \
    three, four, five, six, seven, eight, nine, zero, star, hash. Der Ruhm rührt nie von ungefähr, und über allen Gipfeln ist \
    Ruh. Nous verrons, un jour, où va la lune. Amanhã de manhã vou à praia com a minha irmã.";

#[test]
fn speech_holds_no_digits() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut seconds = 0.0;
    for (voice, pitch) in VOICES {
        let path = folder.join(format!("{voice}.wav"));
        let made = Command::new("espeak-ng")
            .args(["-v", voice, "-p", pitch, "-s", "150", "-w"])
            .args([path.as_os_str(), TEXT.as_ref()])
            .status()
            .expect("espeak-ng is installed (make test installs it)");
        assert!(made.success(), "{voice}");
        let prompt = Prompt::from_wav(&std::fs::read(&path).expect("speech")).expect("speech");
        let mut player = Player::new(Arc::new(prompt), false);
        let rate = player.sample_rate();
        let (mut full, mut narrow) = (Detector::new(rate), Detector::new(8000));
        let mut frame = Vec::new();
        while player.next(&mut frame) {
            seconds += 0.02;
            assert_eq!(full.listen(&frame), None, "{voice} after {seconds:.1} s");
            let step = usize::try_from(rate / 8000).expect("a small number");
            // Without a filter: what lies above is folded down, which is harder than speech.
            let thin: Vec<i16> = frame.iter().copied().step_by(step).collect();
            assert_eq!(narrow.listen(&thin), None, "{voice} at 8 kHz after {seconds:.1} s");
        }
    }
    assert!(seconds > 300.0, "only {seconds:.0} s of speech");
}
