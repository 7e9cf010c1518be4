"""Of how many pages of real manuals and FAQs does at least 90% of the main text become knowledge?

Debian packages with HTML (`data/documentation_packages.txt`) are downloaded by `apt-get download` and unpacked, into a
folder that may be used again. Their pages are read by the product's own extraction, and what repeats over a package is
left out as in a refresh. What their main text is, is computed here in another way: all that a browser shows but menus,
link lists, lines that stand on most pages of the package, and lines that are another page's title and nothing else
("Next: …"). A page's share is that of these words, counted, that are
in its documents.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from lxml import etree, html

from retrieval.documents import Document
from retrieval.errors import ExtractionError
from retrieval.extraction.elements import BLOCKS
from retrieval.extraction.process import ExtractionProcess
from retrieval.index.page_records import PageRecord
from retrieval.refresh.repeated_text import leave_out_repeated
from retrieval.text.scripts import UNSPACED

PACKAGES = Path(__file__).parent / "data" / "documentation_packages.txt"
ENOUGH = 0.9  # of a page's main text
GOAL = 0.95  # of the pages
PAGES = 40  # of a package, spread over it
FEWEST = 40  # letters of a page that has a main text

_UNSHOWN = ["script", "style", "template", "noscript", "title", "svg", "head", "iframe", "object"]
_FRAME = (
    "//nav | //footer | //select | //textarea | //button | //*[@role='navigation' or @role='search' or @role='banner' "
    "or @role='contentinfo'] | //header[not(ancestor::main or ancestor::article)]"
)
_BREAKS = frozenset([*BLOCKS, "br"])
_WORD = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+")
_LINK = re.compile(r"\]\((?:[^()\\]|\\.|\([^()]*\))*\)")


@dataclass(frozen=True, slots=True)
class PageShare:
    """What part of a page's main text is known; `missing` are its words that are not, `reason` is the product's own."""

    package: str
    path: Path
    letters: int
    share: float
    reason: str
    missing: str


def read_lines(body: bytes) -> list[str]:
    """The lines that a browser shows of a page, without its menus and its lists of links."""
    tree = html.document_fromstring(body or b"<p>")
    etree.strip_elements(tree, *_UNSHOWN, etree.Comment, with_tail=False)
    for part in cast("list[html.HtmlElement]", tree.xpath(_FRAME)):
        if part.getparent() is not None:
            part.drop_tree()
    lines, text, linked = [], [""], 0

    def end_line() -> None:
        nonlocal linked
        line = " ".join("".join(text).split())
        if line and linked <= 0.7 * len(line):
            lines.append(line)
        text.clear()
        linked = 0

    for event, node in etree.iterwalk(tree, events=("start", "end")):
        if not isinstance(node.tag, str):
            continue
        if node.tag in _BREAKS:
            end_line()
        piece = (node.text if event == "start" else node.tail) or ""
        text.append(piece)
        holder = node if event == "start" else node.getparent()
        if piece.strip() and holder is not None and any(a.get("href") for a in holder.xpath("ancestor-or-self::a")):
            linked += len(" ".join(piece.split()))
    end_line()
    return lines


def read_titles(body: bytes) -> set[str]:
    """What a page calls itself."""
    try:
        tree = html.document_fromstring(body or b"<p>")
    except (etree.LxmlError, ValueError):
        return set()
    named = cast("list[html.HtmlElement]", tree.xpath("//title | (//h1)[1] | (//h2)[1]"))
    return {" ".join(each.text_content().split()) for each in named} - {""}


def count_words(texts: Iterable[str]) -> Counter[str]:
    """How often each word stands there; of what is written without spaces, each character."""
    return Counter(word for text in texts for word in _WORD.findall(re.sub(r"[\\*_`~]", "", text).casefold()))


def measure_package(
    package: str, pages: Sequence[Path], others: Iterable[Path], process: ExtractionProcess
) -> Iterator[PageShare]:
    """The share of every page that has a main text; `others` are all of the package, whose titles are known."""
    lines: dict[Path, list[str]] = {}
    titles = {path: read_titles(path.read_bytes()) for path in others}
    records: dict[Path, PageRecord] = {}
    refused: dict[Path, str] = {}
    home = Path(os.path.commonpath([path.parent for path in pages]))  # folders' names may speak of an FAQ
    for path in pages:
        body, url = path.read_bytes(), f"https://docs.example/{path.relative_to(home)}"
        with contextlib.suppress(etree.LxmlError, ValueError):
            lines[path] = read_lines(body)
        try:
            found = process.extract_page(body, url)
        except ExtractionError as error:
            refused[path] = str(error)
            continue
        records[path] = PageRecord(package, url, found.documents, coverage=found.coverage)
    known = leave_out_repeated(list(records.values()))
    documents: dict[str, list[Document]] = defaultdict(list)
    for document in known.documents:
        documents[document.url.partition("#")[0]].append(document)
    reasons = {record.url: record.coverage.explain_loss() for record in known.records if record.coverage}
    everywhere = {title for those in titles.values() for title in those}
    often = Counter(line for each in lines.values() for line in set(each))
    for path, each in lines.items():
        elsewhere = everywhere - titles[path]
        main = count_words(
            line for line in each if (len(lines) < 5 or often[line] <= len(lines) / 2) and line not in elsewhere
        )
        letters = sum(len(word) * count for word, count in main.items())
        if letters - sum(sum(map(len, _WORD.findall(title))) for title in titles[path]) < FEWEST:
            continue  # a title and a table of contents
        url = records[path].url if path in records else ""
        missing = main - count_words(
            _LINK.sub("]", text) for d in documents[url] for text in (d.question, d.answer, *d.heading_path)
        )
        lost = sum(len(word) * count for word, count in missing.items())
        words = " ".join(word for word, _ in missing.most_common(12))
        yield PageShare(package, path, letters, 1 - lost / letters, refused.get(path) or reasons[url], words)


def unpack_packages(names: Iterable[str], folder: Path) -> dict[str, list[Path]]:
    """The HTML files of each package, by its name; what is in the folder already is not fetched again."""
    found = {}
    for name in names:
        target = folder / name
        if not target.is_dir():
            done = subprocess.run(["apt-get", "download", "-q", name], cwd=folder, capture_output=True, check=False)
            [*files] = folder.glob(f"{name}_*.deb")
            if done.returncode or not files:
                print(f"{name} cannot be downloaded: run 'apt-get update', or take it out of {PACKAGES.name}.")
                continue
            subprocess.run(["dpkg-deb", "-x", files[0], target], check=True)
            files[0].unlink()
        found[name] = sorted(path for path in target.rglob("*.htm*") if path.is_file() and not path.is_symlink())
    return found


def choose_pages(pages: Sequence[Path], count: int) -> list[Path]:
    """So many, spread evenly."""
    step = max(1.0, len(pages) / count)
    return [pages[int(place * step)] for place in range(min(count, len(pages)))]


def print_report(shares: Sequence[PageShare], worst: int) -> None:
    """The figure over all pages and by package, and the worst pages."""
    packages = dict.fromkeys(each.package for each in shares)
    for package in packages:
        some = [each for each in shares if each.package == package]
        enough = sum(each.share >= ENOUGH for each in some)
        letters = sum(each.letters for each in some)
        text = sum(each.share * each.letters for each in some) / letters
        print(f"{package:28} pages {len(some):4}  whole {enough / len(some):6.1%}  text {text:6.1%}")
    enough = sum(each.share >= ENOUGH for each in shares)
    reached = "reached" if enough >= GOAL * len(shares) else "not reached"
    print(
        f"{len(packages)} packages, {len(shares)} pages, of {enough / len(shares):.1%} at least {ENOUGH:.0%} is known "
        f"(goal {GOAL:.0%}, {reached})"
    )
    for each in sorted(shares, key=lambda each: (each.share - 1) * each.letters)[:worst]:
        print(f"{each.share:5.0%} of {each.letters:7} letters  {each.path}")
        print(f"      {each.reason}\n      words: {each.missing}")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.coverage", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packages", nargs="*", help="which (default: all of the list)")
    parser.add_argument("--folder", type=Path, help="where packages are, or are put (default: a temporary folder)")
    parser.add_argument("--pages", type=int, default=PAGES, help="at most so many of each package")
    parser.add_argument("--worst", type=int, default=20, help="pages to show, those that miss most text first")
    options = parser.parse_args()
    listed = [line for line in PACKAGES.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    with contextlib.ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        process = stack.enter_context(ExtractionProcess(patience_seconds=3600))
        shares: list[PageShare] = []
        for package, pages in unpack_packages(options.packages or listed, folder).items():
            if not pages:
                continue
            shares += measure_package(package, choose_pages(pages, options.pages), pages, process)
            print(f"\r{package:40}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    if shares:
        print_report(shares, options.worst)


if __name__ == "__main__":
    main()
