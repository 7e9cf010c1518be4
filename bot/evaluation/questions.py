"""Golden questions: what a team asks, and what should answer it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.errors import InputError
from bot.evaluation.files import Row, read_sheet, write_csv
from bot.evaluation.question_files import turns_of
from retrieval.text.cleaning import clean_text, collapse_whitespace
from retrieval.text.languages import detect_language

_ROLES: Mapping[str, tuple[str, ...]] = {  # what a column may be called
    "question": ("question", "questions", "query", "text", "asked", "问题", "問題", "提问", "提問"),
    "expected": (
        *("expected", "expected answer", "expected entry", "expected question", "answer", "faq", "faq question"),
        *("答案", "标准问题", "標準問題", "标准问", "標準問", "期望答案", "预期答案", "預期答案"),
    ),
    "url": ("url", "link", "page", "expected url", "answer url", "网址", "網址", "链接", "連結"),
    "not": ("not", "wrong", "must not", "不是", "不应", "不應"),
    "language": ("language", "lang", "locale", "语言", "語言"),
    "history": ("history", "earlier"),
}
_NAMED = {name: role for role, names in _ROLES.items() for name in names}
_URL = re.compile(r"(?:^|\s)(?P<url>[a-zA-Z][a-zA-Z0-9+.-]*://\S+)$")
_NOTHING = frozenset({"-", "–", "—", "/", "n/a", "na", "none", "nothing", "null", "无", "無", "没有", "沒有"})
COLUMNS = ("question", "expected", "not", "language", "history")  # of a file that is written


@dataclass(frozen=True, slots=True)
class Expected:
    """An entry of the pages: by its URL (of a page, or with a fragment), its question, or both. At least one is set."""

    url: str = ""
    text: str = ""

    @classmethod
    def parse_line(cls, line: str) -> Expected:
        """`line` is a question, a URL, or a question and a URL after it."""
        line = collapse_whitespace(line)
        match = _URL.search(line)
        return cls(match["url"], line[: match.start()]) if match else cls("", line)

    def __str__(self) -> str:
        return " ".join(filter(None, (self.text, self.url)))


@dataclass(frozen=True, slots=True)
class GoldenQuestion:
    """`expected` are the entries any of which answers it; none, and none in `never`: nothing should.

    `never` are entries that must not answer it, which count where nothing is expected. `history` are the (customer,
    bot) turns before it, oldest first. `line` is where it stands in its file, 0 for none.
    """

    question: str
    expected: tuple[Expected, ...] = ()
    never: tuple[Expected, ...] = ()
    language: str = ""
    history: tuple[tuple[str, str], ...] = ()
    line: int = 0

    @property
    def answerable(self) -> bool:
        """Whether something should answer it."""
        return bool(self.expected)

    @property
    def unanswerable(self) -> bool:
        """Whether nothing should answer it; neither, where it is only known what must not."""
        return not (self.expected or self.never)

    @property
    def wanted(self) -> str:
        """What is expected, in one line; "" for no answer."""
        return " / ".join(map(str, self.expected)) or " / ".join(f"not {each}" for each in self.never)

    @property
    def key(self) -> tuple[object, ...]:
        """The same for questions that differ in nothing but case, width and spaces."""
        return fold_text(self.question), self.history

    @property
    def spoken_language(self) -> str:
        """Its language: the one given, else that of its script."""
        return self.language or detect_language(self.question)


@dataclass(frozen=True, slots=True)
class GoldenFile:
    """The questions of a file, and the encoding it was read in."""

    questions: tuple[GoldenQuestion, ...]
    encoding: str


def fold_text(text: str) -> str:
    """`text` in one case and width, on one line."""
    return unicodedata.normalize("NFKC", collapse_whitespace(text)).casefold()


def read_golden(path: Path) -> GoldenFile:
    """Read CSV with a header, or JSON lines; several entries in a cell stand on a line each.

    A question that is asked again with the same expectation counts once; "none", "n/a" or "-" expects nothing, as an
    empty cell does. Raises InputError, which names the line where one is wrong.
    """
    sheet = read_sheet(path)
    if not sheet.rows:
        raise InputError(f"{path} holds no question: below its header, write one a line.")
    roles = _find_roles(path, sheet.columns)
    found: dict[tuple[object, ...], GoldenQuestion] = {}
    for row in sheet.rows:
        golden = _parse_golden(path, row, roles)
        held = found.setdefault(golden.key, golden)
        if (set(held.expected), set(held.never)) != (set(golden.expected), set(golden.never)):
            raise InputError(
                f"{path}:{row.line} asks the question of line {held.line} again and expects another answer: keep one "
                "of them, with both entries in its cell, a line each, if both are right."
            )
    return GoldenFile(tuple(found.values()), sheet.encoding)


def write_golden(path: Path, questions: Iterable[GoldenQuestion]) -> None:
    """Write what `read_golden` reads, for a person to correct. Raises InputError, also where the file exists."""
    write_csv(path, COLUMNS, [_to_cells(golden) for golden in questions])


def _find_roles(path: Path, columns: Iterable[str]) -> dict[str, str]:
    """Role -> column. Raises InputError when one is missing, or stands twice."""
    columns = tuple(columns)
    roles: dict[str, str] = {}
    for column in columns:
        role = _NAMED.get(re.sub(r"[\s_-]+", " ", fold_text(column)).strip())
        if role in roles:
            raise InputError(f"{path} has two columns for one thing ({roles[role]}, {column}): rename one of them.")
        if role:
            roles[role] = column
    seen = ", ".join(filter(None, columns))
    if "question" not in roles:
        raise InputError(f"{path} has no column 'question' (it has {seen}): name its columns question,expected.")
    if not roles.keys() & {"expected", "url", "not"}:
        raise InputError(
            f"{path} does not say what should answer (it has {seen}): add a column 'expected' with a URL, the FAQ's "
            "question, or nothing where nothing should."
        )
    return roles


def _parse_golden(path: Path, row: Row, roles: Mapping[str, str]) -> GoldenQuestion:
    def read_lines(role: str) -> list[str]:
        cell = row.cells.get(roles.get(role, ""), "")
        each = map(clean_text, cell if isinstance(cell, tuple) else re.split(r"[\r\n]+", cell))
        return [line.strip() for line in each if line.strip()]

    question = " ".join(read_lines("question"))
    if not question:
        raise InputError(f"{path}:{row.line} has no question: write one, or take the line out.")
    expected = [Expected.parse_line(line) for line in read_lines("expected") if fold_text(line) not in _NOTHING]
    urls = read_lines("url")
    for url in urls:
        if not Expected.parse_line(url).url:
            raise InputError(f"{path}:{row.line}: {url!r} is no URL: begin it with https://.")
    if len(urls) == 1:
        expected = [each if each.url else Expected(urls[0], each.text) for each in expected] or [Expected(urls[0])]
    else:
        expected += [Expected(url) for url in urls]
    return GoldenQuestion(
        question=question,
        expected=tuple(dict.fromkeys(expected)),
        never=tuple(dict.fromkeys(Expected.parse_line(line) for line in read_lines("not"))),
        language=" ".join(read_lines("language")).casefold(),
        history=tuple(turns_of(read_lines("history"))),
        line=row.line,
    )


def _to_cells(golden: GoldenQuestion) -> list[str]:
    said = [
        f"{who}: {collapse_whitespace(text)}"
        for turn in golden.history
        for who, text in zip("US", turn, strict=True)
        if text
    ]
    return [
        collapse_whitespace(golden.question),
        "\n".join(map(str, golden.expected)),
        "\n".join(map(str, golden.never)),
        golden.language,
        "\n".join(said),
    ]
