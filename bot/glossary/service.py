"""Terms that mean the same: added by admins, suggested by the pages, used from the next question on."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from bot.errors import InputError
from bot.glossary.cards import shown
from bot.glossary.ports import GlossaryStore, SourceNames
from bot.runtime.snapshots import keep_up
from retrieval.search.synonyms import Entry, Glossary, Key, distinct_terms, key_of
from retrieval.text.cleaning import collapse_whitespace, escape_formula, unescape_formula

if TYPE_CHECKING:
    from retrieval.documents import Document
    from retrieval.search.synonym_suggestions import Suggestion

log = structlog.get_logger(__name__)

MOST_TERMS, LONGEST = 20, 60
_MOST_ENTRIES = 5_000
_TRIES = 10  # of those who change the glossary at once, one succeeds and the others look again
_SHOWN_ID = 8  # digits
_SEPARATORS = re.compile(r"[;；=＝\n]")
_COMMAS = re.compile(r"[,，、]")
_QUOTED = re.compile(r"^[\"'“](.*)[\"'”]$")
_COLUMNS = {"source", "来源", "來源"}  # what a header calls the first one


class LiveGlossary:
    """The glossary in use: a snapshot, brought up to date by `load`. `current` may be called from any thread."""

    def __init__(self, store: GlossaryStore) -> None:
        self._store = store
        self._current: tuple[str, Glossary] = "", Glossary()

    def current(self) -> Glossary:
        """What questions are rewritten with at this moment."""
        return self._current[1]

    async def load(self) -> bool:
        """Take in what changed; -> whether anything did. Raises StorageError."""
        revision = await self._store.revision()
        if revision == self._current[0]:
            return False
        entries = await self._store.list()
        self._current = revision, await asyncio.to_thread(Glossary, entries)
        return True

    async def run(self, seconds: float = 1.0) -> None:
        """Keep up with what this or any other process changes, until cancelled."""
        await keep_up(self.load, "glossary not read", seconds=seconds)


@dataclass(frozen=True, slots=True)
class AddResult:
    """What became of terms that were added: the group they stand in now, and the groups it is made of besides."""

    entry: Entry
    merged: tuple[Entry, ...] = ()


class GlossaryService:
    """A term stands in one group of a source: terms added to one that is there join its group.

    `documents` reads those of the active index (in a thread); it raises RetrievalError where there is none.
    """

    def __init__(
        self,
        store: GlossaryStore,
        sources: SourceNames,
        live: LiveGlossary,
        documents: Callable[[], Sequence[Document]],
    ) -> None:
        self._store = store
        self._sources = sources
        self._live = live
        self._documents = documents

    async def list(self, source: str = "") -> Sequence[Entry]:
        """All groups, or those of one source and of all sources. Raises UnknownSource, StorageError."""
        if source:
            await self._sources.get(source)
        return [entry for entry in await self._store.list() if not source or entry.source in {"", source}]

    async def add(self, terms: str | Sequence[str], source: str = "") -> AddResult:
        """Raises InputError, UnknownSource, StorageError."""
        if source:
            await self._sources.get(source)
        checked = check_terms(read_terms(terms) if isinstance(terms, str) else terms)
        [put] = await self._put([Entry(uuid.uuid4().hex, checked, source)])
        return put

    async def remove(self, named: str, source: str = "") -> Entry:
        """Take a group out, by its id, the beginning of it, or one of its terms. Raises InputError, StorageError."""
        entries = await self._store.list()
        key = key_of(named)
        found = [each for each in entries if key in map(key_of, each.terms) and (not source or each.source == source)]
        entry = _only(found or _begun(entries, named), named, "frontdesk glossary list")
        removed = await self._store.remove(entry.id)
        await self._live.load()
        if not removed:
            raise InputError(f"Somebody else has just changed or taken out {shown(entry)}: look at the list again.")
        return entry

    async def suggest(self, source: str = "") -> Sequence[Suggestion]:
        """What the pages say to mean the same, and nobody has decided on. Raises UnknownSource, RetrievalError,
        StorageError."""
        if source:
            await self._sources.get(source)
        return [each for each in await self._suggestions() if not source or each.entry.source == source]

    async def approve(self, suggestion_id: str) -> AddResult:
        """Use a suggestion. Raises InputError, RetrievalError, StorageError."""
        entry = await self._suggested(suggestion_id)
        [put] = await self._put([entry])
        return put

    async def dismiss(self, suggestion_id: str) -> Entry:
        """Suggest it no more. Raises InputError, RetrievalError, StorageError."""
        entry = await self._suggested(suggestion_id)
        await self._store.dismiss(entry)
        return entry

    async def import_csv(self, text: str) -> Sequence[AddResult]:
        """Add the groups of a CSV file: all, or none where a line cannot be used. Raises InputError, StorageError."""
        known = {source.name for source in await self._sources.list()}
        return await self._put(read_csv(text, known))

    async def take_out(self) -> str:
        """All groups as CSV. Raises StorageError."""
        return to_csv(await self._store.list())

    async def _put(self, entries: Sequence[Entry]) -> Sequence[AddResult]:
        for _ in range(_TRIES):
            revision = await self._store.revision()  # before the list, which may be newer then, but never older
            before = await self._store.list()
            puts, gone = await asyncio.to_thread(join, before, entries)
            known = {entry.id for entry in before}
            new = [put.entry for put in puts if put.entry.id not in known]
            if len(before) - len(gone) + len(new) > _MOST_ENTRIES:
                raise InputError(f"The glossary would have more than {_MOST_ENTRIES} groups: remove some first.")
            if not new or await self._store.put(new, gone, since=revision):
                await self._live.load()
                return puts
        raise InputError("Somebody else is changing the same terms: try again in a moment.")

    async def _suggestions(self) -> Sequence[Suggestion]:
        from retrieval.search.synonym_suggestions import suggest_entries

        names = {source.name for source in await self._sources.list()}
        known, dismissed = await self._store.list(), await self._store.dismissed()
        found = await asyncio.to_thread(lambda: suggest_entries(self._documents()))
        together = [(entry.source, set(map(key_of, entry.terms))) for entry in known]
        return [
            each
            for each in found
            if each.id not in dismissed
            and each.entry.source in names
            and not any(
                source in {"", each.entry.source} and keys.issuperset(map(key_of, each.entry.terms))
                for source, keys in together
            )
        ]

    async def _suggested(self, suggestion_id: str) -> Entry:
        entries = [each.entry for each in await self._suggestions()]
        return _only(_begun(entries, suggestion_id), suggestion_id, "frontdesk glossary suggest")


def join(before: Sequence[Entry], added: Sequence[Entry]) -> tuple[list[AddResult], list[str]]:
    """What becomes of entries that are added: each joins the groups of its source that have one of its terms.

    -> the groups that come of it, and the ids of those that these replace. Raises InputError for one that grows too
    large.
    """
    groups = {entry.id: entry for entry in before}
    having: dict[tuple[str, Key], list[str]] = defaultdict(list)  # ids, of groups that were joined since too
    for known in before:
        for term in known.terms:
            having[known.source, key_of(term)].append(known.id)
    merged: dict[str, list[Entry]] = {}
    for entry in added:
        met = dict.fromkeys(each for term in entry.terms for each in having[entry.source, key_of(term)])
        others = [groups[each] for each in met if each in groups]
        if others:
            terms = distinct_terms(term for each in (*others, entry) for term in each.terms)
            if len(terms) > MOST_TERMS:
                joined = f"Together with {shown(others[0])} that would be {len(terms)} terms"
                raise InputError(f"{joined}: a group has at most {MOST_TERMS}.")
            if len(others) == 1 and len(terms) == len(others[0].terms):
                merged.setdefault(others[0].id, [])
                continue
            suggested = entry.suggested and all(each.suggested for each in others)
            entry = replace(entry, id=uuid.uuid4().hex, terms=terms, suggested=suggested)
        merged[entry.id] = [part for each in others for part in (merged.pop(each.id, None) or [each])]
        for each in others:
            del groups[each.id]
        groups[entry.id] = entry
        for term in entry.terms:
            having[entry.source, key_of(term)].append(entry.id)
    old = {entry.id: entry for entry in before}
    puts = [AddResult(groups[key], tuple(part for part in parts if part.id in old)) for key, parts in merged.items()]
    return puts, [key for key in old if key not in groups]


def read_terms(text: str) -> list[str]:
    """ "AP = access point; 无线接入点" -> its terms; commas part them where nothing else does."""
    parts = (_SEPARATORS if _SEPARATORS.search(text) else _COMMAS).split(text)
    return [term for part in parts if (term := _QUOTED.sub(r"\1", collapse_whitespace(part)))]


def check_terms(terms: Iterable[str]) -> tuple[str, ...]:
    """The distinct terms of a group. Raises InputError for one that cannot be used."""
    checked = distinct_terms(filter(None, map(collapse_whitespace, terms)))
    for term in checked:
        if len(term) > LONGEST:
            raise InputError(f"{term[:20]!r}… is too long: a term has at most {LONGEST} characters.")
        if sum(map(len, key_of(term))) < 2:
            raise InputError(f"{term!r} is too short to be told from other words: a term has at least 2 letters.")
        if _SEPARATORS.search(term):
            raise InputError(f"{term!r} holds a sign that parts terms (; =): leave it out.")
    if len(checked) < 2:
        raise InputError("A group needs at least two different terms: AP = access point")
    if len(checked) > MOST_TERMS:
        raise InputError(f"These are {len(checked)} terms: a group has at most {MOST_TERMS}.")
    return checked


def to_csv(entries: Iterable[Entry]) -> str:
    """A group a line: source, terms parted by ";". Begins with a byte order mark, as Excel wants it."""
    out = io.StringIO()
    rows = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    rows.writerow(("source", "terms"))
    for entry in entries:
        text = "; ".join(entry.terms)
        rows.writerow((escape_formula(entry.source), escape_formula(text)))
    return "\ufeff" + out.getvalue()


def read_csv(text: str, sources: Iterable[str]) -> list[Entry]:
    """What `to_csv` wrote, or a person; a first line with the columns' names may be there, and the columns parted by
    what spreadsheet programs part them with. `sources` are those known.

    Raises InputError, which names the line.
    """
    known = set(sources)
    entries: list[Entry] = []
    text = text.lstrip("\ufeff")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text, known), strict=True)
    try:
        for row in rows:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if len(cells) != 2:
                raise InputError("a line has two columns: source, and terms parted by ';'.")
            source, terms = unescape_formula(cells[0]), cells[1]
            if source.casefold() in _COLUMNS and len(read_terms(terms)) == 1:
                continue
            if source and source not in known:
                header = "" if entries else " Where the line names the columns, call them source and terms."
                raise InputError(
                    f"no source is named {source!r}: 'frontdesk sources list' shows those that are.{header}"
                )
            if len(entries) == _MOST_ENTRIES:
                raise InputError(f"a glossary has at most {_MOST_ENTRIES} groups, and these are more.")
            entries.append(Entry(uuid.uuid4().hex, check_terms(read_terms(unescape_formula(terms))), source))
    except (InputError, csv.Error) as error:
        raise InputError(f"Line {rows.line_num} cannot be used: {error}") from None
    if not entries:
        raise InputError("The file holds no group: write a line for each, as source,term;term")
    return entries


def _separator(text: str, known: set[str]) -> str:
    """What makes two columns of the first line, of which the first is a source or its heading. Where the comma is the
    decimal point, Excel writes semicolons; terms may have either."""
    line = next(filter(str.strip, text.splitlines()), "")[:1000]
    for separator in ",;\t":
        for cells in csv.reader([line], delimiter=separator):
            first = unescape_formula(cells[0].strip()) if cells else ""
            if len(cells) == 2 and {first, first.casefold()} & {"", *known, *_COLUMNS}:
                return separator
    return ","


def _begun(entries: Iterable[Entry], text: str) -> list[Entry]:
    prefix = text.strip().casefold()
    return [each for each in entries if len(prefix) >= 4 and each.id.startswith(prefix)]


def _only(found: Sequence[Entry], named: str, shown_by: str) -> Entry:
    if not found:
        raise InputError(f"Nothing there is called {named[:LONGEST]!r}: '{shown_by}' shows terms and ids.")
    if len(found) > 1:
        several = ", ".join(f"{each.id[:_SHOWN_ID]} {shown(each)}" for each in found[:3])
        raise InputError(f"{named[:LONGEST]!r} is in several groups ({several}): give the id.")
    return found[0]
