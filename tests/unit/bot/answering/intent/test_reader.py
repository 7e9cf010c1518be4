"""What messages are read as, by the models and heads that Frontdesk brings: plain cases of each kind and language."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answering.intent import reader
from bot.answering.intent.examples import OTHER, REFERS, Example
from bot.answering.intent.reader import LearnedReader, load_heads
from bot.chat.intent import Intent, MessageReading, OfferReply
from bot.i18n.language import reply_language
from retrieval.interfaces import Vectors
from retrieval.models.embedding_models import EmbeddingModels, name_model
from retrieval.search import query_vectors
from retrieval.search.query_vectors import QuestionVectors
from tests.support.embedding import MODELS, default_embedder, intent_reader, plain_embedder, require_fitted_readings


def read(text: str) -> MessageReading:
    [reading] = intent_reader().read_messages([text], reply_language(text))
    return reading


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("hello", Intent.GREETING),
        ("Hiiii!!", Intent.GREETING),
        ("Good morning", Intent.GREETING),
        ("👋", Intent.GREETING),
        ("thanks!", Intent.THANKS),
        ("Thanks so much!", Intent.THANKS),
        ("ok", Intent.ACKNOWLEDGEMENT),
        ("no thanks", Intent.ACKNOWLEDGEMENT),
        ("bye", Intent.GOODBYE),
        ("are you there?", Intent.PRESENCE),
        ("Who are you?", Intent.IDENTITY),
        ("are you a robot or a human", Intent.IDENTITY),
        ("help", Intent.HELP),
        ("What can you do?", Intent.HELP),
        ("that answer is wrong", Intent.NOT_HELPED),
        ("that was very helpful", Intent.HELPED),
        ("你好", Intent.GREETING),
        ("您好！", Intent.GREETING),
        ("谢谢", Intent.THANKS),
        ("謝謝你", Intent.THANKS),
        ("好的", Intent.ACKNOWLEDGEMENT),
        ("再见", Intent.GOODBYE),
        ("在吗？", Intent.PRESENCE),
        ("你是谁", Intent.IDENTITY),
        ("你能做什么？", Intent.HELP),
        ("Guten Morgen", Intent.GREETING),
        ("vielen Dank", Intent.THANKS),
        ("merci beaucoup", Intent.THANKS),
        ("hola", Intent.GREETING),
        ("こんにちは", Intent.GREETING),
        ("감사합니다", Intent.THANKS),
    ],
)
def test_small_talk_is_surely_what_it_is(text: str, intent: Intent) -> None:
    assert replace(read(text), refers=False) == MessageReading(intent, sure=True)


@pytest.mark.parametrize(
    ("text", "refers"),
    [
        ("can you answer this one please?", True),
        ("please answer the question above", True),
        ("any ideas?", True),
        ("could you reply to her", True),
        ("你来回答一下", True),
        ("这个问题你知道吗", True),
        ("kannst du ihr das beantworten?", True),
        ("この質問に答えてください", True),
        ("How long does delivery take?", False),
        ("Can I return this if it does not fit?", False),
        ("is this covered by the warranty?", False),
        ("Can you help me track my parcel?", False),
        ("这个可以退货吗", False),
        ("Kann ich das zurückgeben?", False),
        ("My order arrived broken", False),
        ("thanks, that helped", False),
    ],
)
def test_who_only_refers_to_something_above_is_told_from_who_asks(text: str, refers: bool) -> None:
    assert read(text).refers is refers


@pytest.mark.parametrize("text", ["", "   ", "???", "？", "…", "!!!", "🪨🪨"])
def test_a_message_without_words_is_empty(text: str) -> None:
    assert read(text) == MessageReading(Intent.EMPTY, sure=True)


@pytest.mark.parametrize(
    "text",
    [
        "How do I return goods?",
        "do you ship to Norway",
        "my parcel never came",
        "please cancel my subscription",
        "refund policy",
        "can't log in since this morning",
        "Hi all, where do I find the VAT number on the invoice? thanks",
        "怎么修改收货地址",
        "验证码收不到",
        "可以用信用卡分期付款嗎",
        "Wie kann ich meine Bestellung stornieren?",
        "¿cuánto cuesta el envío?",
        "領収書をもらえますか",
    ],
)
def test_a_question_a_request_and_a_report_of_trouble_ask(text: str) -> None:
    assert read(text).asks


@pytest.mark.parametrize(
    "text",
    [
        "I'll take a look after lunch",
        "we shipped the new release yesterday, congrats team",
        "+1",
        "sounds good, let's do that on Thursday",
        "Good morning everyone!",
        "我下午去处理",
        "新版本昨天上线了",
        "ich bin morgen nicht da",
        "会議は三時からになりました",
    ],
)
def test_talk_among_people_does_not(text: str) -> None:
    assert not read(text).asks


@pytest.mark.parametrize(
    "text",
    [
        "talk to a human",
        "can I speak to a real person please",
        "get me an agent",
        "转人工",
        "我要人工客服",
        "轉接真人客服",
        "Ich möchte mit einem Mitarbeiter sprechen",
        "quiero hablar con un agente",
        "オペレーターにつないでください",
    ],
)
def test_a_wish_for_a_person_is_surely_one(text: str) -> None:
    assert read(text).wants_person


@pytest.mark.parametrize(
    "text",
    [
        "Do you have support for PayPal?",
        "what are the support hours",
        "How many people can join a call?",
        "Can a person without an account open the link?",
        "你们支持微信支付吗",
        "人工智能课程什么时候开课",
    ],
)
def test_what_only_names_people_or_support_is_not(text: str) -> None:
    assert not read(text).wants_person
    assert read(text).asks


@pytest.mark.parametrize("text", ["quiet", " be quiet. ", "stop", "安静", "请安静。", "安靜", "silence"])
def test_a_wish_for_quiet_is_one(text: str) -> None:
    assert read(text).wants_quiet


@pytest.mark.parametrize(
    "text", ["How quiet is the dishwasher?", "stop the delivery of my order", "quiet mode?", "安静模式怎么打开", ""]
)
def test_a_question_about_quiet_is_not(text: str) -> None:
    assert not read(text).wants_quiet


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("yes", OfferReply.YES),
        ("that's the one", OfferReply.YES),
        ("👍", OfferReply.YES),
        ("none of these", OfferReply.NO),
        ("都不是", OfferReply.NO),
        ("the second one", OfferReply.SECOND),
        ("第三个", OfferReply.THIRD),
        ("the last one please", OfferReply.LAST),
        ("How long does shipping take?", OfferReply.OTHER),
        ("what about the second payment?", OfferReply.OTHER),
        ("thanks", OfferReply.OTHER),
        ("talk to a human", OfferReply.OTHER),
    ],
)
def test_what_is_said_to_an_offer_is_understood(text: str, reply: OfferReply) -> None:
    assert intent_reader().read_replies([text], reply_language(text)) == [reply]


@settings(max_examples=300, deadline=None)
@given(
    st.text(st.characters(categories=("P", "S", "Z", "M", "Cf"), exclude_characters="👍👎"), max_size=6),
    st.sampled_from(("en", "zh", "ja", "de")),
)
def test_what_has_no_words_says_nothing_to_an_offer(text: str, language: str) -> None:
    assert intent_reader().read_replies([text], language) == [OfferReply.OTHER]


@pytest.mark.parametrize("text", ["", " ", "?", "!!", "…", "‼️", "😂", "❤️", "🪨🪨", "(ツ)"])
def test_replies_without_words_are_told_apart_from_those_beside_them(text: str) -> None:
    read = intent_reader().read_replies([text, "yes", text, "👍🏽", "👎", "2", text], "en")
    assert [read[place] for place in (1, 3, 4)] == [OfferReply.YES, OfferReply.YES, OfferReply.NO]
    assert read[0] == read[2] == read[6] == OfferReply.OTHER


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("hi, how do I return goods?", "how do I return goods?"),
        ("How do I return goods? Thanks!", "How do I return goods?"),
        ("Good morning. I need to cancel my order. Thanks in advance", "I need to cancel my order."),
        ("你好，如何退货？", "如何退货？"),
        ("請問如何退貨？謝謝", "請問如何退貨？"),
        ("How do I return goods?", "How do I return goods?"),
        ("thanks, bye", "thanks, bye"),
        ("", ""),
    ],
)
def test_a_question_is_found_between_courtesies(text: str, question: str) -> None:
    assert intent_reader().find_question(text, reply_language(text)) == question


@given(st.text(max_size=60))
@settings(max_examples=30, deadline=None)
def test_any_text_is_read_and_its_question_is_in_it(text: str) -> None:
    [reading] = intent_reader().read_messages([text], "en")
    assert (reading.intent is Intent.EMPTY) <= reading.sure
    assert intent_reader().find_question(text, "en") in text


@pytest.mark.parametrize("text", ["!" * 40_000, "a, " * 13_000, "啊，" * 13_000, "\n" * 40_000, "x " * 20_000])
def test_a_message_of_any_length_is_read_in_no_time(text: str) -> None:
    intent_reader().read_messages(["warm up"], "en")
    started = time.perf_counter()
    intent_reader().read_messages([text], "en")
    intent_reader().find_question(text, "en")
    assert time.perf_counter() - started < 2


def test_the_heads_that_are_brought_were_learned_from_the_examples_that_are_here() -> None:
    require_fitted_readings(default_embedder())


def test_no_test_fits_the_heads_where_the_examples_have_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "examples_digest", lambda _languages=(): "another")
    with pytest.raises(AssertionError, match=r"run .venv/bin/python -m benchmarks\.fit_intent"):
        require_fitted_readings(default_embedder())


def test_heads_are_made_anew_for_the_languages_that_they_learned_and_for_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    english, every = (
        Path(reader.__file__).parent.joinpath("fitted", f"{name_model(model.fingerprint)}.json").read_text("utf-8")
        for model in default_embedder().models
    )
    now = reader.examples_digest
    changed = {"de", "it"}  # one changed, one new

    def as_if_changed(languages: Sequence[str] = ()) -> str:
        return now(languages) if languages and not changed & set(languages) else "another"

    monkeypatch.setattr(reader, "examples_digest", as_if_changed)
    assert reader.parse_heads(english) and not reader.parse_heads(every)


class Letters:
    """An Embedder that nobody has fitted: by how often each letter occurs."""

    fingerprint = "letters@0/test"
    dimension, max_tokens, tells_questions_apart = 26, 100, False

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        rows = np.array([[text.lower().count(chr(97 + place)) for place in range(26)] for text in texts], np.float32)
        return np.asarray(rows / np.maximum(1, np.linalg.norm(rows, axis=1, keepdims=True)), np.float32)

    def embed_questions(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        return self.embed_queries(texts)

    embed_documents = embed_questions

    def count_tokens(self, text: str) -> int:
        return len(text.split())


def test_another_model_is_fitted_when_it_is_first_used_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = {
        "question": [f"how do i {verb} it?" for verb in ("pay", "return", "find", "open", "send", "lose")],
        "greeting": [f"hello {name}" for name in ("ann", "bob", "team", "all", "bot", "you")],
        "chatter": [f"merged {what} yesterday" for what in ("it", "that", "them", "both", "all", "main")],
        "person": [f"get me a {who}" for who in ("human", "person", "agent", "boss", "real one", "man")],
        "quiet": ["be quiet", "quiet now", "quiet you", "please quiet", "quiet bot", "quiet"],
    }
    examples = [Example(text, "en", kind) for kind, texts in some.items() for text in texts]
    replies = [
        Example(f"{text} please", "en", kind) for kind in ("yes", "other") for text in [kind] * 3 + ["so " + kind] * 3
    ]
    monkeypatch.setattr(reader, "load_messages", lambda _languages: examples)
    monkeypatch.setattr(reader, "load_replies", lambda _languages: replies)
    summons = [Example(f"answer {text}", "en", REFERS) for text in ("this", "that", "it", "him", "her", "them")]
    monkeypatch.setattr(
        reader, "load_summons", lambda _languages: [*summons, *(replace(e, kind=OTHER) for e in examples)]
    )
    monkeypatch.setattr(reader, "load_talk", lambda _languages: ["see you tomorrow", "done yesterday"])
    fitted = LearnedReader(EmbeddingModels((Letters(),)), tmp_path)
    assert fitted.read_messages(["hello sam"])[0].intent is Intent.GREETING
    assert fitted.read_messages(["how do i sell it?"])[0].asks
    assert [each.refers for each in fitted.read_messages(["answer us", "how do i sell it?"])] == [True, False]
    monkeypatch.setattr(reader, "fit_heads", None)  # the second time it is read from disk
    assert load_heads(Letters(), tmp_path).messages.kinds == tuple(sorted(some))


class Counting:
    """An embedding model that notes what it was asked for."""

    def __init__(self) -> None:
        self._model = plain_embedder()
        self.embedded: list[str] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._model, name)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        self.embedded += texts
        return self._model.embed_queries(texts)


_BATCHES = st.lists(st.lists(st.sampled_from([f"question {number}?" for number in range(6)]), max_size=5), max_size=6)


@settings(max_examples=30, deadline=None)
@given(batches=_BATCHES)
def test_a_text_is_embedded_once_in_whatever_company_it_comes(batches: list[list[str]]) -> None:
    model = Counting()
    fresh = LearnedReader(EmbeddingModels((model,)), MODELS)  # type: ignore[arg-type]
    first: dict[str, MessageReading] = {}
    for texts in batches:
        for text, reading in zip(texts, fresh.read_messages(texts, "en"), strict=True):
            assert first.setdefault(text, reading) == reading
    assert sorted(model.embedded) == sorted({text for texts in batches for text in texts})


@settings(max_examples=20, deadline=None)
@given(batches=_BATCHES)
def test_what_was_read_alone_is_not_embedded_again_for_a_search_and_what_was_not_is_searched_alone(
    batches: list[list[str]],
) -> None:
    model = Counting()
    name, vectors = name_model(plain_embedder().fingerprint), QuestionVectors(EmbeddingModels((model,)))  # type: ignore[arg-type]
    fresh = LearnedReader(EmbeddingModels((model,)), MODELS, vectors)  # type: ignore[arg-type]
    alone: set[str] = set()
    for texts in batches:
        before = len(model.embedded)
        fresh.read_messages(texts, "en")
        alone |= set(model.embedded[before:]) if len(model.embedded) == before + 1 else set()
    for text in {text for texts in batches for text in texts}:
        before = len(model.embedded)
        [found] = vectors.embed_texts([text], [name])
        assert len(model.embedded) - before == (text not in alone)
        assert np.array_equal(found[name], plain_embedder().embed_queries([text])[0])


def test_only_the_last_messages_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_REMEMBERED", 3)
    monkeypatch.setattr(query_vectors, "REMEMBERED", 0)
    model = Counting()
    fresh = LearnedReader(EmbeddingModels((model,)), MODELS)  # type: ignore[arg-type]
    for text in ("one", "two", "three", "one", "four", "one", "two", "five"):
        fresh.read_messages([text], "en")
    assert model.embedded == ["one", "two", "three", "four", "two", "five"]
