"""Discord's encoding of a message as the words that its author saw."""

from __future__ import annotations

import pytest

from bot.adapters.discord.incoming import readable

ME, ROLE = 42, 77


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<@42> how do I pay?", "how do I pay?"),
        ("<@!42> <@&77> how do I pay?", "how do I pay?"),
        ("how would <@1234> pay?", "how would @… pay?"),
        ("ask <@&99> in <#555>", "ask @… in #…"),
        ("use </ask:12345> please", "use /ask please"),
        ("great <:parrot:1234> <a:dance:5>", "great :parrot: :dance:"),
        ("since <t:1700000000:R>", "since …"),
        ("1 < 2 & 3 > 2", "1 < 2 & 3 > 2"),
        ("  如何退货？\n", "如何退货？"),
        ("<@42>", ""),
    ],
)
def test_markup_becomes_words(content: str, text: str) -> None:
    assert readable(content, ME, {ROLE}) == text
