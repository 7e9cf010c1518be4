"""Groups as admins write them, and as places and events make them."""

from __future__ import annotations

import pytest

from bot.chat.groups import describe_audience, find_viewer, keep_narrowest, list_place_groups, read_audience
from bot.chat.message import ThreadRef
from bot.errors import InputError
from bot.platforms.registry import load_platforms
from retrieval.audiences import EVERYBODY, EVERYTHING

PLATFORMS = load_platforms().declared
HERE = ThreadRef("discord", "77", "5", "500")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("slack:C123", {"slack:channel:C123"}),
        ("Slack:T9", {"slack:workspace:T9"}),
        ("slack:channel:C123, slack:G4", {"slack:channel:C123", "slack:channel:G4"}),
        ("discord:guild:456 discord:server:457", {"discord:workspace:456", "discord:workspace:457"}),
        ("discord:role:42；discord:channel:5", {"discord:role:42", "discord:channel:5"}),
        ("here", {"discord:channel:5"}),
        ("api:helpdesk api:workspace:web-2", {"api:workspace:helpdesk", "api:workspace:web-2"}),
        ("Everybody", EVERYBODY),
    ],
)
def test_groups_are_read_as_they_are_written(written: str, read: set[str]) -> None:
    audience = read_audience(written, PLATFORMS, HERE)
    assert audience == read
    assert read_audience(describe_audience(audience), PLATFORMS) == read


@pytest.mark.parametrize(
    "written",
    [
        "",
        " , ",
        "C123",
        "slack:",
        "slack:c1",
        "slack:channel:T1",
        "slack:team:T1",
        "here",
        "api:Help",
        "api:a:b",
        "api:channel:helpdesk",
    ],
)
def test_what_is_no_group_is_refused(written: str) -> None:
    with pytest.raises(InputError):
        read_audience(written, PLATFORMS)


def test_a_place_makes_groups_of_its_platform_alone() -> None:
    assert list_place_groups(HERE) == {"discord:channel:5", "discord:workspace:77"}
    assert list_place_groups(ThreadRef("slack", "", "D1", "")) == {"slack:channel:D1"}


def test_a_key_of_the_api_is_in_the_group_of_its_name() -> None:
    viewer = find_viewer(ThreadRef("api", "helpdesk", "helpdesk", "1"))
    assert [viewer.sees(read_audience(each, PLATFORMS)) for each in ("api:helpdesk", "api:shop")] == [True, False]


def test_who_runs_frontdesk_sees_everything() -> None:
    for platform in ("terminal", "cli"):
        assert find_viewer(ThreadRef(platform, "", "", "")) is EVERYTHING


def test_of_several_groups_the_narrowest_kind_is_kept() -> None:
    groups = {"slack:workspace:T1", "slack:channel:C1", "discord:role:4"}
    assert keep_narrowest(groups) == {"slack:channel:C1"}
    assert keep_narrowest(groups - {"slack:channel:C1"}) == {"discord:role:4"}
    assert keep_narrowest({"slack:workspace:T1"}) == {"slack:workspace:T1"}
    assert keep_narrowest(()) == EVERYBODY
