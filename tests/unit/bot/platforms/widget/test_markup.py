"""What of an answer's Markdown reaches the page: a tree of few kinds of nodes, and no link that was not allowed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bot.platforms.widget.markup import build_plain_tree, build_tree

PAGE = "https://shop.example/returns?a=1&b=2"


def walk(nodes: list[Any]) -> Iterator[dict[str, Any]]:
    for node in nodes:
        if not isinstance(node, str):
            yield node
            yield from walk(node["c"])


def test_an_answer_is_a_tree_of_its_blocks() -> None:
    tree = build_tree("You have **30 days**. [1]\n\n1. Open *it*\n2. `send`\n\n| a | b |\n|---|---|\n| c | d |")
    assert tree[0] == {"t": "p", "c": ["You have ", {"t": "strong", "c": ["30 days"]}, ". [1]"]}
    assert tree[1]["t"] == "ol" and [item["t"] for item in tree[1]["c"]] == ["li", "li"]  # type: ignore[index]
    assert [node["t"] for node in walk(tree[2:])].count("td") == 2


def test_only_addresses_that_a_passage_holds_are_linked_to() -> None:
    text = f"[here]({PAGE}) and {PAGE} and [there](https://evil.example) and https://evil.example"
    links = [node["h"] for node in walk(build_tree(text, {PAGE})) if node["t"] == "a"]
    assert links == [PAGE, PAGE]


@pytest.mark.parametrize(
    "hostile",
    [
        "<img src=x onerror=alert(1)>",
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](https://evil.example/pixel.png)",
        "[x][1]\n\n[1]: javascript:alert(1)",
        "<javascript:alert(1)>",
        "> " * 500 + "deep",
        "[" * 2000,
    ],
)
def test_hostile_markup_is_text(hostile: str) -> None:
    tree = build_tree(hostile, {"javascript:alert(1)"})
    assert {node["t"] for node in walk(tree)} <= {"p", "blockquote"}
    assert "href" not in json.dumps(tree)


def test_a_teammates_words_are_literal_but_for_what_may_be_followed() -> None:
    tree = build_plain_tree(f"**no** markup\nsee {PAGE} now\n\nnext javascript:x", {PAGE, "javascript:x"})
    assert [node["t"] for node in tree] == ["p", "p"]  # type: ignore[index]
    assert [node["t"] for node in walk(tree)].count("a") == 1
    assert tree[0]["c"][0].startswith("**no** markup")  # type: ignore[index]
