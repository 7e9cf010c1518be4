from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.answering.sentences import Sentences

TEXT = (
    "You can return goods within 30.5 days. [1] It is free.[2] See e.g. the portal.\n\n1. Open it. Then wait [1]\n"
    "2. Wait\n\n| a | b |\n|---|---|\n| 1. | 2 |\n"
    "After. ```x``` ok\n```py\na = 1. \n```\n您可以退货。[1]免费！“好的。” Done"
)
UNITS = [
    "You can return goods within 30.5 days. [1] ",
    "It is free.[2] ",
    "See e.g. the portal.\n",
    "\n",
    "1. Open it. Then wait [1]\n",
    "2. Wait\n",
    "\n",
    "| a | b |\n|---|---|\n| 1. | 2 |\n",
    "After. ",
    "```x``` ok\n",
    "```py\na = 1. \n```\n",
    "您可以退货。[1]",
    "免费！",
    "“好的。” ",
    "Done",
]


def cut(pieces: list[str]) -> list[str]:
    sentences = Sentences()
    units = [unit for piece in pieces for unit in sentences.feed(piece)]
    return units + sentences.finish()


def test_sentences_items_tables_and_code_are_units() -> None:
    assert cut([TEXT]) == UNITS


@given(st.lists(st.integers(1, len(TEXT) - 1), max_size=60))
def test_the_units_are_the_same_however_the_text_arrives(cuts: list[int]) -> None:
    edges = [0, *sorted(set(cuts)), len(TEXT)]
    assert cut([TEXT[a:b] for a, b in pairwise(edges)]) == UNITS


@given(st.text(alphabet="ab.!?。 \n[1]`|-~", max_size=80), st.lists(st.integers(0, 80), max_size=10))
def test_nothing_is_lost(text: str, cuts: list[int]) -> None:
    edges = [0, *sorted(cut for cut in set(cuts) if cut < len(text)), len(text)]
    assert "".join(cut([text[a:b] for a, b in pairwise(edges)])) == text


def test_a_sentence_is_told_as_soon_as_the_next_word_begins() -> None:
    sentences = Sentences()
    assert sentences.feed("It is free [1]. ") == []  # a marker may follow
    assert sentences.feed("T") == ["It is free [1]. "]
