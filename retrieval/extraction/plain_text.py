"""Markdown and plain text -> HTML, so that one set of rules reads them all."""

from __future__ import annotations

import html
import re
from itertools import zip_longest
from typing import TYPE_CHECKING

from retrieval.extraction import wording

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A---\s*\n(.*?)\n(?:---|\.\.\.)\s*\n", re.DOTALL)
_TITLE = re.compile(r"^title:\s*[\"']?(.*?)[\"']?\s*$", re.MULTILINE)
_MDX = re.compile(r"^(import|export)\s.*$", re.MULTILINE)
_SLUG_DROP = re.compile(r"[^\w\- ]")
_HEADING = re.compile(r"<(h[1-6])>(.*?)</\1>", re.DOTALL)
_UNDERLINE = re.compile(r"^([=~^\-*#])\1{2,}\s*$")


def markdown_to_html(text: str) -> str:
    """CommonMark with tables to HTML; headings get the ids that code hosts and most generators give them."""
    from markdown_it import MarkdownIt

    match = _FRONT_MATTER.match(text)
    title = _TITLE.search(match.group(1)) if match else None
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    tokens = parser.parse(_MDX.sub("", text[match.end() :] if match else text))
    for token in tokens:
        _break_at_labels(token.children or [])
    body = parser.renderer.render(tokens, parser.options, {})
    head = f"<title>{html.escape(title.group(1))}</title>" if title else ""
    return f"<html><head>{head}</head><body>{_add_heading_ids(body)}</body></html>"


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
        words = html.unescape(re.sub(r"<[^>]+>", "", match.group(2)))
        slug = _SLUG_DROP.sub("", words.strip().lower()).replace(" ", "-")
        number = used.get(slug, 0)
        used[slug] = number + 1
        name = html.escape(f"{slug}-{number}" if number else slug)
        return f'<{match.group(1)} id="{name}">{match.group(2)}</{match.group(1)}>'

    return _HEADING.sub(add_id, body)


def text_to_html(text: str) -> str:
    """Plain text to HTML: underlined lines become headings, empty lines and labelled lines part paragraphs."""
    parts: list[str] = []
    paragraph: list[str] = []

    def flush_paragraph() -> None:
        if paragraph:
            parts.append(f"<p>{'<br>'.join(html.escape(line) for line in paragraph)}</p>")
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
