"""Entailment models: what follows, by the labels of the model's own configuration, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.app.factories import attributor_for
from bot.settings import Settings
from retrieval.documents import Document
from retrieval.errors import ModelError
from retrieval.models.embedding_models import EmbeddingModels
from retrieval.models.entailment import load_entailment
from tests.fakes import passage
from tests.support.embedding import MODELS
from tests.support.tiny_reranker import tiny_reranker
from tests.support.word_embedder import WordEmbedder

pytestmark = pytest.mark.slow

TEXT = "How do I clean my florb?"  # which, as the tiny model has learned, is a grint
RIGHT, WRONG = "Wash your grint every week.", "Wash your quold every week."


def write_model(folder: Path, *labels: str) -> Path:
    """A cross-encoder with these labels: what the tiny reranker holds likely is entailment, the contrary whatever else
    begins with "contra" or "not", and nothing is anything else."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    one = BertForSequenceClassification.from_pretrained(tiny_reranker())
    config = BertConfig.from_pretrained(tiny_reranker())
    config.num_labels = len(labels)
    config.id2label, config.label2id = dict(enumerate(labels)), {label: place for place, label in enumerate(labels)}
    model = BertForSequenceClassification(config)
    model.bert.load_state_dict(one.bert.state_dict())
    with torch.no_grad():
        for place, label in enumerate(labels):
            sign = (
                1.0
                if label.casefold().startswith("entail")
                else -1.0
                if label.casefold()[:3] in ("con", "not")
                else 0.0
            )
            model.classifier.weight[place] = sign * one.classifier.weight[0]
            model.classifier.bias[place] = sign * one.classifier.bias[0] - (0.0 if sign else 5.0)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny_reranker()).save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    "labels",
    [
        ("contradiction", "entailment", "neutral"),
        ("entailment", "neutral", "contradiction"),
        ("ENTAILMENT", "NEUTRAL", "CONTRADICTION"),
        ("entailment", "not_entailment"),
    ],
)
def test_what_follows_is_told_by_the_names_of_the_labels(labels: tuple[str, ...], tmp_path: Path) -> None:
    model = load_entailment(str(write_model(tmp_path / "nli", *labels)), MODELS)
    assert model.entails(TEXT, [RIGHT, WRONG, RIGHT]) == [True, False, True]
    assert model.entails(TEXT, []) == []
    assert model.fingerprint.startswith("nli@")


@pytest.mark.parametrize("labels", [("LABEL_0", "LABEL_1", "LABEL_2"), ("entailment",)])
def test_a_model_that_does_not_tell_what_follows_is_refused(labels: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"{labels[0]}.*FRONTDESK_ENTAILMENT_MODEL"):
        load_entailment(str(write_model(tmp_path / "nli", *labels)), MODELS)


def test_a_folder_without_a_model_or_with_a_broken_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no config.json.*FRONTDESK_ENTAILMENT_MODEL"):
        load_entailment(str(tmp_path), MODELS)
    (tmp_path / "config.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ModelError, match=r"cannot be read: set FRONTDESK_ENTAILMENT_MODEL"):
        load_entailment(str(tmp_path), MODELS)
    (tmp_path / "config.json").write_text(
        json.dumps({"id2label": {"0": "entailment", "1": "neutral"}}), encoding="utf-8"
    )
    with pytest.raises(ModelError, match=r"entailment model in .* cannot be loaded"):
        load_entailment(str(tmp_path), MODELS)


def test_the_setting_makes_it_judge_what_a_passage_carries(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "nli", "contradiction", "entailment", "neutral")
    settings = Settings(entailment_model=str(folder), data_dir=tmp_path, _env_file=None)  # type: ignore[call-arg]
    attributor = attributor_for(settings, EmbeddingModels((WordEmbedder(),)))
    document = Document(
        "https://shop.example", "How do I clean my florb?", "Wash your florb. Wash your quold.", language="en"
    )
    attribution = attributor.read_passages([passage(document)], "", "en")
    assert attribution.find_carriers(RIGHT) == [1]
    assert attribution.find_carriers(WRONG) == []
