"""How many faithful answers go out whole: what is withheld of them is the price of the checks.

`faithful.jsonl` holds answers as a small model writes them to questions of the example shop's pages, in English and
Chinese: paraphrases, lists, tables, other notations. A few of them go beyond their page and are rightly withheld.
"""

import json
from pathlib import Path

from bot.answering.grounding import Grounding
from bot.answering.prompt import SYSTEM
from bot.answering.sentences import Sentences
from retrieval.documents import Document
from tests.fakes import passage

DRAFTS = [json.loads(line) for line in (Path(__file__).parent / "faithful.jsonl").read_text("utf-8").splitlines()]


def withheld(draft: dict[str, str]) -> list[str]:
    question, language = draft["question"], draft["language"]
    documents = [
        Document("https://persimmonlane.example/help", question, answer, language=language)
        for answer in draft["passages"]
    ]
    grounding, sentences = Grounding([passage(d) for d in documents], question, language, SYSTEM), Sentences()
    units = [*sentences.feed(draft["draft"]), *sentences.finish()]
    judged = [each for unit in units for each in grounding.judge_unit(unit)] + grounding.finish()
    return [f"{each.fault}: {each.text.strip()}" for each in judged if each.fault]


def test_nine_of_ten_faithful_answers_go_out_whole() -> None:
    faults = [fault for draft in DRAFTS if (fault := withheld(draft))]
    assert len(DRAFTS) > 200 and len(faults) / len(DRAFTS) < 0.09, faults
