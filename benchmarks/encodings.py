"""Which pages are read right whose encoding is undeclared, declared falsely, or rightly.

    python -m benchmarks.encodings

The texts are names of countries in 28 languages (Babel's), five to forty of them. `MARGIN` of
`retrieval/extraction/decode.py` is the one of the last lines by which most are read right.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

from babel import Locale
from rich.console import Console

from retrieval.extraction import decode

WRITTEN = {
    "cp1252": ("de", "fr", "es", "pt", "it", "nl", "sv", "da", "fi"),
    "iso8859-1": ("de", "fr"),
    "cp1250": ("pl", "cs", "hu", "ro", "hr"),
    "iso8859-2": ("pl", "cs", "hu"),
    "cp1251": ("ru", "uk", "bg", "sr"),
    "koi8-r": ("ru",),
    "koi8-u": ("uk",),
    "cp1253": ("el",),
    "iso8859-7": ("el",),
    "cp1254": ("tr",),
    "cp1255": ("he",),
    "cp1256": ("ar",),
    "cp1257": ("lt",),
    "cp874": ("th",),
    "shift_jis": ("ja",),
    "euc-jp": ("ja",),
    "euc-kr": ("ko",),
    "gbk": ("zh",),
    "big5": ("zh_Hant",),
}
SIZES = (5, 10, 40)  # names in a text
TRIALS = 4
MARGINS = (1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 2.0)
DECLARED = ("rightly", "", "utf-8", "iso-8859-1", "windows-1251", "gb2312")


def main() -> None:
    """Print the figures, and how many undeclared pages would be read right with other margins."""
    console = Console(width=120)
    pages = list(make_pages())
    for declared in DECLARED:
        console.print(f"declared {declared or 'nowhere':12} {describe_figures(pages, declared)}", highlight=False)
    chosen = decode.MARGIN
    for margin in MARGINS:
        decode.MARGIN = margin
        console.print(f"undeclared, margin {margin} {describe_figures(pages, '')}", highlight=False)
    decode.MARGIN = chosen


def describe_figures(pages: list[tuple[int, str, bytes]], declared: str) -> str:
    """How many pages of each size are read right."""
    right: Counter[int] = Counter()
    for size, encoding, body in pages:
        name = encoding if declared == "rightly" else declared
        header = f"text/html; charset={name}" if name else "text/html"
        right[size] += decode.decode_page(body, "", header) == body.decode(encoding)
    return "  ".join(f"{size} names: {right[size]} of {len(pages) // len(SIZES)}" for size in SIZES)


def make_pages() -> Iterator[tuple[int, str, bytes]]:
    """(names, encoding, page), the same each time."""
    chance = random.Random(5)
    for size in SIZES:
        for encoding, languages in WRITTEN.items():
            for language in languages:
                names = [name for code, name in Locale.parse(language).territories.items() if len(code) == 2]
                for _ in range(TRIALS):
                    text = ", ".join(chance.sample(names, size))
                    yield size, encoding, f"<title>FAQ</title><h1>FAQ</h1><p>{text}.</p>".encode(encoding, "ignore")


if __name__ == "__main__":
    main()
