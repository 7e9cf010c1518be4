"""Which model fits a card, and what to expect of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.cli.vllm import launch_vllm
from bot.errors import BotError, InputError
from inference.plan import (
    ANSWER_TOKENS,
    GIB,
    MODELS,
    PROMPT_TOKENS,
    UTILISATION,
    Card,
    PlanningError,
    choose_model,
    detect_cards,
    estimate_performance,
    find_card,
    measure_model,
)

SMALL, BIG = measure_model("Qwen3-4B-Instruct-2507"), measure_model("Qwen/Qwen3-32B")


def put_driver(folder: Path, monkeypatch: pytest.MonkeyPatch, says: str) -> None:
    script = folder / "nvidia-smi"
    script.write_text(f"#!/bin/sh\n{says}\n", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def frontdesk_vllm(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(launch_vllm)
    return CliRunner().invoke(app, list(arguments))


def test_a_token_s_keys_and_values_are_those_of_the_model_s_config() -> None:
    assert SMALL.kept == 144 * 1024  # 36 layers × 8 heads × 128 × 2 (keys, values) × 2 bytes
    assert measure_model("meta-llama/llama-3.1-8b-instruct").kept == 128 * 1024


def test_what_fits_is_what_the_weights_leave() -> None:
    fits = estimate_performance(SMALL, Card("x", 24)).at_once
    room = (24 * 0.9 - 2) * GIB - SMALL.weights
    assert fits * (PROMPT_TOKENS + ANSWER_TOKENS) * SMALL.kept <= room
    assert (fits + 1) * (PROMPT_TOKENS + ANSWER_TOKENS) * SMALL.kept > room
    assert estimate_performance(BIG, Card("x", 24)).at_once == 0
    assert estimate_performance(BIG, Card("x", 48), 2).at_once > 0


def test_the_first_token_is_bound_by_arithmetic_and_the_writing_by_bandwidth() -> None:
    slow, quick = Card("x", 80, 1000, 300), Card("x", 80, 1000, 600)
    wide = Card("x", 80, 2000, 300)
    first = estimate_performance(SMALL, slow).first
    assert first == pytest.approx((2 * 4.02e9 * PROMPT_TOKENS / 300e12 + 8.04e9 / 1e12) / UTILISATION)
    assert first and (estimate_performance(SMALL, quick).first or 9) < first
    assert (estimate_performance(SMALL, wide).answers or 0) > (estimate_performance(SMALL, slow).answers or 9)


def test_a_mixture_of_experts_reads_fast_and_weighs_much() -> None:
    mixture, dense = measure_model("Qwen3-30B-A3B-Instruct-2507"), BIG
    card = find_card("H100")
    assert (estimate_performance(mixture, card).first or 9) < (estimate_performance(dense, card).first or 0) / 5
    assert mixture.weights > 0.9 * dense.weights


def test_the_largest_with_room_is_chosen_and_none_where_none_has() -> None:
    chosen = choose_model([estimate_performance(model, find_card("L4")) for model in MODELS])
    assert chosen and chosen.name == "Qwen/Qwen3-8B"
    assert choose_model([estimate_performance(model, find_card("8")) for model in MODELS]) is None


@pytest.mark.parametrize(
    ("called", "name"),
    [("l4", "L4"), ("RTX 4090", "RTX 4090"), ("nvidia geforce rtx4090", "RTX 4090"), ("h100", "H100")],
)
def test_a_card_is_known_by_what_people_call_it(called: str, name: str) -> None:
    card = find_card(called)
    assert card.name == name and card.bandwidth and card.arithmetic


def test_of_a_card_that_is_known_by_its_memory_alone_what_fits_is_told() -> None:
    expected = estimate_performance(SMALL, find_card("24"))
    assert expected.at_once and expected.first is None and expected.answers is None


def test_a_model_in_a_folder_is_measured(tmp_path: Path) -> None:
    config = {"num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3, "hidden_size": 576}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(PlanningError, match="what a model weighs"):
        measure_model(str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(bytes(1000))
    model = measure_model(str(tmp_path))
    assert (model.weights, model.parameters, model.kept) == (1000, 500, 2 * 2 * 30 * 3 * 64)


@pytest.mark.parametrize("config", ["", "[]", "{}", '{"num_hidden_layers": 3}'])
def test_a_folder_that_tells_no_size_is_named(tmp_path: Path, config: str) -> None:
    (tmp_path / "config.json").write_text(config, encoding="utf-8")
    with pytest.raises(PlanningError, match="does not tell the model"):
        measure_model(str(tmp_path))


@pytest.mark.parametrize(
    ("called", "memory", "bandwidth"),
    [("NVIDIA A100-SXM4-40GB, 40960", 40, 1555), ("NVIDIA A100 80GB PCIe, 81920", 80, 1935), ("Odd one, 6144", 6, 0)],
)
def test_the_driver_tells_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, called: str, memory: float, bandwidth: float
) -> None:
    put_driver(tmp_path, monkeypatch, f"echo '{called}'")
    [card] = detect_cards()
    assert (card.memory, card.bandwidth) == (memory, bandwidth)


@pytest.mark.parametrize("says", ["exit 9", "echo 'No devices were found'", ""])
def test_a_driver_that_tells_nothing_is_an_error_with_its_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str
) -> None:
    put_driver(tmp_path, monkeypatch, says)
    with pytest.raises(PlanningError, match="--card"):
        detect_cards()


def test_the_plan_is_a_table_and_starts_nothing() -> None:
    result = frontdesk_vllm("--plan", "--card", "L4")
    assert result.exit_code == 0
    assert "too large" in result.stdout and "frontdesk vllm Qwen/Qwen3-8B" in result.stdout
    assert "Computed, not measured" in result.stdout
    assert frontdesk_vllm("--plan", "--card", "16").stdout.splitlines()[0].strip() == "A card, 16 GiB"


def test_a_plan_without_a_card_is_an_error_and_an_unknown_one_a_wrong_argument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    absent, unknown = frontdesk_vllm("--plan"), frontdesk_vllm("--card", "K80")
    assert isinstance(absent.exception, BotError) and not isinstance(absent.exception, InputError)
    assert isinstance(unknown.exception, InputError) and "L40S" in str(unknown.exception)
