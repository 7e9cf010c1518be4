"""What Frontdesk speaks, it also reads: whoever adds a language is told here what it still lacks, and in which file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.answering.intent.examples import (
    REFERS,
    example_languages,
    load_messages,
    load_replies,
    load_summons,
    load_talk,
)
from bot.chat.intent import Intent, OfferReply
from bot.i18n import list_languages
from bot.i18n.language import primary_subtag
from retrieval.text.languages import COMMON_LANGUAGES, detect_language
from retrieval.text.negation import load_denying_words
from retrieval.text.stop_words import function_words

SPOKEN = list_languages()
PRIMARY = sorted({primary_subtag(tag) for tag in SPOKEN})
CONVERSATIONS = Path(__file__).parents[1] / "frozen" / "conversations.jsonl"
TALK, SUMMONS, FROZEN = 15, 40, 15  # the least
NO_FUNCTION_WORDS = {"ja"}  # its grammar is told by its script


def file_of(tag: str) -> str:
    return f"bot/answering/intent/examples/{tag}.toml"


def test_no_language_is_read_that_is_not_spoken() -> None:
    assert not set(example_languages()) - set(SPOKEN), "bot/i18n/<tag>.toml is missing"
    assert not set(COMMON_LANGUAGES) - set(PRIMARY), "retrieval/text/languages.py has more in COMMON_LANGUAGES"
    assert not set(load_denying_words()) - set(PRIMARY), "retrieval/text/negation_words.txt has more"


@pytest.mark.parametrize("tag", SPOKEN)
def test_a_language_has_examples_of_all_that_is_read(tag: str) -> None:
    assert tag in example_languages(), f"{file_of(tag)} is missing"
    lacking = {kind.value for kind in set(Intent) - {Intent.EMPTY}} - {each.kind for each in load_messages([tag])}
    assert not lacking, f"{file_of(tag)} has none of {sorted(lacking)}"
    lacking = {kind.value for kind in OfferReply} - {each.kind for each in load_replies([tag])}
    assert not lacking, f"{file_of(tag)} has none of {sorted(lacking)} under [reply]"
    refers = [each for each in load_summons([tag]) if each.kind == REFERS]
    assert len(refers) >= SUMMONS, f"{file_of(tag)}: {len(refers)} lines of [summons] refers, wanted are {SUMMONS}"
    talk = load_talk([tag])
    assert len(talk) >= TALK, f"{file_of(tag)}: {len(talk)} lines of [talk] among_people, wanted are {TALK}"


@pytest.mark.parametrize("tag", PRIMARY)
def test_a_language_is_expected_denies_and_asks(tag: str) -> None:
    assert tag in COMMON_LANGUAGES, f"{tag} is missing in COMMON_LANGUAGES of retrieval/text/languages.py"
    assert load_denying_words().get(tag), f"a line '{tag}: …' is missing in retrieval/text/negation_words.txt"
    assert function_words(tag) or tag in NO_FUNCTION_WORDS, f"{tag} is missing in retrieval/text/stop_words.py"


@pytest.mark.parametrize("tag", SPOKEN)
def test_most_questions_in_a_language_are_told_to_be_in_it(tag: str) -> None:
    questions = [each.text for each in load_messages([tag]) if each.kind == Intent.QUESTION]
    among = {*COMMON_LANGUAGES, primary_subtag(tag)}
    told = sum(detect_language(text, among=among) == primary_subtag(tag) for text in questions)
    assert questions and told > len(questions) * 2 / 3, f"{told} of the {len(questions)} questions of {file_of(tag)}"


@pytest.mark.parametrize("tag", SPOKEN)
def test_conversations_in_a_language_are_frozen(tag: str) -> None:
    conversations = [json.loads(line) for line in CONVERSATIONS.read_text(encoding="utf-8").splitlines()]
    messages = [each for one in conversations for each in one["messages"] if each.get("language") == tag]
    assert len(messages) >= FROZEN, f"tests/frozen has {len(messages)} replies in {tag}, wanted are {FROZEN}"
