"""How help centres are named."""

from __future__ import annotations

import pytest

from bot.sources.location import describe_source, scope_of
from retrieval.documents import SourceKind
from retrieval.errors import SourceError


@pytest.mark.parametrize(
    ("typed", "location"),
    [
        ("zendesk:acme.zendesk.com", "https://acme.zendesk.com/hc"),
        ("zendesk:support.acme.com/de", "https://support.acme.com/hc/de"),
        ("zendesk:https://Support.acme.com/hc/en-us", "https://support.acme.com/hc/en-us"),
        ("https://acme.zendesk.com", "https://acme.zendesk.com/hc"),
        ("https://acme.zendesk.com/hc/zh-cn/", "https://acme.zendesk.com/hc/zh-cn"),
    ],
)
def test_a_zendesk_centre_is_known_by_its_name_or_its_url(typed: str, location: str) -> None:
    source = describe_source(typed)
    assert (source.kind, source.location) == (SourceKind.ZENDESK, location)
    assert source.name == location.removeprefix("https://").partition("/")[0]
    assert scope_of(source) == "public articles"


@pytest.mark.parametrize(
    ("typed", "location", "name"),
    [
        ("intercom:", "https://api.intercom.io/", "intercom"),
        ("intercom:us", "https://api.intercom.io/", "intercom"),
        ("intercom:eu", "https://api.eu.intercom.io/", "intercom-eu"),
        ("intercom:AU", "https://api.au.intercom.io/", "intercom-au"),
    ],
)
def test_intercom_is_asked_at_its_own_addresses(typed: str, location: str, name: str) -> None:
    source = describe_source(typed)
    assert (source.kind, source.location, source.name) == (SourceKind.INTERCOM, location, name)


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.zendesk.com/hc/en-us/articles/1-Returns",
        "https://support.acme.com/hc/en-us",
        "https://zendesk.com.evil.example/hc",
    ],
)
def test_other_urls_are_websites(url: str) -> None:
    assert describe_source(url).kind is SourceKind.WEBSITE


@pytest.mark.parametrize("options", [{"path_prefix": "/hc/"}, {"single_page": True}, {"render": True}])
def test_a_zendesk_url_is_crawled_where_an_option_says_so(options: dict[str, object]) -> None:
    source = describe_source("https://acme.zendesk.com/hc/en-us", **options)  # type: ignore[arg-type]
    assert source.kind in {SourceKind.WEBSITE, SourceKind.PAGE}


@pytest.mark.parametrize(
    "typed",
    [
        "zendesk:",
        "zendesk:acme",
        "zendesk:acme/de",
        "zendesk:acme zendesk.com",
        "zendesk:ann:secret@acme.zendesk.com",
        "zendesk:acme.zendesk.com/hc/en-us/articles/1",
        "zendesk:file:///etc",
        "intercom:evil.example",
        "intercom:https://evil.example",
    ],
)
def test_what_names_no_help_centre_is_refused_in_one_line(typed: str) -> None:
    with pytest.raises(SourceError, match=r"names no (help centre|region)"):
        describe_source(typed)


@pytest.mark.parametrize(
    "options", [{"path_prefix": "/a"}, {"single_page": True}, {"render": True}, {"read_noindex": True}]
)
def test_options_of_a_crawl_are_refused(options: dict[str, object]) -> None:
    for typed in ("zendesk:acme.zendesk.com", "intercom:"):
        with pytest.raises(SourceError, match=r"leave|--render is for websites"):
            describe_source(typed, **options)  # type: ignore[arg-type]
