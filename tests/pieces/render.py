"""Render the three example pieces of taggram: notes in this file -> MIDI -> FluidSynth -> Ogg Opus.

The notes are written down below, piece by piece, in a notation made to be read: scientific pitch names
(``C4`` is middle C), lengths in quarter notes, drum bars as rows of sixteen steps. The same seed, soundfont
and program versions give the same files.

Usage: ``python tests/pieces/render.py [--soundfont PATH] [--out DIR] [--seed N]``
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

try:
    import av
    import mido
except ImportError as missing:
    sys.exit(f"{missing.name} is not installed: pip install av mido")

SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
RATE = 48_000
SECONDS = 30.0
PEAK_DBFS = -1.0
TICKS = 960
BAR = 4.0  # every piece here is in common time

# ---------------------------------------------------------------------------------------------------------
# Notation
# ---------------------------------------------------------------------------------------------------------

SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
ACCIDENTALS = {"": 0, "#": 1, "b": -1}

Line = Iterator[tuple[float, float, int]]  # notes one after the other: start, length, pitch


def midi_pitch(name: str) -> int:
    """Return the MIDI number of a pitch name: ``midi_pitch("C4") == 60``, ``midi_pitch("Bb3") == 58``."""
    match = re.fullmatch(r"([A-G])([#b]?)(\d)", name)
    if match is None:
        raise ValueError(f"{name!r} is not a pitch name such as C4, F#3 or Bb5")
    letter, accidental, octave = match.groups()
    return 12 * (int(octave) + 1) + SEMITONES[letter] + ACCIDENTALS[accidental]


def melody(text: str, beats: float, start: float) -> Line:
    """Yield ``(start, length, pitch)`` for the notes of a line, one after the other.

    Parameters
    ----------
    text
        Pitch names between spaces, ``.`` for a rest; ``D5:0.75`` gives a note a length of its own.
    beats
        The length of every other note, in quarters.
    start
        Where the line begins, in quarters.
    """
    for token in text.split():
        name, _, own = token.partition(":")
        length = float(own) if own else beats
        if name != ".":
            yield start, length, midi_pitch(name)
        start += length


@dataclass
class Score:
    """Notes and controls on sixteen MIDI channels, in quarters from the start."""

    tempi: list[tuple[float, float]]  # (quarter, quarters per minute)
    events: list[tuple[float, int, mido.Message | mido.MetaMessage]] = field(default_factory=list)

    def instrument(self, channel: int, program: int, volume: int = 100, pan: int = 64, reverb: int = 40) -> None:
        """Put a General MIDI program (counted from 0) on a channel, with its volume, place and reverb send."""
        self.events.append((0.0, 0, mido.Message("program_change", channel=channel, program=program)))
        for number, value in ((7, volume), (10, pan), (91, reverb), (93, 0)):
            self.control(channel, 0.0, number, value)

    def control(self, channel: int, beat: float, number: int, value: int) -> None:
        """Set a controller of a channel."""
        message = mido.Message("control_change", channel=channel, control=number, value=value)
        self.events.append((beat, 2, message))

    def note(self, channel: int, start: float, length: float, pitch: int, velocity: float) -> None:
        """Play one note; starts before the beginning are moved to it, velocities are kept in 1 to 127."""
        start = max(start, 0.0)
        loud = int(np.clip(round(velocity), 1, 127))
        self.events.append((start, 3, mido.Message("note_on", channel=channel, note=pitch, velocity=loud)))
        self.events.append((start + length, 1, mido.Message("note_off", channel=channel, note=pitch)))

    def roll(self, channel: int, chord: list[int], start: float, length: float, velocity: float, lag: float) -> None:
        """Play a chord from the bottom up, each note `lag` quarters after the one below."""
        for rank, pitch in enumerate(chord):
            self.note(channel, start + rank * lag, length - rank * lag, pitch, velocity)

    def save(self, path: Path) -> None:
        """Write a Standard MIDI File; at equal times notes end before others begin."""
        tempi = [(at, 0, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm))) for at, bpm in self.tempi]
        track, now = mido.MidiTrack(), 0
        for beat, _, message in sorted(tempi + self.events, key=lambda event: (round(event[0] * TICKS), event[1])):
            tick = round(beat * TICKS)
            track.append(message.copy(time=tick - now))
            now = tick
        track.append(mido.MetaMessage("end_of_track", time=2 * TICKS))  # room for the last sounds to ring
        mido.MidiFile(type=0, ticks_per_beat=TICKS, tracks=[track]).save(path)


# ---------------------------------------------------------------------------------------------------------
# 1. Bach: the first eleven bars, from C to the cadence in G
# ---------------------------------------------------------------------------------------------------------

# Each bar is one broken chord of five notes, a b c d e, played a b c d e c d e, twice.
PRELUDE_BARS = [
    ("C4 E4 G4 C5 E5", 60),
    ("C4 D4 A4 D5 F5", 63),
    ("B3 D4 G4 D5 F5", 66),
    ("C4 E4 G4 C5 E5", 60),
    ("C4 E4 A4 E5 A5", 69),
    ("C4 D4 F#4 A4 D5", 62),
    ("B3 D4 G4 D5 G5", 67),
    ("B3 C4 E4 G4 C5", 58),
    ("A3 C4 E4 G4 C5", 56),
    ("D3 A3 D4 F#4 C5", 60),
    ("G3 B3 D4 G4 B4", 52),
]
PRELUDE_ORDER = [0, 1, 2, 3, 4, 2, 3, 4]  # which of a b c d e each sixteenth plays
PRELUDE_WEIGHT = [6, 0, -8, -5, 1, -9, -6, 0]  # velocity of each sixteenth against the bar's own
PRELUDE_TEMPO = 91.0
PRELUDE_ENDING = [90.0, 87.0, 83.0, 68.0]  # the tempo of the last four half bars


def prelude_tempi(bars: int) -> list[tuple[float, float]]:
    """Return a tempo for every half bar: the first leans back a little, the end slows down."""
    flowing = [PRELUDE_TEMPO * lean for _ in range(bars) for lean in (0.98, 1.02)]
    halves = flowing[: -len(PRELUDE_ENDING)] + PRELUDE_ENDING
    return [(number * BAR / 2, tempo) for number, tempo in enumerate(halves)]


def half_bar(score: Score, chord: list[int], start: float, velocity: float, rng: np.random.Generator) -> None:
    """Play half a bar of the prelude; its two low notes are held, as Bach wrote them."""
    for step, (which, weight) in enumerate(zip(PRELUDE_ORDER, PRELUDE_WEIGHT, strict=True)):
        at = start + step / 4
        length = start + 1.9 - at if step < 2 else 0.24
        score.note(0, at + rng.normal(0, 0.008), length, chord[which], velocity + weight + rng.normal(0, 2.0))


def prelude(rng: np.random.Generator) -> Score:
    """J. S. Bach, Prelude in C major BWV 846, bars 1 to 11, for piano."""
    score = Score(prelude_tempi(len(PRELUDE_BARS)))
    score.instrument(0, 0, volume=110, reverb=55)
    for bar, (names, velocity) in enumerate(PRELUDE_BARS):
        chord = [midi_pitch(name) for name in names.split()]
        for half in (0.0, 2.0):
            start = BAR * bar + half
            score.control(0, start + 0.06, 64, 127)  # the pedal catches the bass and goes at the next half bar
            score.control(0, start + 1.98, 64, 0)
            half_bar(score, chord, start, velocity - 3 * (half > 0), rng)
    return score


# ---------------------------------------------------------------------------------------------------------
# 2. Pachelbel: five statements of the ground, from the entry of the first violin
# ---------------------------------------------------------------------------------------------------------

GROUND = "D3 A2 B2 F#2 G2 D2 G2 A2"  # one quarter each: two bars
VIOLA = "A3 A3 F#3 A3 D4 D4 D4 C#4"  # a filling part of our own: Pachelbel has three violins and bass
CONTINUO = {  # the harpsichord's right hand over each kind of bass step
    "D": "F#4 A4 D5",
    "A": "E4 A4 C#5",
    "Bm": "F#4 B4 D5",
    "F#m": "F#4 A4 C#5",
    "G": "D4 G4 B4",
    "D low": "D4 F#4 A4",
    "A low": "C#4 E4 A4",
}
PROGRESSION = ["D", "A", "Bm", "F#m", "G", "D low", "G", "A low"]

# What the first violin plays, statement by statement; the second follows one statement later, the third two.
CANON = [
    ("F#5 E5 D5 C#5  B4 A4 B4 C#5", 1.0),
    ("D5 C#5 B4 A4  G4 F#4 G4 E4", 1.0),
    ("D4 F#4 A4 G4  F#4 D4 F#4 E4  D4 B3 D4 A4  G4 B4 A4 G4", 0.5),
    ("F#4 D4 E4 C#5  D5 F#5 A5 A4  B4 G4 A4 F#4  D4 D5 D5:0.75 C#5:0.25", 0.5),
    (
        "D5 C#5 D5 D4  C#4 A4 E4 F#4  D4 D5 C#5 B4  C#5 F#5 A5 B5"
        "  G5 F#5 E5 G5  F#5 E5 D5 C#5  B4 A4 G4 F#4  E4 G4 F#4 E4",
        0.25,
    ),
]
STATEMENT = 8.0  # quarters in one statement of the ground
CLOSE = ["D4", "D5", "F#4"]  # where the three violins are on the next downbeat: the excerpt ends there

VIOLINS, VIOLA_PART, CELLO, BASS, HARPSICHORD = (0, 1, 2), 3, 4, 5, 6
SECTIONS = (7, 8, 10)  # a few more players behind each solo violin (channel 9 is for drums)


def seat_the_ensemble(score: Score) -> None:
    """Give every channel its instrument and its place from left to right."""
    for channel, section, pan in zip(VIOLINS, SECTIONS, (30, 52, 98), strict=True):
        score.instrument(channel, 40, volume=124, pan=pan, reverb=60)
        score.instrument(section, 48, volume=100, pan=pan, reverb=70)
    score.instrument(VIOLA_PART, 41, volume=104, pan=80, reverb=60)
    score.instrument(CELLO, 42, volume=112, pan=72, reverb=55)
    score.instrument(BASS, 43, volume=96, pan=64, reverb=50)
    score.instrument(HARPSICHORD, 6, volume=100, pan=58, reverb=45)


def bow(score: Score, channel: int, line: Line, velocity: float, rng: np.random.Generator) -> None:
    """Play a line on a bowed instrument: detached as baroque bows are, strong beats a little stronger."""
    for start, length, pitch in line:
        accent = 8 if start % 2 == 0 else 3 if start % 1 == 0 else -3
        score.note(channel, start + rng.normal(0, 0.008), 0.9 * length, pitch, velocity + accent + rng.normal(0, 3))


def play_continuo(score: Score, start: float, running: bool, rng: np.random.Generator) -> None:
    """Play one statement on the harpsichord: running sixteenths, or rolled chords answered off the beat."""
    for step, (low, name) in enumerate(zip(GROUND.split(), PROGRESSION, strict=True)):
        beat = start + step
        chord = [midi_pitch(pitch) for pitch in CONTINUO[name].split()]
        score.note(HARPSICHORD, beat, 0.9, midi_pitch(low), 96)
        if running:
            for sixteenth, pitch in enumerate([chord[0], chord[1], chord[2], chord[1]]):
                at = beat + sixteenth / 4 + rng.normal(0, 0.006)
                score.note(HARPSICHORD, at, 0.24, pitch, 98 + rng.normal(0, 3))
        else:
            score.roll(HARPSICHORD, chord, beat, 0.46, 100, lag=0.03)
            score.roll(HARPSICHORD, chord[1:], beat + 0.5, 0.44, 90, lag=0.02)


def play_bass(score: Score, start: float, rng: np.random.Generator) -> None:
    """Play one statement of the ground on cello and double bass, with the viola above."""
    bow(score, CELLO, melody(GROUND, 1.0, start), 88, rng)
    bow(score, BASS, melody(GROUND, 1.0, start), 70, rng)
    bow(score, VIOLA_PART, melody(VIOLA, 1.0, start), 66, rng)


def close(score: Score, start: float) -> None:
    """Hold the chord of D major that the next downbeat would bring."""
    for violin, section, pitch in zip(VIOLINS, SECTIONS, CLOSE, strict=True):
        score.note(violin, start, 4.0, midi_pitch(pitch), 84)
        score.note(section, start, 4.0, midi_pitch(pitch), 76)
    for channel, pitch in ((VIOLA_PART, "A3"), (CELLO, "D3"), (BASS, "D2")):
        score.note(channel, start, 4.0, midi_pitch(pitch), 80)
    chord = [midi_pitch(pitch) for pitch in f"D2 A2 D3 {CONTINUO['D']}".split()]
    score.roll(HARPSICHORD, chord, start, 4.0, 104, lag=0.06)


def canon(rng: np.random.Generator) -> Score:
    """Johann Pachelbel, Canon in D (P. 37): five statements, the violins entering one after the other."""
    end = STATEMENT * len(CANON)
    score = Score([(0.0, 88.0), (end - 2, 82.0), (end - 1, 74.0), (end, 66.0)])
    seat_the_ensemble(score)
    for statement in range(len(CANON)):
        start = STATEMENT * statement
        play_bass(score, start, rng)
        play_continuo(score, start, running=statement % 2 == 0, rng=rng)
        for voice in range(min(statement + 1, 3)):
            text, beats = CANON[statement - voice]
            bow(score, VIOLINS[voice], melody(text, beats, start), 84, rng)
            bow(score, SECTIONS[voice], melody(text, beats, start), 72, rng)
    close(score, end)
    return score


# ---------------------------------------------------------------------------------------------------------
# 3. A groove of our own
# ---------------------------------------------------------------------------------------------------------

# Sixteen bars at 128 are exactly thirty seconds. One mark is one bar: "#" plays, "." is silent.
ARRANGEMENT = {
    "kick":  "#######.########",
    "click": "#######.########",
    "clap":  "..##############",
    "hat":   "################",
    "open":  ".###############",
    "tom":   "...#...#...#...#",
    "bass":  "################",
    "stab":  "..##############",
    "pad":   "....############",
    "lead":  "........########",
}  # fmt: skip

# Sixteen steps to a bar: X loud, x medium, o soft. The numbers are General MIDI drum notes.
DRUMS = {
    "kick":  (36, "X...X...X...X..."),
    "click": (37, "X...X...X...X..."),
    "clap":  (39, "....X.......X..."),
    "hat":   (42, "xo.oxo.oxo.oxo.o"),
    "open":  (46, "..x...x...x...x."),
    "tom":   (45, "..........x..x.x"),
}  # fmt: skip
LOUDNESS = {"X": 122, "x": 92, "o": 64}

HARMONY = [  # four bars that come round: root of the bass, chord of stabs and pad
    ("A1", "A3 C4 E4 G4"),
    ("A1", "A3 C4 E4 G4"),
    ("F1", "A3 C4 E4 F4"),
    ("G1", "B3 D4 E4 G4"),
]
BASS_STEPS = "..r.r.o...r.r.of"  # r the root, o its octave, f its fifth
BASS_INTERVALS = {"r": 0, "o": 12, "f": 7}
STAB_STEPS = "X..x..x...X..x.."
LEAD = "A4 . E5 A5  . G5 E5 .  C5 . E5 G5  . E5 D5 C5"

DRUM_KIT, SYNTH_BASS, SAW_BASS, STAB, PAD, SQUARE = 9, 0, 1, 2, 3, 4


def set_up_the_machines(score: Score) -> None:
    """Give every channel its machine."""
    score.instrument(DRUM_KIT, 25, volume=80, reverb=6)  # the TR-808 kit
    score.instrument(SYNTH_BASS, 38, volume=104, reverb=0)
    score.instrument(SAW_BASS, 81, volume=127, reverb=4)
    score.instrument(STAB, 81, volume=116, pan=46, reverb=60)
    score.instrument(PAD, 90, volume=96, pan=78, reverb=60)
    score.instrument(SQUARE, 80, volume=100, pan=84, reverb=50)


def pump(score: Score, channel: int, bar: int) -> None:
    """Duck a channel under each kick and let it come back, as a sidechain compressor would."""
    for step in range(16):
        for part, value in enumerate(((40, 62), (84, 102), (114, 122), (127, 127))[step % 4]):
            score.control(channel, BAR * bar + step / 4 + part / 8, 11, value)


def play_drums(score: Score, layer: str, bar: int, rng: np.random.Generator) -> None:
    """Play one bar of one drum."""
    drum, steps = DRUMS[layer]
    for step, mark in enumerate(steps):
        if mark in LOUDNESS:
            score.note(DRUM_KIT, BAR * bar + step / 4, 0.2, drum, LOUDNESS[mark] + rng.normal(0, 2))


def play_bass_line(score: Score, bar: int) -> None:
    """Play one bar of the bass line on the synth bass and on the saw."""
    root = midi_pitch(HARMONY[bar % 4][0])
    for step, mark in enumerate(BASS_STEPS):
        if mark in BASS_INTERVALS:
            for channel, velocity in ((SYNTH_BASS, 112), (SAW_BASS, 92)):
                score.note(channel, BAR * bar + step / 4, 0.22, root + BASS_INTERVALS[mark], velocity)


def play_chords(score: Score, layer: str, bar: int) -> None:
    """Play one bar of stabs, or hold the chord on the pad."""
    for pitch in map(midi_pitch, HARMONY[bar % 4][1].split()):
        if layer == "pad":
            score.note(PAD, BAR * bar, BAR - 0.05, pitch, 84)
            continue
        for step, mark in enumerate(STAB_STEPS):
            if mark in LOUDNESS:
                score.note(STAB, BAR * bar + step / 4, 0.2, pitch, LOUDNESS[mark])


def play_lead(score: Score, bar: int) -> None:
    """Play one bar of the square-wave figure."""
    for start, length, pitch in melody(LEAD, 0.25, BAR * bar):
        score.note(SQUARE, start, 0.7 * length, pitch, 88)


def groove(rng: np.random.Generator) -> Score:
    """Four on the floor at 128: drum machine, synth bass, saw stabs, pad and a square lead."""
    score = Score([(0.0, 128.0)])
    set_up_the_machines(score)
    for layer, bars in ARRANGEMENT.items():
        for bar in (bar for bar, mark in enumerate(bars) if mark == "#"):
            if layer in DRUMS:
                play_drums(score, layer, bar, rng)
            elif layer == "bass":
                play_bass_line(score, bar)
            elif layer == "lead":
                play_lead(score, bar)
            else:
                play_chords(score, layer, bar)
                pump(score, PAD if layer == "pad" else STAB, bar)
    return score


# ---------------------------------------------------------------------------------------------------------
# From score to sound
# ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Piece:
    """A piece: its notes, the metadata of its file, and its reverberation."""

    file: str
    write: Callable[[np.random.Generator], Score]
    title: str
    composer: str
    room: float  # FluidSynth's reverb room size, 0 to 1
    wet: float  # FluidSynth's reverb level, 0 to 1
    fade: float  # seconds of fade at the end
    width: float = 1.0  # how much of the difference between left and right is kept


PIECES = [
    Piece("piano-prelude.opus", prelude, "Prelude in C major, BWV 846, bars 1-11", "J. S. Bach", 0.5, 0.5, 0.6, 0.6),
    Piece("strings-and-harpsichord.opus", canon, "Canon in D, P. 37, excerpt", "Johann Pachelbel", 0.7, 0.7, 1.2),
    Piece("synth-groove.opus", groove, "Synth groove", "The taggram authors", 0.4, 0.4, 0.25),
]
LICENCE = "CC0 1.0 Universal (https://creativecommons.org/publicdomain/zero/1.0/)"
CREDIT = "Rendered by taggram's examples/render.py with FluidSynth and the Fluid (R3) soundfont by Frank Wen (MIT)"


def synthesise(midi: Path, soundfont: Path, piece: Piece) -> np.ndarray:
    """Play a MIDI file with FluidSynth; return float samples of shape (frames, 2)."""
    program = shutil.which("fluidsynth")
    if program is None:
        sys.exit("fluidsynth is not installed: sudo apt install fluidsynth")
    if not soundfont.is_file():
        sys.exit(f"no soundfont at {soundfont}: sudo apt install fluid-soundfont-gm, or name one with --soundfont")
    raw = midi.with_suffix(".raw")
    reverb = {"room-size": piece.room, "level": piece.wet, "damp": 0.4, "width": 1.0}
    options = [f"--option=synth.reverb.{name}={value}" for name, value in reverb.items()]
    output = ["--fast-render", raw, "--audio-file-type", "raw", "--audio-file-format", "float"]
    settings = ["--quiet", "--no-shell", "--chorus", "no", "--gain", "0.4", "--sample-rate", str(RATE)]
    subprocess.run([program, *settings, *options, *output, soundfont, midi], check=True, capture_output=True)
    return np.fromfile(raw, dtype=np.float32).reshape(-1, 2)


def finish(samples: np.ndarray, piece: Piece) -> np.ndarray:
    """Cut or pad to length, set the width, fade the end out and bring the peak to `PEAK_DBFS`."""
    frames = round(SECONDS * RATE)
    sound = np.zeros((frames, 2))
    sound[: len(samples)] = samples[:frames]
    middle = sound.mean(axis=1, keepdims=True)
    sound = middle + piece.width * (sound - middle)
    ramp = round(piece.fade * RATE)
    sound[-ramp:] *= np.cos(np.linspace(0, np.pi / 2, ramp))[:, None]
    return (sound * 10 ** (PEAK_DBFS / 20) / np.abs(sound).max()).astype(np.float32)


def encode(sound: np.ndarray, path: Path, piece: Piece) -> None:
    """Write Ogg Opus with the piece's tags; bitexact, so that equal sound gives an equal file."""
    with av.open(path, "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        tags = {"title": piece.title, "artist": piece.composer, "composer": piece.composer}
        container.metadata.update(tags | {"license": LICENCE, "comment": CREDIT})
        stream = container.add_stream(
            "libopus", rate=RATE, layout="stereo", bit_rate=64_000, options={"vbr": "constrained"}
        )
        frame = av.AudioFrame.from_ndarray(sound.reshape(1, -1), format="flt", layout="stereo")
        frame.sample_rate, frame.pts = RATE, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def main() -> None:
    """Render every piece."""
    parser = argparse.ArgumentParser(description="Render the pieces for tests.")
    parser.add_argument("--soundfont", type=Path, default=SOUNDFONT, help="a General MIDI soundfont (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="where the files go (%(default)s)")
    parser.add_argument("--seed", type=int, default=846, help="seed of the small human unevenness (%(default)s)")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for number, piece in enumerate(PIECES):
        with tempfile.TemporaryDirectory() as folder:
            midi = Path(folder) / "score.mid"
            piece.write(np.random.default_rng([arguments.seed, number])).save(midi)
            sound = finish(synthesise(midi, arguments.soundfont, piece), piece)
        path = arguments.out / piece.file
        encode(sound, path, piece)
        print(f"{path}: {len(sound) / RATE:.1f} s, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
