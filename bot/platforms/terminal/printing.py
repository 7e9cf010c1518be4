"""What is printed where a terminal may read it: other people's texts are shown there, and never obeyed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from retrieval.text.cleaning import without_controls

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

_CONTROLS = re.compile("[\x7f-\x9f]")  # those that JSON does not escape


def safe_console(*, stderr: bool = False) -> Console:
    """A rich console that prints no control character of a text, wherever that comes from."""
    return _safe_class()(stderr=stderr, highlight=False)


def escaped_controls(text: str) -> str:
    """JSON whose strings steer no terminal: the controls that it may hold as they are, as it writes the others."""
    return _CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


@cache
def _safe_class() -> type[Console]:
    from rich.console import Console as Rich  # here: rich takes a while, and --json does without
    from rich.segment import Segment

    class Safe(Rich):
        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
            """What is laid out, piece by piece; what rich itself tells the terminal stays."""
            for segment in super().render(renderable, options):
                if segment.control:
                    yield segment
                    continue
                style = segment.style
                if style and style.link and without_controls(style.link) != style.link:
                    style = style.update_link(None)
                yield Segment(without_controls(segment.text), style)

    return Safe
