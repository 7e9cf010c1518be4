"""Tags that dialects of Markdown open and close their boxes with: shortcodes, template tags, components of MDX."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_ARGUMENTS = r"(?:[^{}\"%>]|\"(?:[^\"\\]|\\.)*\"|%(?!\})|>(?!\})|\{[^{}]*\})"
_SHORTCODE = re.compile(
    rf"\{{\{{[<%]\s*(?P<closes>/?)\s*(?P<name>[\w.-]+(?:/[\w.-]+)*)(?P<arguments>{_ARGUMENTS}{{0,600}}?)(?P<empty>/?)[>%]\}}\}}"
)
_TEMPLATE = re.compile(
    r"\{%-?\s*(?P<closes>end_?|/)?\s*(?P<name>[\w-]+)(?P<arguments>(?:[^{}\"%]|\"[^\"]*\"|%(?!\})){0,600}?)(?P<empty>)-?%\}"
)
_BRACES = r"\{(?:[^{}]|\{[^{}]*\})*\}"
_COMPONENT = re.compile(
    rf"<(?P<closes>/?)(?P<name>[A-Z][\w.]*)(?P<arguments>(?:[^<>\"'{{}}/]|\"[^\"]*\"|'[^']*'|{_BRACES}|/(?!>)){{0,2000}})(?P<empty>/?)>"
)
_KINDS = (("{{", _SHORTCODE), ("{%", _TEMPLATE), ("<", _COMPONENT))
_ATTRIBUTE = re.compile(
    r"(?<![\w-])([\w:-]+)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'"
    r"|\{\s*(?:\"([^\"]*)\"|'([^']*)'|`([^`$]*)`)\s*\}|([^\s\"'{}<>=]+))"
)
_POSITIONAL = re.compile(r"(?<!=)(?:\"((?:[^\"\\]|\\.)*)\"|`([^`]*)`|“([^”]*)”)")
_TITLES = ("title", "summary", "question", "label", "header", "heading", "q")
_ANSWERS = ("answer", "a")
_CODE_SPAN = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
_COMMENT = re.compile(r"\{/\*(?!\s*#).{0,2000}?\*/\}", re.DOTALL)
_UNFINISHED = re.compile(r"\s*<[A-Z][\w.]*(?:\s[^<>]*)?$")
_FENCE = re.compile(r"\s*(`{3,}(?=[^`]*$)|~{3,})")
_LONGEST = 20  # lines of a tag
_LONGEST_LINE = 2_000  # characters


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag on a line, at [start, end). `closer` tells what closes it, or what it closes; `empty`: it closes itself."""

    text: str
    start: int
    end: int
    name: str
    closer: str
    closes: bool = False
    empty: bool = False
    title: str = ""
    answer: str = ""

    @property
    def is_shortcode(self) -> bool:
        """Whether no reader was ever meant to see it, wherever it stands."""
        return self.closer.startswith("{")


def may_hold_tags(line: str) -> bool:
    """Whether it is worth looking: a line longer than anybody writes is no box."""
    return len(line) <= _LONGEST_LINE and ("<" in line or "{" in line)


def find_tag(line: str, closer: str, *, at_start: bool, closing_only: bool = False) -> Tag | None:
    """The first tag of the line that counts: components open at its start alone (`at_start`), and close what is open
    (`closer`) or anything; other tags wherever they stand. None in code."""
    code = [found.span() for found in _CODE_SPAN.finditer(line)] if "`" in line else []
    first: Tag | None = None
    for mark, pattern in _KINDS:
        if mark not in line:
            continue
        for found in pattern.finditer(line):
            if first and found.start() >= first.start:
                break
            if any(start <= found.start() < end for start, end in code):
                continue
            closes = bool(found["closes"])
            if not closes and (closing_only or (mark == "<" and (not at_start or line[: found.start()].strip()))):
                continue
            name = found["name"]
            own = f"{mark}{name.lower()}"
            if closes and mark == "<" and not closing_only and closer != own and line[found.end() :].strip():
                continue  # of a component among words
            first = _build_tag(found, own, closes=closes)
            break
    return first


def _build_tag(found: re.Match[str], closer: str, *, closes: bool) -> Tag:
    arguments = found["arguments"]
    if closes:
        return Tag(found[0], found.start(), found.end(), found["name"], closer, closes=True)
    named = {each[1].lower(): _read_value(each) for each in _ATTRIBUTE.finditer(arguments)}
    title = next((named[name] for name in _TITLES if named.get(name)), "")
    if not title and closer.startswith("{"):
        positional = _POSITIONAL.search(arguments)
        title = next((text for text in positional.groups() if text), "") if positional else ""
        if not title and not named and closer.startswith("{%") and " " in arguments.strip():
            title = arguments.strip()  # {% details Can I pay later? %}
    answer = next((named[name] for name in _ANSWERS if named.get(name)), "")
    return Tag(
        found[0], found.start(), found.end(), found["name"], closer,
        empty=bool(found["empty"]), title=" ".join(title.split()), answer=answer,
    )  # fmt: skip


def _read_value(found: re.Match[str]) -> str:
    text = next((each for each in found.groups()[1:] if each), "")
    return html.unescape(re.sub(r"\\(.)", r"\1", text)).strip()


def join_tags(lines: Sequence[str]) -> Iterator[str]:
    """The lines, with components' tags that run over several on one, and without comments of MDX outside code."""
    at, fence = 0, ""
    while at < len(lines):
        line, end = lines[at], at + 1
        if fence:
            if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        elif found := _FENCE.match(line):
            fence = found[1]
        elif "<" in line and _UNFINISHED.match(line):
            line, end = _join_tag(lines, at)
        elif "{/*" in line and len(line) <= _LONGEST_LINE:
            if line.rfind("*/}") < line.rfind("{/*"):
                end = next((n + 1 for n in range(at + 1, min(at + _LONGEST, len(lines))) if "*/}" in lines[n]), end)
            line = _COMMENT.sub("", "\n".join(lines[at:end]))
        yield from line.split("\n") if end > at + 1 else [line]
        at = end


def _join_tag(lines: Sequence[str], at: int) -> tuple[str, int]:
    """A tag that ends on a later line, with what follows it there, and the line after that."""
    joined = lines[at].rstrip()
    for end in range(at + 1, min(at + _LONGEST, len(lines))):
        more = lines[end].strip()
        if more.startswith("<"):
            break
        joined = f"{joined} {more}"
        if ">" in more and _COMPONENT.match(joined.lstrip()):
            return joined, end + 1
    return lines[at], at + 1
