"""What an inbox may take on, and how long."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InboxLimits:
    """`workers` questions are worked on at once, each for at most `seconds`; `queue` may wait, `per_user` of one user.

    A user has `user_budget` questions an hour and a workspace `workspace_budget` (0: no limit). A claim belongs to a
    process for `lease` seconds after its last sign of life. Delivery is tried `tries` times in a row, and again and
    again until the question is `patience` seconds old: a platform may be away for a while. Where something may stand
    that a place does not tell of, it is asked until the question is `untold` seconds old.
    """

    workers: int = 8
    seconds: float = 120
    queue: int = 5000
    per_user: int = 20
    user_budget: int = 120
    workspace_budget: int = 0
    lease: float = 15
    tries: int = 5
    pause: float = 1.0
    patience: float = 3600
    untold: float = 180
    told_after: float = 2.0
