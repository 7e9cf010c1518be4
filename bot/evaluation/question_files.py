"""Measures the product's own retriever, confidence and decision on questions whose answers are known."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.answering import decide as decision
from bot.answering import followups
from bot.errors import InputError
from bot.evaluation.json_lines import read_objects
from bot.evaluation.metrics import Outcome, compute_figures
from retrieval.documents import Document, RetrievalResult
from retrieval.interfaces import Retriever
from retrieval.text.languages import detect_language

RetrieverFactory = Callable[[Sequence[Document]], Retriever]

RANKED = 20  # ids a result row lists
AT_ONCE = 8  # questions in flight
_ROOMS = ("site", "lang")  # a question is searched among the FAQs that share these, where the FAQs differ in them
_PREFIX = "eval:"
_TEXTS = (*_ROOMS, "domain", "entity")  # texts, where a row has them

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures by name, and the result rows they were computed from."""

    figures: Mapping[str, float | int]
    rows: Sequence[Mapping[str, object]]


def evaluate_queries(
    faqs: Path,
    queries: Path,
    retriever_over: RetrieverFactory,
    *,
    threshold: float | None = None,
    suggest_threshold: float | None = None,
    on_done: Callable[[int, int], None] = lambda _done, _of: None,
) -> Evaluation:
    """Ask every question of `queries` on an index of `faqs`; `on_done` is told how many of how many are asked. Raises
    InputError.

    A FAQ row has id, question, answer, and maybe alt_questions, heading_path (or domain and entity), site and lang. A
    query row has id, text, relevant, and maybe answerable, site, lang, and history: earlier turns, "U: …" the
    customer's, "S: …" the bot's. A result row is {"id", "ranked", "confidence", "decision"}.
    """
    answers: dict[str, dict[str, object]] = {}
    asked: list[Row] = []
    thresholds = threshold, suggest_threshold
    rooms = read_rooms(faqs, queries)
    total = sum(len(rows) for _, rows in rooms)
    for documents, rows in rooms:
        asyncio.run(
            _ask_queries(retriever_over(documents), rows, answers, thresholds, lambda: on_done(len(answers), total))
        )
        asked += rows
    results = [answers[row["id"]] for row in asked]
    return Evaluation(
        compute_figures([_to_outcome(query, row) for query, row in zip(asked, results, strict=True)]), results
    )


async def _ask_queries(
    retriever: Retriever,
    queries: Sequence[Row],
    answers: dict[str, dict[str, object]],
    thresholds: tuple[float | None, float | None],
    on_answer: Callable[[], None],
) -> None:
    """The turn of each query as the product would take it, up to its decision."""
    free = asyncio.Semaphore(AT_ONCE)

    async def ask_query(query: Row) -> None:
        text = query["text"]
        earlier = turns_of(query.get("history", ()))
        standalone, context = followups.contextualise_question(text, detect_language(text), earlier)
        async with free:
            result = await retriever.retrieve(standalone, context=context, limit=RANKED)
        answers[query["id"]] = {
            "id": query["id"],
            "ranked": _collect_ids(result),
            "confidence": result.confidence,
            "decision": decision.make_decision(result, *thresholds).decision.value,
        }
        on_answer()

    await asyncio.gather(*(ask_query(query) for query in queries))


def turns_of(history: Sequence[str]) -> list[tuple[str, str]]:
    """History lines -> (customer, bot) turns, oldest first; consecutive lines of one speaker are joined."""
    turns: list[tuple[str, str]] = []
    for line in history:
        text = line[2:].strip()
        if line.startswith("S:") and turns:
            asked, said = turns[-1]
            turns[-1] = asked, f"{said} {text}".strip()
        elif line.startswith("S:"):
            turns.append(("", text))
        elif turns and not turns[-1][1]:
            turns[-1] = f"{turns[-1][0]} {text}".strip(), ""
        else:
            turns.append((text, ""))
    return turns


def read_rooms(faqs: Path, queries: Path) -> list[tuple[list[Document], list[Row]]]:
    """The documents of each room with the queries asked in it. Raises InputError."""
    faq_rows = _read_rows(faqs, {"id": str, "question": str, "answer": str})
    query_rows = _read_rows(queries, {"id": str, "text": str, "relevant": list})
    _check_rows(faqs, faq_rows, queries, query_rows)
    keys = [key for key in _ROOMS if _divides_rows(key, faq_rows) and any(key in row for row in query_rows)]
    rooms: dict[tuple[object, ...], tuple[list[Document], list[Row]]] = {}
    for row in faq_rows:
        rooms.setdefault(tuple(row.get(key) for key in keys), ([], []))[0].append(_to_document(row))
    for row in query_rows:
        rooms.setdefault(tuple(row.get(key) for key in keys), ([], []))[1].append(row)
    return [room for room in rooms.values() if room[1]]


def _divides_rows(key: str, rows: Sequence[Row]) -> bool:
    return len({row[key] for row in rows if key in row}) > 1


def _to_document(row: Row) -> Document:
    headings = row.get("heading_path") or [row[key] for key in ("domain", "entity") if row.get(key)]
    return Document(
        url=_PREFIX + row["id"],
        question=row["question"],
        answer=row["answer"],
        heading_path=tuple(headings),
        alternatives=tuple(row.get("alt_questions", ())),
        language=row.get("lang") or detect_language(f"{row['question']} {row['answer']}"),
    )


def _collect_ids(result: RetrievalResult) -> list[str]:
    ids = (scored.passage.document.url.removeprefix(_PREFIX) for scored in result.passages)
    return list(dict.fromkeys(ids))


def _to_outcome(query: Row, row: Mapping[str, Any]) -> Outcome:
    return Outcome(
        ranked=tuple(row["ranked"]),
        relevant=frozenset(map(str, query["relevant"])),
        answerable=query.get("answerable", True),
        confidence=float(row["confidence"]),
        answered=row["decision"] == "answer",
    )


def _read_rows(path: Path, needed: Mapping[str, type]) -> list[dict[str, Any]]:
    """The JSON objects of a file, one a line; ids become strings. Raises InputError naming the line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist: name a file with one JSON object a line.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read ({error}): name a UTF-8 file with one JSON object a line.") from error
    rows = [_parse_row(path, number, row, needed) for number, row in read_objects(path, text)]
    if not rows:
        raise InputError(f"{path} is empty: it needs one JSON object a line.")
    return rows


def _parse_row(path: Path, number: int, row: dict[str, Any], needed: Mapping[str, type]) -> dict[str, Any]:
    if isinstance(row.get("id"), int):
        row["id"] = str(row["id"])
    for key, kind in needed.items():
        if not isinstance(row.get(key), kind):
            what = "a list" if kind is list else "text"
            raise InputError(f"{path}:{number} needs {key!r} as {what}.")
    for key in ("alt_questions", "history", "heading_path"):
        value = row.get(key, [])
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            raise InputError(f"{path}:{number} needs {key!r} as a list of texts.")
    for key in _TEXTS:
        if not isinstance(row.get(key), str | None):
            raise InputError(f"{path}:{number} needs {key!r} as text.")
    if not isinstance(row.get("answerable", True), bool):
        raise InputError(f"{path}:{number} needs 'answerable' as true or false, without quotes.")
    return row


def _check_rows(faqs: Path, faq_rows: Sequence[Row], queries: Path, query_rows: Sequence[Row]) -> None:
    """Ids are unique, and what is relevant exists."""
    for path, rows in ((faqs, faq_rows), (queries, query_rows)):
        seen: set[str] = set()
        for row in rows:
            if row["id"] in seen:
                raise InputError(f"{path} has the id {row['id']!r} twice: give each row its own.")
            seen.add(row["id"])
    for row in faq_rows:
        if not f"{row['question']}{row['answer']}".strip():
            raise InputError(
                f"{faqs}: the FAQ {row['id']!r} has no question and no answer: fill in one, or leave it out."
            )
    known = {row["id"] for row in faq_rows}
    for row in query_rows:
        unknown = [str(faq) for faq in row["relevant"] if str(faq) not in known]
        if unknown:
            raise InputError(
                f"{queries}: query {row['id']!r} names the FAQ {unknown[0]!r}, which {faqs} does not have."
            )
