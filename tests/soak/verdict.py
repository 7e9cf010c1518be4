"""What became of everything that was said: lost, doubled, silent, half-open, or as it should be."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import dropwhile
from typing import Any, NamedTuple

import discord as dpy

from bot.platforms.discord.layouts import compute_marker
from tests.soak.ledger import DISCORD, SLACK, Ledger, Said
from tests.support.discord import DiscordStandIn
from tests.support.discord.standin import shown
from tests.support.slack import SlackStandIn

_PASSED_OVER_SECONDS = 90  # within which one excuse stands for all questions of a user: a minute, and the way there


_WHISPERED = "could not be taken back: whispered"


class Row(NamedTuple):
    """An item of the inbox."""

    platform: str
    channel: str
    message_id: str
    id: str
    state: str
    judgement: str
    user: str
    attempts: int
    received_at: Any
    replies: str


@dataclass(frozen=True)
class Standing:
    """A message of the bot's. `of` is what it was said to, as far as that can be told."""

    platform: str
    place: str
    id: str
    text: str
    at: float
    of: Said | None
    here: bool = True  # where that was asked
    whole: bool = True
    whispered: bool = False  # only one user sees it: no call of Slack's finds, edits or removes it

    def __str__(self) -> str:
        state = "" if self.whole else ", not ended"
        state = f"{state}, whispered" if self.whispered else state
        return f"{self.platform} {self.place}/{self.id}{'' if self.here else ' (elsewhere)'}{state}: {self.text[:70]!r}"


@dataclass
class Fault:
    """Something that is not as it should be."""

    what: str
    said: Said | None
    row: Row | None
    standing: Sequence[Standing]
    calls: Sequence[str] = ()  # which made what stands what it is

    def __str__(self) -> str:
        said, row = self.said, self.row
        head = f"{said.platform} {said.channel}/{said.id} by {said.user}" if said else "nobody's"
        item = f"item {row.id[:8]} {row.state}, {row.attempts} starts, replies {row.replies}" if row else "no item"
        lines = [f"{head}: {self.what}; {item}", *(said.acts if said else ())]
        return "\n    ".join([*lines, *map(str, self.standing), *self.calls])


@dataclass
class Verdict:
    """The four that must be empty, and figures of what became of the rest."""

    lost: list[Fault] = field(default_factory=list)
    doubled: list[Fault] = field(default_factory=list)
    silent: list[Fault] = field(default_factory=list)
    half_open: list[Fault] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    first_words: list[float] = field(default_factory=list)  # seconds

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.lost or self.doubled or self.silent or self.half_open)

    @property
    def faults(self) -> Mapping[str, Sequence[Fault]]:
        """By their names."""
        return {"lost": self.lost, "doubled": self.doubled, "silent": self.silent, "half-open": self.half_open}


class Judge:
    """Looks at both platforms and at the inbox once all has settled."""

    def __init__(
        self, ledger: Ledger, slack: SlackStandIn, discord: DiscordStandIn, rows: Sequence[Row], *, admins: str
    ) -> None:
        self._ledger, self._slack, self._discord, self._admins = ledger, slack, discord, admins
        self._rows = {(row.platform, row.message_id): row for row in rows}
        self._by_item = {row.id: ledger.said.get((row.platform, row.message_id)) for row in rows}
        self._by_reply = {
            str(reply["id"]): said
            for row in rows
            for reply in json.loads(row.replies)
            if "id" in reply and (said := self._by_item[row.id])
        }
        self._by_marker: dict[int, list[Said]] = defaultdict(list)
        for row in rows:
            if row.platform == DISCORD and (said := self._by_item[row.id]):
                self._by_marker[compute_marker(row.id)].append(said)
        self._excused_at: dict[tuple[str, str], list[Any]] = defaultdict(list)
        self._verdict = Verdict()

    def judge(self) -> Verdict:
        """Look at everything once."""
        verdict = self._verdict
        standing: dict[Said, list[Standing]] = defaultdict(list)
        for each in [*self._on_slack(), *self._on_discord()]:
            if each.of is None or each.of.talk:
                verdict.doubled.append(Fault("said to nobody who asked", each.of, None, [each]))
            else:
                standing[each.of].append(each)
        for each in standing.values():
            each.sort(key=lambda one: one.at)
        for said in self._ledger.questions:
            row = self._row(said)
            if row and row.state == "excused" and standing[said]:
                self._excused_at[said.platform, said.user].append(row.received_at)
        for said in self._ledger.questions:
            self._look_at(said, self._row(said), standing[said])
        for row in self._rows.values():
            if row.state in {"owed", "retracting"}:
                said_to = self._ledger.said.get((row.platform, row.message_id))
                verdict.half_open.append(Fault(f"still {row.state}", said_to, row, ()))
        for faults in verdict.faults.values():
            for fault in faults:
                fault.calls = [line for each in fault.standing for line in self._list_calls(each)]
        return verdict

    def _list_calls(self, standing: Standing) -> Iterator[str]:
        """The calls that named a message, or made it."""
        if standing.platform == SLACK:
            to_monotonic = time.monotonic() - time.time()
            for call in self._slack.calls:
                if standing.id in {call.args.get("ts"), call.response.get("ts")}:
                    yield f"  {self._ledger.tell_time(call.at + to_monotonic)} {call.method} {call.error or 'ok'}"
            return
        for call in self._discord.calls:
            if call.path.endswith(f"/{standing.id}") or call.made == standing.id:
                text = str(shown_by(call.body))[:60]
                yield f"  {self._ledger.tell_time(call.at)} {call.method} {call.path} {call.status} {text!r}"

    def _row(self, said: Said) -> Row | None:
        return self._rows.get((said.platform, said.id))

    def _look_at(self, said: Said, row: Row | None, standing: Sequence[Standing]) -> None:
        verdict, figures = self._verdict, self._verdict.figures
        figures["questions"] += 1
        if said.deleted:
            figures["deleted"] += 1
            for each in standing:
                if each.whispered:
                    figures[_WHISPERED] += 1
                elif self._not_removable(each):
                    figures["not to be removed: the platform refused"] += 1
                else:
                    verdict.half_open.append(Fault("answered, though deleted", said, row, [each]))
            return
        moved = any(not each.here for each in standing)
        left = [each for each in standing if moved and self._left_behind(each)]
        ended = [each for each in standing if each not in left] or left[-1:]
        figures["broken off where the bot may speak no more"] += len(standing) - len(ended)
        figures[_WHISPERED] += len(ended)
        ended = [each for each in ended if not each.whispered] or ended[-1:]
        figures[_WHISPERED] -= len(ended)
        if row is None:
            verdict.lost.append(Fault("never claimed", said, row, standing))
        elif len(ended) > 1:
            verdict.doubled.append(Fault(f"{len(ended)} answers", said, row, ended))
        elif ended:
            self._look_at_answer(said, row, ended[0])
        elif row.state == "failed" and self._admins_know(said):
            figures["admins told"] += 1
        elif row.state == "excused" and self._excused_with_another(row):
            figures["excused with another"] += 1
        elif row.state not in {"owed", "retracting"}:
            verdict.silent.append(Fault("ended without a word", said, row, standing))

    def _look_at_answer(self, said: Said, row: Row, answer: Standing) -> None:
        verdict, figures = self._verdict, self._verdict.figures
        assert said.wording
        if not answer.whole:
            verdict.half_open.append(Fault("not ended", said, row, [answer]))
            return
        verdict.first_words.append(max(0.0, answer.at - _time_of(said)))
        if row.state == "excused":
            figures["excused"] += 1
            return
        figures["answered here" if answer.here else "answered elsewhere"] += 1
        if said.wording.topic.answer not in answer.text:
            what = f"no answer to its last wording, {said.wording.text!r}"
            verdict.half_open.append(Fault(what, said, row, [answer]))

    def _excused_with_another(self, row: Row) -> bool:
        others = self._excused_at[row.platform, row.user]
        return any(abs((row.received_at - at).total_seconds()) < _PASSED_OVER_SECONDS for at in others)

    def _admins_know(self, said: Said) -> bool:
        told = [message.shown for message in self._slack.bot_messages(self._admins)]
        return any(f"{said.platform.capitalize()}, channel {said.channel}." in each for each in told)

    def _not_removable(self, standing: Standing) -> bool:
        """Whether the platform refused, for good, to remove or to end a message."""
        return self._refused(standing, {"chat.delete", "chat.stopStream"}, "DELETE")

    def _left_behind(self, standing: Standing) -> bool:
        """Whether the platform refused, for good, to go on with a message, or any message there once this one stood:
        the answer then came elsewhere."""
        refused = self._refused(standing, {"chat.appendStream", "chat.stopStream", "chat.update"}, "PATCH")
        return refused or self._refused_afterwards(standing)

    def _refused_afterwards(self, standing: Standing) -> bool:
        if standing.platform == SLACK:
            channel = standing.place.partition("/")[0]
            calls = dropwhile(lambda call: call.response.get("ts") != standing.id, self._slack.calls)
            return any(call.args.get("channel") == channel and _for_good(call.error) for call in calls)
        requests = dropwhile(lambda request: request.made != standing.id, self._discord.calls)
        there = f"/channels/{standing.place}/"
        return any(there in request.path and request.status in {403, 404} for request in requests)

    def _refused(self, standing: Standing, methods: set[str], http: str) -> bool:
        if standing.platform == SLACK:
            return any(
                call.method in methods and call.args.get("ts") == standing.id and _for_good(call.error)
                for call in self._slack.calls
            )
        return any(
            call.method == http and call.path.endswith(f"/{standing.id}") and call.status in {403, 404}
            for call in self._discord.calls
        )

    # -- what stands ----------------------------------------------------------------------------------------------

    def _on_slack(self) -> Iterator[Standing]:
        in_thread: dict[tuple[str, str], list[Said]] = defaultdict(list)
        for said in self._ledger.questions:
            if said.platform == SLACK:
                in_thread[said.channel, said.place].append(said)
        for channel in self._slack.workspace.channels.values():
            if channel.id == self._admins:
                continue
            for message in list(channel.messages.values()):
                if message.bot_id != self._slack.bot_id:
                    continue
                item = str(((message.metadata or {}).get("event_payload") or {}).get("item") or "")
                thread = in_thread[channel.id, message.thread_ts]
                of = self._by_item.get(item) or self._quoted(message.shown)
                if of is None and thread:  # one that is not ended bears no mark: it is the first's, or any other's
                    of = next((each for each in thread if each.id < message.ts), None)
                here = bool(of) and message.thread_ts == of.place and channel.id == of.channel  # type: ignore[union-attr]
                whole = not message.streaming and (bool(message.metadata) or bool(message.ephemeral_to))
                place = f"{channel.id}/{message.thread_ts}"
                whispered = bool(message.ephemeral_to)
                yield Standing(SLACK, place, message.ts, message.shown, float(message.ts), of, here, whole, whispered)

    def _on_discord(self) -> Iterator[Standing]:
        me = self._discord.backend.bot_user.id
        for channel_id in list(self._discord.backend.messages):
            for message in self._discord.messages(channel_id, me):
                if message.type in (18, 21):
                    continue
                text = shown(message)
                under = str((message.reference or {}).get("message_id") or "")
                marked = [said for mark in _marks(message.components) for said in self._by_marker[mark]]
                noted, fits = self._by_reply.get(str(message.id)), {str(channel_id)}
                near = [said for said in marked if fits & {said.place, said.channel}] or marked
                near = [noted] if noted else near
                at_all = self._ledger.said
                of = next(iter(near), None) or at_all.get((DISCORD, under)) or self._quoted(text)
                of = of or at_all.get((DISCORD, str(channel_id)))
                here = bool(of) and str(channel_id) == of.place  # type: ignore[union-attr]
                at = dpy.utils.snowflake_time(message.id).timestamp()
                yield Standing(DISCORD, str(channel_id), str(message.id), text, at, of, here, bool(text))

    def _quoted(self, text: str) -> Said | None:
        """Whose question a message quotes."""
        for word in text.replace("(", " ").replace(")", " ").replace("\\", " ").split():
            if said := self._ledger.by_tag.get(word):
                return said
        return None


def shown_by(body: Any) -> str:
    """The first text of a message's body."""
    if isinstance(body, dict):
        texts = [body.get("content"), *map(shown_by, body.get("components") or [])]
        return next((str(text) for text in texts if text), "")
    return ""


def _for_good(error: str) -> bool:
    return error.startswith("restricted_action") or error in {"is_archived", "not_in_channel"}


def _marks(components: Sequence[Mapping[str, Any]]) -> Iterator[int]:
    for part in components:
        if isinstance(part.get("id"), int):
            yield part["id"]
        yield from _marks(part.get("components") or [])


def _time_of(said: Said) -> float:
    """When a message was written: both platforms' ids tell."""
    return float(said.id) if said.platform == SLACK else dpy.utils.snowflake_time(int(said.id)).timestamp()
