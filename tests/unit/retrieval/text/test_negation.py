"""What denies something, in every language that customers write in."""

from __future__ import annotations

import pytest

from retrieval.text.negation import count_denials


@pytest.mark.parametrize(
    "text",
    [
        "I can't join the contest",
        "I can’t join",
        "I cannot pay",
        "The parcel never arrived",
        "Das geht nicht",
        "Ça ne marche pas",
        "No funciona",
        "Não funciona",
        "我无法付款",
        "動かない",
        "결제가 안 돼요, 할 수 없어요",
    ],
)
def test_it_denies(text: str) -> None:
    assert count_denials(text) > 0


@pytest.mark.parametrize("text", ["How do I join?", "I want a knot", "Do you have notebooks?", "", "怎么参加？"])
def test_it_does_not(text: str) -> None:
    assert count_denials(text) == 0


def test_every_denial_counts() -> None:
    assert count_denials("Isn't there help? I cannot log in") == 2
