"""Texts that mean the same come together, in any order; hostile ones harm nobody."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from retrieval.models.embedder import load_embedder
from retrieval.models.embedding_models import combine_models, name_model
from retrieval.search.clusters import Clustering, choose_model, cluster_texts, normalise_text
from retrieval.search.fitted import load_fitted
from tests.support.embedding import default_embedder, multilingual_embedder, plain_embedder
from tests.support.tiny_model import write_tiny_model

WEEK = (
    ("How do I return a lamp?", "How can I send a lamp back?", "I want to return my lamp, how?"),
    ("Do you ship to Norway?", "Can I get an order shipped to Norway?", "is shipping to norway possible"),
    ("Can I pay by invoice?", "is it possible to pay with an invoice"),
    ("如何申请退货？", "怎么申请退货", "申请退货的步骤是什么"),
    ("会员卡丢了怎么补办？", "会员卡丢了，如何补办"),
    ("Where is your shop?",),
    ("台灯的灯泡是什么规格？",),
)


def groups(texts: Sequence[str]) -> set[frozenset[str]]:
    return {frozenset(texts[place] for place in group) for group in cluster_texts(texts, default_embedder())}


@pytest.mark.parametrize("week", [WEEK[:3] + WEEK[5:6], WEEK[3:5] + WEEK[6:]], ids=["en", "zh"])
def test_a_week_of_questions_falls_into_what_was_meant(week: Sequence[tuple[str, ...]]) -> None:
    texts = [text for group in week for text in group]
    assert groups(texts) == {frozenset(group) for group in week}


@pytest.mark.slow
def test_the_order_of_the_texts_does_not_matter_and_the_largest_group_is_first() -> None:
    texts = [text for group in WEEK for text in group]
    for seed in range(5):
        mixed = random.Random(seed).sample(texts, len(texts))
        found = cluster_texts(mixed, default_embedder())
        assert groups(mixed) == groups(texts)
        assert [(-len(group), group[0]) for group in found] == sorted((-len(group), group[0]) for group in found)
        assert found == cluster_texts(mixed, default_embedder())


@pytest.mark.parametrize(
    "same",
    [
        ("Where is my parcel?", "where is  my PARCEL", "Where is my parcel…!?", "Ｗｈｅｒｅ is my parcel"),
        ("如何退货？", "如何 退货", "如何退貨", "「如何退货」"),
        ("zxqv", "ZXQV!"),
        ("", " \n", "\u200b"),
    ],
)
def test_what_differs_in_case_space_and_punctuation_is_one_text(same: tuple[str, ...]) -> None:
    assert len({normalise_text(text) for text in same}) == 1
    assert cluster_texts([*same, "Can I pay by card?"], default_embedder())[0] == tuple(range(len(same)))


@pytest.mark.parametrize(
    ("one", "other"), [("Why was I charged $5?", "Why was I charged 5%?"), ("a b", "ab"), ("C# courses", "C courses")]
)
def test_signs_that_mean_something_are_kept(one: str, other: str) -> None:
    assert normalise_text(one) != normalise_text(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How do I change my password?", "Do you ship to Norway?"),
        ("如何修改密码？", "可以寄到挪威吗？"),
        ("How do I change my password?", "可以寄到挪威吗？"),
        ("😀", "😃"),
        ("😀", "How do I change my password?"),
    ],
)
def test_what_has_nothing_in_common_stays_apart(one: str, other: str) -> None:
    assert len(cluster_texts([one, other], default_embedder())) == 2


def test_a_week_about_one_thing_is_one_group() -> None:
    about = ("my parcel", "my package", "the parcel", "the parcel I ordered", "my order's parcel", "our parcel")
    texts = [f"{asked} {what}?" for what in about for asked in ("Where is", "where's", "Can you tell me where is")]
    assert len(cluster_texts(texts, default_embedder())[0]) >= 0.8 * len(texts)


def test_hostile_texts_come_back_once_each() -> None:
    texts = [
        *("", " ", "😀", "😀🎉", "\ud800", "\x00", "?!", "\u202e\u200b", "=1+1", "如何退货？"),
        *("a" * 12_000, "退" * 12_000, "退货 refund " * 1_000, "e\u0301" * 6_000, "\u200b" * 12_000, "٣٤ ไทย हिन्दी"),
    ]
    found = cluster_texts(texts, default_embedder())
    assert sorted(place for group in found for place in group) == list(range(len(texts)))
    assert (4,) in found


@pytest.mark.parametrize("texts", [[], ["one"], ["", ""], ["😀"], ["😀", "🎉"], ["same", "Same!"]])
def test_few_texts_are_no_fault(texts: list[str]) -> None:
    assert sum(map(len, cluster_texts(texts, default_embedder()))) == len(texts)


def test_an_embedder_that_knows_no_language_puts_nothing_together_wrongly(tmp_path: Path) -> None:
    embedder = load_embedder(str(write_tiny_model(tmp_path / "tiny")), tmp_path / "models")
    found = cluster_texts(["How do I return a lamp?", "return a lamp", "Do you ship to Norway?"], embedder)
    assert (2,) in found


def test_the_medoid_is_central_and_the_examples_lie_apart() -> None:
    texts = ["Do you ship to Norway?", "do you ship to norway", "is shipping to Norway possible", "Norway shipping?"]
    clustering = Clustering(texts, default_embedder())
    group = clustering.groups[0]
    central = clustering.measure_centrality(group)
    assert len(central) == len(group) == 4
    assert central[0] == central[1] == max(central)
    assert clustering.choose_unlike(group, 0, 3)[0] == 0
    assert sorted(clustering.choose_unlike(group, 1, 9)) == [1, 2, 3]


@pytest.mark.slow
def test_thousands_of_texts_take_seconds() -> None:
    things = ("lamp", "chair", "desk", "rug", "sofa", "shelf", "vase", "clock", "mirror", "stool")
    asked = ("How do I return a {}?", "Where is my {} now?", "{} 坏了怎么办", "Can the {} be repaired?", "{} 多少钱")
    texts = [form.format(f"{thing} {number}") for number in range(40) for thing in things for form in asked]
    started = time.process_time()  # of all cores: others may be busy with something else
    assert sum(map(len, cluster_texts(texts, default_embedder()))) == len(texts) == 2_000
    assert time.process_time() - started < 60


GERMAN = ["Wie kann ich etwas zurückgeben?", "Was kostet der Versand nach Norwegen?"]
ENGLISH = ["How do I return a lamp?", "Do you ship to Norway?", "Can I pay by invoice?"]


def test_the_english_model_compares_what_is_all_english_and_the_multilingual_one_all_else() -> None:
    models = default_embedder()
    assert choose_model(ENGLISH, models) is plain_embedder()
    assert choose_model([*ENGLISH, *GERMAN], models) is multilingual_embedder()
    assert choose_model(["如何申请退货？", ENGLISH[0]], models) is multilingual_embedder()
    assert choose_model(GERMAN, combine_models(plain_embedder())) is plain_embedder()


def test_each_model_weighs_likeness_by_a_fit_of_its_own() -> None:
    weights = load_fitted(default_embedder()).clustering
    assert set(weights) == {name_model(model.fingerprint) for model in default_embedder().models}
    assert len({tuple(each) for each in weights.values()}) == 2


def test_a_model_that_nobody_fitted_is_weighed_generically(tmp_path: Path) -> None:
    embedder = load_embedder(str(write_tiny_model(tmp_path / "tiny")), tmp_path / "models")
    (weights,) = load_fitted(combine_models(embedder)).clustering.values()
    assert len(weights) == 3
