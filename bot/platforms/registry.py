"""Which chat platforms there are: a folder each, and a line here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from bot.chat.people import OPENID
from bot.chat.platform import Platform
from bot.errors import InputError
from bot.sections import PlatformSettings, Section, TeamPlatformSettings, load_section

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from bot.platforms.services import PlatformServices

PLATFORMS = ("slack", "discord", "widget", "terminal", "api", "mcp")
"""Folders beside this file, whose `platform` module has the platform as PLATFORM. In this order they are told of, and
asked whose an id is: one with a loose pattern comes last."""


class Adapter(Protocol):
    """A platform that is being served."""

    platform: str

    @property
    def connected(self) -> bool:
        """Whether the platform can reach us."""

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """Where the web server takes its requests; they may come before `run` and after `close`."""

    async def run(self) -> None:
        """Connect, join the services, and serve until cancelled: from then on nothing new is taken, and answers can
        still be delivered until `close`. What cannot be delivered again is claimed again and again while that raises
        StorageError. One that returns is started anew, after ever longer pauses; where nothing more can come, wait.
        Raises PlatformError."""

    async def close(self) -> None:
        """Deliver nothing more."""


class ServedPlatform(Platform, Protocol):
    """A platform that can be connected."""

    def connect(self, settings: Any, services: PlatformServices) -> Adapter:
        """What connects and serves it, nothing of which has begun."""


@dataclass(frozen=True, slots=True)
class ConfiguredPlatform:
    """A platform and what an operator has set for it."""

    platform: ServedPlatform
    settings: PlatformSettings


class Platforms(Mapping[str, ConfiguredPlatform]):
    """By name, in the order in which they are told of."""

    def __init__(self, configured: Iterable[ConfiguredPlatform]) -> None:
        self._by_name = {each.platform.name: each for each in configured}

    def __getitem__(self, name: str) -> ConfiguredPlatform:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    @property
    def declared(self) -> Mapping[str, Platform]:
        """The platforms, whatever is set."""
        return {name: each.platform for name, each in self.items()}

    @property
    def support_channels(self) -> dict[str, str]:
        """Where questions are handed to people, by platform."""
        return {name: team.support_channel for name, team in self._team_settings.items() if team.support_channel}

    @property
    def admin_channels(self) -> dict[str, str]:
        """Where admins are told of trouble, by platform: where nothing is set, the support channel."""
        own = {name: team.admin_channel for name, team in self._team_settings.items() if team.admin_channel}
        return self.support_channels | own

    @property
    def _team_settings(self) -> dict[str, TeamPlatformSettings]:
        return {name: each.settings for name, each in self.items() if isinstance(each.settings, TeamPlatformSettings)}

    def find_by_user(self, user_id: str) -> str:
        """The name of the platform whose users' ids look so, or ""."""
        return next((name for name, each in self.items() if each.platform.user_id.fullmatch(user_id)), "")

    async def locate_user(self, user: str, platform: str = "", workspace: str = "") -> tuple[str, str, str]:
        """-> platform, workspace and bare id of a user who was named where no chat tells the first two: `user` may be
        a mention. Raises InputError where they cannot be known, SettingsError, PlatformError."""
        bare = bare_user_id(user)
        if platform == OPENID:
            return platform, "", bare.casefold()
        name = platform or self.find_by_user(bare)
        known = self.get(name)
        if known is None:
            names = ", ".join([*self, OPENID])
            raise InputError(f"{name or bare!r} is of no platform that I know: name one of {names} as the platform.")
        return name, workspace or await known.platform.find_workspace(known.settings), bare

    def find_by_channel(self, channel_id: str) -> str:
        """The name of the platform whose channels' ids look so, or ""."""
        return next((name for name, each in self.items() if each.platform.channel_id.fullmatch(channel_id)), "")


def bare_user_id(user: str) -> str:
    """A user's id without what a mention has around it. Raises InputError for none."""
    if not (bare := user.strip().strip("<@!>").partition("|")[0]):
        raise InputError(f"{user!r} is no user's id: copy it from their profile.")
    return bare


def find_platforms() -> tuple[ServedPlatform, ...]:
    """Every platform that Frontdesk comes with."""
    return tuple(import_module(f"bot.platforms.{name}.platform").PLATFORM for name in PLATFORMS)


def find_sections() -> tuple[type[Section], ...]:
    """The platforms' sections of the settings."""
    return tuple(platform.section for platform in find_platforms())


def load_platforms(platforms: Iterable[ServedPlatform] | None = None) -> Platforms:
    """The platforms (those that Frontdesk comes with) as the environment sets them. Raises SettingsError."""
    declared = find_platforms() if platforms is None else platforms
    return Platforms(ConfiguredPlatform(platform, load_section(platform.section)) for platform in declared)
