import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers.smalltalk import Kind, listen


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("hi", Kind.GREETING),
        ("Hiiii!!", Kind.GREETING),
        ("hello there team", Kind.GREETING),
        ("Good morning", Kind.GREETING),
        ("你好", Kind.GREETING),
        ("您好！", Kind.GREETING),
        ("你好嗎", Kind.GREETING),
        ("👋", Kind.GREETING),
        ("Thanks so much!", Kind.THANKS),
        ("thank you 🙏", Kind.THANKS),
        ("谢谢", Kind.THANKS),
        ("謝謝你", Kind.THANKS),
        ("ok", Kind.ACKNOWLEDGEMENT),
        ("Okkk.", Kind.ACKNOWLEDGEMENT),
        ("no thanks", Kind.ACKNOWLEDGEMENT),
        ("好的", Kind.ACKNOWLEDGEMENT),
        ("👍", Kind.ACKNOWLEDGEMENT),
        ("I see, thanks", Kind.THANKS),
        ("Ok thanks bye", Kind.GOODBYE),
        ("再见", Kind.GOODBYE),
        ("在吗？", Kind.PRESENCE),
        ("are you there?", Kind.PRESENCE),
        ("Hey! Who are you?", Kind.IDENTITY),
        ("你是谁", Kind.IDENTITY),
        ("help", Kind.HELP),
        ("What can you do?", Kind.HELP),
        ("你好，你能做什么？", Kind.HELP),
        ("", Kind.EMPTY),
        ("   ", Kind.EMPTY),
        ("???", Kind.EMPTY),
        ("？", Kind.EMPTY),
        ("🙂🙂", Kind.EMPTY),
    ],
)
def test_small_talk_is_recognised(text: str, kind: Kind) -> None:
    assert listen(text).kind is kind


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("hi, how do I return goods?", "how do I return goods?"),
        ("hi how do I return goods?", "how do I return goods?"),
        ("你好，如何退货？", "如何退货？"),
        ("你好请问如何退货", "请问如何退货"),
        ("在吗？我想退货", "我想退货"),
        ("thanks, but where do I find that?", "where do I find that?"),
        ("谢谢，但是在哪里可以找到？", "在哪里可以找到？"),
        ("How do I return goods? Thanks!", "How do I return goods?"),
        ("請問如何退貨？謝謝", "請問如何退貨？"),
        ("Good morning. I need to cancel my order. Thanks in advance", "I need to cancel my order."),
        ("I have a question: can I pay by card?", "can I pay by card?"),
    ],
)
def test_courtesies_are_stripped_off_a_question(text: str, question: str) -> None:
    heard = listen(text)
    assert heard.kind is None
    assert heard.question == question


@pytest.mark.parametrize(
    "text",
    [
        "Hello Kitty mug size?",
        "help with my order",
        "what can you do for a lost parcel?",
        "can you help me return my order",
        "great britain shipping?",
        "早餐几点",
        "行李可以带多少",
        "不用我的信用卡可以付吗",
        "88折怎么用",
        "1",
        "Thanksgiving opening hours",
        "okay-rated hotels",
    ],
)
def test_a_question_that_begins_like_small_talk_stays_whole(text: str) -> None:
    heard = listen(text)
    assert heard.kind is None
    assert heard.question == text


def test_the_languages_that_know_the_phrase_are_told() -> None:
    assert listen("谢谢").languages == {"zh"}
    assert {"en", "zh"} <= listen("ok").languages


@given(st.text(max_size=200))
def test_any_text_is_small_talk_or_a_question_out_of_it(text: str) -> None:
    heard = listen(text)
    assert (heard.kind is None) == bool(heard.question)
    assert heard.question in text
