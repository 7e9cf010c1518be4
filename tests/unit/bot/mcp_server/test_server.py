"""What an assistant is told when nothing comes of a call, and which hosts it may call by."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from bot.api.asking import OverBudget
from bot.errors import SettingsError, StorageError
from bot.mcp_server.adapter import allow_hosts
from bot.mcp_server.models import AskInput
from bot.mcp_server.server import describe_error
from bot.settings import load_settings
from retrieval.errors import CorruptVersion


def invalid() -> Exception:
    try:
        AskInput.model_validate({"question": 5})
    except ValidationError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OverBudget(12.3), "ask again in 13 seconds"),
        (StorageError("password hunter2 is wrong"), "try again in a moment"),
        (CorruptVersion("/home/ann/hunter2 is damaged"), "frontdesk doctor"),
        (RuntimeError("hunter2"), "fault"),
        (invalid(), "fault"),  # a fault of the tool's own is none of its caller's
    ],
    ids=lambda each: type(each).__name__,
)
def test_an_error_is_told_with_what_to_do_and_never_in_its_own_words(error: Exception, told: str) -> None:
    with capture_logs():
        text = describe_error(error)
    assert told in text and "hunter2" not in text and len(text) < 300


def test_hosts_are_this_machine_s_own_names_and_those_that_are_set() -> None:
    allowed = allow_hosts(["bot.example.com"])
    assert allowed.enable_dns_rebinding_protection
    assert {"localhost", "localhost:*", "127.0.0.1:*", "[::1]:*", "bot.example.com"} <= set(allowed.allowed_hosts)
    assert "https://bot.example.com" in allowed.allowed_origins and "*" not in allowed.allowed_hosts


@pytest.mark.parametrize("host", ["https://bot.example.com", "bot.example.com/mcp", "*", "*:*", "a b", ":80"])
def test_what_is_no_host_is_refused_with_what_one_is(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_MCP_HOSTS", f"good.example.com, {host}")
    with pytest.raises(SettingsError, match=r"FRONTDESK_MCP_HOSTS.*bot\.example\.com"):
        load_settings()


def test_several_hosts_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_MCP_HOSTS", "bot.example.com, help.example.com:8443")
    assert load_settings().mcp_hosts == ("bot.example.com", "help.example.com:8443")
