"""What asks for a person, by phrases that were written before the rules were looked at."""

from pathlib import Path

import pytest

from bot.answers.persons import asks_for_person

FOLDER = Path(__file__).parent / "persons"


def phrases(name: str) -> list[str]:
    return (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_those_who_ask_for_a_person_are_told_from_those_who_do_not(language: str) -> None:
    asking, other = phrases(f"{language}_asks"), phrases(f"{language}_other")
    assert len(asking) >= 120
    assert len(other) >= 120
    assert not set(asking) & set(other)
    right = sum(map(asks_for_person, asking))
    wrong = [phrase for phrase in other if asks_for_person(phrase)]
    missed = [phrase for phrase in asking if not asks_for_person(phrase)]
    assert right / (right + len(wrong)) >= 0.95, wrong
    assert right / len(asking) >= 0.95, missed


@pytest.mark.parametrize(
    "text",
    [
        "How do I contact support?",
        "person",
        "personal data",
        "客服电话是多少",
        "人工智能",
        "Is this a real person",
        "Who is the person in charge of returns?",
        "I spoke to an agent yesterday and he said it is on its way",
        "I'm not a bot",
        "I’m not a bot",
        "give me a human readable error",
        "不用转人工",
        "",
        "\0",
        "👤",
        "human " * 60,
    ],
)
def test_no_wish_for_a_person(text: str) -> None:
    assert not asks_for_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "HUMAN!",
        "Hi, agent please",
        "I don’t want to talk to a bot",
        "没用，转人工",
        "我要轉人工！",
        "enough. a human now",
    ],
)
def test_a_wish_for_a_person(text: str) -> None:
    assert asks_for_person(text)


def test_a_long_message_is_a_question_whatever_it_mentions() -> None:
    assert not asks_for_person("I want to talk to a human. " + "My parcel is late. " * 20)


def test_a_hostile_text_takes_no_time() -> None:
    for text in ("please " * 42, "talk to a " * 30, "人" * 300, "请转" * 150, "a human" * 42, "." * 300):
        asks_for_person(text)
