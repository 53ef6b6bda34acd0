"""How well the offline ears understand, with and without vocabulary, beside plain faster-whisper.

python benchmarks/ears_accuracy.py [--data FILE] [--most 60] [--json]
python benchmarks/ears_accuracy.py --recordings DIR --labels FILE [--most 60] [--json]

`--data` is a file of JSON Lines with `text` and `title` (default: ../shared/data/todo_utterances.jsonl), spoken by the
bundled voice at varied pace, level and noise: good for comparing rows with each other, too kind for an absolute figure.
`--labels` is a file of JSON Lines with `file` and `phrases` for recordings of people, DIR/FILE; a phrase counts where
it is in the text. The vocabulary holds all titles or phrases of the file, as a full task list would, likeliest first
being unknown. "As used" is what a conversation gets: the guess where Whisper is sure of it, else the full window.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.offline_recordings import SAMPLE_RATE, spoken
from voice_agent.offline import models
from voice_agent.offline.ears_heard import Heard, Window, cleaned
from voice_agent.offline.ears_listen import WINDOW, Change, Listener
from voice_agent.offline.vocabulary import vocabulary
from voice_agent.session.audio.wav import read_wav

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

DATA = Path(__file__).parents[2] / "shared" / "data" / "todo_utterances.jsonl"
_NUMBERS = {
    "1": "one", "2": "two", "3": "three", "4": "four", "5": "five", "6": "six", "7": "seven", "8": "eight", "9": "nine",
    "10": "ten", "12": "twelve", "16": "sixteen", "20": "twenty", "ounces": "ounce",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sample:
    """One utterance and what must come out of it."""

    samples: NDArray[np.int16]
    text: str | None
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Figures of one way to recognise."""

    word_errors: float | None
    phrases: float
    whole: float
    seconds: float
    guesses_kept: float | None = None


def plain_words(text: str) -> list[str]:
    words = re.sub(r"[^a-z0-9 ]", " ", text.lower().replace("'", "")).split()
    return [_NUMBERS.get(word, word) for word in words]


def edits(said: list[str], understood: list[str]) -> int:
    """Words to change, add or take out (Levenshtein)."""
    row = list(range(len(understood) + 1))
    for i, word in enumerate(said, 1):
        corner, row[0] = row[0], i
        for j, other in enumerate(understood, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (word != other))
    return row[-1]


def at_first_silence(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """The sound that the ears have when they make the guess that stands."""
    from livekit.local_inference import VAD

    listener, vad, newest = Listener(end=None), VAD(), b""
    whole = np.concatenate([samples, np.zeros(SAMPLE_RATE, np.int16)])
    for start in range(0, whole.size - WINDOW, WINDOW):
        part = whole[start : start + WINDOW]
        if listener.hear(part.tobytes(), vad.predict(part)) is Change.PAUSED:
            newest = listener.sound()
    return np.frombuffer(newest, np.int16) if newest else samples


def ways(words: tuple[str, ...]) -> dict[str, Callable[[NDArray[np.float32], NDArray[np.float32]], Heard]]:
    """Each way takes the whole recording and the sound at the first silence."""
    whisper = models.whisper().result()
    plain: Any = whisper.model

    def as_faster_whisper(whole: NDArray[np.float32], _: NDArray[np.float32]) -> Heard:
        segments, _info = plain.transcribe(whole, language="en", beam_size=1, condition_on_previous_text=False)
        return Heard("".join(segment.text for segment in segments), 0.0, 0.0, 0.0)

    def guess(sound: NDArray[np.float32], known: tuple[str, ...]) -> Heard:
        window = Window.for_guess(sound.size / SAMPLE_RATE)
        return cleaned(whisper.recognise(sound, window=window, vocabulary=known))

    def as_used(sound: NDArray[np.float32], known: tuple[str, ...]) -> Heard:
        first = guess(sound, known)
        return first if first.is_final else cleaned(whisper.recognise(sound, vocabulary=known))

    return {
        "plain faster-whisper": as_faster_whisper,
        "full window": lambda _, sound: cleaned(whisper.recognise(sound)),
        "full window, vocabulary": lambda _, sound: cleaned(whisper.recognise(sound, vocabulary=words)),
        "guess, vocabulary": lambda _, sound: guess(sound, words),
        "as used, no vocabulary": lambda _, sound: as_used(sound, ()),
        "as used, vocabulary": lambda _, sound: as_used(sound, words),
    }


def score(samples: list[Sample], sounds: list[NDArray[np.int16]], way: Callable[..., Heard], *, is_used: bool) -> Row:
    wrong = words = found = asked = whole = kept = 0
    times: list[float] = []
    for sample, sound in zip(samples, sounds, strict=True):
        started = time.perf_counter()
        heard = way(_float(sample.samples), _float(sound))
        times.append(time.perf_counter() - started)
        understood = plain_words(heard.text)
        kept += heard.window is not Window.FULL
        if sample.text is not None:
            wrong += edits(plain_words(sample.text), understood)
            words += len(plain_words(sample.text))
        there = [" ".join(plain_words(phrase)) in " ".join(understood) for phrase in sample.phrases]
        found, asked, whole = found + sum(there), asked + len(there), whole + all(there)
    return Row(
        round(wrong / words, 4) if words else None,
        round(found / max(1, asked), 4),
        round(whole / len(samples), 4),
        round(statistics.median(times), 3),
        round(kept / len(samples), 3) if is_used else None,
    )


def _float(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    return (samples / 32768).astype(np.float32)


def load(args: argparse.Namespace) -> list[Sample]:
    if args.recordings:
        labels = [json.loads(line) for line in args.labels.read_text().splitlines()][: args.most]
        return [Sample(read_wav(args.recordings / label["file"]), None, tuple(label["phrases"])) for label in labels]
    if not args.data.is_file():
        sys.exit(f"{args.data} is not there. Name a file of JSON Lines with `text` and `title` by --data.")
    lines = [json.loads(line) for line in args.data.read_text().splitlines()]
    chosen = lines[:: max(1, len(lines) // args.most)][: args.most]
    made = spoken([line["text"] for line in chosen])
    return [
        Sample(one.samples, line["text"], (line["title"],) if line["title"] else ())
        for one, line in zip(made, chosen, strict=True)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--recordings", type=Path)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--most", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if bool(args.recordings) != bool(args.labels):
        parser.error("--recordings and --labels go together")
    samples = load(args)
    words = vocabulary([], [{"title": phrase} for sample in samples for phrase in sample.phrases])
    sounds = [at_first_silence(sample.samples) for sample in samples]
    rows = {name: score(samples, sounds, way, is_used="used" in name) for name, way in ways(words).items()}
    if args.json:
        print(json.dumps({name: {field: getattr(row, field) for field in Row.__slots__} for name, row in rows.items()}))
        return
    print(f"{len(samples)} utterances, {len(words)} phrases known")
    print(f"{'':26}{'word errors':>12}{'phrases':>9}{'all of them':>12}{'median s':>10}{'guesses kept':>14}")
    for name, row in rows.items():
        errors = "" if row.word_errors is None else f"{row.word_errors:.1%}"
        kept = "" if row.guesses_kept is None else f"{row.guesses_kept:.0%}"
        print(f"{name:26}{errors:>12}{row.phrases:>9.1%}{row.whole:>12.1%}{row.seconds:>10.3f}{kept:>14}")


if __name__ == "__main__":
    main()
