from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.masking import KINDS
from bot.platforms.registry import find_sections
from bot.sections import warn_of_misspelt
from bot.settings import Settings, load_settings


def test_with_a_vllm_server_as_many_questions_are_worked_on_as_it_may_be_asked() -> None:
    url = "http://127.0.0.1:8000"
    assert load_settings(vllm_url="").resolved_workers == 8
    assert load_settings(vllm_url=url, vllm_concurrency=20).resolved_workers == 20
    assert load_settings(vllm_url=f"{url}, http://127.0.0.1:8001", workers=3).resolved_workers == 3


def test_a_prefix_keeps_the_space_that_env_files_lose(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "FRONTDESK_EMBEDDING_QUERY_PREFIX=query: \nFRONTDESK_EMBEDDING_DOCUMENT_PREFIX='为这个句子：'\n",
        encoding="utf-8",
    )
    settings = load_settings(_env_file=file)
    assert (settings.embedding_query_prefix, settings.embedding_document_prefix) == ("query: ", "为这个句子：")


def test_a_misspelt_setting_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_ANSWER_TRESHOLD", "0.5")
    monkeypatch.setenv("FRONTDESK_SLACK_MOD", "http")
    monkeypatch.setenv("FRONTDESK_SOMEBODY_ELSES", "1")
    with capture_logs() as logs:
        warn_of_misspelt((Settings, *find_sections()))
        warn_of_misspelt((Settings, *find_sections()))
    assert [each["event"] for each in logs] == [
        "FRONTDESK_ANSWER_TRESHOLD is no setting and is ignored: did you mean FRONTDESK_ANSWER_THRESHOLD?",
        "FRONTDESK_SLACK_MOD is no setting and is ignored: did you mean FRONTDESK_SLACK_MODE?",
    ]


@pytest.mark.parametrize("blank", ["", " ", "   ", "\t", ",", " , "])
def test_a_blank_is_no_way_to_switch_masking_off(blank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_MASK", blank)
    assert load_settings().mask == KINDS
    monkeypatch.setenv("FRONTDESK_MASK", "none")
    assert load_settings().mask == ()
