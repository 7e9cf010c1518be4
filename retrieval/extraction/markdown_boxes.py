"""Boxes of Markdown's dialects -> `<details>` and paragraphs, which CommonMark lets pass.

Read are MkDocs' `??? type "Title"`, `!!!` and `===`, the `:::` of VitePress, Docusaurus, Pandoc and MyST, Obsidian's
and GitHub's `> [!type]- Title`, Hugo's `{{< name "Title" >}}`, GitBook's and Liquid's `{% name title="…" %}`, and MDX's
components. Code is left as it is.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from retrieval.extraction import wording
from retrieval.extraction.markdown_tags import Tag, find_tag, join_tags, may_hold_tags

_DEEPEST = 20  # boxes in one another; what is deeper stays as it is written
_FENCE = re.compile(r"\s*(`{3,}(?=[^`]*$)|~{3,})")
_INDENTED = re.compile(
    r"(?P<indent> *)(?P<mark>!!!|\?\?\?\+?|===[!+]?)[ ]+(?P<type>[^\"\n]*?)[ ]*(?:\"(?P<title>.*)\")?\s*$"
)
_COLONS = re.compile(r"(?P<indent> *)(?P<fence>:{3,})[ ]*(?P<type>[\w/-]*)(?P<rest>.*)$")
_QUOTED = re.compile(r" {0,3}> ?(.*)$")
_CALLOUT = re.compile(r"\[!(?P<type>[^\]\s][^\]]{0,60})\](?P<folds>[+-]?)[ ]*(?P<title>.*)$")
_BRACED = re.compile(r"\{([^{}]*)\}")
_ATTRIBUTE_TITLE = re.compile(r"\b(?:title|summary|label)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_LINK = re.compile(r"\[([^\[\]]*)\]\(\s*\{\{[<%][^{}]{0,400}\}\}[^()\s]*\)")
_OPTION = re.compile(r"\s*:[\w-]+:")
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s")
_FOLDING = re.compile(
    r"details|accordion|expan|collaps|toggle|dropdown|spoiler|disclosure|faq|question|^q-?and-?a$|^help$", re.IGNORECASE
)
_TITLE_PART = re.compile(r"(?:trigger|title|header|summary|question|button|label)$", re.IGNORECASE)
_LIKELY = 0.4  # of a question


@dataclass(slots=True)
class _Box:
    """What a container holds: lines, and boxes among them. `closer` ends it; `folds`: its title opens it."""

    indent: int = 0
    title: str = ""
    folds: bool = False
    name: str = ""
    closer: str = ""
    parts: list[str | _Box] = field(default_factory=list)


def unfold_boxes(text: str, render_title: Callable[[str], str]) -> str:
    """The text with every dialect's boxes as HTML; `render_title` makes HTML of one line of Markdown."""
    lines = [_expand_indent(line) for line in join_tags(text.split("\n"))]
    return "\n".join(_draw_parts(_read_boxes(lines, 0), render_title))


# -- reading ------------------------------------------------------------------------------------------------------


def _read_boxes(lines: Sequence[str], depth: int) -> _Box:
    return _Reader(lines, depth).read_all()


class _Reader:
    """Reads lines into boxes: those that end by a mark of their own are on a stack, those that end by their
    indentation or their `>` are read apart."""

    def __init__(self, lines: Sequence[str], depth: int) -> None:
        self._lines = lines
        self._depth = depth
        self._stack = [_Box()]
        self._closings = Counter(tag.closer for line in lines for tag in _find_closings(line))
        self._in_list = False

    def read_all(self) -> _Box:
        at = 0
        fence = ""
        while at < len(self._lines):
            line = self._lines[at]
            if fence:
                self._add(line)
                if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                    fence = ""
                at += 1
                continue
            if found := _FENCE.match(line):
                fence = found[1]
            self._note_list(line)
            if fence or self._is_code(line):
                self._add(line)
                at += 1
                continue
            at = self._read_apart(at) or self._read_line(at)
        return self._stack[0]

    def _add(self, part: str | _Box) -> None:
        self._stack[-1].parts.append(part)

    def _note_list(self, line: str) -> None:
        if _ITEM.match(line):
            self._in_list = True
        elif line[:1].strip():
            self._in_list = False

    def _is_code(self, line: str) -> bool:
        """Whether indentation alone makes it code, which it never does in a list or in a component."""
        return line.startswith("    ") and len(self._stack) == 1 and not self._in_list

    def _read_apart(self, at: int) -> int:
        """A box that ends by its indentation or its `>`. -> the line after it; 0 where none begins here."""
        line = self._lines[at]
        if self._depth >= _DEEPEST:
            return 0
        if (found := _QUOTED.match(line)) and (callout := _CALLOUT.match(found[1].lstrip())):
            inner = [quoted[1] for each in self._run_from(at, _QUOTED.match) if (quoted := _QUOTED.match(each))]
            folds = bool(callout["folds"]) or bool(_FOLDING.search(callout["type"]))
            box = _Box(0, callout["title"].strip(), folds, parts=_read_boxes(inner[1:], self._depth + 1).parts)
            self._add(box)
            return at + len(inner)
        if not (found := _INDENTED.match(line)) or not (found["type"] or found["title"] is not None):
            return 0
        indent = len(found["indent"])
        end = self._find_dedent(at + 1, indent)
        body = [
            each[indent + 4 :] if each[: indent + 4].isspace() else each.strip() for each in self._lines[at + 1 : end]
        ]
        if not any(body) and found["title"] is None:
            return 0  # a sentence that begins with exclamation marks
        folds = found["mark"].startswith("???") or bool(_FOLDING.search(found["type"]))
        self._add(_Box(indent, (found["title"] or "").strip(), folds, parts=_read_boxes(body, self._depth + 1).parts))
        return end

    def _run_from(self, at: int, fits: Callable[[str], object]) -> Iterator[str]:
        while at < len(self._lines) and fits(self._lines[at]):
            yield self._lines[at]
            at += 1

    def _find_dedent(self, at: int, indent: int) -> int:
        """Where lines end that stand two or more columns further in; empty ones at the end are not theirs."""
        end = at
        while at < len(self._lines):
            line = self._lines[at]
            if line.strip():
                if _count_indent(line) < indent + 2:
                    break
                end = at + 1
            at += 1
        return end

    def _read_line(self, at: int) -> int:
        """One line, with what opens or closes on it. -> the line after it, and after its options."""
        line = self._lines[at]
        if found := _COLONS.match(line):
            return self._read_colons(found, at)
        if not may_hold_tags(line):
            self._add(line)
            return at + 1
        self._read_tags(_LINK.sub(r"\1", line) if "](" in line else line)  # where it leads only Hugo knows
        return at + 1

    def _read_colons(self, found: re.Match[str], at: int) -> int:
        rest = found["rest"].strip()
        if not found["type"] and not rest:
            if any(box.closer == ":::" for box in self._stack):
                self._close(":::")
            else:
                self._add(self._lines[at])
            return at + 1
        rest = rest.rstrip(":").rstrip() if rest.endswith(":::") else rest
        name = found["type"]
        title = _strip_brackets(_BRACED.sub("", rest, count=1))
        if braced := _BRACED.match(rest) or _BRACED.search(rest):
            stated = _ATTRIBUTE_TITLE.search(braced[1])
            title = title or (stated[1] or stated[2] or "" if stated else "")
            name = name or braced[1]
        self._open(_Box(len(found["indent"]), title, bool(_FOLDING.search(name)), closer=":::"))
        at += 1
        while at < len(self._lines) and _OPTION.match(self._lines[at]):
            at += 1
        return at

    def _read_tags(self, line: str) -> None:
        """Open and close what the tags on the line open and close; the rest of it is text."""
        indent = _count_indent(line)
        rest, first = line, True
        while rest.strip():
            tag = find_tag(rest, self._stack[-1].closer, at_start=first or self._in_component())
            first = False
            if tag is None:
                break
            before, after = rest[: tag.start], rest[tag.end :]
            if not tag.closes and self._closings[tag.closer] <= 0 and tag.is_shortcode:
                rest = before + after  # a picture, a variable: its words are elsewhere
                if not rest.strip():
                    return
                continue
            if not tag.closes and not self._opens(tag, after):
                break
            if before.strip():
                self._add(" " * indent + before.lstrip())
            rest = after
            if tag.closes:
                self._closings[tag.closer] -= 1
                self._close(tag.closer)
            else:
                self._open_tag(tag, indent)
        if rest.strip() or rest == line:
            self._add(rest if rest == line else " " * indent + rest.lstrip())

    def _opens(self, tag: Tag, after: str) -> bool:
        """Whether a component's tag is one of a block: one among words stays with them."""
        if tag.is_shortcode or (tag.answer and tag.title):
            return True
        if tag.empty or self._closings[tag.closer] <= 0:
            return not after.strip()
        return bool(tag.title) or f"</{tag.name}" not in after or self._in_component()

    def _open_tag(self, tag: Tag, indent: int) -> None:
        if tag.answer and tag.title:
            self._add(_Box(indent, tag.title, folds=True, name=tag.name, parts=[tag.answer]))
        elif not tag.empty and self._closings[tag.closer] > 0:
            self._open(_Box(indent, tag.title, bool(_FOLDING.search(tag.name)), tag.name, tag.closer))

    def _in_component(self) -> bool:
        return self._stack[-1].closer.startswith(("<", "{"))

    def _open(self, box: _Box) -> None:
        if len(self._stack) <= _DEEPEST:
            self._add(box)
            self._stack.append(box)

    def _close(self, closer: str) -> None:
        """End the innermost box that this ends, and those in it that nothing ended."""
        for depth in range(len(self._stack) - 1, 0, -1):
            if self._stack[depth].closer == closer:
                del self._stack[depth:]
                return


def _find_closings(line: str) -> Iterator[Tag]:
    rest = line if may_hold_tags(line) else ""
    while tag := find_tag(rest, "", at_start=False, closing_only=True):
        yield tag
        rest = rest[tag.end :]


# -- drawing ------------------------------------------------------------------------------------------------------


def _draw_parts(box: _Box, render_title: Callable[[str], str]) -> list[str]:
    lines: list[str] = []
    for part in box.parts:
        if isinstance(part, str):
            lines.append(part)
        else:
            lines += _draw_box(part, render_title)
    return lines


def _draw_box(box: _Box, render_title: Callable[[str], str]) -> list[str]:
    """As lines between empty ones; its own stand as far in as its mark did."""
    title, parts = box.title, box.parts
    boxes = [part for part in parts if isinstance(part, _Box)]
    if not title and len(boxes) > 1 and _TITLE_PART.search(boxes[0].name):
        # "AccordionTrigger" beside "AccordionContent"
        title = " ".join(line.strip() for line in _draw_parts(boxes[0], render_title)).strip()
        parts = parts[parts.index(boxes[0]) + 1 :]
    body = _indent(_dedent(_draw_parts(_Box(parts=parts), render_title)), box.indent)
    if not title:
        return ["", *body, ""]
    folds = box.folds or wording.question_likeness(title) > _LIKELY
    shown, margin = render_title(html.unescape(title)).strip(), " " * box.indent
    if folds:
        return ["", f"{margin}<details><summary>{shown}</summary>", "", *body, "", f"{margin}</details>", ""]
    return ["", f"{margin}<p><strong>{shown}</strong></p>", "", *body, ""]


def _dedent(lines: Sequence[str]) -> list[str]:
    margin = min((_count_indent(line) for line in lines if line.strip()), default=0)
    return [line[margin:] if line.strip() else "" for line in lines]


def _indent(lines: Sequence[str], columns: int) -> list[str]:
    return [" " * columns + line if line else "" for line in lines]


def _count_indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _expand_indent(line: str) -> str:
    """Leading tabs as spaces."""
    text = line.lstrip(" \t")
    margin = line[: len(line) - len(text)]
    return margin.expandtabs(4) + text if "\t" in margin else line


def _strip_brackets(title: str) -> str:
    title = title.strip()
    return title[1:-1].strip() if title.startswith("[") and title.endswith("]") else title
