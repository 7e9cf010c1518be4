# ruff: noqa: E501 - answers stand on one line each
"""Faithful answers go out whole, unfaithful sentences do not, over passages of a help page."""

import pytest

from bot.answering.attribution.attributor import Attributor
from bot.answering.grounding import Fault, Grounding, Judged
from bot.answering.prompt import SYSTEM
from bot.answering.sentences import Sentences
from retrieval.documents import Document
from tests.fakes import passage
from tests.support.embedding import default_embedder

SITE = "https://persimmonlane.example/help/returns"
RETURN = Document(
    SITE,
    "How do I return something?",
    "You have 30 days from the day it arrived, as long as it is unused.\n\n1. Open **My order** from the link in your "
    "confirmation e-mail and choose **Return**.\n2. Print the label, or take the QR code to the parcel shop.\n3. Pack it as "
    "it came; pottery goes back into its honeycomb paper.\n\nYou get an e-mail when the parcel is with us.",
    language="en",
)
POSTAGE = Document(
    f"{SITE}#postage",
    "Who pays for the return postage?",
    "We do when the thing is faulty or not what you ordered. Otherwise the label costs €4.90, which we take off the refund.",
    language="en",
)
MONEY = Document(
    f"{SITE}#money",
    "When will I get my money back?",
    "Within five working days of the parcel reaching us, by the way you paid. Banks may take two or three days more to "
    "show it.",
    language="en",
)
TUIHUO = Document(
    f"{SITE}/zh",
    "如何退货？",
    "自收到之日起三十天内，未使用的商品可以退货。请打开确认邮件中的“我的订单”，选择“退货”，打印标签或到快递点出示二维码。运费4.90欧元，"
    "从退款中扣除。",
    language="zh",
)
PASSAGES = [passage(document) for document in (RETURN, POSTAGE, MONEY, TUIHUO)]


def judged(text: str, question: str = "How do I return something?", language: str = "en") -> list[Judged]:
    grounding, sentences = Grounding(PASSAGES, question, language, SYSTEM), Sentences()
    units = [*sentences.feed(text), *sentences.finish()]
    return [each for unit in units for each in grounding.judge_unit(unit)] + grounding.finish()


@pytest.mark.parametrize(
    "text",
    [
        "Yes. You can return any unused item within 30 days of receiving it [1]. Open **My order** via the link in your confirmation email, choose **Return**, and print the label [1]. Unless the item is faulty, the €4.90 label fee is deducted from your refund [2].",
        "To return an item:\n\n1. Open **My order** from the link in your confirmation e-mail and select **Return** [1].\n2. Print the label or show the QR code at the parcel shop [1].\n3. Pack the item as it arrived. Pottery should go back in its honeycomb paper [1].\n\nYou'll receive an email once we've got your parcel [1].",
        "You have 30 days from delivery to return unused items. [1]\n\n**Steps:**\n- Open My order and choose Return\n- Print the label\n- Pack it as it came [1]\n",
        "Refunds are made within 5 working days after your parcel reaches us, using your original payment method [3]. Your bank might need another 2–3 days [3].",
        "The refund arrives within five business days of the parcel reaching us [3].",
        "No, opened items can't be returned; they must be unused [1].",
        "We pay the return postage if the item is faulty or wrong [2]; otherwise it's €4.90 [2].",
        "It costs 4.90 euros, which is taken off your refund [2].",
        "| Case | Who pays |\n|---|---|\n| Faulty or wrong item | We do [2] |\n| Otherwise | You, €4.90 [2] |\n",
        "Unfortunately, used items can't be returned: they have to be unused and sent back within 30 days [1].",
        "Persimmon Lane pays for return shipping when the item is faulty [2].",
        "Sure! You can return it within 30 days [1].",
        "If the item is faulty, no, you don't pay anything: we cover the postage [2].",
    ],
)
def test_a_faithful_answer_goes_out_whole(text: str) -> None:
    assert judged(text) == [Judged(each.text) for each in judged(text)]
    assert "".join(each.text for each in judged(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "您可以在收到商品后30天内退回未使用的商品 [4]。请打开确认邮件中的“我的订单”，选择“退货”，然后打印标签 [4]。运费为4.90欧元，会从退款中扣除 [4]。",
        "可以。自收到之日起三十天内，未使用的商品均可退货[4]。\n\n步骤如下：\n1. 打开确认邮件里的“我的订单”\n2. 选择“退货”\n3. 打印标签，或到快递点出示二维码[4]\n",
        "当然可以退货，但商品必须未使用，并且要在30日内退回[4]。",
        "退款时会扣除 €4.90 的运费[4]。",
    ],
)
def test_a_faithful_chinese_answer_goes_out_whole(text: str) -> None:
    assert judged(text, "如何退货？", "zh") == [Judged(each.text) for each in judged(text, "如何退货？", "zh")]


def test_a_few_words_lead_to_a_cited_sentence_but_do_not_end_an_answer() -> None:
    assert [each.fault for each in judged("Yes. You have 30 days [1]. Good luck!")] == [None, None, Fault.ASIDE]


def test_a_fact_of_the_question_is_no_evidence() -> None:
    (each,) = judged("Yes, refunds take 2 hours [3].", "Refunds take 2 hours, right?")
    assert each.fault is Fault.FACTS and each.lacking[0].value == "2"


def test_a_name_of_the_question_or_of_the_site_is_no_invention() -> None:
    assert judged("You can return your MacBook within 30 days [1].", "May I return a MacBook?")[0].fault is None
    assert judged("You can return your MacBook within 30 days [1].")[0].fault is Fault.FACTS
    assert judged("You can return it to Persimmon Lane within 30 days [1].")[0].fault is None


def test_what_a_sentence_cites_or_was_cited_before_is_evidence() -> None:
    assert [each.fault for each in judged("The label costs €4.90 [1]. Or: the label costs €4.90 [2].")] == [
        Fault.FACTS,
        None,
    ]
    assert [each.fault for each in judged("The label costs €4.90 [2]. The label of €4.90 is printed [1].")] == [
        None,
        None,
    ]


def attributed(
    text: str, question: str = "How do I return something?", language: str = "en", *, near: bool = False
) -> list[Judged]:
    attributor = Attributor(default_embedder() if near else None)
    attribution = attributor.read_passages(PASSAGES, question, language)
    grounding, sentences = Grounding(PASSAGES, question, language, SYSTEM, attribution), Sentences()
    units = [*sentences.feed(text), *sentences.finish()]
    return [each for unit in units for each in grounding.judge_unit(unit)] + grounding.finish()


def test_a_sentence_without_a_marker_gets_that_of_the_passage_that_carries_it() -> None:
    said = attributed(
        "You have 30 days from the day it arrived, as long as it is unused. Otherwise the label costs €4.90, which we "
        "take off the refund.\n"
    )
    assert [(each.text, each.fault) for each in said] == [
        ("You have 30 days from the day it arrived, as long as it is unused. [1] ", None),
        ("Otherwise the label costs €4.90, which we take off the refund. [2]\n", None),
    ]
    (said,) = attributed("自收到之日起三十天内，未使用的商品可以退货。", "如何退货？", "zh")
    assert (said.text, said.fault) == ("自收到之日起三十天内，未使用的商品可以退货。 [4] ", None)


def test_an_item_without_a_marker_keeps_its_line() -> None:
    said = attributed("1. Open My order and choose Return.\n2. Print the label.\n")
    assert "".join(each.text for each in said) == "1. Open My order and choose Return. [1]\n2. Print the label. [1]\n"


def test_a_wrong_marker_is_moved_to_the_passage_that_carries_the_sentence() -> None:
    (said,) = attributed("Otherwise the label costs €4.90, which we take off the refund [1].")
    assert said == Judged("Otherwise the label costs €4.90, which we take off the refund. [2] ")
    (said,) = attributed("Banks may take two or three days more to show it [2].")
    assert said == Judged("Banks may take two or three days more to show it. [3] ")


@pytest.mark.parametrize("marker", ["", " [1]"])
def test_what_turns_its_passage_around_is_dropped_with_a_marker_or_without(marker: str) -> None:
    (said,) = attributed(f"You do not have 30 days from the day it arrived{marker}.")
    assert said.fault is Fault.UNCARRIED
    (said,) = attributed(f"We do not pay when the thing is faulty or not what you ordered{marker}.")
    assert said.fault is Fault.UNCARRIED


@pytest.mark.parametrize("marker", ["", " [1]"])
def test_facts_that_no_passage_holds_are_told_whether_there_is_a_marker_or_not(marker: str) -> None:
    (said,) = attributed(f"You have 45 days from the day it arrived, as long as it is unused{marker}.")
    assert said.fault is Fault.FACTS and [fact.value for fact in said.lacking] == ["45"]


def test_an_excuse_without_a_marker_is_a_refusal_unless_a_passage_carries_it() -> None:
    assert attributed("I'm sorry, but I cannot help you with that request.")[-1].fault is Fault.REFUSAL


def test_a_few_words_wait_for_what_follows_as_before() -> None:
    assert [each.fault for each in attributed("Yes. You have 30 days from the day it arrived, if it is unused.")] == [
        None,
        None,
    ]


def test_each_sentence_is_attributed_by_itself() -> None:
    text = "You get an e-mail when the parcel is with us. Print the label, or take the QR code to the parcel shop."
    assert [each.text for each in attributed(text)] == [
        "You get an e-mail when the parcel is with us. [1] ",
        "Print the label, or take the QR code to the parcel shop. [1] ",
    ]


@pytest.mark.parametrize("marker", ["", " [1]", " [2]", " [3][1]"])
@pytest.mark.parametrize(
    ("sentence", "markers"),
    [
        (
            "Otherwise the label costs €4.90, and the money comes within five working days of the parcel reaching us",
            "[2][3]",
        ),
        (
            "You get an e-mail when the parcel is with us, and banks may take two or three days more to show it",
            "[1][3]",
        ),
    ],
)
def test_a_sentence_of_two_passages_gets_the_markers_of_both(sentence: str, markers: str, marker: str) -> None:
    assert attributed(f"{sentence}{marker}.", near=True) == [Judged(f"{sentence}. {markers} ")]


@pytest.mark.parametrize("marker", ["", " [2][3]"])
@pytest.mark.parametrize(
    "sentence",
    [
        "Otherwise the label costs €4.90, and a voucher for our café is sent along",
        "The money comes within five working days of the parcel reaching us, and a voucher for our café is sent along",
        "Otherwise the label costs €4.90, and the money never comes within five working days of the parcel reaching us",
    ],
)
def test_a_sentence_of_which_a_part_is_carried_by_none_is_dropped(sentence: str, marker: str) -> None:
    assert [each.fault for each in attributed(f"{sentence}{marker}.", near=True)] == [Fault.UNCARRIED]


def test_facts_of_two_passages_that_have_changed_places_are_dropped() -> None:
    workshop = Document(f"{SITE}#w", "How much is a workshop?", "A workshop costs €48, with cake.", language="en")
    box = Document(f"{SITE}#b", "How much is the tea box?", "The tea box costs €24 a month.", language="en")
    passages = [passage(workshop), passage(box)]
    attribution = Attributor(default_embedder()).read_passages(passages, "What do they cost?", "en")

    def judge(text: str) -> list[Judged]:
        return Grounding(passages, "What do they cost?", "en", SYSTEM, attribution).judge_unit(text)

    assert judge("A workshop costs €48, the tea box costs €24 a month.") == [
        Judged("A workshop costs €48, the tea box costs €24 a month. [1][2] ")
    ]
    (swapped,) = judge("A workshop costs €24, the tea box costs €48 a month.")
    assert swapped.fault


def test_what_is_cited_from_a_page_in_another_language_is_believed_beside_one_that_can_be_compared() -> None:
    text = "Otherwise the label costs €4.90, and bank holidays do not count as working days [2][4]."
    assert [each.fault for each in attributed(text, near=True)] == [None]


def test_a_step_that_goes_round_in_circles_is_written_once() -> None:
    step = "Print the label, or take the QR code to the parcel shop [1]."
    said = judged(f"1. {step}\n2. {step}\n3. {step}\n")
    assert [each.fault for each in said if each.text.strip()] == [None, Fault.REPEATED, Fault.REPEATED]


def test_a_step_may_come_again_after_another_one() -> None:
    text = "1. Print the label [1].\n2. Open **My order** [1].\n3. Print the label [1].\n4. 2.5 labels [1].\n5. 3.5 labels [1].\n"
    assert Fault.REPEATED not in {each.fault for each in judged(text)}


@pytest.mark.parametrize(
    "question", ["How do I return something? [1]", "**Who pays for the return postage?** [2]", "如何退货？[4]"]
)
def test_a_question_answers_nothing(question: str) -> None:
    (said,) = (each for each in judged(f"{question}\n") if each.text.strip())
    assert said.fault is Fault.ASIDE
