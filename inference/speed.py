"""How fast a server writes, learned from what it wrote of late."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from inference.errors import GeneratorSlow

_ANSWERS = 8  # so many of late are enough: a server's load changes
_LIFETIME = 120.0  # seconds, after which an answer tells nothing: one that was too slow is then tried again


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds to the `first` word, and tokens a second after it: infinite where nothing was to come after the first, 0
    where it was waited for in vain."""

    first: float
    rate: float

    def expect_seconds(self, tokens: float) -> float:
        """In which so many tokens are written."""
        return self.first + tokens / self.rate if self.rate else math.inf


class AnswerTimer:
    """Takes the time of one answer that is being written."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._begun = self._first_at = self._last_at = clock()
        self._first_count = self._last_count = 0

    def note_tokens(self, count: int) -> None:
        """So many tokens have come by now, some of them words to show."""
        self._last_at = self._clock()
        if not self._last_count:
            self._first_at, self._first_count = self._last_at, count
        self._last_count = count

    @property
    def has_begun(self) -> bool:
        """Whether a word has come."""
        return bool(self._last_count)

    @property
    def waited(self) -> float:
        """Seconds by now."""
        return self._clock() - self._begun

    def measure(self, *, silent: bool) -> tuple[float, int, float]:
        """-> seconds to the first word, the tokens after it, the seconds of those; `silent`: more were waited for until
        now."""
        end = self._clock() if silent else self._last_at
        return self._first_at - self._begun, self._last_count - self._first_count, end - self._first_at


class SpeedRecord:
    """What one server's answers took. `clock` tells monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._answers: deque[tuple[float, float, int, float]] = deque(maxlen=_ANSWERS)

    @contextmanager
    def time_answer(self) -> Iterator[AnswerTimer]:
        """Record what comes to be known of an answer meanwhile, however it ends. One that ends before its first word
        tells something only where that was waited for in vain, or has come sooner as a rule."""
        timer, in_vain = AnswerTimer(self._clock), False
        try:
            yield timer
        except GeneratorSlow:
            in_vain = True
            raise
        finally:
            known = self.estimate()
            if timer.has_begun:
                self.record_answer(*timer.measure(silent=in_vain))
            elif in_vain:
                self.record_answer(timer.waited, 0, timer.waited)
            elif known and timer.waited > known.first:
                self.record_answer(timer.waited, 0, 0.0)

    def record_answer(self, first: float, tokens: int, writing: float) -> None:
        """Its first word came after `first` seconds, then `tokens` in `writing` seconds, be it to its end or not."""
        self._answers.append((self._clock(), first, tokens, writing))

    def estimate(self) -> Speed | None:
        """Its speed by its answers of late; None where there are none."""
        oldest = self._clock() - _LIFETIME
        recent = [(first, tokens, writing) for at, first, tokens, writing in self._answers if at > oldest]
        if not recent:
            return None
        firsts, tokens, writing = zip(*recent, strict=True)
        rate = sum(tokens) / sum(writing) if sum(writing) > 0 else math.inf
        return Speed(median(firsts), rate)
