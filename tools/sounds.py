#!/usr/bin/env python3
"""Speaks the prompts that have a text in sounds/LANGUAGE/prompts.toml and no recording yet: eSpeak NG reads them, SoX takes the
silence off both ends and brings all to one level, opusenc packs them. `--again NAME...` speaks these anew (`--again nl/say/26`)."""
import pathlib
import subprocess
import sys
import tempfile
import tomllib

SOUNDS = pathlib.Path(__file__).resolve().parent.parent / "sounds"
# Words a minute; single words are read a little slower than sentences, or their endings drown.
SENTENCE, WORD = 160, 145
# Silence that is taken off: below a thousandth of full scale, so that no quiet consonant goes with it.
TRIM = ["silence", "1", "0.005", "0.1%", "reverse"]
# Seconds of silence before and after a word, so that words do not run into each other.
PADS = ["pad", "0.01", "0.05"]


def texts(folder):
    """Each prompt's name and what the voice is given to read."""
    table = tomllib.loads((folder / "prompts.toml").read_text())
    pronounced = table.get("pronounced", {})
    prompts = dict(table["prompts"]) | {f"say/{name}": text for name, text in table["say"].items()}
    return table["voice"], {name: pronounced.get(name, text) for name, text in prompts.items()}


def speak(voice, name, text, target):
    speed = WORD if name.startswith("say/") else SENTENCE
    with tempfile.TemporaryDirectory() as work:
        read, ready = f"{work}/read.wav", f"{work}/ready.wav"
        subprocess.run(["espeak-ng", "-v", voice, "-s", str(speed), "-w", read, "--", text], check=True)
        effects = ["gain", "-4", "rate", "-h", "16000", *TRIM, *TRIM, "norm", "-3", *PADS]
        subprocess.run(["sox", read, "-c", "1", "-b", "16", ready, *effects], check=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        pack = ["opusenc", "--quiet", "--speech", "--bitrate", "16", "--discard-comments", "--padding", "0", "--serial", "1"]
        subprocess.run([*pack, ready, target], check=True)


def main():
    again = sys.argv[2:] if sys.argv[1:2] == ["--again"] else []
    spoken = 0
    for folder in sorted(SOUNDS.glob("*/prompts.toml")):
        folder = folder.parent
        voice, prompts = texts(folder)
        for name, text in prompts.items():
            is_there = any((folder / f"{name}{ending}").exists() for ending in (".opus", ".ogg", ".wav"))
            if not is_there or f"{folder.name}/{name}" in again:
                speak(voice, name, text, folder / f"{name}.opus")
                spoken += 1
    print(f"sounds: {spoken} prompts spoken")


if __name__ == "__main__":
    main()
