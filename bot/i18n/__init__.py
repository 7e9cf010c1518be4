"""Frontdesk's own words, one TOML file a language beside this module; a language without a file speaks English."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DEFAULT = "en"
FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Words:
    """One language's file: `replies` are sentences with {placeholders}, `labels` plain, `quoting` lists of phrases."""

    language: str
    replies: Mapping[str, str]
    labels: Mapping[str, str]
    quoting: Mapping[str, Sequence[str]]

    def say(self, key: str, **values: object) -> str:
        """The reply `key` with its placeholders filled in."""
        return self.replies[key].format(**values)

    def label(self, key: str, **values: object) -> str:
        """The label `key` with its placeholders filled in."""
        return self.labels[key].format(**values)


@cache
def list_languages(folder: Path = FOLDER) -> tuple[str, ...]:
    """The tags of the languages there are files for, the default first."""
    names = (entry.name for entry in folder.iterdir())
    tags = sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))
    return (DEFAULT, *(tag for tag in tags if tag != DEFAULT))


@cache
def load_words(tag: str, folder: Path = FOLDER) -> Words:
    """The words of exactly this tag, one of `list_languages()`."""
    return Words(tag, **tomllib.loads((folder / f"{tag}.toml").read_text(encoding="utf-8")))


def words_for(language: str, folder: Path = FOLDER) -> Words:
    """The words for a BCP 47 tag: its own file, else its primary language's ("zh-HK" -> "zh"), else English."""
    wanted = language.lower().replace("_", "-")
    primary = wanted.partition("-")[0]
    tags = {tag.lower(): tag for tag in list_languages(folder)}
    return load_words(tags.get(wanted) or tags.get(primary) or DEFAULT, folder)
