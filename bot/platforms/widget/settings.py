"""What an operator sets for the widget."""

from __future__ import annotations

import re

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from bot.sections import PlatformSettings

_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?")


class WidgetSettings(PlatformSettings):
    """The sites that may show it, as origins separated by commas, and how many calls of a visitor's, and of all
    visitors of one address, are taken in a minute."""

    model_config = SettingsConfigDict(env_prefix="FRONTDESK_WIDGET_")

    origins: str = ""
    visitor_limit: int = Field(20, ge=1)
    address_limit: int = Field(120, ge=1)

    @field_validator("origins")
    @classmethod
    def _check_origins(cls, value: str) -> str:
        origins = [each.strip().rstrip("/").lower() for each in value.split(",") if each.strip()]
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin!r} is no origin: write scheme and host alone, such as https://shop.example")
        return ",".join(dict.fromkeys(origins))

    @property
    def allowed_origins(self) -> frozenset[str]:
        """As browsers send them."""
        return frozenset(filter(None, self.origins.split(",")))

    @property
    def is_configured(self) -> bool:
        """Whether any site may show it."""
        return bool(self.origins)
