"""Questions in a page's JSON-LD (FAQPage, QAPage)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from retrieval.extraction import wording
from retrieval.extraction.json_ld import read_blocks

_MAX_DEPTH = 12
_MAX_QUESTIONS = 2_000
_POSTED = {"suggestedAnswer", "answerCount", "text", "author", "dateCreated", "datePublished", "upvoteCount"}
_ESCAPED_MARKUP = re.compile(r"\s*&(?:amp;)*(?:lt|#60);([a-z][a-z0-9]*)\b.*&(?:amp;)*(?:lt|#60);/\1\s*&", re.DOTALL)

Items = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class StatedQuestion:
    """A question as structured data states it; `answer` may be HTML. In a `thread` (a QAPage with the posts on one
    question) it is one of several, the accepted one."""

    question: str
    answer: str
    thread: bool = False


def read_questions(page: str) -> list[StatedQuestion]:
    """Every Question with an answer in the JSON-LD of the page's HTML. What cannot be parsed is as good as absent."""
    if "Question" not in page:
        return []
    blocks = [_bare_names(block, 0) for block in read_blocks(page)]
    named: Items = {}
    for item in _iterate_items(blocks):
        if name := _read_text(item.get("@id")):
            named[name] = {**named.get(name, {}), **item}
    found: dict[str, StatedQuestion] = {}
    questions = list(islice(_find_questions(blocks, named), _MAX_QUESTIONS))
    for item, threaded in questions:
        question, answer = _read_text(item.get("name") or item.get("headline")), _find_answer(item, named)
        thread = threaded and len(questions) == 1 and bool(_POSTED & item.keys())
        if question and answer:
            found.setdefault(wording.fold_text(question), StatedQuestion(question, answer, thread))
    return list(found.values())


def bare_name(name: str) -> str:
    """A type's or property's bare name: "https://schema.org/Question", "schema:Question" -> "Question"."""
    return name if name.startswith("@") else re.split(r"[/#:]", name.rstrip("/"))[-1]


def _bare_names(value: Any, depth: int) -> Any:
    """The value with bare names as keys and types; what is nested too deep is left out."""
    if depth > _MAX_DEPTH:
        return None
    if isinstance(value, list):
        return [_bare_names(entry, depth + 1) for entry in value]
    if not isinstance(value, dict):
        return value
    item = {bare_name(name): _bare_names(entry, depth + 1) for name, entry in value.items()}
    if "@type" in item:
        item["@type"] = [bare_name(kind) for kind in _as_list(item["@type"]) if isinstance(kind, str)]
    return item


def _iterate_items(value: Any) -> Iterator[dict[str, Any]]:
    """Every item anywhere in `value`, the outer before the inner."""
    if isinstance(value, dict):
        yield value
    for entry in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _iterate_items(entry)


def _find_questions(value: Any, named: Items, thread: bool = False) -> Iterator[tuple[dict[str, Any], bool]]:
    """The Question items anywhere in `value`, each with whether it stands in a QAPage."""
    if isinstance(value, list):
        for entry in value:
            yield from _find_questions(entry, named, thread)
    elif isinstance(value, dict):
        kinds = value.get("@type", ())
        if "Question" in kinds:
            yield _resolve(value, named), thread
        else:
            for entry in value.values():
                yield from _find_questions(entry, named, thread or "QAPage" in kinds)


def _resolve(item: dict[str, Any], named: Items) -> dict[str, Any]:
    """The item with all that is said of its @id anywhere on the page."""
    return {**named.get(_read_text(item.get("@id")), {}), **item}


def _find_answer(question: dict[str, Any], named: Items) -> str:
    """The accepted answer's text, else the first suggested one's."""
    for key in ("acceptedAnswer", "suggestedAnswer"):
        for entry in _as_list(question.get(key)):
            answer = _resolve(entry, named) if isinstance(entry, dict) else {"text": entry}
            text = _read_text(answer.get("text") or answer.get("articleBody") or answer.get("@value"))
            if text:
                return text
    return ""


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _read_text(value: Any) -> str:
    if isinstance(value, list):
        value = next((entry for entry in value if isinstance(entry, (str, dict))), "")
    if isinstance(value, dict):
        value = value.get("@value")
    return _unescape_markup(value.strip()) if isinstance(value, str) else ""


def _unescape_markup(text: str) -> str:
    """HTML that was escaped once more than its place asks for, as HTML: all of it stands between escaped tags."""
    for _ in range(3):
        if not _ESCAPED_MARKUP.match(text):
            break
        text = html.unescape(text)
    return text
