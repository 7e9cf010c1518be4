"""Markdown and plain text -> HTML, so that one set of rules reads them all."""

from __future__ import annotations

import html
import re
import tomllib
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING

from retrieval.extraction import wording
from retrieval.extraction.markdown_attributes import drop_inline_attributes, take_block_attributes
from retrieval.extraction.markdown_boxes import unfold_boxes
from retrieval.text.scripts import WIDE

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(
    r"\s*---[ \t]*\n(?P<yaml>.*?)(?:^|\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)
_TOML = re.compile(r"\s*\+\+\+[ \t]*\n(?P<toml>.*?)(?:^|\n)\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_YAML_LINE = re.compile(r"\s|#|- |-$|[\]}]|[^\s:#][^:]*:(?:\s|$)|$")
_TITLE = re.compile(r"^title:[ \t]*(?:[>|][+-]?[ \t]*\n((?:[ \t]+\S.*\n?)+)|([^\s>|].*)$)", re.MULTILINE)
_CODE_STATEMENT = re.compile(  # of JavaScript, which MDX may have; prose may begin with these words too
    r"""import\s+(?:[\w$*{][^'"`;]*?\sfrom\s*)?["'][^"'\n]+["']\s*;?\s*$"""
    r"|export\s+(?:default\b|(?:const|let|var)\s+[\w$\[{][^=]*=|(?:async\s+)?function\b|class\s+\w|\*|\{)"
)
_SLUG_DROP = re.compile(r"[^\w\- ]")
_HEADING = re.compile(r'<(h[1-6])(?: id="([^"]*)")?>(.*?)</\1>', re.DOTALL)
_ITEM = re.compile(r"[-*+•·]\s|\(?[\da-zA-Z]{1,3}[.)]\s")
_WIDE = re.compile(f"[{WIDE}]")
_FIRST_WORD = re.compile(rf"[{WIDE}]|[^\s{WIDE}]+")
_NARROWEST = 50  # columns that a text is filled to
_UNDERLINE = re.compile(r"^([=~^\-*#])\1{2,}\s*$")


def markdown_to_html(text: str) -> str:
    """CommonMark with tables, definition lists and the boxes of its dialects to HTML; headings get the ids that are
    written behind them, else those that code hosts and most generators give them."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.deflist import deflist_plugin

    title, text = _split_front_matter(text)
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).use(deflist_plugin)
    parser.core.ruler.after("block", "block_attributes", take_block_attributes)
    tokens = parser.parse(unfold_boxes(_drop_code_statements(text), parser.renderInline))
    for token in tokens:
        drop_inline_attributes(token.children or [])
        _break_at_labels(token.children or [])
    body = parser.renderer.render(tokens, parser.options, {})
    head = f"<title>{html.escape(title)}</title>" if title else ""
    return f"<html><head>{head}</head><body>{_add_heading_ids(body)}</body></html>"


def _split_front_matter(text: str) -> tuple[str, str]:
    """The title that front matter in YAML or TOML names, and the text without it. A rule at the top begins none."""
    if match := _TOML.match(text):
        return _read_toml_title(match["toml"]), text[match.end() :]
    match = _FRONT_MATTER.match(text)
    if match is None or not all(map(_YAML_LINE.match, match["yaml"].split("\n"))) or match["yaml"][:1] == "\n":
        return "", text
    found = _TITLE.search(match["yaml"])
    title = " ".join((found[1] or found[2] or "").split()) if found else ""
    if len(title) > 1 and title[0] == title[-1] and title[0] in "\"'":
        quote, title = title[0], title[1:-1]
        title = title.replace("''", "'") if quote == "'" else title.replace('\\"', '"')
    return title, text[match.end() :]


def _read_toml_title(text: str) -> str:
    try:
        title = tomllib.loads(text).get("title", "")
    except (tomllib.TOMLDecodeError, RecursionError):
        return ""
    return title if isinstance(title, str) else ""


def _drop_code_statements(text: str) -> str:
    """Take out the imports and exports of MDX that stand at the head of the text, below its first heading too."""
    paragraphs = re.split(r"(\n[ \t]*(?:\n[ \t]*)+)", text)
    kept: list[str] = []
    for index in range(0, len(paragraphs), 2):
        paragraph = paragraphs[index].strip("\n")
        if paragraph and not _is_code(paragraph) and not (paragraph.startswith("# ") and "\n" not in paragraph):
            return "".join([*kept, *paragraphs[index:]])
        if not _is_code(paragraph):
            kept += paragraphs[index : index + 2]
    return "".join(kept)


def _is_code(paragraph: str) -> bool:
    """Whether each of its statements imports or exports, whatever lines they take."""
    statements = re.split(r"\n(?=import\b|export\b)", paragraph)
    return all(map(_CODE_STATEMENT.match, statements))


def _break_at_labels(inline: list[Token]) -> None:
    """Make line ends before "Q:" and "A:" line breaks: who writes so sees two lines, whatever CommonMark says."""
    line = ""
    for token in reversed(inline):
        if token.type == "softbreak" and (wording.question_label_length(line) or wording.answer_label_length(line)):
            token.type = "hardbreak"
        line = "" if token.type in ("softbreak", "hardbreak") else token.content + line


def _add_heading_ids(body: str) -> str:
    used: dict[str, int] = {}

    def add_id(match: re.Match[str]) -> str:
        words = html.unescape(re.sub(r"<[^>]+>", "", match[3]))
        slug = (match[2] and html.unescape(match[2])) or _SLUG_DROP.sub("", words.strip().lower()).replace(" ", "-")
        number = used.get(slug, 0)
        used[slug] = number + 1
        name = html.escape(f"{slug}-{number}" if number and not match[2] else slug)
        return f'<{match[1]} id="{name}">{match[3]}</{match[1]}>'

    return _HEADING.sub(add_id, body)


def text_to_html(text: str) -> str:
    """Plain text to HTML: underlined lines become headings, empty lines and labelled lines part paragraphs, and the
    lines of a paragraph that was filled to a width mean nothing."""
    parts: list[str] = []
    paragraph: list[str] = []

    def flush_paragraph() -> None:
        if paragraph:
            end = "\n" if _is_wrapped(paragraph) else "<br>"
            parts.append(f"<p>{end.join(html.escape(line) for line in paragraph)}</p>")
            paragraph.clear()

    lines = text.splitlines()
    for line, following in zip_longest(lines, lines[1:], fillvalue=""):
        if _UNDERLINE.match(line) and len(paragraph) == 1:
            level = 1 if line[0] in "=#*" else 2
            parts.append(f"<h{level}>{html.escape(paragraph.pop().strip())}</h{level}>")
        elif not line.strip():
            flush_paragraph()
        else:
            if (
                wording.question_label_length(line)
                or wording.answer_label_length(line)
                or (wording.extract_numbering(line) and wording.question_likeness(line) > 0.4)
            ):
                flush_paragraph()
            paragraph.append(line.strip())
            if wording.is_asked(line) and not _UNDERLINE.match(following):
                flush_paragraph()
    flush_paragraph()
    return f"<html><body>{''.join(parts)}</body></html>"


def _is_wrapped(lines: list[str]) -> bool:
    """Whether lines were broken only where the next word found no room: no list, no address, no poem."""
    width = max(map(_measure_width, lines))
    return (
        width >= _NARROWEST
        and not any(map(_ITEM.match, lines))
        and all(
            _measure_width(line) + 1 + _measure_width(_FIRST_WORD.findall(following)[0]) > width
            for line, following in pairwise(lines)
        )
    )


def _measure_width(text: str) -> int:
    """In columns: a Chinese or Japanese character takes two."""
    return len(text) + len(_WIDE.findall(text))
