"""What a message asks: generated threads, quotes and attachments, and a platform that shows nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.chat.intent import MessageReading
from bot.chat.message import (
    Attachment,
    Audience,
    ChatMessage,
    MessageFile,
    ThreadMessage,
    quote_lines,
    separate_quotation,
)
from bot.errors import DeliveryError, Refusal
from bot.inbox import question as asking
from bot.inbox.intents import IntentReadings
from bot.inbox.question import QuestionFinder, ReadMessage, open_question
from inference.interfaces import Picture
from tests.fakes import FakeIntents, said

QUESTION, OTHER = "How long does delivery take?", "Do gift cards expire?"
FILES = (MessageFile("a.log", "text/plain", 9, "https://files.test/a.log"),)


@dataclass
class Near:
    """Surroundings of a test; `fault` is raised by whatever is looked at, or it takes forever."""

    stands: Sequence[ThreadMessage] = ()
    links: Sequence[ThreadMessage] = ()
    attached: Sequence[Attachment] = ()
    fault: Exception | None = None
    forever: bool = False
    looked: list[str] = field(default_factory=list)

    async def fetch_messages_above(self, message: ChatMessage) -> Sequence[ThreadMessage]:
        return await self._look("above", self.stands)

    async def fetch_linked_messages(self, message: ChatMessage) -> Sequence[ThreadMessage]:
        return await self._look("linked", self.links)

    async def fetch_files(self, message: ChatMessage) -> Sequence[Attachment]:
        return await self._look("files", self.attached)

    async def fetch_picture(self, file: Attachment) -> Picture | None:
        if file.picture == "late":
            await asyncio.sleep(3600)
        self.looked.append(file.picture)
        return Picture("image/png", file.picture.encode()) if file.picture != "gone" else None

    async def fetch_author_name(self, message: ChatMessage, said: ThreadMessage) -> str:
        return said.name or said.user.title()

    async def _look(self, what: str, found: Sequence[Any]) -> Sequence[Any]:
        self.looked.append(what)
        if self.forever:
            await asyncio.sleep(3600)
        if self.fault:
            raise self.fault
        return found


def call(text: str = "answer this", **told: Any) -> ChatMessage:
    """A mention in a thread."""
    message = said(text, audience=Audience.MENTION, thread="000000", user="caller")
    return replace(message, **told)


@dataclass
class Eyes:
    """A reader of pictures: each shows what `shows` says of it."""

    shows: Mapping[str, str] = field(default_factory=dict)
    see: bool = True
    forever: bool = False
    words: list[str] = field(default_factory=list)
    most: int = 0
    _now: int = 0

    async def can_see(self) -> bool:
        if self.forever:
            await asyncio.sleep(3600)
        return self.see

    async def describe_picture(self, picture: Picture, words: str) -> str:
        self.words.append(words)
        self._now += 1
        self.most = max(self.most, self._now)
        await asyncio.sleep(0.01)
        self._now -= 1
        return self.shows.get(picture.body.decode(), "")


async def asked(message: ChatMessage, near: Near | None, eyes: Eyes | None = None) -> asking.FoundQuestion:
    return await QuestionFinder(IntentReadings(FakeIntents()), eyes).find_question(message, near)


def person(text: str, user: str = "ann", **more: bool) -> ThreadMessage:
    return ThreadMessage(user, text, **more)


@pytest.mark.parametrize("text", ["answer this", "can you answer this?", "", "hello"])
async def test_whoever_calls_without_a_question_wants_the_one_above_answered(text: str) -> None:
    found = await asked(call(text), Near([person("Hi all."), person(QUESTION)]))
    assert (found.text, found.user, found.name) == (QUESTION, "ann", "Ann")


@pytest.mark.parametrize("text", [OTHER, "My parcel is lost", "thanks"])
async def test_whoever_says_something_is_answered_that(text: str) -> None:
    near = Near([person(QUESTION)])
    assert await asked(call(text), near) == asking.FoundQuestion(text)
    assert near.looked == []


async def test_nothing_is_read_where_the_bot_was_not_called() -> None:
    for audience in set(Audience) - {Audience.MENTION}:
        near = Near([person(QUESTION)])
        message = replace(call(), audience=audience)
        assert (await asked(message, near)).text == message.text and near.looked == []
    opens = replace(said("answer this", audience=Audience.MENTION), begins_thread=True)
    near = Near([person(QUESTION)])
    assert (await asked(opens, near)).text == "answer this" and near.looked == []


@pytest.mark.parametrize("text", ["answer this", "can you answer this?", ""])
async def test_who_is_called_in_a_channel_answers_the_newest_open_question_there(text: str) -> None:
    message = said(text, audience=Audience.MENTION, user="caller")
    found = await asked(message, Near([person(QUESTION), person(OTHER, "bob")]))
    assert (found.text, found.user) == (OTHER, "bob")
    found = await asked(message, Near([person(QUESTION), person(OTHER, "bob", answered=True)]))
    assert (found.text, found.user) == (QUESTION, "ann")
    assert (await asked(message, Near([person("Hi all.")]))).text == text
    assert (await asked(message, Near([person(QUESTION), person("", "eve", answered=True)]))).text == text


async def test_who_greets_in_a_channel_is_greeted() -> None:
    near = Near([person(QUESTION)])
    message = said("hello", audience=Audience.MENTION, user="caller")
    assert (await asked(message, near)).text == "hello" and near.looked == []


@given(some.data())
def test_of_a_channel_s_questions_none_is_taken_that_has_an_answer_of_its_own(data: some.DataObject) -> None:
    stands = data.draw(some.lists(messages, max_size=8))
    stands = [replace(each, answered=data.draw(some.booleans())) for each in stands]
    for whatever in (False, True):
        found = open_question(read(stands), "caller", whatever=whatever)
        if found:
            place = next(place for place, each in enumerate(stands) if each is found)
            assert not found.answered and not found.mine
            assert not any(each.answered and each.text not in {QUESTION, OTHER} for each in stands[place + 1 :])
            assert found == open_question(
                read([replace(each, answered=False) for each in stands[place:]]), "caller", whatever=whatever
            ) or any(each.answered for each in stands[place + 1 :])


@pytest.mark.parametrize("near", [None, Near(fault=DeliveryError("gone", Refusal.PLACE)), Near(forever=True), Near()])
async def test_where_nothing_can_be_seen_what_was_said_is_answered(
    near: Near | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "LOOK_SECONDS", 0.01)
    message = call("answer this", links=("C1/1",), files=FILES)
    assert await asked(message, near) == asking.FoundQuestion("answer this")


texts = some.sampled_from([QUESTION, OTHER, "It is two days.", "no idea", "", "answer this", "hello"])
messages = some.builds(
    ThreadMessage,
    some.sampled_from(["ann", "bob", "caller", "bot"]),
    texts,
    mine=some.booleans(),
    pointed=some.just(False),
)


def read(stands: Sequence[ThreadMessage]) -> list[ReadMessage]:
    readings = FakeIntents().read_messages([each.text for each in stands])
    return [ReadMessage(each, reading) for each, reading in zip(stands, readings, strict=True)]


@given(some.lists(messages, max_size=8))
def test_the_open_question_is_the_newest_that_nobody_has_answered(stands: list[ThreadMessage]) -> None:
    stands = [replace(each, user="bot" if each.mine else each.user) for each in stands]
    found = open_question(read(stands), "caller")
    questions = [place for place, each in enumerate(stands) if each.text in {QUESTION, OTHER} and not each.mine]

    def answered(place: int) -> bool:
        rest = [each for each in stands[place + 1 :] if each.text and each.text != "answer this"]
        spoke = [each for each in rest if each.mine or each.text not in {QUESTION, OTHER}]
        return any(each.mine or each.user not in {"caller", stands[place].user} for each in spoke)

    unanswered = [place for place in questions if not answered(place)]
    assert found == (stands[unanswered[-1]] if unanswered else None)
    whatever = open_question(read(stands), "caller", whatever=True)
    left = [place for place in questions if not any(each.mine and each.text for each in stands[place + 1 :])]
    assert whatever == (found or (stands[left[-1]] if left else None))


async def test_one_s_own_question_is_taken_without_a_name() -> None:
    found = await asked(call(), Near([person(QUESTION, "caller")]))
    assert found == asking.FoundQuestion(QUESTION, taken=True)


async def test_what_the_bot_has_answered_is_not_answered_again() -> None:
    stands = [person(QUESTION), ThreadMessage("bot", "Two days.", mine=True)]
    assert (await asked(call("explain this"), Near(stands))).text == "explain this"


async def test_what_is_replied_to_comes_first_and_is_taken_whatever_it_sounds_like() -> None:
    stands = [person("My mug came in two pieces", "eve", pointed=True), person(QUESTION)]
    found = await asked(call("answer this", replies_to="1"), Near(stands))
    assert (found.text, found.user) == ("My mug came in two pieces", "eve")
    mine = [person(QUESTION), ThreadMessage("bot", "Two days.", mine=True, pointed=True)]
    assert (await asked(call("answer this", replies_to="1"), Near(mine))).text == "answer this"


async def test_a_long_thread_is_read_from_its_end() -> None:
    stands = [person(OTHER), *(person("x" * 999, "bob") for _ in range(9)), person("hm", "caller")]
    assert (await asked(call(), Near(stands))).text == "answer this"  # what is out of reach is not answered
    assert (await asked(call(), Near([*stands, person(QUESTION)]))).text == QUESTION


@given(some.text("ab \n", max_size=20), some.text("cd >\n", min_size=1, max_size=20))
def test_quotes_are_told_from_the_words_of_their_author(own: str, quoted: str) -> None:
    words = "\n".join(own.splitlines()).strip()
    text = f"{words}\n\n{quote_lines(quoted)}"
    found, rest = separate_quotation(text)
    assert found == words
    assert rest.split() == quoted.replace(">", " ").split() or ">" in quoted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"answer this\n\n{quote_lines(QUESTION)}", QUESTION),
        (quote_lines(QUESTION), QUESTION),
        (f"Is that so for mugs?\n\n{quote_lines(QUESTION)}", f"Is that so for mugs?\n\n{QUESTION}"),
        (f"{quote_lines(QUESTION)}\nanswer this?", QUESTION),
    ],
)
async def test_what_is_quoted_is_the_question_or_stands_below_it(text: str, wanted: str) -> None:
    for audience in (Audience.DIRECT, Audience.CHANNEL, Audience.MENTION):
        assert (await asked(said(text, audience=audience), Near())).text == wanted


@pytest.mark.parametrize(
    ("text", "wanted"), [("https://s.co/a", QUESTION), ("answer this https://s.co/a", QUESTION), ("", QUESTION)]
)
async def test_what_is_linked_to_is_read(text: str, wanted: str) -> None:
    message = replace(said(text, audience=Audience.DIRECT), links=("C1/1",))
    assert (await asked(message, Near(links=[person(QUESTION)]))).text == wanted
    assert (await asked(message, Near())).text == text


async def test_files_are_read_shortened_and_those_that_are_none_are_named() -> None:
    log = "first line\n" + "x" * 9_000 + "\nE42 the last line"
    message = replace(said("Why this error?", audience=Audience.DIRECT), files=FILES)
    found = await asked(
        message, Near(attached=[Attachment("a.log", log), Attachment("b.png"), Attachment("c.txt", "short")])
    )
    assert found.unread == ("b.png",) and len(found.text) < asking.ATTACHED + 100
    assert all(part in found.text for part in ("Why this error?", "first line", "E42 the last line", "short"))


MUG, ERROR, LOG = "A mug with a crack.", "The error E42 on a page to log in.", "E7 in the log"
SHOWS = {"mug": MUG, "error": ERROR}


def with_files(text: str) -> ChatMessage:
    return replace(said(text, audience=Audience.DIRECT), files=FILES)


@pytest.mark.parametrize("text", ["Why this error?", "answer this", "", f"answer this\n\n{quote_lines(QUESTION)}"])
async def test_what_pictures_show_is_searched_as_the_text_of_files_is(text: str) -> None:
    files = [Attachment("a.log", LOG), Attachment("b.png", picture="error"), Attachment("c.png", picture="mug")]
    eyes = Eyes(SHOWS)
    found = await asked(with_files(text), Near(attached=files), eyes)
    assert found.text.endswith("\n\n".join([LOG, ERROR, MUG])) and found.unread == ()
    assert found.seen == (("b.png", ERROR), ("c.png", MUG)) and set(eyes.words) == {separate_quotation(text)[0]}
    assert found.own == (separate_quotation(text)[0] or "") and ERROR not in found.own


@pytest.mark.parametrize("eyes", [None, Eyes(SHOWS, see=False), Eyes(SHOWS, forever=True), Eyes()])
async def test_where_nothing_is_seen_pictures_are_named(eyes: Eyes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PICTURE_SECONDS", 0.1)
    near = Near(attached=[Attachment("a.png", picture="mug")])
    assert await asked(with_files(QUESTION), near, eyes) == asking.FoundQuestion(QUESTION, unread=("a.png",))
    assert near.looked == (["files", "mug"] if eyes == Eyes(words=[QUESTION], most=1) else ["files"])


@given(some.lists(some.sampled_from(["mug", "error", "gone", "late", ""]), max_size=8))
async def test_each_picture_is_either_shown_or_named_and_a_few_are_shown(places: list[str]) -> None:
    asking_seconds, asking.PICTURE_SECONDS = asking.PICTURE_SECONDS, 0.2
    try:
        files = [Attachment(f"{number}.png", picture=place) for number, place in enumerate(places)]
        found = await asked(with_files(QUESTION), Near(attached=files), Eyes(SHOWS))
    finally:
        asking.PICTURE_SECONDS = asking_seconds
    tried = [file for file in files if file.picture][: asking.PICTURES]
    assert found.seen == tuple((file.name, SHOWS[file.picture]) for file in tried if file.picture in SHOWS)
    assert {name for name, _ in found.seen} | set(found.unread) == {file.name for file in files}
    assert len(found.seen) + len(found.unread) == len(files)


async def test_few_pictures_are_looked_at_at_once() -> None:
    eyes = Eyes(SHOWS)
    looking, near = (
        QuestionFinder(IntentReadings(FakeIntents()), eyes),
        Near(attached=[Attachment("a.png", picture="mug")] * 3),
    )
    found = await asyncio.gather(*(looking.find_question(with_files(QUESTION), near) for _ in range(4)))
    assert all(len(each.seen) == 3 for each in found) and eyes.most == asking.PICTURES_AT_ONCE


def test_a_reading_is_no_question_of_the_bot_s_own() -> None:
    assert not ReadMessage(ThreadMessage("bot", QUESTION, mine=True), MessageReading(asks=True)).is_question
