"""The examples that reading is learned from: one TOML file a language, one message a line under what it is."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bot.chat.intent import Intent, OfferReply

FOLDER = Path(__file__).parent / "examples"
_REPLIES = "reply"  # the table of what people say to an offer
_SUMMONS = "summons"  # that of what they say where they call the bot in below somebody's question
REFERS, OTHER = "refers", "other"
_TALK, _AMONG_PEOPLE = "talk", "among_people"


@dataclass(frozen=True, slots=True)
class Example:
    """A message, the language it is in, and what it is."""

    text: str
    language: str
    kind: str


@cache
def example_languages(folder: Path = FOLDER) -> tuple[str, ...]:
    """The tags of the languages there are examples for."""
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def load_messages(languages: Collection[str] = (), folder: Path = FOLDER) -> list[Example]:
    """Messages of these languages (all where none is named), each with its Intent."""
    return [
        Example(text, tag, Intent(kind).value)
        for tag, tables in _load_tables(languages, folder)
        for kind, block in tables.items()
        if isinstance(block, str)
        for text in block.strip().splitlines()
    ]


def load_replies(languages: Collection[str] = (), folder: Path = FOLDER) -> list[Example]:
    """What people say to an offer, each with its OfferReply; every other message is OTHER."""
    replies = [
        Example(text, tag, OfferReply(kind).value)
        for tag, tables in _load_tables(languages, folder)
        for kind, block in tables.get(_REPLIES, {}).items()
        for text in block.strip().splitlines()
    ]
    said = {reply.text for reply in replies}
    others = (each for each in load_messages(languages, folder) if each.text not in said)
    short_answers = {Intent.ACKNOWLEDGEMENT, Intent.HELPED, Intent.NOT_HELPED}  # a yes or a no as often as not
    return replies + [
        Example(each.text, each.language, OfferReply.OTHER.value) for each in others if each.kind not in short_answers
    ]


def load_summons(languages: Collection[str] = (), folder: Path = FOLDER) -> list[Example]:
    """What people say who call the bot in below a question, without one of their own; every other message is OTHER, but
    for those that say as little."""
    summons = [
        Example(text, tag, kind)
        for tag, tables in _load_tables(languages, folder)
        for kind in (REFERS, OTHER)  # others that point to something as well, but say what is asked
        for text in tables.get(_SUMMONS, {}).get(kind, "").strip().splitlines()
    ]
    said = {each.text for each in summons}
    others = (each for each in load_messages(languages, folder) if each.text not in said)
    return summons + [Example(each.text, each.language, OTHER) for each in others if each.kind != Intent.HELP]


def load_talk(languages: Collection[str] = (), folder: Path = FOLDER) -> list[str]:
    """Talk among people in these languages (all where none is named), which nothing is learned from."""
    return [
        line
        for _, tables in _load_tables(languages, folder)
        for line in tables.get(_TALK, {}).get(_AMONG_PEOPLE, "").strip().splitlines()
    ]


def examples_digest(languages: Collection[str] = (), folder: Path = FOLDER) -> str:
    """Names the content of the examples of these languages (all where none is named)."""
    digest = hashlib.sha256()
    for file in _list_files(languages, folder):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _load_tables(languages: Collection[str], folder: Path) -> list[tuple[str, dict[str, Any]]]:
    files = _list_files(languages, folder)
    return [(file.stem, tomllib.loads(file.read_text(encoding="utf-8"))) for file in files]


def _list_files(languages: Collection[str], folder: Path) -> list[Path]:
    wanted = (tag for tag in example_languages(folder) if not languages or tag in languages)
    return [folder / f"{tag}.toml" for tag in wanted]
