"""How well messages are read, on messages that no example was made from.

    python -m benchmarks.intent [SET …]

Questions: the question sets (see question_sets.py). Talk among people: the lines of data/channel_messages.txt that want
no answer, and what the limits were set on. Wishes for a person, and what looks like them: data/persons. A message that
is word for word an example is left out.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from benchmarks.question_sets import folder
from bot.answering.intent.examples import example_languages, load_messages, load_talk
from bot.answering.intent.reader import LearnedReader
from bot.app.factories import embedding_models_for
from bot.chat.intent import Intent, MessageReading
from bot.i18n.language import reply_language
from bot.settings import load_settings

DATA = Path(__file__).parent / "data"
WANTED = {"hint3": 0.75, "clinc150_oos": 0.85, "sites_en": 0.95, "covid_jhu": 0.93, "banking77": 0.96}


def read_sets(names: Sequence[str]) -> dict[str, list[str]]:
    """The questions of each set."""
    sets = {}
    for path in sorted(folder().iterdir()) if folder().is_dir() else []:
        if not names or path.name in names:
            lines = (path / "queries.jsonl").read_text(encoding="utf-8").splitlines()
            sets[path.name] = list(dict.fromkeys(json.loads(line)["text"] for line in lines))
    return sets


def read_talk() -> dict[str, list[str]]:
    """Talk among people, and wishes for a person, by where they come from."""
    talk: dict[str, list[str]] = defaultdict(list)
    for tag in example_languages():
        talk[f"talk {tag} (limits set on it)"] = load_talk([tag])
    for line in (DATA / "channel_messages.txt").read_text(encoding="utf-8").splitlines():
        spoken = "en" if line.isascii() else "zh"
        talk[f"channel {spoken}, {'wants an answer' if line.startswith('+') else 'wants none'}"].append(line[2:])
    for path in sorted((DATA / "persons").glob("*.txt")):
        talk[f"person {path.stem}"] = path.read_text(encoding="utf-8").splitlines()
    return talk


def read(reader: LearnedReader, texts: Sequence[str]) -> list[MessageReading]:
    """Each text as the product reads it, in the language that it finds it in."""
    spoken = [reply_language(text) for text in texts]
    readings: dict[int, MessageReading] = {}
    for language in dict.fromkeys(spoken):
        rows = [row for row, each in enumerate(spoken) if each == language]
        readings |= dict(zip(rows, reader.read_messages([texts[row] for row in rows], language), strict=True))
    return [readings[row] for row in range(len(texts))]


def main(names: Sequence[str]) -> None:
    settings = load_settings()
    reader = LearnedReader(embedding_models_for(settings), settings.data_dir / "models")
    examples = {_plain(each.text) for each in load_messages()}
    print(f"{'':<34}{'messages':>9}{'asks':>7}{'wanted':>7}{'person':>8}{'maybe':>7}{'small talk':>11}{'quiet':>7}")
    for name, texts in (read_sets(names) | read_talk()).items():
        kept = [text for text in texts if name in WANTED or _plain(text) not in examples]
        readings = read(reader, kept)
        shares = (
            sum(each.asks for each in readings),
            sum(each.wants_person for each in readings),
            sum(each.intent is Intent.PERSON for each in readings),
            sum(each.sure and each.intent.is_small_talk for each in readings),
            sum(each.wants_quiet for each in readings),
        )
        asks, person, maybe, small_talk, quiet = (share / max(1, len(readings)) for share in shares)
        wanted = f"{WANTED[name]:.2f}" if name in WANTED else ""
        print(
            f"{name:<34}{len(kept):>9}{asks:>7.3f}{wanted:>7}{person:>8.4f}{maybe:>7.3f}{small_talk:>11.3f}{quiet:>7.3f}"
        )


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()


if __name__ == "__main__":
    main(sys.argv[1:])
