"""What an operator sets of the console."""

from __future__ import annotations

from pydantic import Field, field_validator

from bot.sections import Section


class ConsoleSettings(Section):
    """`console`: `frontdesk serve` serves it, too; `console_url` is where browsers reach it then."""

    console: bool = False
    console_url: str = ""
    console_port: int = Field(8430, ge=0, le=65535)
    console_hours: float = Field(12, gt=0, le=720)

    @field_validator("console_url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("a URL that begins with https:// or http:// is needed")
        return value.rstrip("/")
