"""Discord on the other side, for tests: SimCord's world behind a real HTTP API and a real gateway."""

from tests.support.discord.standin import DiscordStandIn

__all__ = ["DiscordStandIn"]
