#!/usr/bin/env python3
"""music.py [FILE]: makes sounds/nl/muziek.wav, the music on hold: broken chords of soft tones, half a minute, without a seam.

Composed here and licensed as the rest of the repository. Needs nothing but Python.
"""
import array
import math
import sys
import wave

RATE = 8000
BEAT = 0.46875  # seconds; 64 of them are half a minute
CHORDS = [(57, 60, 64, 69), (53, 57, 60, 65), (48, 55, 60, 64), (55, 59, 62, 67)] * 2
PATTERN = [0, 1, 2, 3, 2, 1, 2, 3]


def note(samples, at, midi, seconds, loudness):
    """Adds one tone that fades away; what rings beyond the end rings at the beginning."""
    hertz = 440 * 2 ** ((midi - 69) / 12)
    for n in range(int(seconds * RATE)):
        time = n / RATE
        envelope = min(1, time / 0.02) * math.exp(-2.2 * time) * min(1, (seconds - time) / 0.05)
        turn = 2 * math.pi * hertz * time
        sound = math.sin(turn) + 0.25 * math.sin(2 * turn) + 0.08 * math.sin(3 * turn)
        samples[(at + n) % len(samples)] += loudness * envelope * sound


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else "sounds/nl/muziek.wav"
    beats = len(CHORDS) * len(PATTERN)
    samples = [0.0] * int(beats * BEAT * RATE)
    for bar, chord in enumerate(CHORDS):
        for step, voice in enumerate(PATTERN):
            at = int((bar * len(PATTERN) + step) * BEAT * RATE)
            note(samples, at, chord[voice] + 12 * (bar >= 4 and step % 4 == 3), 2.0, 0.12)
        note(samples, int(bar * len(PATTERN) * BEAT * RATE), chord[0] - 12, 3.5, 0.15)
    peak = max(abs(sample) for sample in samples)
    pcm = array.array("h", (round(sample / peak * 0.35 * 32767) for sample in samples))
    if sys.byteorder == "big":
        pcm.byteswap()
    with wave.open(path, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(pcm.tobytes())


main()
