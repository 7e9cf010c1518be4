from hypothesis import given
from hypothesis import strategies as st

from bot.answering.citations import CitationChecker
from retrieval.documents import Document, ScoredPassage
from tests.fakes import passage

RETURNS = Document(
    "https://shop.example/help#returns",
    "How do I return goods?",
    "Open the [portal](https://shop.example/portal?step=1) or write to [us](mailto:help@shop.example).",
)
SHIPPING = Document(
    "https://shop.example/shipping_(eu)", "How long is shipping?", "See https://post.example/track now."
)
PASSAGES = [ScoredPassage(passage(RETURNS), 1.0), ScoredPassage(passage(SHIPPING), 0.5)]


def checked(*pieces: str) -> str:
    checker = CitationChecker(PASSAGES)
    return "".join([*(checker.feed(piece) for piece in pieces), checker.finish()])


def test_markers_are_numbered_in_the_order_they_appear() -> None:
    checker = CitationChecker(PASSAGES)
    text = checker.feed("Two days [2]. Use the portal [1], see [2] and [1, 2].") + checker.finish()
    assert text == "Two days [1]. Use the portal [2], see [1] and [2][1]."
    assert [(c.number, c.title, c.url) for c in checker.citations] == [
        (1, SHIPPING.question, SHIPPING.url),
        (2, RETURNS.question, RETURNS.url),
    ]
    assert [c.passage_id for c in checker.citations] == [SHIPPING.id, RETURNS.id]


def test_a_marker_that_names_no_passage_is_dropped() -> None:
    assert checked("Yes [3]. No [0] [99], maybe [1, 7].") == "Yes. No, maybe [1]."


def test_a_link_of_a_cited_passage_goes_out() -> None:
    text = "Open the [portal](https://shop.example/portal?step=1) or [write](mailto:help@shop.example) [1]."
    assert checked(text) == text


def test_a_link_waits_for_its_citation() -> None:
    checker = CitationChecker(PASSAGES)
    first = checker.feed("Open the [portal](https://shop.example/portal?step=1) first. Then ")
    assert first == "Open the "
    assert (
        checker.feed("send it back [1]. ")
        == "[portal](https://shop.example/portal?step=1) first. Then send it back [1]."
    )


def test_a_link_of_a_passage_that_is_not_cited_loses_its_url() -> None:
    assert checked("Track it [here](https://post.example/track) [1].") == "Track it here [1]."
    assert checked("Track it at https://post.example/track. Bye [1].") == "Track it at … Bye [1]."


def test_a_url_that_stands_in_no_passage_never_goes_out() -> None:
    out = checked(
        "See [this](https://evil.example), https://evil.example/x, <https://evil.example> and "
        "![pixel](https://evil.example/p.gif) or [that](https://shop.example/por) "
        "or https://shop.example/portal?step=12 or [js](javascript:alert(1)) [1][2]."
    )
    assert "evil" not in out
    assert "javascript" not in out
    assert "shop.example" not in out


def test_the_passages_own_url_goes_out_even_with_parentheses() -> None:
    text = "Read [it](https://shop.example/shipping_%28eu%29) [2]."
    assert checked(text) == text.replace("[2]", "[1]")


def test_a_label_never_shows_another_url_than_it_leads_to() -> None:
    out = checked("[https://bank.example](https://shop.example/portal?step=1) [1]")
    assert "bank.example" not in out


def test_a_marker_written_as_a_link_is_a_marker() -> None:
    assert checked("Yes [1](https://evil.example).") == "Yes [1]."


def test_brackets_in_code_are_no_markers() -> None:
    text = "Use `a[1]` [1]:\n\n```python\nb[2] = '<b>'\n```\n"
    assert checked(text) == text


def test_an_escaped_bracket_is_no_marker() -> None:
    assert checked(r"note \[2\] here") == r"note \[2\] here"


def test_mentions_ring_no_bell() -> None:
    out = checked("@everyone @here <!channel> <@U12345678> `<!here>` `@everyone` a@here.example")
    assert "@everyone" not in out
    assert "@here" not in out.replace("a@\u200bhere", "")
    assert "<!" not in out
    assert "<@" not in out


def test_raw_html_is_shown_and_not_run() -> None:
    assert checked("a <script>x</script> <!-- c -->b<br>c 1 < 2") == "a &lt;script>x&lt;/script> b c 1 < 2"


def test_hidden_characters_are_removed() -> None:
    assert checked("a\u202eb\u200bc\x1b[31m\rd") == "abcd"


TRICKY = (
    "Go to [the portal](https://shop.example/portal?step=1), `a[0]` or https://post.example/track [2]. @everyone <b>x"
    '</b>\n```python\na[1] = "<b>"  # @here [9]\n```\n~~~\n[1]\n~~~\nsee [7] and [1, 2]. <https://shop.example/help#returns>'
    " 你好[1]。 \\[2\\] ![i](https://evil.example/x.png) <!-- c --> [1](https://evil.example) **b** [an [odd] one\n"
    "- [x] done `open\n"
)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=400))
def test_how_the_text_is_cut_into_pieces_changes_nothing(sizes: list[int]) -> None:
    pieces, position = [], 0
    for size in sizes:
        pieces.append(TRICKY[position : position + size])
        position += size
    assert checked(*pieces, TRICKY[position:]) == checked(TRICKY)


@given(st.text(alphabet="[]()<>`~!@\\/:1234 \nahttps.例。-", max_size=80), st.integers(0, 80))
def test_no_text_breaks_the_checker(text: str, cut: int) -> None:
    assert checked(text[:cut], text[cut:]) == checked(text)
