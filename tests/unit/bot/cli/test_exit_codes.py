"""A wrong argument is told by exit code 2, as by any command."""

from __future__ import annotations

import pytest

from bot.cli.main import _report_fault
from bot.errors import BotError, DuplicateSource
from bot.sources.location import describe_source
from retrieval.errors import RetrievalError, SourceError


@pytest.mark.parametrize(
    ("location", "options"),
    [
        ("no such folder", {}),
        ("ftp://shop.test/", {}),
        ("https://", {}),
        ("https://ann:secret@shop.test/", {}),
        ("https://shop.test/", {"name": "no name"}),
        ("https://shop.test/", {"single_page": True, "path_prefix": "/help"}),
        ("intercom:", {"render": True}),
        ("intercom:acme", {}),
        ("zendesk:acme", {}),
    ],
)
def test_what_names_no_source_is_a_wrong_argument(location: str, options: dict[str, object]) -> None:
    with pytest.raises((BotError, RetrievalError)) as told:
        describe_source(location, **options)  # type: ignore[arg-type]
    assert _report_fault(told.value) == 2


def test_a_name_that_is_taken_is_a_wrong_argument_and_a_site_that_is_away_is_none() -> None:
    assert _report_fault(DuplicateSource("taken")) == 2
    assert _report_fault(SourceError("away")) == 1
