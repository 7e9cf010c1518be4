"""A question that leans on the conversation is ranked by both, and sure where its own words and both together fit."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from retrieval.documents import Document, RetrievalResult
from retrieval.index.build import build_index
from retrieval.search import conversation
from retrieval.search.retriever import FixedIndex, LiveRetriever
from tests.support.embedding import default_embedder

HOTELS = ("Harbour Inn", "Alpine Lodge", "City Rooms")
ABOUT = [
    ("Is breakfast included?", "Yes, until ten."),
    ("Can I bring my dog?", "Small dogs are welcome."),
    ("Is there parking?", "In the yard, for ten euros a night."),
]
NOTES = [
    ("Does the app sync with Google Drive?", "Yes, with Google Drive and with iCloud."),
    ("How do I delete a story?", "Swipe it to the left."),
    ("Can I restore what I deleted?", "For thirty days, from the trash."),
    ("How do I cancel my subscription?", "In the settings of your phone's store."),
    ("What does the subscription cost?", "Two euros a month."),
    ("Can I change the font?", "Yes, under appearance."),
]
DOCUMENTS = [
    *(
        Document(f"https://stay.test/{hotel}/{n}", question, f"{hotel}: {answer}", heading_path=(hotel,))
        for hotel in HOTELS
        for n, (question, answer) in enumerate(ABOUT)
    ),
    *(Document(f"https://notes.test/{n}", question, answer) for n, (question, answer) in enumerate(NOTES)),
]
INDEX = build_index(DOCUMENTS, default_embedder())


async def found(query: str, context: Sequence[str] = ()) -> RetrievalResult:
    return await LiveRetriever(FixedIndex(INDEX), default_embedder()).retrieve(query, context=context)


def is_sure(result: RetrievalResult) -> bool:
    return result.confidence >= result.answer_from


@pytest.mark.parametrize("hotel", HOTELS)
async def test_the_topic_goes_on(hotel: str) -> None:
    said = (f"Do you have rooms at the {hotel}?", "Yes.", "Is there parking?", "In the yard.")
    assert (await found("and can I bring my dog there?", said)).passages[0].passage.document.heading_path == (hotel,)


async def test_the_topic_fades_where_another_is_named() -> None:
    said = ("Is breakfast included at the Harbour Inn?", "Yes, until ten.")
    first = (await found("and at the Alpine Lodge?", said)).passages[0]
    assert first.passage.document.answer == "Alpine Lodge: Yes, until ten."


@pytest.mark.parametrize("query", ["and dropbox?", "and on Tuesdays?", "what about my neighbour?"])
async def test_the_question_before_makes_no_other_question_sure(query: str) -> None:
    said = ("Does the app sync with Google Drive?", "Yes, with Google Drive and with iCloud.")
    assert is_sure(await found(" ".join((said[0], query))))  # as one text it would be
    assert not is_sure(await found(query, said))


async def test_a_question_that_fits_by_itself_is_unsure_where_the_conversation_is_about_something_else() -> None:
    query, said = "what does it cost?", ("Can I bring my dog to the City Rooms?", "Small dogs are welcome.")
    alone, after = await found(query), await found(query, said)
    assert after.confidence <= alone.confidence
    assert not is_sure(after)


async def test_a_question_that_fits_both_ways_is_sure() -> None:
    said = ("What does the subscription cost?", "Two euros a month.")
    after = await found("and how do I cancel it?", said)
    assert after.passages[0].passage.document.question == "How do I cancel my subscription?"
    assert is_sure(after)


SHIPPING = [
    Document("https://tea.test/0", "Which countries do you ship to?", "All of Europe, and Canada."),
    Document("https://tea.test/1", "How long does delivery take?", "Two days in Germany, eight elsewhere."),
    Document("https://tea.test/2", "How long is the guarantee on the kettle?", "Two years."),
    Document("https://tea.test/3", "How long should I let it steep?", "Three minutes."),
    Document("https://tea.test/4", "Can my teapot go into the dishwasher?", "No: clay drinks it. Glazed gaiwans may."),
    Document("https://tea.test/5", "When are you open?", "From ten to seven."),
    Document("https://tea.test/6", "How can I delete a story?", "Swipe it to the left."),
    Document("https://tea.test/7", "How can I edit or delete a folder?", "Hold it, then choose."),
]
TEA = build_index(SHIPPING, default_embedder())
DISHWASHER = ("Is the teapot dishwasher safe?", "No: clay drinks it.")


async def asked(query: str, context: Sequence[str] = ()) -> RetrievalResult:
    return await LiveRetriever(FixedIndex(TEA), default_embedder()).retrieve(query, context=context)


@pytest.mark.parametrize(
    "query",
    [
        "how long?",
        "why not?",
        "and to Canada?",
        "and how much is it?",
        "what about the gaiwan?",
        "how do I delete one?",
        "多久？",
        "那拆封的呢？",
        "那个在哪里？",
        "那要多少钱呢？",
    ],
)
def test_bare(query: str) -> None:
    assert conversation.is_elliptical(query)
    assert not conversation.has_topic(query)


@pytest.mark.parametrize(
    "query",
    [
        "opening hours?",
        "Is there parking?",
        "there's no gaiwan",
        "gift cards",
        "reset my password",
        "refund",
        "and how long does delivery take?",
        "ok, and can I pay by card?",
        "茶会多少钱？",
        "那怎么付款？",
        "运费多少呢？",
    ],
)
def test_short_with_a_topic(query: str) -> None:
    assert conversation.has_topic(query)
    assert not conversation.is_elliptical(query)


def test_one_that_points_back_and_says_much_is_neither() -> None:
    query = "and can I bring my dog there at the weekend?"
    assert not conversation.has_topic(query)
    assert not conversation.is_elliptical(query)


def test_what_was_asked_last_is_what_said_something() -> None:
    said = ("Is the teapot dishwasher safe?", "No.", "and the gaiwan?", "Yes.")
    assert conversation.with_previous_question("why?", said) == "Is the teapot dishwasher safe?\nwhy?"
    assert conversation.with_previous_question("why?", said[2:]) == "and the gaiwan?\nwhy?"
    assert conversation.with_previous_question("why?", ("Hello",)) == "why?"


async def test_a_bare_question_is_ranked_by_the_one_before_too() -> None:
    said = ("Can I make folders?", "Yes, with the plus sign in the list.")
    alone, after = await asked("how do I delete one?"), await asked("how do I delete one?", said)
    assert alone.passages[0].passage.document.question == "How can I delete a story?"
    assert after.passages[0].passage.document.question == "How can I edit or delete a folder?"


async def test_a_bare_question_is_answered_by_what_names_what_it_names() -> None:
    gaiwan, glass = await asked("and the gaiwan?", DISHWASHER), await asked("and the glass?", DISHWASHER)
    assert gaiwan.passages[0].passage.document.question == "Can my teapot go into the dishwasher?"
    assert is_sure(gaiwan) and not is_sure(glass)


async def test_a_question_that_names_nothing_is_about_what_was_asked() -> None:
    result = await asked("why not?", DISHWASHER)
    assert result.passages[0].passage.document.question == "Can my teapot go into the dishwasher?"
    assert is_sure(result)


async def test_a_change_of_topic_in_few_words_is_as_sure_as_without_the_conversation() -> None:
    alone, after = await asked("opening hours?"), await asked("opening hours?", DISHWASHER)
    assert alone.passages[0].passage.document.question == "When are you open?"
    assert after.passages[0].passage == alone.passages[0].passage
    assert after.confidence == pytest.approx(alone.confidence, abs=0.03)
