"""Records compared as a person reads them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from typing import Any

Record = dict[str, Any]
NAMED = 20  # differing records beyond those that are shown


def compare(before: Sequence[Record], now: Sequence[Record], most: int) -> str:
    """What differs, of the first `most` records that do; "" where nothing does."""
    old, new = ({record["id"]: record for record in records} for records in (before, now))
    differing = [name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]
    told = ["\n".join(_differences(old.get(name), new.get(name), name)) for name in differing[:most]]
    if len(differing) > most:
        named = ", ".join(differing[most:][:NAMED])
        told.append(
            f"… and {len(differing) - most} more, of {len(new)}: {named}{' …' * (len(differing) > most + NAMED)}"
        )
    return "\n\n".join(told)


def _differences(old: Record | None, new: Record | None, name: str) -> Iterator[str]:
    lines = [list(_lines(record)) if record else [] for record in (old, new)]
    yield from difflib.unified_diff(*lines, f"{name}, frozen", f"{name}, now", n=2, lineterm="")


def _lines(value: Any, indent: str = "") -> Iterator[str]:
    """A record, a line for each thing in it; texts line by line."""
    if isinstance(value, dict):
        for key, each in value.items():
            if isinstance(each, dict | list):
                yield f"{indent}{key}:"
                yield from _lines(each, f"{indent}  ")
            else:
                first, *more = str(each).split("\n")
                yield f"{indent}{key}: {first}"
                yield from (f"{indent}  | {line}" for line in more)
    elif isinstance(value, list):
        for each in value:
            if isinstance(each, dict | list):
                yield f"{indent}-"
                yield from _lines(each, f"{indent}  ")
            else:
                yield f"{indent}- {json.dumps(each, ensure_ascii=False)}"
    else:
        yield f"{indent}{value}"
