"""What repeats over nearly all pages of a source is their frame; all else stays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from retrieval.coverage import Coverage, CoverageSummary, LeftOut, LossKind, PageCoverage
from retrieval.documents import Document, DocumentKind
from retrieval.index.page_records import PageRecord
from retrieval.refresh.repeated_text import leave_out_repeated

MENUS = {
    "es": "Contenido\n\nÍndice 🔎",
    "zh": "首页 产品中心 关于我们",
    "en": "User manual of our lamps",
    "ru": "Оглавление | Указатель",
}


def section(page: int, answer: str, question: str = "", language: str = "en") -> Document:
    url = f"https://lamps.example/{page:03}"
    return Document(url, question or f"Chapter {page}", answer, DocumentKind.SECTION, language=language)


def record(page: int, *documents: Document, source: str = "lamps", lost: Iterable[str] = ()) -> PageRecord:
    kept = sum(c.isalnum() for document in documents for c in document.answer)
    coverage = Coverage(kept, tuple(LeftOut(LossKind.UNREAD, 50, start) for start in lost))
    return PageRecord(source, f"https://lamps.example/{page:03}", documents, coverage=coverage)


def answers(records: Iterable[PageRecord]) -> list[str]:
    return [document.answer for document in leave_out_repeated(list(records)).documents]


@pytest.mark.parametrize("language", MENUS)
def test_a_menu_that_stands_under_each_pages_title_is_left_out(language: str) -> None:
    pages = [
        record(n, section(n, f"Text {n}.", language=language), section(n, MENUS[language], language=language))
        for n in range(10)
    ]
    pages.append(record(10, section(10, "A page without it.", language=language)))
    known = leave_out_repeated(pages)
    assert [document.answer for document in known.documents] == [
        *(f"Text {n}." for n in range(10)),
        "A page without it.",
    ]
    assert [r.documents for r in known.records] == [r.documents for r in pages]  # for the next refresh to look at again
    first = known.records[0].coverage
    assert first is not None
    assert first.count_by_kind() == {LossKind.REPEATED: sum(c.isalnum() for c in MENUS[language])}
    assert (first.kept, first.lost) == (5, 0)
    assert leave_out_repeated(known.records) == known


def test_each_language_of_a_source_has_a_menu_of_its_own() -> None:
    pages = [
        record(n, section(n, f"Text {n}.", language=language), section(n, MENUS[language], language="en"))
        for n, language in enumerate(sorted(MENUS) * 6)
    ]
    assert not {*MENUS.values()} & {*answers(pages)}


def test_pages_that_hold_nothing_else_are_empty() -> None:
    pages = [record(n, section(n, MENUS["en"]), *([section(n, f"Text {n}.")] if n < 20 else [])) for n in range(25)]
    known = leave_out_repeated(pages)
    assert [page.url for page in known.empty] == [f"https://lamps.example/{n:03}" for n in range(20, 25)]
    assert "repeated over the site" in known.empty[0].coverage.explain_loss()  # type: ignore[union-attr]


def test_what_states_something_stays_once() -> None:
    notice = "Write to help@lamps.example, on weekdays from 9 to 17."
    pages = [record(n, section(n, f"Text {n}."), section(n, notice)) for n in range(10)]
    assert answers(pages).count(notice) == 1
    assert len(answers(pages)) == 11


def test_what_is_nowhere_known_any_more_is_told_with_its_pages() -> None:
    notice, promise = "Write to help@lamps.example, on weekdays from 9 to 17.", "Free returns on every order"
    pages = [
        record(n, section(n, f"Text {n}."), section(n, notice), section(n, promise), lost=["© Lamps of Bergen"])
        for n in range(10)
    ]
    summary = CoverageSummary(tuple(PageCoverage(*r.key, r.coverage) for r in leave_out_repeated(pages).records))
    assert [(each.start, each.letters, each.pages) for each in summary.repeated] == [
        ("© Lamps of Bergen", 50, 10),
        (promise, 23, 10),
    ]
    assert {"source": "lamps", "start": promise, "letters": 23, "pages": 10} in summary.as_dict()["repeated"]  # type: ignore[operator]


def test_pairs_stay_whatever_they_repeat() -> None:
    pair = replace(section(0, "Yes"), kind=DocumentKind.FAQ)
    pages = [record(n, section(n, f"Text {n}."), replace(pair, question=f"Is lamp {n} dimmable?")) for n in range(10)]
    assert answers(pages).count("Yes") == 10


def test_copies_of_a_page_are_one_page() -> None:
    """Forty copies of three pages: their texts stand on many pages, and are the frame of none."""
    texts = [
        ("Opening the lamp", "Unscrew the base"),
        ("Closing the lamp", "Unscrew the base"),
        ("Cleaning", "Use a cloth"),
    ]
    pages = [record(n, *(section(n, text) for text in texts[n % 3])) for n in range(120)]
    assert len(answers(pages)) == 240


def test_of_few_pages_nothing_is_left_out() -> None:
    pages = [record(n, section(n, f"Text {n}."), section(n, "User manual")) for n in range(4)]
    assert len(answers(pages)) == 8


def test_a_text_of_another_source_repeats_nothing_here() -> None:
    menus = [record(n, section(n, f"Text {n}."), section(n, "User manual"), source="manual") for n in range(10)]
    assert answers([*menus, record(99, section(99, "User manual"), source="wiki")]).count("User manual") == 1


def test_what_was_left_out_of_every_page_is_no_loss_of_any() -> None:
    pages = [record(n, section(n, f"Text {n}."), lost=["© Lamps of Bergen", f"Own {n}"]) for n in range(10)]
    coverage = leave_out_repeated(pages).records[3].coverage
    assert coverage is not None
    assert [(each.start, each.is_loss) for each in coverage.left_out] == [("© Lamps of Bergen", False), ("Own 3", True)]


def test_a_page_read_before_there_were_figures_has_none_still() -> None:
    pages = [replace(record(n, section(n, f"Text {n}."), section(n, "User manual")), coverage=None) for n in range(10)]
    known = leave_out_repeated(pages)
    assert "User manual" not in [document.answer for document in known.documents]
    assert {page.coverage for page in known.records} == {None}
