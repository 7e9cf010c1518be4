"""Sections of what an operator sets, and how one is read from the environment and `.env`."""

from __future__ import annotations

import os
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, TypeVar

import structlog
from pydantic import AfterValidator, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import SettingsError

_NEARLY = 0.9  # of two names' letters: from there on one is taken for the other misspelt
_PLAINLY = {
    "string_pattern_mismatch": "that is no id of a channel",
    "bool_parsing": "true or false is needed",
}


class Section(BaseSettings):
    """Settings that are read together. Construct through `load_section`, which turns faults into one clear line."""

    model_config = SettingsConfigDict(
        env_prefix="FRONTDESK_",
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
        populate_by_name=True,
    )

    @classmethod
    def environment_variables(cls) -> tuple[str, ...]:
        """The environment variables' names, in order."""
        prefix = cls.model_config["env_prefix"]
        aliases = {name: item.validation_alias for name, item in cls.model_fields.items()}
        return tuple(str(alias or f"{prefix}{name.upper()}") for name, alias in aliases.items())


class PlatformSettings(Section):
    """A chat platform's section."""

    @property
    def is_configured(self) -> bool:
        """Whether `frontdesk serve` is to answer there."""
        return False

    def check_complete(self) -> None:
        """Raises SettingsError where something is missing without which the platform cannot be served."""


class TeamPlatformSettings(PlatformSettings):
    """The section of a platform on which the team can be reached. `support_channel` is the id of the channel where
    questions are handed to people, `admin_channel` of that where admins are told of trouble ("": in the support
    channel)."""

    support_channel: str = ""
    admin_channel: str = ""


AnySection = TypeVar("AnySection", bound=Section)


def load_section(section: type[AnySection], **overrides: Any) -> AnySection:
    """Read one section's settings. Raises SettingsError naming the key, what was wrong with it and how to mend it."""
    try:
        return section(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name, keys = str(first["loc"][0]).upper(), section.environment_variables()
        key = name if name in keys else f"{section.model_config['env_prefix']}{name}"
        reason = _PLAINLY.get(first["type"], first["msg"].removeprefix("Value error, "))
        raise SettingsError(f"{key} cannot be read: {reason}. See .env.example for what it takes.") from error


def _normalise_api_url(value: str) -> str:
    """An HTTP API's address with one slash at its end. Raises ValueError."""
    if not value.startswith(("https://", "http://")):
        raise ValueError("a URL that begins with https:// or http:// is needed")
    return value.rstrip("/") + "/"


ApiUrl = Annotated[str, AfterValidator(_normalise_api_url)]


def warn_of_misspelt(sections: tuple[type[Section], ...]) -> None:
    """Say once of variables that are no setting and nearly one. Others may be somebody else's."""
    _warn_once(sections, tuple(sorted(name for name in os.environ if name.startswith("FRONTDESK_"))))


@cache
def _warn_once(sections: tuple[type[Section], ...], names: tuple[str, ...]) -> None:
    keys = sorted({key for section in sections for key in section.environment_variables()})
    for name in names:
        if name not in keys and (near := get_close_matches(name, keys, n=1, cutoff=_NEARLY)):
            structlog.get_logger(__name__).warning(f"{name} is no setting and is ignored: did you mean {near[0]}?")
