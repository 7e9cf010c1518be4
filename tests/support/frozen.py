"""Conversations with the real core over the example shop, and what each platform draws of them, as plain data.

What is kept of them stands in `tests/frozen`. This module is all that knows where the product keeps its parts: the core
is opened and asked here, and each platform has one function that draws a turn (`DRAWN_BY`). Whatever differs from run
to run (the ids of turns, today's date) is replaced in the turns before they are looked at; how sure an answer was is
not told, for that differs by processor.
"""

from __future__ import annotations

import io
import json
import re
import time
import uuid
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bot.answering.clarify import describe_choice, find_pressed_option
from bot.app import Application, open_application
from bot.chat.conversation import (
    NONE_OF_THESE,
    ClarificationOutcome,
    Decision,
    Final,
    IncomingMessage,
    OptionPress,
    Turn,
)
from bot.chat.people import Actor, Role
from bot.chat.split import split_markdown
from bot.inbox.intents import IntentReadings
from bot.platforms.discord import choices as discord_choices
from bot.platforms.discord import layouts
from bot.platforms.discord.markdown import to_discord
from bot.platforms.discord.sizes import measure_size
from bot.platforms.registry import ConfiguredPlatform, Platforms
from bot.platforms.slack import blocks
from bot.platforms.slack import choices as slack_choices
from bot.platforms.slack.markdown import to_slack
from bot.platforms.slack.platform import SlackPlatform
from bot.platforms.slack.settings import SlackSettings
from bot.platforms.terminal.answers import AnswerPrinter
from bot.settings import load_settings
from examples.serve import serving
from tests.support.bots import Knowledge, crawled

FROZEN = Path(__file__).parents[1] / "frozen"
CONVERSATIONS, DRAWINGS = FROZEN / "conversations.jsonl", FROZEN / "drawings.jsonl"
SHOP = "https://persimmonlane.example"  # in place of where it is served
DAY = "2026-03-01"  # in place of the day on which something was taught

TAUGHT = (
    ("Do you wrap presents?", "Yes: tell us at the checkout, and we wrap it in printed cotton paper for €3."),
    (
        "Which tea is the least bitter?",
        "The **white** ones. Try [Bai Mudan](https://persimmonlane.example/tea/bai-mudan).",
    ),
    ("可以包装成礼物吗？", "可以。结账时备注一下，我们用印花棉纸包好，收 3 欧元。"),
)
GLOSSARY = ("Ember kettle, Glutkessel", "points, club money")
_TEACHER = Actor("terminal", "", "ines", "Ines", Role.ADMIN)
_SUPPORT = "C0SUPPORT"
_PORT = 8477
_PATIENCE = 300  # seconds
_ITEM = "0" * 32
_LINK_ID = re.compile(r"\x1b]8;id=[^;]*;")  # Rich draws it by lot

Record = dict[str, Any]
"""A conversation: `id`, `kind`, maybe `staffed` (people can be reached, and have taught something), and `messages`. Of
a message `text` or `press` (the place of the button, 0 for the one that refuses) is given, the rest is what came of
it."""


@dataclass(frozen=True)
class Core:
    """The core, open. `readings` are the desk's."""

    application: Application
    readings: IntentReadings
    site: str


def read_shop(data: Path) -> Knowledge:
    """The shop, crawled into a folder. Its port is always the same, and waited for while another run reads the shop
    from it: links are embedded with the rest of a passage, and vectors move with their company in a batch."""
    for _ in range(_PATIENCE):
        with suppress(OSError), serving(_PORT) as site:
            return crawled(data, f"{site.url}/")
        time.sleep(1)
    raise AssertionError(f"port {_PORT} is taken: the shop has to be read from it")


@asynccontextmanager
async def open_core(
    knowledge: Knowledge,
    folder: Path,
    *,
    staffed: bool = False,
    prepare: Callable[[Application], None] = lambda _application: None,
) -> AsyncIterator[Core]:
    """The core over the crawled shop, with an empty database in `folder`; `prepare` may change parts before they are
    used."""
    settings = load_settings(
        data_dir=knowledge.data,
        database_url=f"sqlite+aiosqlite:///{folder / uuid.uuid4().hex}.db",
        learn_from=0,  # or what one conversation taught would change the next
        _env_file=None,
    )
    slack = SlackSettings(support_channel=_SUPPORT if staffed else "", _env_file=None)
    platforms = Platforms([ConfiguredPlatform(SlackPlatform(), slack)])
    async with open_application(settings, platforms) as application:
        prepare(application)
        if staffed:
            application.posters["slack"] = SimpleNamespace()  # type: ignore[assignment]  # counts as connected
            for question, answer in TAUGHT:
                await application.taught_answers.teach(_TEACHER, question, answer)
            for terms in GLOSSARY:
                await application.glossary.add(terms)
        await application.warm_up()
        yield Core(application, IntentReadings(application.intent_reader), knowledge.site)


async def converse_all(
    knowledge: Knowledge,
    folder: Path,
    records: Sequence[Record],
    drawn: Collection[str] = (),
    prepare: Callable[[Application], None] = lambda _application: None,
) -> list[tuple[Record, Record]]:
    """Every record's `converse`, in their order; those of the ids `drawn` are drawn."""
    found: dict[str, tuple[Record, Record]] = {}
    for staffed in (False, True):
        async with open_core(knowledge, folder, staffed=staffed, prepare=prepare) as core:
            for record in records:
                if bool(record.get("staffed")) is staffed:
                    found[record["id"]] = await converse(core, record, drawn=record["id"] in drawn)
    return [found[record["id"]] for record in records]


async def converse(core: Core, record: Record, *, drawn: bool = False) -> tuple[Record, Record]:
    """-> the record with what comes of its messages today, and what the platforms draw of that (if `drawn`)."""
    staffed = bool(record.get("staffed"))
    messages: list[Record] = []
    drawings: list[Record] = []
    finals: list[Final] = []
    for asked in record["messages"]:
        message = _message(record, asked, finals[-1].turn if finals else None)
        if message is None:  # so that the difference is shown, not a fault
            messages.append(_asked(asked) | {"decision": "there is no such button"})
            break
        [final] = [
            event
            async for event in core.application.answer_pipeline.answer_message(message)
            if isinstance(event, Final)
        ]
        finals.append(final)
        number = {each.turn.id: place for place, each in enumerate(finals, 1)}
        turn = _told_alike(core, final.turn, number)
        settled = (
            replace(final.settled, asked=_told_alike(core, final.settled.asked, number)) if final.settled else None
        )
        reading = [] if message.chosen else await _read(core, message.text)
        messages.append(_asked(asked) | _outcome(turn, message.text, reading))
        if drawn:
            drawings.append({name: draw(turn, settled, staffed) for name, draw in DRAWN_BY.items()})
    given = {key: record[key] for key in ("id", "kind", "staffed") if key in record}
    return given | {"messages": messages}, {"id": record["id"], "messages": drawings}


def read_records(path: Path) -> list[Record]:
    """A record a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write_record(record: Record) -> str:
    """The line that it is kept as."""
    return json.dumps(record, ensure_ascii=False)


def _message(record: Record, asked: Record, before: Turn | None) -> IncomingMessage | None:
    """What arrives: a text, or a button that is pressed below what was offered `before`; None where it is not there."""
    platform = "slack" if record.get("staffed") else "terminal"
    message = IncomingMessage(record["id"], asked.get("text", ""), platform, user="U1", channel="C1")
    if "press" not in asked:
        return message
    place = asked["press"]
    if before is None or not before.decision.offers or place > len(before.citations):
        return None
    number = before.citations[place - 1].number if place else NONE_OF_THESE
    choice = find_pressed_option(before, number)
    assert choice
    return replace(message, text=describe_choice(before, choice), chosen=OptionPress(before.id, number, "U1", "M1"))


def _asked(asked: Record) -> Record:
    return {key: asked[key] for key in ("text", "press") if key in asked}


async def _read(core: Core, text: str) -> list[str]:
    """What the desk reads of a message in a channel where people talk."""
    reading = await core.readings.read_message(text)
    read = {"asks": reading.asks, "refers": reading.refers, "quiet": reading.wants_quiet}
    return [name for name, holds in read.items() if holds]


def _outcome(turn: Turn, text: str, reading: list[str]) -> Record:
    """What a reader sees of a turn, and what is kept of the message where that is not what was written."""
    outcome: Record = {"read": reading} if reading else {}
    if turn.question != text:
        outcome["kept"] = turn.question
    outcome |= {"decision": turn.decision.value, "language": turn.language, "reply": turn.answer}
    if turn.citations:
        outcome["citations"] = [
            {"title": each.title, "url": each.url} | ({"byline": each.byline} if each.author else {})
            for each in turn.citations
        ]
    if turn.decision.offers:
        outcome["offered"] = [each.label for each in turn.citations]
    return outcome


def _told_alike(core: Core, turn: Turn, number: Mapping[str, int]) -> Turn:
    """A turn as it would be in any run."""

    def placed(text: str) -> str:
        return text.replace(core.site, SHOP)

    citations = tuple(
        replace(each, url=placed(each.url), links=tuple(map(placed, each.links)), date=DAY if each.date else "")
        for each in turn.citations
    )
    return replace(turn, id=f"{number.get(turn.id, 0):032x}", answer=placed(turn.answer), citations=citations)


# -- what the platforms draw: one function each ---------------------------------------------------------------------


def draw_on_slack(turn: Turn, settled: ClarificationOutcome | None, people: bool) -> Record:
    """The messages with their fallback, the same in older blocks and without any, and the offer that is over."""
    drawn: Record = {}
    if turn.decision is Decision.CLARIFY:
        drawn["messages"] = [{"blocks": slack_choices.draw_question(turn), "text": slack_choices.format_fallback(turn)}]
    else:
        suggested = turn.decision is Decision.SUGGEST
        pieces = (
            slack_choices.render_suggestion(turn)
            if suggested
            else split_markdown(to_slack(turn.answer, turn.links), blocks.PIECE)
        )
        draw_below = slack_choices.below_suggestion if suggested else blocks.draw_footer
        below = [*([()] * (len(pieces) - 1)), draw_below(turn, handoff=people)]
        drawn["messages"] = [blocks.draw_message(*each) for each in zip(pieces, below, strict=True)]
        drawn["sections"] = [blocks.draw_sections(*each) for each in zip(pieces, below, strict=True)]
        drawn["bare"] = [blocks.write_message(*each)["text"] for each in zip(pieces, below, strict=True)]
    if settled:
        fallback = slack_choices.format_fallback(settled.asked, settled)
        drawn["settled"] = {"blocks": slack_choices.draw_outcome(settled), "text": fallback}
    return drawn


def draw_on_discord(turn: Turn, settled: ClarificationOutcome | None, people: bool) -> Record:
    """The messages' components and their bare text, and the offer that is over."""
    if turn.decision is Decision.CLARIFY:
        views = [discord_choices.draw_question(_ITEM, turn)]
    else:
        suggested = turn.decision is Decision.SUGGEST
        *pieces, last = (
            discord_choices.render_suggestion(turn)
            if suggested
            else split_markdown(to_discord(turn.answer, turn.links), layouts.PIECE, measure_size)
        )
        draw_last = discord_choices.end_of_suggestion if suggested else layouts.draw_message
        views = [layouts.draw_message(piece, _ITEM) for piece in pieces]
        views.append(draw_last(last, _ITEM, turn, handoff=people, post=False))
    drawn: Record = {
        "messages": [view.to_components() for view in views],  # type: ignore[no-untyped-call]
        "bare": [layouts.bare_text(view) for view in views],
    }
    if settled:
        drawn["settled"] = discord_choices.draw_outcome(_ITEM, settled).to_components()  # type: ignore[no-untyped-call]
    return drawn


def draw_on_terminal(turn: Turn, _settled: ClarificationOutcome | None, _people: bool) -> Record:
    """What a screen of 80 columns shows, with its escapes, and what is written into a pipe."""
    from rich.console import Console

    drawn: Record = {}
    for name, screen in (("screen", True), ("piped", False)):
        console = Console(
            file=io.StringIO(),
            force_terminal=screen,
            color_system="standard" if screen else None,
            width=80,
            highlight=False,
            legacy_windows=False,
            _environ={},
        )
        AnswerPrinter(console).print_answer(turn)
        drawn[name] = _LINK_ID.sub("\x1b]8;id=0;", console.file.getvalue()).split("\n")  # type: ignore[attr-defined]
    return drawn


DRAWN_BY: Mapping[str, Callable[[Turn, ClarificationOutcome | None, bool], Record]] = {
    "slack": draw_on_slack,
    "discord": draw_on_discord,
    "terminal": draw_on_terminal,
}
