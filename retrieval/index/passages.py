"""Documents -> passages within the model's token budget, cut where Markdown itself has a seam.

The answer is cut between blocks, then between list items, table rows and sentences, and inside one of those only when
it alone exceeds the budget. Apart from that a part is a verbatim slice of the answer: a code block cut in two gets its
fence closed and opened again, a table its header repeated.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from retrieval.documents import Document, Passage, content_id

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

SPLITTER_VERSION = "1"
"""Bumped whenever the same document would give other passages or other texts to embed."""
MAX_PASSAGE_TOKENS = 512
"""Models that read more are not given more: a vector of a long text says little of each of its sentences."""

CountTokens = Callable[[str], int]
Fits = Callable[[str], bool]

# Code spans, links and bare URLs hold dots and question marks that end no sentence: they are consumed first.
_SENTENCE_END = re.compile(
    r"`[^`\n]*`|!?\[[^\]\n]*\]\([^)\n]*\)|https?://[^\s。！？；]+"
    r"|(?P<end>[。！？；…][”’」』）)\"']*\s*|[.!?][”’)\"'*_]*\s+|\n)"
)
_WORD_SEAM = re.compile(r"\s+|[，、：,:;]\s*")
_LEAD_IN = re.compile(r"^#{1,6}\s|[:：]\W*$")
_CONTAINERS = {"root", "bullet_list", "ordered_list", "list_item", "blockquote"}


@dataclass(frozen=True, slots=True)
class _Unit:
    """A slice that is not cut further. `opening` stands before it when a part starts with it, `closing` after it when
    a part ends with it (a code block's fence, a table's header)."""

    text: str
    opening: str = ""
    closing: str = ""


def split_document(document: Document, count_tokens: CountTokens, max_tokens: int) -> list[Passage]:
    """`document` as passages such that question and text together have at most `max_tokens` tokens.

    `count_tokens` counts what the model reads, its special tokens included. A question that takes more than half of
    the budget is let overrun it rather than shredding the answer.
    """
    texts = [document.answer.strip()]
    if count_tokens(f"{document.question}\n{texts[0]}") > max_tokens:
        room = max(max_tokens - count_tokens(document.question + "\n"), max_tokens // 2)
        frame = count_tokens("")  # the special tokens, already counted with the question
        texts = split_markdown(texts[0], lambda text: count_tokens(text) - frame, room)
    passages: list[Passage] = []
    ids: set[str] = set()
    for part, text in enumerate(texts):
        key = (document.url, *document.heading_path, document.question, text, *filter(None, [document.author]))
        passage_id = content_id(*key)
        if passage_id in ids:  # the same text twice in one answer
            passage_id = content_id(*key, str(part))
        ids.add(passage_id)
        passages.append(Passage(passage_id, document, text, part, len(texts)))
    return passages


def texts_to_embed(passage: Passage) -> list[str]:
    """The texts whose vectors stand for `passage`, one index row each, without repetition.

    Question and text together, always; the question and each other wording alone too, once a document (part 0).
    """
    document = passage.document
    texts = [f"{document.question}\n{passage.text}".strip()]
    if passage.part == 0:
        texts += [document.question, *document.alternatives, *document.written]
    return [text for text in dict.fromkeys(texts) if text.strip()]


def question_texts(passage: Passage) -> list[str]:
    """Those of `texts_to_embed` that are a wording of the question alone; none but in part 0."""
    texts = texts_to_embed(passage)
    if passage.part:
        return []
    return texts[1:] if passage.text.strip() and len(texts) > 1 else texts


def split_markdown(markdown: str, count_tokens: CountTokens, max_tokens: int) -> list[str]:
    """`markdown` as consecutive parts of at most `max_tokens` tokens each, at least one part."""
    markdown = markdown.strip().replace("\r\n", "\n")
    if count_tokens(markdown) <= max_tokens:
        return [markdown]
    lines = markdown.split("\n")
    fits: Fits = lambda text: count_tokens(text) <= max_tokens  # noqa: E731
    units = list(_split_units(_parse_markdown(markdown), lines, 0, len(lines), fits))
    return [_join_units(part) for part in _pack_units(units, count_tokens, max_tokens)]


def _parse_markdown(markdown: str) -> SyntaxTreeNode:
    from markdown_it.tree import SyntaxTreeNode

    return SyntaxTreeNode(_build_parser().parse(markdown))


@cache
def _build_parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table")


def _split_units(node: SyntaxTreeNode, lines: Sequence[str], start: int, end: int, fits: Fits) -> Iterator[_Unit]:
    """The lines [start, end) of `node` as the largest units that fit; together they are the whole slice."""
    text = "\n".join(lines[start:end]) + "\n"
    if fits(text) and node.type != "root":
        yield _Unit(text)
    elif node.type in _CONTAINERS and (children := [child for child in node.children if child.map]):
        starts = [start, *(child.map[0] for child in children[1:] if child.map), end]
        for child, first, last in zip(children, starts, starts[1:], strict=False):
            yield from _split_units(child, lines, first, last, fits)
    elif node.type in {"fence", "code_block"}:
        yield from _code_units(node, lines[start:end], fits)
    elif node.type == "table":
        yield from _table_units(lines[start:end])
    else:
        yield from (_Unit(piece) for sentence in _split_sentences(text) for piece in _split_in_halves(sentence, fits))


def _code_units(node: SyntaxTreeNode, lines: Sequence[str], fits: Fits) -> Iterator[_Unit]:
    """An oversize code block line by line, every part of it fenced."""
    if node.type == "code_block":  # indented: each line is code by itself
        yield from (_Unit(piece) for line in lines for piece in _split_in_halves(line + "\n", fits))
        return
    fence = f"{node.markup}{node.info}\n"
    closing = f"{node.markup}\n"
    body = "\n".join(lines[1:]).rstrip()
    body = body.removesuffix(node.markup)
    fenced: Fits = lambda text: fits(fence + text + closing)  # noqa: E731
    pieces = [piece for line in body.rstrip("\n").split("\n") for piece in _split_in_halves(line + "\n", fenced)]
    for number, piece in enumerate(pieces):
        first, last = number == 0, number == len(pieces) - 1
        yield _Unit(
            (lines[0] + "\n" if first else "") + piece + (closing + "\n" if last else ""),
            opening="" if first else fence,
            closing="" if last else closing,
        )


def _table_units(lines: Sequence[str]) -> Iterator[_Unit]:
    """An oversize table row by row, its header repeated in every part; a row is never cut."""
    header = "\n".join(lines[:2]) + "\n"
    rows = [row for row in lines[2:] if row.strip()]
    for number, row in enumerate(rows):
        gap = "\n" if number == len(rows) - 1 else ""
        text = (header if number == 0 else "") + row + "\n" + gap
        yield _Unit(text, opening=header if number else "")


def _split_sentences(text: str) -> Iterator[str]:
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if match["end"] is not None:
            yield text[start : match.end()]
            start = match.end()
    if start < len(text):
        yield text[start:]


def _split_in_halves(text: str, fits: Fits) -> Iterator[str]:
    """`text` whole if it fits; else cut at the seam between words nearest to its middle, again and again."""
    if len(text) < 2 or fits(text):
        yield text
        return
    middle = len(text) // 2
    seams = [match.end() for match in _WORD_SEAM.finditer(text) if 0 < match.end() < len(text)]
    cut = min(seams, key=lambda seam: abs(seam - middle), default=middle)
    if not len(text) // 4 <= cut <= 3 * len(text) // 4:  # no seam near it: one long word, or Chinese
        cut = middle
    yield from _split_in_halves(text[:cut], fits)
    yield from _split_in_halves(text[cut:], fits)


def _pack_units(units: Sequence[_Unit], count_tokens: CountTokens, max_tokens: int) -> Iterator[list[_Unit]]:
    """Consecutive units, as many to a part as fit; a heading or an "as follows:" goes with what it announces."""
    part: list[_Unit] = []
    used = 0
    for unit in units:
        size, closing = count_tokens(unit.text), count_tokens(unit.closing)
        if part and used + size + closing > max_tokens:
            lead = part[-1] if len(part) > 1 and _LEAD_IN.search(part[-1].text) else None
            lead_size = count_tokens(lead.text) if lead else 0
            if lead and lead_size + size + closing <= max_tokens:
                yield part[:-1]
                part, used = [lead], lead_size
            else:
                yield part
                part, used = [], count_tokens(unit.opening)
        part.append(unit)
        used += size
    if part:
        yield part


def _join_units(part: Sequence[_Unit]) -> str:
    text = part[0].opening + "".join(unit.text for unit in part) + part[-1].closing
    return textwrap.dedent(text).strip() if text[:1].isspace() else text.strip()
