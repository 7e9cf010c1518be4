import pytest

from bot.answering.clarify import Choice, is_unclear, list_choices, shown_in_full
from bot.answering.clarify import find_choice as choose_as
from bot.chat.conversation import Citation, Decision
from bot.chat.intent import OfferReply
from bot.i18n.language import reply_language
from tests.support.embedding import intent_reader
from tests.support.turns import make_turn

ENGLISH = (
    Citation(1, "How do I return a gift?", "https://shop.example/gifts", "a"),
    Citation(2, "How do I return an order?", "https://shop.example/orders", "b"),
)
CHINESE = (
    Citation(1, "如何退货？", "https://shop.example/zh/1", "a"),
    Citation(2, "如何退换礼品？", "https://shop.example/zh/2", "b"),
)


def read(text: str) -> OfferReply:
    [reply] = intent_reader().read_replies([text], reply_language(text))
    return reply


def choose(text: str, options: tuple[Citation, ...], *, shown: bool = False) -> Choice | None:
    return choose_as(text, options, read(text), shown=shown)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("2.", 2),
        ("#2", 2),
        ("the second", 2),
        ("the first one please", 1),
        ("one", 1),
        ("Option 1", 1),
        ("number two", 2),
        ("the latter", 2),
        ("the last one", 2),
        ("a gift", 1),
        ("the gift one", 1),
        ("how do i return an order", 2),
    ],
)
def test_an_english_choice_is_understood(text: str, number: int) -> None:
    assert choose(text, ENGLISH) == Choice(ENGLISH[number - 1])


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("第二个", 2),
        ("第2個", 2),
        ("一", 1),
        ("我想问第二个", 2),
        ("后者", 2),
        ("选1", 1),
        ("２", 2),
        ("①", 1),
        ("第２個", 2),
        ("最后一个", 2),
        ("礼品", 2),
        ("如何退货", 1),
    ],
)
def test_a_chinese_choice_is_understood(text: str, number: int) -> None:
    assert choose(text, CHINESE) == Choice(CHINESE[number - 1])


@pytest.mark.parametrize(
    ("text", "choice"), [("👍", Choice(ENGLISH[0])), ("👍🏽", Choice(ENGLISH[0])), ("👎", Choice(None))]
)
def test_a_thumb_says_whether_what_is_shown_is_it(text: str, choice: Choice) -> None:
    assert choose(text, ENGLISH, shown=True) == choice


@pytest.mark.parametrize(
    ("text", "number"), [("yes", 1), ("就是这个", 1), ("2", 2), ("the second one", 2), (ENGLISH[1].title, None)]
)
def test_beside_what_is_shown_another_is_chosen_by_its_number(text: str, number: int | None) -> None:
    chosen = choose(text, ENGLISH, shown=True)
    assert (chosen and chosen.option and chosen.option.number) == number


@pytest.mark.parametrize(("text", "said"), [("yes", True), ("是的", True), ("yes, and?", False)])
def test_a_yes_chooses_none_of_several(text: str, said: bool) -> None:
    assert choose(text, ENGLISH) is None
    assert (read(text) is OfferReply.YES) == said


@pytest.mark.parametrize("text", ["neither", "None of these.", "都不是", "no", "Nope.", "👎", "不是"])
def test_the_customer_may_mean_none_of_them(text: str) -> None:
    assert choose(text, ENGLISH) == Choice(None)


@pytest.mark.parametrize(
    "text",
    [
        "how long does shipping take?",
        "How do I cancel a gift?",
        "3",
        "how do I return",
        "yes",
        "运费多少",
        "none of your business, where is my parcel",
    ],
)
def test_anything_else_is_a_new_question(text: str) -> None:
    assert choose(text, ENGLISH) is None


def test_nothing_can_be_chosen_of_nothing() -> None:
    assert choose("1", ()) is None


@pytest.mark.parametrize("text", ["2 or 1", "1 2", "1、2", "yes to 1 and 2"])
def test_several_numbers_choose_nothing(text: str) -> None:
    assert choose(text, ENGLISH) is None
    assert is_unclear(text, read(text))


@pytest.mark.parametrize("text", ["-1", "2.5", "I ordered 2 in size 42, can I return them?"])
def test_these_numbers_are_no_choice(text: str) -> None:
    assert choose(text, ENGLISH) is None
    assert not is_unclear(text, read(text))


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ("Near: A [1]\n\nOr did you mean one of these?\n\n2. B [2]", 1),
        ("Near: A [1]\n\nB [2]\n\nOr did you mean one of these?\n\n3. C [3]", 2),
        ("Near: A [1]\n\nOr did you mean one of these?\n\nas the page says [1]", 3),
        ("Near: A [1]\n\nOr did you mean one of these?\n\n1. as the page says [1]", 1),
    ],
)
def test_what_a_suggestion_shows_in_full_ends_where_its_choices_begin(said: str, count: int) -> None:
    citations = tuple(Citation(number, f"{number}", "", "") for number in (1, 2, 3))
    turn = make_turn(language="en", answer=said, decision=Decision.SUGGEST, citations=citations)
    assert shown_in_full(turn) == citations[:count]
    assert list_choices(turn) == citations[count:]
