"""Listening quality: speech through G.711 and Opus, lost and late as told, heard by baresip and by our jitter buffer; PESQ of both, and
the delay that each adds between the sending of a packet and its sound. Then the same through a running PBX that transcodes, beside what
baresip hears of the same packets. One table, for people; exit 1 where ours is worse."""

import json
import math
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
from pesq import pesq
from scipy.io import wavfile
from scipy.signal import correlate, resample_poly

LISTEN, KIESTOON = sys.argv[1:3]
LOSSES, JITTERS = (0, 20, 50, 100), (0, 30, 80)
# Of what is said: the rate of the speech, that of the score, and its band. `opus8` is Opus as it is sent beside G.711.
CODECS = {
    "PCMU": (8000, 8000, "nb"), "PCMA": (8000, 8000, "nb"), "opus": (48000, 16000, "wb"), "opus8": (8000, 8000, "nb"),
}
# What is said to the PBX and what it says on; each pair has G.711 on one side, so all are scored in its band. With a `~` the network
# behind the PBX is the bad one; our buffer hears there, and baresip hears Opus over the same network.
PAIRS = (("opus", "PCMA"), ("opus", "PCMU"), ("PCMU", "G722"), ("PCMA", "opus"), ("PCMU", "opus"), ("PCMU", "opus~"))
SECOND = {"PCMA": 8000, "PCMU": 8000, "G722": 16000, "opus": 8000}
FIRST, PBX_PORT = 20000, 15060
AT_ONCE = 12
SEED = 20
# PESQ of the same sound differs by so much with where its pieces begin.
NOISE = 0.05
SENTENCES = {
    "nl": "Goedemorgen, u spreekt met de receptie van Kiestoon. Waarmee kan ik u van dienst zijn? Een ogenblik geduld alstublieft, "
    "ik verbind u door met de afdeling verkoop. De afspraak is verzet naar donderdag vijftien uur dertig.",
    "en-gb": "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background. It is easy to tell the depth "
    "of a well. These days a chicken leg is a rare dish. Four hours of steady work faced us.",
}
CONFIG = """sip_listen 127.0.0.1:{port}
audio_player aubridge,ear
audio_source aubridge,ear
audio_buffer 20-160
jitter_buffer_delay 5-10
module_path /usr/lib/baresip/modules
module g711.so
module opus.so
{plc}module aubridge.so
module sndfile.so
module_tmp account.so
module_app menu.so
snd_path {path}
rtp_ports {rtp}
"""


def speech(folder):
    """The sentences, as one file a rate; where each language begins and ends in seconds."""
    parts, spans, at = [np.zeros(8000, np.int16)], [], 0.5
    for voice, text in SENTENCES.items():
        path = folder / f"{voice}.wav"
        subprocess.run(["espeak-ng", "-v", voice, "-s", "150", "-a", "80", "-w", path, text], check=True)
        rate, sound = wavfile.read(path)
        sound = resample(sound, rate, 16000)
        parts += [sound, np.zeros(8000, np.int16)]
        spans.append((at - 0.25, at + len(sound) / 16000 + 0.25))
        at += len(sound) / 16000 + 0.5
    whole = np.concatenate(parts)
    for rate in (8000, 16000, 48000):
        wavfile.write(folder / f"speech-{rate}.wav", rate, resample(whole, 16000, rate))
    return spans


def resample(sound, rate, to):
    if rate == to:
        return sound
    step = math.gcd(rate, to)
    out = resample_poly(sound.astype(np.float64), to // step, rate // step)
    return np.clip(np.round(out), -32768, 32767).astype(np.int16)


def read(path, to):
    rate, sound = wavfile.read(path)
    return resample(sound[:, 0] if sound.ndim > 1 else sound, rate, to)


def lag(reference, heard, begin, end, rate):
    """By how many samples the piece of speech is heard later, up to half a second."""
    piece = reference[begin:end].astype(np.float64)
    there = heard[begin : end + rate // 2].astype(np.float64)
    if len(there) < len(piece):
        return 0
    return int(np.argmax(correlate(there, piece, "valid", "fft")))


def score(reference, heard, spans, rate, mode, at_zero):
    """Mean PESQ of the pieces, and their mean lag in ms; where `heard` begins is found out unless it begins `at_zero`."""
    start = 0
    if not at_zero:
        begin, end = int(spans[0][0] * rate), int(spans[-1][1] * rate)
        both = correlate(heard.astype(np.float64), reference[begin:end].astype(np.float64), "full", "fft")
        start = int(np.argmax(both)) - (end - begin - 1) - begin
        heard = heard[start:] if start > 0 else np.concatenate([np.zeros(-start, np.int16), heard])
    scores, lags = [], []
    for begin, end in spans:
        begin, end = int(begin * rate), int(end * rate)
        late = lag(reference, heard, begin, end, rate)
        lags.append(late * 1000 / rate)
        piece = heard[begin + late : end + late]
        scores.append(pesq(rate, reference[begin:end], piece, mode))
    return sum(scores) / len(scores), sum(lags) / len(lags)


class Cell:
    """One call."""

    def __init__(self, folder, number, codec, loss, jitter):
        self.codec, self.loss, self.jitter = codec, loss, jitter
        self.name = f"{codec}-{loss}-{jitter}"
        self.folder = folder / self.name
        self.folder.mkdir()
        self.port = 16000 + number * 2
        rtp = f"{31000 + number * 20}-{31019 + number * 20}"
        # Opus conceals by itself, and this module refuses two channels.
        plc = "" if codec.startswith("opus") else "module plc.so\n"
        (self.folder / "config").write_text(CONFIG.format(port=self.port, path=self.folder, rtp=rtp, plc=plc))
        account = f"<sip:ear@127.0.0.1>;regint=0;answermode=auto;audio_codecs={codec.lower().rstrip('8')}"
        (self.folder / "accounts").write_text(account + ("/48000/2\n" if codec.startswith("opus") else "\n"))
        (self.folder / "contacts").write_text("")

    def begin(self, speech_folder):
        self.log = open(self.folder / "log", "w")
        self.baresip = subprocess.Popen(
            ["baresip", "-f", self.folder], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
        )
        wav = speech_folder / f"speech-{CODECS[self.codec][0]}.wav"
        self.call = subprocess.Popen(
            [LISTEN, "call", f"127.0.0.1:{self.port}", self.codec.rstrip("8"), wav, self.folder / "out", str(SEED)]
            + [str(self.loss), str(self.jitter)],
            stdout=subprocess.PIPE,
            text=True,
        )

    def end(self):
        self.figures = self.call.communicate(timeout=120)[0].strip()
        time.sleep(0.2)
        self.baresip.terminate()
        self.baresip.wait(10)
        self.log.close()
        if self.call.returncode:
            sys.exit(f"{self.name}: the call failed; see {self.folder}")

    def score(self, speech_folder, spans):
        _, rate, mode = CODECS[self.codec]
        reference = read(speech_folder / f"speech-{rate}.wav", rate)
        ours, our_lag = score(reference, read(self.folder / "out.ours.wav", rate), spans, rate, mode, True)
        theirs = self.score_of_baresip(speech_folder, spans, rate, mode)
        _, their_lag = score(reference, read(self.folder / "out.echo.wav", rate), spans, rate, mode, True)
        return {
            "codec": self.codec, "loss": self.loss / 10, "jitter": self.jitter,
            "ours": round(ours, 2), "baresip": round(theirs, 2),
            "ours_ms": round(our_lag), "baresip_ms": round(their_lag), "figures": self.figures,
        }


    def score_of_baresip(self, speech_folder, spans, rate, mode, coded=None):
        """With a second codec, where ours had to pass one too."""
        reference = read(speech_folder / f"speech-{rate}.wav", rate)
        heard = next(self.folder.glob("dump-*-enc.wav"))
        if coded:
            before, after = self.folder / f"before-{coded}.wav", self.folder / f"after-{coded}.wav"
            wavfile.write(before, SECOND[coded], read(heard, SECOND[coded]))
            subprocess.run([LISTEN, "coded", coded, before, after], check=True)
            heard = after
        return score(reference, read(heard, rate), spans, rate, mode, False)[0]


PBX_CONFIG = """[sip]
udp = ["127.0.0.1:{port}"]
tcp = []
[sip.ws]
listen = []
[media]
rtp_ports = "33000-34999"
[store]
url = "sqlite:{path}/data/kiestoon.db"
[dialplan]
path = "{path}/dialplans"
[control]
socket = "{path}/data/kiestoon.sock"
[limits]
exempt_sources = ["127.0.0.1/32"]
[log]
level = "warn"
"""
DIALPLAN = """version = 1
timezone = "Europe/Amsterdam"
[[context.intern]]
name = "all"
match = "_X."
do = [{ dial = "ext:${number}", timeout = "30s" }]
"""


class Pbx:
    """A PBX with two extensions a call."""

    def __init__(self, folder, calls):
        self.folder = folder / "pbx"
        for name in ("data", "dialplans"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "dialplans" / "all.toml").write_text(DIALPLAN)
        config = self.folder / "kiestoon.toml"
        config.write_text(PBX_CONFIG.format(port=PBX_PORT, path=self.folder))
        numbers = range(FIRST, FIRST + 2 * calls)
        extension = '[[extension]]\nnumber = "{0}"\nname = "{0}"\npassword = "pw{0}"\n'
        (self.folder / "import.toml").write_text("".join(extension.format(number) for number in numbers))
        subprocess.run(
            [KIESTOON, "import", "--config", config, self.folder / "import.toml"], check=True, stdout=subprocess.DEVNULL
        )
        self.log = open(self.folder / "log", "w")
        self.process = subprocess.Popen([KIESTOON, "serve", "--config", config], stdout=self.log, stderr=self.log)
        for _ in range(100):
            ready = subprocess.run([KIESTOON, "ctl", "status", "--config", config], capture_output=True)
            if ready.returncode == 0:
                return
            time.sleep(0.1)
        sys.exit(f"the PBX does not start; see {self.folder}/log")

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()


class Through:
    """One call through the PBX."""

    def __init__(self, folder, number, said, heard, loss, jitter):
        self.said, self.heard, self.loss, self.jitter = said, heard, loss, jitter
        self.name = f"{said}>{heard}-{loss}-{jitter}"
        self.out, self.first = folder / self.name, FIRST + 2 * number
        self.way = "behind" if heard.endswith("~") else "through"

    def begin(self, speech_folder):
        wav = speech_folder / f"speech-{CODECS[self.said][0]}.wav"
        self.call = subprocess.Popen(
            [LISTEN, self.way, f"127.0.0.1:{PBX_PORT}", str(self.first), self.said, self.heard.rstrip("~"), wav, self.out]
            + [str(SEED), str(self.loss), str(self.jitter)],
            stdout=subprocess.PIPE,
            text=True,
        )

    def end(self):
        self.figures = self.call.communicate(timeout=120)[0].strip()
        if self.call.returncode:
            sys.exit(f"{self.name}: the call failed")

    def score(self, speech_folder, spans, cells):
        """Beside what baresip hears of the very same packets (one seed), put through the other codec as well."""
        reference = read(speech_folder / "speech-8000.wav", 8000)
        ours, ours_ms = score(reference, read(f"{self.out}.pbx.wav", 8000), spans, 8000, "nb", True)
        row = {
            "codec": f"{self.said}>{self.heard}", "loss": self.loss / 10, "jitter": self.jitter,
            "ours": round(ours, 2), "ours_ms": round(ours_ms), "figures": self.figures,
        }
        bad, other = ("opus8", self.said) if self.way == "behind" else (self.said, self.heard)
        direct = (cell for cell in cells if cell.name == f"{bad}-{self.loss}-{self.jitter}")
        if cell := next(direct, None):
            row["baresip"] = round(cell.score_of_baresip(speech_folder, spans, 8000, "nb", other), 2)
        return row


def in_groups(cells, folder):
    for first in range(0, len(cells), AT_ONCE):
        group = cells[first : first + AT_ONCE]
        for cell in group:
            cell.begin(folder)
        for cell in group:
            cell.end()


def through_pbx(folder, chosen):
    kinds = [(*pair, loss, jitter) for pair in PAIRS for jitter in JITTERS for loss in LOSSES]
    cells = [Through(folder, number, *kind) for number, kind in enumerate(kinds)]
    cells = [cell for cell in cells if not chosen or cell.name in chosen]
    if cells:
        pbx = Pbx(folder, len(kinds))
        try:
            in_groups(cells, folder)
        finally:
            pbx.end()
    return cells


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kiestoon-listen-"))
    spans = speech(folder)
    kinds = [(codec, loss, jitter) for codec in CODECS for jitter in JITTERS for loss in LOSSES]
    if len(sys.argv) > 3:
        kinds = [kind for kind in kinds if f"{kind[0]}-{kind[1]}-{kind[2]}" in sys.argv[3:]]
    cells = [Cell(folder, number, *kind) for number, kind in enumerate(kinds)]
    in_groups(cells, folder)
    through = through_pbx(folder, sys.argv[3:])
    print("codec      loss %  jitter ms   PESQ ours  baresip   added ms ours  baresip")
    rows = [cell.score(folder, spans) for cell in cells] + [cell.score(folder, spans, cells) for cell in through]
    worse = [row for row in rows if row["ours"] < row.get("baresip", 0) - NOISE]
    for row in rows:
        print(
            f"{row['codec']:9} {row['loss']:7} {row['jitter']:10} {row['ours']:11.2f} {row.get('baresip', '-'):>8}"
            f" {row['ours_ms']:15} {row.get('baresip_ms', '-'):>8}{'  worse' if row in worse else ''}"
        )
    (folder / "table.json").write_text(json.dumps(rows, indent=1))
    print(f"sound and figures: {folder}")
    sys.exit(bool(worse))


main()
