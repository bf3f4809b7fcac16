//! Listening quality, over real sockets. `impair` forwards UDP as a bad network would; `call` lets a baresip hear speech through
//! such a network, then the jitter buffer hear the very same packets, and writes what each of them played. `tools/listen.sh`
//! runs both for the whole table and scores the sound. `through` has the speech go through a running PBX that transcodes it, `behind` over a bad network behind it; `coded` puts
//! other sound through the same codec, to be compared with that. `cost` times the buffer.

mod call;
mod capture;
mod cost;
mod impair;
mod phone;
mod sip;
mod through;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use kiestoon_testkit::Impairment;

const USAGE: &str = "usage: listen impair LISTEN TARGET SEED LOSS_PERMILLE JITTER_MS
       listen call BARESIP CODEC SPEECH.wav OUTPUT SEED LOSS_PERMILLE JITTER_MS   (CODEC: PCMU, PCMA or opus, at the rate of the speech)
       listen through|behind PBX NUMBER CODEC CODEC SPEECH.wav OUTPUT SEED LOSS_PERMILLE JITTER_MS
       listen coded CODEC SOUND.wav OUTPUT.wav
       listen cost CODEC SPEECH.wav";

fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match *arguments.as_slice() {
        ["impair", listen, target, seed, loss, jitter] => {
            let (listen, target) = (address(listen)?, address(target)?);
            impair::Proxy::start(listen, target, network(seed, loss, jitter)?)?.run_forever();
            Ok(())
        }
        ["call", baresip, codec, speech, output, seed, loss, jitter] => {
            call::run(address(baresip)?, codec, speech, output, network(seed, loss, jitter)?)
        }
        [way @ ("through" | "behind"), pbx, first, said, heard, speech, output, seed, loss, jitter] => {
            let (first, behind) = (first.parse().context("NUMBER")?, way == "behind");
            let through = through::Through { pbx: address(pbx)?, first, said, heard, behind };
            through::run(&through, speech, output, network(seed, loss, jitter)?)
        }
        ["coded", codec, sound, output] => capture::coded(&call::codec(codec)?.0, sound, output),
        ["cost", codec, speech] => cost::print(speech, &call::codec(codec)?.0),
        _ => bail!(USAGE),
    }
}

fn address(text: &str) -> anyhow::Result<SocketAddr> {
    text.parse().with_context(|| format!("{text} is no ADDRESS:PORT"))
}

fn network(seed: &str, loss: &str, jitter: &str) -> anyhow::Result<Impairment> {
    let jitter = Duration::from_millis(jitter.parse().context("JITTER_MS is no number")?);
    Ok(Impairment::new(seed.parse().context("SEED")?, loss.parse().context("LOSS_PERMILLE")?, jitter))
}
