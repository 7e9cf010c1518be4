from hypothesis import given
from hypothesis import strategies as st

from bot.chat.split import split_markdown


def test_a_short_text_is_one_piece() -> None:
    assert split_markdown("Two lines.\n\nOf text.", 100) == ["Two lines.\n\nOf text."]
    assert split_markdown("", 100) == [""]


def test_a_long_text_is_cut_between_paragraphs_then_sentences() -> None:
    assert split_markdown("One one one one.\n\nTwo two two two.", 20) == ["One one one one.", "Two two two two."]
    assert split_markdown("One one one. Two two two. Three three.", 28) == ["One one one. Two two two.", "Three three."]
    assert split_markdown("第一句话在这里。第二句话在那里。第三句。", 12) == [
        "第一句话在这里。",
        "第二句话在那里。第三句。",
    ]


def test_an_open_code_block_is_closed_and_reopened_with_its_language() -> None:
    code = "```python\n" + "\n".join(f"line_{n}()" for n in range(12)) + "\n```"
    pieces = split_markdown(code, 60)
    assert all(piece.startswith("```python\n") and piece.rstrip().endswith("```") for piece in pieces)
    lines = [line for piece in pieces for line in piece.splitlines() if not line.startswith("```")]
    assert lines == [f"line_{n}()" for n in range(12)]


def test_a_link_is_not_cut_in_two_unless_it_is_longer_than_a_piece_and_then_it_is_none() -> None:
    link = "[a label of words](https://shop.example/a/long/way)"
    for limit in range(60, 90):
        assert all(
            piece.count("](") == piece.count("/way)") for piece in split_markdown(f"Words first. {link} " * 9, limit)
        )
    assert not any("://" in piece or "](" in piece for piece in split_markdown(f"{link} and words", 25))


def test_pieces_may_be_measured_otherwise_than_in_characters() -> None:
    text = "请在三十天内退货。" * 60
    pieces = split_markdown(text, 200, lambda text: len(text.encode()))
    assert all(len(piece.encode()) <= 200 for piece in pieces) and "".join(pieces) == text


_TEXTS = st.lists(
    st.sampled_from(["word", "Ende.", "句子。", "\n", "\n\n", "- item", " ", "a-very-long-word-without-any-seam-in-it"])
)


@given(_TEXTS, st.integers(20, 90))
def test_no_piece_is_too_long_and_nothing_is_lost(parts: list[str], limit: int) -> None:
    text = "".join(parts)
    pieces = split_markdown(text, limit)
    assert all(len(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()).replace("\u2060", "") == "".join(text.split())


@given(st.lists(st.sampled_from(["code()", "x = 1", ""]), min_size=1, max_size=40), st.integers(40, 90))
def test_fences_are_balanced_in_every_piece(lines: list[str], limit: int) -> None:
    text = "Before.\n\n```sh\n" + "\n".join(lines) + "\n```\n\nAfter it."
    pieces = split_markdown(text, limit)
    assert all(piece.count("```") % 2 == 0 and len(piece) <= limit for piece in pieces)
