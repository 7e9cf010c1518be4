"""What a platform needs to reply to a message, as it is kept with that: to the platform a frozen dataclass of its own,
everywhere else a mapping that nobody reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    _Target = TypeVar("_Target", bound=DataclassInstance)

ReplyTarget = Mapping[str, str]
"""By field, without those that are empty: text as it is, a flag as "1", an enum as its value."""

Retarget = Callable[[ReplyTarget], ReplyTarget]
"""What the reply to a question needs -> what the reply to a button pressed below its answer needs."""

_SET = "1"


def write_reply_target(target: DataclassInstance) -> ReplyTarget:
    """A platform's own target, to be kept. Its fields are strings, flags or enums of strings, empty by default."""
    values = {field.name: getattr(target, field.name) for field in fields(target)}
    return {name: _SET if value is True else str(value) for name, value in values.items() if value}


def read_reply_target(kind: type[_Target], kept: ReplyTarget) -> _Target:
    """What was kept, as a platform's own target. What another version kept and this one does not know is left out: a
    field by its name, an enum's value as if there were none."""
    known: dict[str, Any] = {}
    for field in fields(kind):
        if value := kept.get(field.name):
            known[field.name] = _read_value(type(field.default), value, field.default)
    return kind(**known)


def _read_value(kind: type[Any], value: str, default: Any) -> Any:
    if kind is bool:
        return True
    if issubclass(kind, StrEnum):
        return kind(value) if value in set(kind) else default
    return value
