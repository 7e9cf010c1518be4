"""Every hostile draft is judged: what is withheld is withheld for the right reason."""

import pytest

from bot.answering.attribution.attributor import Attributor
from bot.answering.grounding import Fault, Grounding
from bot.answering.prompt import SYSTEM
from bot.answering.sentences import Sentences
from retrieval.documents import Document
from retrieval.text.cleaning import clean_text
from tests.fakes import passage
from tests.support.hostile import CASES, TEXTS, Case


def faults(case: Case, attributor: Attributor | None = None) -> list[Fault | None]:
    document = Document("https://shop.example/returns", "How do I return goods?", case.page, language="en")
    attribution = attributor.read_passages([passage(document)], case.question, "en") if attributor else None
    grounding = Grounding([passage(document)], case.question, "en", SYSTEM, attribution)
    sentences = Sentences()
    units = [*sentences.feed(clean_text(case.draft)), *sentences.finish()]
    return [judged.fault for unit in units for judged in grounding.judge_unit(unit)] + [
        j.fault for j in grounding.finish()
    ]


def test_there_are_enough_of_them() -> None:
    assert len({(case.draft, case.question, case.page) for case in CASES}) == len(CASES) >= 200
    assert len({(text.kind, text.text) for text in TEXTS}) + len(CASES) >= 1_000


# What only has to be shown harmless is looked at on the platforms: tests/e2e/test_hostile.py.
JUDGED = [case for case in CASES if case.fault or case.kind == "hidden"]


@pytest.mark.parametrize("case", JUDGED, ids=lambda case: f"{case.kind}-{case.key}")
def test_a_hostile_draft_is_withheld_for_the_right_reason(case: Case) -> None:
    found = {fault for fault in faults(case) if fault}
    if case.fault:
        assert case.fault in found
    else:
        assert not found, "stripped, the text is a good answer"


# What is only uncited may be faithful: then it is attributed.
WITHHELD = [case for case in JUDGED if case.fault and case.kind != "uncited"]


@pytest.mark.parametrize("case", WITHHELD, ids=lambda case: f"{case.kind}-{case.key}")
def test_nothing_hostile_goes_out_because_a_passage_is_found_for_it(case: Case) -> None:
    assert any(faults(case, Attributor()))
