"""`frontdesk` on whose calendar it is a Monday after nine, when the week's gaps are posted. It looks every moment
whether it is time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

import bot.inbox.notices as notices
from bot.cli.main import main

_NINE = 9


def until_monday(now: datetime) -> timedelta:
    """How far the next moment is at which the gaps are due: less than a week."""
    if now.weekday() == 0 and now.hour >= _NINE:
        return timedelta()
    monday = now.replace(hour=_NINE, minute=0, second=0, microsecond=0) - timedelta(days=now.weekday())
    return (monday if monday > now else monday + timedelta(days=7)) - now


AHEAD = until_monday(datetime.now(UTC))


class Later(datetime):
    """A clock that is ahead."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        """The time on it."""
        return datetime.now(tz) + AHEAD


if __name__ == "__main__":
    notices.datetime = Later  # type: ignore[misc]
    notices._LOOK_SECONDS = 0.2
    main()
