"""`make picture`: records `make demo` and draws it as docs/images/demo.svg.

The recording is the real output of examples/demo.py. Some questions are left out, marked by a line "…", so that the
picture fits a first screen.
"""

from __future__ import annotations

import html
import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).parents[2]
TARGET = Path(__file__).with_name("demo.svg")
COLUMNS = 96
SHOWN = (
    "Can I skip a month of the tea box?",
    "如何退货？",
    "Do you have support for PayPal?",
    "¿Cómo puedo pagar?",
    "Do you sell concert tickets?",
)


def palette(colours: str) -> list[tuple[int, int, int]]:
    """Hexadecimal colours, separated by blanks, as RGB triples."""
    return [(red, green, blue) for red, green, blue in map(bytes.fromhex, colours.split())]


THEME = TerminalTheme(
    (0x21, 0x1C, 0x1A),
    (0xEC, 0xE2, 0xD6),
    palette("211c1a e66e5a 96b978 e0aa5a 78a0c8 c88cb4 6ebeb9 ece2d6"),
    palette("786c64 f08269 aacd8c f0be6e 8cb4dc d7a0c8 82d2cd fffaf2"),
)


def record() -> str:
    """The output of a first run, with colours, as it ends up on a terminal that shows no animation."""
    environment = os.environ | {"COLUMNS": str(COLUMNS), "TTY_COMPATIBLE": "1", "TTY_INTERACTIVE": "0"}
    environment |= {"COLORTERM": "truecolor", "TERM": "xterm-256color"}
    with tempfile.TemporaryDirectory() as data:
        done = subprocess.run(
            [sys.executable, ROOT / "examples" / "demo.py", "--data", data],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=True,
        )
    return re.sub(r"\x1b\[\?25[lh]", "", done.stdout.decode())  # hiding and showing the cursor


def abridge(lines: list[Text]) -> list[Text]:
    """The lines without the report's table and the questions that are not SHOWN; "…" stands for what is left out."""
    kept: list[Text] = []
    showing = True
    for line in lines:
        plain = line.plain.strip()
        if plain.startswith("› "):
            showing = plain[2:] in SHOWN
        elif plain.startswith("added "):
            showing = False
        elif plain.startswith("Version ") or re.match(r"\S.* ─+$", plain):
            showing = True
        if showing:
            kept.append(line)
        elif kept[-1].plain != "…":
            kept.append(Text("…", style="dim"))
    return kept


def loosen(svg: str) -> str:
    """Let runs with wide characters have their natural width: rich would press a Chinese character into one cell."""

    def fix(match: re.Match[str]) -> str:
        plain = html.unescape(match[1])
        return match[0] if cell_len(plain) == len(plain) else re.sub(r' textLength="[^"]*"', "", match[0])

    return re.sub(r"<text [^>]*>([^<]+)</text>", fix, svg)


def main() -> None:
    """Write demo.svg."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line in abridge([Text.from_ansi(line) for line in ["$ make demo", *record().splitlines()]]):
        console.print(line, overflow="ellipsis", no_wrap=True)
    TARGET.write_text(loosen(console.export_svg(title="make demo", theme=THEME)), encoding="utf-8")


if __name__ == "__main__":
    main()
