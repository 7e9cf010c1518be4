"""JSON lines, one object each -> the objects, with the lines they stand on."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.errors import InputError


def read_objects(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each object of `text` and its line, the first being 1; blank lines are passed over, and lone surrogates become
    U+FFFD. Raises InputError, which names `path` and the line."""
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):  # a U+2028 ends no line, as in splitlines
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if "\\ud" in line.lower():  # half of an emoji, as cut texts end in, can be neither searched nor written
                whole = json.dumps(row, ensure_ascii=False).encode("utf-16", "surrogatepass")
                row = json.loads(whole.decode("utf-16", "replace"))
        except json.JSONDecodeError as error:
            raise InputError(f"{path}:{number} is no JSON ({error.msg}): write one object a line.") from error
        except (RecursionError, ValueError) as error:
            raise InputError(
                f"{path}:{number} is nested too deep or holds too long a number: write one plain object a line."
            ) from error
        if not isinstance(row, dict):
            raise InputError(f"{path}:{number} is no JSON object: write one a line.")
        yield number, row
