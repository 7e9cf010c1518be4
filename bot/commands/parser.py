"""A command as it is typed -> its name and options. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.errors import InputError

Options = Mapping[str, str | bool]


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A command: its positional arguments in order ("?" behind one that may be left out, "…" behind one that takes the
    rest of the line), and its flags ("name" for one that is there or not, "name=" for one that takes a value)."""

    arguments: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    help: str = ""


COMMANDS: Mapping[str, CommandSpec] = {
    "recrawl": CommandSpec(
        ("source?",), ("dry-run", "force"), "read the sources again; the old version answers meanwhile"
    ),
    "cancel": CommandSpec((), (), "stop the re-crawl that runs"),
    "status": CommandSpec((), (), "what I know, since when, and what is wrong"),
    "sources": CommandSpec((), (), "the sources, with their schedules and troubles"),
    "sources add": CommandSpec(("url",), ("name=", "prefix=", "page"), "look at a site, then add it"),
    "sources remove": CommandSpec(("source",), (), "forget a source"),
    "sources pause": CommandSpec(("source",), (), "leave a source out; what it held stays"),
    "sources resume": CommandSpec(("source",), (), "take it up again"),
    "sources every": CommandSpec(("source", "hours"), (), "read it by itself every so many hours, or never"),
    "versions": CommandSpec((), (), "the versions of the index"),
    "rollback": CommandSpec(("version?",), (), "go back to an older version"),
    "explain": CommandSpec(("answer",), (), "why an answer was given, by its id; or use the answer's own menu"),
    "gaps": CommandSpec((), ("days=",), "what people asked and was not answered well"),
    "channel help": CommandSpec(
        ("state", "channel?"), (), "on: answer every new question of this channel; off: do not"
    ),
    "channel quiet": CommandSpec(("state", "channel?"), (), "on: stay silent in this channel; off: do not"),
    "admins": CommandSpec((), (), "who may steer me"),
    "admins add": CommandSpec(("user",), (), "name an admin"),
    "admins remove": CommandSpec(("user",), (), "take that back"),
    "handoffs": CommandSpec((), (), "what people are busy with, or should be"),
    "taught": CommandSpec(("state?",), (), "what people taught me"),
    "taught show": CommandSpec(("id",), (), "look at a taught answer, with its buttons"),
    "teach": CommandSpec((), (), "teach me an answer"),
    "export": CommandSpec(("format?",), (), "taught answers as html or json-ld, for your own site"),
    "glossary": CommandSpec((), ("source=",), "terms that mean the same, by which I understand questions"),
    "glossary add": CommandSpec(("terms…",), ("source=",), "name terms that mean the same: AP = access point"),
    "glossary remove": CommandSpec(("entry…",), ("source=",), "take a group out, by its id or one of its terms"),
    "glossary suggest": CommandSpec((), ("source=",), "what the pages themselves say to mean the same"),
    "glossary approve": CommandSpec(("id",), (), "use a suggestion"),
    "glossary dismiss": CommandSpec(("id",), (), "suggest it no more"),
    "glossary export": CommandSpec((), (), "all groups as CSV"),
    "learned": CommandSpec((), (), "which entries customers showed that their words mean"),
    "learned show": CommandSpec(("id",), (), "look at a learned wording, and what it rests on"),
    "learned remove": CommandSpec(("id",), (), "take one out; it is not learned again"),
    "forget": CommandSpec(("user",), (), "delete all that a user said"),
    "audit": CommandSpec((), (), "who did what"),
    "help": CommandSpec((), (), "this list"),
}
_LISTED = {"sources", "taught", "glossary", "learned"}
_DASHES = ("--", "–", "—")  # some keyboards make a dash of two hyphens
_USER = re.compile(r"<@!?(?P<id>[A-Z0-9]+)(?:\|[^>]*)?>")
_CHANNEL = re.compile(r"<#(?P<id>[A-Z0-9]+)(?:\|[^>]*)?>")


@dataclass(frozen=True, slots=True)
class Call:
    """A command with its options by name."""

    name: str
    options: Options = field(default_factory=dict)


def read_line(text: str) -> Call:
    """What was typed behind `/faq`; nothing at all asks for help. Raises InputError, which names the mend."""
    try:
        words = shlex.split(text.replace("“", '"').replace("”", '"'))
    except ValueError:
        words = text.split()
    if not words:
        return Call("help")
    name = _name_of(words)
    spec = COMMANDS[name]
    return Call(name, _options(name, spec, words[len(name.split()) :]))


def usage(name: str) -> str:
    """A command as it is typed."""
    spec = COMMANDS[name]
    arguments = [f"[{each[:-1]}]" if each.endswith("?") else f"<{each}>" for each in spec.arguments]
    flags = [f"[--{each.removesuffix('=')}{' …' if each.endswith('=') else ''}]" for each in spec.flags]
    return " ".join(["/faq", name, *arguments, *flags])


def _name_of(words: list[str]) -> str:
    if len(words) > 1 and words[0].casefold() in _LISTED and words[1].casefold() == "list":
        del words[1]  # as it is called on the command line
    for count in (2, 1):
        name = " ".join(words[:count]).casefold()
        if name in COMMANDS:
            return name
    if words[0].casefold() == "quiet":  # short for: in this channel
        words[:1] = ["channel", "quiet", *([] if len(words) > 1 else ["on"])]
        return "channel quiet"
    if words[0].casefold() in {"refresh", "crawl"}:
        words[0] = "recrawl"
        return "recrawl"
    raise InputError(f"I know no command {words[0][:40]!r}: /faq help lists them.")


def _options(name: str, spec: CommandSpec, words: list[str]) -> Options:
    options: dict[str, str | bool] = {}
    rest: list[str] = []
    waiting = iter(words)
    for word in waiting:
        if not word.startswith(_DASHES):
            rest.append(_plain(word))
            continue
        flag, _, value = word.lstrip("-–—").partition("=")
        flag = flag.casefold()
        if flag in spec.flags:
            options[flag] = True
        elif f"{flag}=" in spec.flags:
            value = value or next(waiting, "")
            if not value or value.startswith(_DASHES):
                raise InputError(f"--{flag} needs a value: {usage(name)}")
            options[flag] = _plain(value)
        else:
            raise InputError(f"{word[:40]!r} is no option of {name}: {usage(name)}")
    for argument in spec.arguments:
        key = argument.rstrip("?…")
        if rest and argument.endswith("…"):
            options[key] = " ".join(rest)
            rest.clear()
        elif rest:
            options[key] = rest.pop(0)
        elif not argument.endswith("?"):
            raise InputError(f"The {key} is missing: {usage(name)}")
    if rest:
        raise InputError(f"{rest[0][:40]!r} is one word too many: {usage(name)}")
    return options


def _plain(word: str) -> str:
    """A mention as the id it stands for; Slack's links without their brackets."""
    for pattern in (_USER, _CHANNEL):
        if match := pattern.fullmatch(word):
            return match["id"]
    if word.startswith("<http") and word.endswith(">"):
        return word[1:-1].partition("|")[0]
    return word
