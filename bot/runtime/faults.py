"""Faults that somebody is told of: by an id that a customer can quote, under which the log says what happened."""

from __future__ import annotations

import sys
import uuid

import structlog

from bot.errors import BotError
from retrieval.errors import RetrievalError

log = structlog.get_logger(__name__)


def make_fault_id() -> str:
    """8 hexadecimal digits."""
    return uuid.uuid4().hex[:8]


def log_fault(error: BaseException | None = None, event: str = "fault", *, cause: str = "", **about: object) -> str:
    """Log a fault, by default the one that is being handled, with what it is `about`; -> its id.

    What other libraries say may hold a customer's words or a secret: only the `cause` that the caller vouches for, else
    the text of an error of our own, stands in the log. Where there is neither, the traceback does, at DEBUG.
    """
    error = error or sys.exception()
    fault, kind = make_fault_id(), type(error).__name__
    cause = cause or (str(error) if isinstance(error, (BotError, RetrievalError)) else "")
    if cause:
        log.error(event, fault=fault, **about, kind=kind, cause=cause)
    else:
        log.error(event, fault=fault, **about, kind=kind)
        log.debug("fault's traceback", fault=fault, exc_info=error)
    return fault
