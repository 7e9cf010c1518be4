"""A command as it is typed -> its name and options. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.commands.registry import Command, Kind
from bot.errors import InputError

Options = Mapping[str, str | bool]


_LISTED = {"sources", "taught", "glossary", "learned", "gaps", "keys"}
_DASHES = ("--", "–", "—")  # some keyboards make a dash of two hyphens
_USER = re.compile(r"<@!?(?P<id>[A-Z0-9]+)(?:\|[^>]*)?>")
_CHANNEL = re.compile(r"<#(?P<id>[A-Z0-9]+)(?:\|[^>]*)?>")


@dataclass(frozen=True, slots=True)
class Call:
    """A command with its options by name."""

    name: str
    options: Options = field(default_factory=dict)


def read_line(text: str, commands: Mapping[str, Command]) -> Call:
    """What was typed behind `/faq`; nothing at all asks for help. Raises InputError, which names the mend."""
    try:
        words = shlex.split(text.replace("“", '"').replace("”", '"'))
    except ValueError:
        words = text.split()
    if not words:
        return Call("help")
    name = _name_of(words, commands)
    return Call(name, _read_options(commands[name], words[len(name.split()) :]))


def _name_of(words: list[str], commands: Mapping[str, Command]) -> str:
    if len(words) > 1 and words[0].casefold() in _LISTED and words[1].casefold() == "list":
        del words[1]  # as it is called on the command line
    for count in (2, 1):
        name = " ".join(words[:count]).casefold()
        if name in commands:
            return name
    if words[0].casefold() == "quiet":  # short for: in this channel
        words[:1] = ["channel", "quiet", *([] if len(words) > 1 else ["on"])]
        return "channel quiet"
    if words[0].casefold() in {"refresh", "crawl"}:
        words[0] = "recrawl"
        return "recrawl"
    raise InputError(f"I know no command {words[0][:40]!r}: /faq help lists them.")


def _read_options(command: Command, words: list[str]) -> Options:
    options: dict[str, str | bool] = {}
    rest: list[str] = []
    waiting = iter(words)
    named = {each.name: each for each in command.parameters if each.named or each.kind is Kind.FLAG}
    for word in waiting:
        if not word.startswith(_DASHES):
            rest.append(_plain(word))
            continue
        name, _, value = word.lstrip("-–—").partition("=")
        parameter = named.get(name.casefold())
        if parameter is None:
            raise InputError(f"{word[:40]!r} is no option of {command.name}: {command.usage}")
        if parameter.kind is Kind.FLAG:
            options[parameter.name] = True
            continue
        value = value or next(waiting, "")
        if not value or value.startswith(_DASHES):
            raise InputError(f"--{parameter.name} needs a value: {command.usage}")
        options[parameter.name] = _plain(value)
    for parameter in command.parameters:
        if parameter.name in named:
            continue
        if rest and parameter.kind is Kind.REST:
            options[parameter.name] = " ".join(rest)
            rest.clear()
        elif rest:
            options[parameter.name] = rest.pop(0)
        elif parameter.required:
            raise InputError(f"The {parameter.name} is missing: {command.usage}")
    if rest:
        raise InputError(f"{rest[0][:40]!r} is one word too many: {command.usage}")
    return options


def _plain(word: str) -> str:
    """A mention as the id it stands for; Slack's links without their brackets."""
    for pattern in (_USER, _CHANNEL):
        if match := pattern.fullmatch(word):
            return match["id"]
    if word.startswith("<http") and word.endswith(">"):
        return word[1:-1].partition("|")[0]
    return word
