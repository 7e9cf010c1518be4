"""Discord's encoding of a message as the words that its author saw."""

from __future__ import annotations

import pytest
from simcord.results import to_discord_message

from bot.platforms.discord.events import read_message, to_readable
from tests.support.discord import DiscordStandIn

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
    assert to_readable(content, ME, {ROLE}) == text


async def test_each_edit_is_later_than_the_one_before() -> None:
    discord = DiscordStandIn()
    channel = discord.guild.create_text_channel("one")
    sent = await discord.guild.add_member(discord.world.create_user("ann")).send(channel, "first")
    at = []
    for text in ("first", "second", "third"):
        if text != "first":
            discord.backend.edit_message(channel.id, sent.id, {"content": text})
        stored = discord.backend.get_message(channel.id, sent.id)
        told = read_message(to_discord_message(discord.world, stored), ME, ())
        assert told and told.text == text
        at.append(told.edited_at)
    assert at[0] == 0.0 and at == sorted(set(at))
