from collections import Counter
from pathlib import Path

import pytest

from bot.answering.intent.examples import (
    REFERS,
    example_languages,
    examples_digest,
    load_messages,
    load_replies,
    load_summons,
    load_talk,
)
from bot.chat.intent import Intent, OfferReply


@pytest.mark.parametrize("tag", example_languages())
def test_no_message_is_an_example_of_two_things_or_stands_there_twice(tag: str) -> None:
    texts = Counter(each.text for each in load_messages([tag]))
    assert [text for text, count in texts.items() if count > 1] == []
    assert all(text == text.strip() for text in texts)


@pytest.mark.parametrize("tag", example_languages())
def test_nothing_is_learned_from_talk_among_people(tag: str) -> None:
    assert not set(load_talk([tag])) & {each.text for each in load_messages()}


def test_a_reply_to_an_offer_is_no_other_message_besides() -> None:
    said = {each.text for each in load_replies() if each.kind != OfferReply.OTHER}
    assert not said & {each.text for each in load_replies() if each.kind == OfferReply.OTHER}


@pytest.mark.parametrize("tag", example_languages())
def test_what_refers_to_something_above_says_nothing_else(tag: str) -> None:
    refers = [each.text for each in load_summons([tag]) if each.kind == REFERS]
    assert len(set(refers)) == len(refers)
    assert not set(refers) & {each.text for each in load_summons([tag]) if each.kind != REFERS}


def test_one_more_language_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "it.toml").write_text(
        "question = '''\nCome pago?\n'''\n\n[reply]\nyes = '''\nsì\n'''\n", encoding="utf-8"
    )
    [message] = load_messages(folder=tmp_path)
    assert (message.text, message.language, message.kind) == ("Come pago?", "it", Intent.QUESTION)
    assert [each.text for each in load_replies(folder=tmp_path)] == ["sì", "Come pago?"]
    assert examples_digest(folder=tmp_path) != examples_digest()


def test_another_languages_examples_are_another_content_only_where_it_is_learned(tmp_path: Path) -> None:
    (english := tmp_path / "english").mkdir()
    (both := tmp_path / "both").mkdir()
    for folder in (english, both):
        (folder / "en.toml").write_text("question = 'How do I pay?'\n", encoding="utf-8")
    (both / "it.toml").write_text("[talk]\namong_people = 'a domani'\n", encoding="utf-8")
    assert examples_digest(["en"], english) == examples_digest(["en"], both)
    assert examples_digest(folder=english) != examples_digest(folder=both)
    assert load_talk(folder=both) == ["a domani"]
