"""Who steers from the command line, and what is asked first."""

from __future__ import annotations

import getpass
import io

import pytest

from bot.chat.people import Role
from bot.cli.steering import confirm_or_exit, current_operator
from bot.errors import InputError
from bot.platforms.registry import bare_user_id


def test_whoever_may_run_frontdesk_is_an_admin_by_their_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "ann")
    assert (current_operator().id, current_operator().role) == ("cli::ann", Role.ADMIN)


def test_a_user_without_a_name_is_the_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 10001")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert current_operator().user == "operator"


def test_where_nobody_can_be_asked_it_must_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(InputError, match="--yes"):
        confirm_or_exit("Delete it?", yes=False)
    confirm_or_exit("Delete it?", yes=True)


@pytest.mark.parametrize("written", ["U1", "@U1", "<@U1>", "<@!U1>", "<@U1|ann>", " U1 "])
def test_a_mention_is_read_as_an_id(written: str) -> None:
    assert bare_user_id(written) == "U1"


@pytest.mark.parametrize("written", ["", " ", "<@>"])
def test_no_id_is_refused(written: str) -> None:
    with pytest.raises(InputError):
        bare_user_id(written)
