"""What somebody may see is searched as if there were nothing else."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.audiences import EVERYTHING, Audiences, Viewer
from retrieval.documents import Document, RetrievalResult
from retrieval.index.build import build_index
from retrieval.index.index import Index
from retrieval.index.selection import select_documents
from retrieval.search import audience_views
from retrieval.search.audience_views import AudienceViews
from retrieval.search.learned_wordings import LearnedEntry, LearnedRetriever, LearnedWordings
from retrieval.search.retriever import FixedIndex, LiveRetriever
from retrieval.search.same_question import find_same_question_pairs
from tests.support.embedding import default_embedder

OPEN = [
    ("How do I return an item?", "Send it back within thirty days, in its box."),
    ("How long does delivery take?", "Three to five working days."),
    ("Which cards do you take?", "Every card but Diners Club."),
    ("怎么注销账号？", "在设置中选择注销。"),
]
PARTNERS = [
    ("What is the reseller discount?", "Resellers get forty percent off the list price."),
    ("How do I return an item?", "Resellers return pallets to the Zwolle depot, by freight."),
    ("How do I reach the Quxbridge console?", "Open the Quxbridge console at the partner address."),
    ("经销商折扣是多少？", "经销商享受六折。"),
]
STAFF = [("Where is the spare key?", "Under the third flowerpot. The third flowerpot, not the fourth flowerpot.")]


def pages(source: str, pairs: Sequence[tuple[str, str]]) -> list[Document]:
    return [
        Document(
            f"https://{source}.test/{n}", question, answer, language="en" if question.isascii() else "zh", source=source
        )
        for n, (question, answer) in enumerate(pairs)
    ]


DOCUMENTS = [*pages("partners", PARTNERS), *pages("help", OPEN), *pages("staff", STAFF)]
WHOLE = build_index(DOCUMENTS, default_embedder())
RULES = Audiences(
    {"partners": frozenset({"slack:channel:CPARTNERS"}), "staff": frozenset({"discord:role:7", "slack:channel:CSTAFF"})}
)
NOBODY = Viewer()
PARTNER = Viewer(frozenset({"slack:channel:CPARTNERS", "slack:workspace:T1"}))
ASKED = [
    "what discount do resellers get",
    "how do I return an item",
    "Where is the spare key?",
    "quxbridg console",
    "经销商折扣是多少",
    "怎么注销账号",
    "how long does delivery take",
]


async def ask(query: str, viewer: Viewer, rules: Audiences = RULES, index: Index = WHOLE) -> RetrievalResult:
    retriever = LiveRetriever(FixedIndex(index), default_embedder(), audiences=lambda: rules)
    return await retriever.retrieve(query, viewer=viewer)


def told(result: RetrievalResult) -> list[tuple[str, str]]:
    return [(each.passage.document.source, each.passage.document.answer) for each in result.passages]


@pytest.mark.parametrize("query", ASKED)
async def test_a_viewer_is_answered_as_by_an_index_without_what_is_not_for_them(query: str) -> None:
    for viewer, sources in ((NOBODY, {"help"}), (PARTNER, {"help", "partners"})):
        visible = [each for each in DOCUMENTS if each.source in sources]
        alone = build_index(visible, default_embedder(), previous=WHOLE)
        expected = await ask(query, EVERYTHING, Audiences(), alone)
        found = await ask(query, viewer)
        assert told(found) == told(expected)
        assert found.confidence == pytest.approx(expected.confidence, abs=1e-4)
        assert found.rewritten == expected.rewritten  # no typing error is mended to a word of a hidden page
        assert {source for source, _ in told(found)} <= sources


@pytest.mark.parametrize("query", ASKED)
async def test_who_sees_everything_is_answered_as_without_any_limits(query: str) -> None:
    free = await ask(query, EVERYTHING, Audiences())
    limited = await ask(query, EVERYTHING)
    assert told(limited) == told(free)
    assert (limited.confidence, limited.features) == (free.confidence, free.features)


async def test_one_group_in_common_is_enough() -> None:
    by_role = await ask("Where is the spare key?", Viewer(frozenset({"discord:role:7", "discord:role:8"})))
    assert by_role.passages[0].passage.document.source == "staff"
    assert by_role.passages[0].audience == RULES.by_source["staff"]


async def test_a_change_counts_for_the_next_question_without_another_index() -> None:
    rules = Audiences()
    retriever = LiveRetriever(FixedIndex(WHOLE), default_embedder(), audiences=lambda: rules)
    assert ("staff", STAFF[0][1]) in told(await retriever.retrieve("Where is the spare key?", viewer=NOBODY))
    rules = RULES
    assert ("staff", STAFF[0][1]) not in told(await retriever.retrieve("Where is the spare key?", viewer=NOBODY))
    rules = Audiences()
    assert ("staff", STAFF[0][1]) in told(await retriever.retrieve("Where is the spare key?", viewer=NOBODY))


async def test_where_everything_is_limited_nothing_is_found() -> None:
    rules = Audiences({name: frozenset({"slack:channel:C9"}) for name in ("help", "partners", "staff")})
    found = await ask("How do I return an item?", NOBODY, rules)
    assert (found.passages, found.confidence) == ((), 0.0)


async def test_until_audiences_are_known_nobody_but_the_operator_sees_anything() -> None:
    unknown = Audiences(known=False)
    assert (await ask("How do I return an item?", NOBODY, unknown)).passages == ()
    assert (await ask("How do I return an item?", EVERYTHING, unknown)).passages


async def test_a_learned_wording_leads_nobody_to_what_is_not_for_them() -> None:
    entry = LearnedEntry("https://staff.test/0", STAFF[0][0], "", 3)
    inner = LiveRetriever(FixedIndex(WHOLE), default_embedder(), audiences=lambda: RULES)
    retriever = LearnedRetriever(inner, lambda: LearnedWordings([("let me in please", entry)]))
    seen = await retriever.retrieve("let me in please", viewer=EVERYTHING)
    assert seen.passages[0].passage.document.source == "staff"
    assert "staff" not in {source for source, _ in told(await retriever.retrieve("let me in please", viewer=NOBODY))}


async def test_a_taught_answer_is_for_its_own_audience_and_where_it_is_not_the_page_answers() -> None:
    taught = Document(
        "",
        "How do I return an item?",
        "Partners call Mei.",
        language="en",
        source="taught",
        author="Mei",
        audience=frozenset({"slack:channel:CPARTNERS"}),
    )
    added = build_index([taught], default_embedder())
    index = WHOLE.with_additions(added, find_same_question_pairs(WHOLE, added))
    query = "How do I return an item?"
    assert (await ask(query, PARTNER, RULES, index)).passages[0].passage.document == taught
    outside = await ask(query, NOBODY, RULES, index)
    assert outside.passages[0].passage.document.source == "help"
    assert taught not in [each.passage.document for each in outside.passages]
    without_rules = await ask(query, NOBODY, Audiences(), index)
    assert taught not in [each.passage.document for each in without_rules.passages]


def test_without_limits_the_index_itself_is_searched() -> None:
    assert AudienceViews().find_view(WHOLE, Audiences(), NOBODY) is WHOLE
    assert AudienceViews().find_view(WHOLE, RULES, EVERYTHING) is WHOLE


def test_a_view_is_made_once_by_whichever_thread_comes_first() -> None:
    views = AudienceViews()
    found: list[Index] = []
    threads = [threading.Thread(target=lambda: found.append(views.find_view(WHOLE, RULES, NOBODY))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert {id(each) for each in found} == {id(found[0])}


def test_views_beyond_what_is_held_are_made_again_and_still_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience_views, "HELD", len(WHOLE.passages))
    views = AudienceViews()
    for _ in range(2):
        for viewer, hidden in ((NOBODY, {"partners", "staff"}), (PARTNER, {"staff"})):
            view = views.find_view(WHOLE, RULES, viewer)
            assert {each.source for each in view.documents} == {"help", "partners", "staff"} - hidden


def test_views_of_an_earlier_index_are_forgotten() -> None:
    views = AudienceViews()
    views.find_view(WHOLE, RULES, NOBODY)
    newer = build_index(pages("help", OPEN[:1]) + pages("staff", STAFF), default_embedder())
    assert len(views.find_view(newer, RULES, NOBODY).documents) == 1


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sets(st.integers(0, len(DOCUMENTS) - 1)))
def test_a_selection_scores_words_and_vectors_as_if_built_of_nothing_else(chosen: set[int]) -> None:
    kept = np.array(sorted(chosen), np.int64)
    selected = select_documents(WHOLE, kept)
    built = build_index([DOCUMENTS[place] for place in sorted(chosen)], default_embedder(), previous=WHOLE)
    assert list(selected.documents) == list(built.documents)
    assert [each.id for each in selected.passages] == [each.id for each in built.passages]
    assert selected.row_passage.tolist() == built.row_passage.tolist()
    for field, other in zip(selected.fields, built.fields, strict=True):
        np.testing.assert_allclose(field.rows, other.rows, atol=1e-5)
        np.testing.assert_allclose(field.texts.questions, other.texts.questions, atol=1e-5)
    for name in ("texts", "questions", "wordings", "topics"):
        mine, theirs = getattr(selected, name), getattr(built, name)
        for words in (["return"], ["third"], ["flowerpot"], ["discount", "item"], ["nowhere"]):
            one, other = mine.look_up(words), theirs.look_up(words)
            assert one.total == pytest.approx(other.total, rel=1e-5)
            np.testing.assert_allclose(mine.score_bm25(one), theirs.score_bm25(other), rtol=2e-3, atol=1e-5)
            everywhere = np.arange(mine.count)
            for shared, expected in zip(
                mine.measure_overlap(one, everywhere), theirs.measure_overlap(other, everywhere), strict=True
            ):
                np.testing.assert_allclose(shared, expected, rtol=1e-4, atol=1e-6)
    assert selected.vocabulary == built.vocabulary


async def test_what_is_set_aside_is_found_by_nobody_whatever_they_may_see() -> None:
    question = "Which cards do you take?"
    place = next(number for number, document in enumerate(WHOLE.documents) if document.question == question)
    index = WHOLE.hide_documents(np.array([place]))
    for viewer in (NOBODY, PARTNER, EVERYTHING):
        seen = AudienceViews().find_view(index, RULES, viewer)
        assert question not in {document.question for document in seen.shown_documents}
        assert len(seen.shown_documents) == len(seen.documents) - 1
        retriever = LiveRetriever(FixedIndex(index), default_embedder(), audiences=lambda: RULES)
        found = await retriever.retrieve(question, viewer=viewer)
        assert question not in {scored.passage.document.question for scored in found.passages}
