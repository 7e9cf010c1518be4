"""Signing in to the console at an OpenID provider: who gets in as whom, and what a lie is worth."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from joserfc.jwk import RSAKey

from bot.errors import SettingsError
from tests.support.bots import Knowledge, free_port
from tests.support.console import ConsoleServer, Visitor, serving_console
from tests.support.openid_provider import CLIENT, SECRET, OpenIdProvider, open_provider

ANN = {"sub": "ann-1", "email": "Ann@shop.example", "email_verified": True, "name": "Ann <b>Admin</b>"}


@asynccontextmanager
async def serving(shop: Knowledge, folder: Path, provider: OpenIdProvider) -> AsyncIterator[ConsoleServer]:
    port = free_port()
    settings = {
        "console_url": f"http://127.0.0.1:{port}",
        "console_openid_issuer": provider.url,
        "console_openid_id": CLIENT,
        "console_openid_secret": SECRET,
    }
    async with serving_console(shop, folder, port=port, **settings) as console:
        yield console


@asynccontextmanager
async def arriving(console: ConsoleServer) -> AsyncIterator[tuple[Visitor, int, str]]:
    """Whoever presses the button of the sign-in page, with the status and address at which that ends."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        async with http.get(f"{console.url}sign-in") as answer:
            assert "/console/openid/" in await answer.text()
        async with http.get(f"{console.url}openid/") as answer:
            yield Visitor(http, console.url), answer.status, str(answer.url)


async def test_a_verified_address_that_was_named_an_admin_gets_in(shop: Knowledge, tmp_path: Path) -> None:
    async with open_provider(**ANN) as provider, serving(shop, tmp_path, provider) as console:
        await console.application.admin_store.add("openid", "", "ann@shop.example", "cli::root")
        async with arriving(console) as (visitor, status, address):
            assert (status, address) == (200, console.url)
            _, text = await visitor.get("people")
            assert "Ann &lt;b&gt;Admin&lt;/b&gt;" in text and "<b>Admin" not in text
            await visitor.post("commands/status", await visitor.read_form_token())
            entry = (await console.application.audit_log.list())[0]
            assert (entry.platform, entry.user, entry.action) == ("openid", "ann@shop.example", "status")
            await console.application.admin_store.remove("openid", "", "ann@shop.example")
            assert (await visitor.get("people"))[0] == 403  # asked anew at every request


@pytest.mark.parametrize("changed", [{"email_verified": False}, {"email_verified": "true"}, {"email": "bob@x.example"}])
async def test_who_was_not_named_sees_nothing(shop: Knowledge, tmp_path: Path, changed: dict[str, Any]) -> None:
    async with open_provider(**ANN | changed) as provider, serving(shop, tmp_path, provider) as console:
        await console.application.admin_store.add("openid", "", "ann@shop.example", "cli::root")
        async with arriving(console) as (visitor, status, _):
            assert status == 403
            assert (await visitor.get("commands"))[0] == 403


LIES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "another client's": lambda claims: claims | {"aud": "someone-else"},
    "another issuer's": lambda claims: claims | {"iss": "https://elsewhere.example"},
    "another sign-in's": lambda claims: claims | {"nonce": "old"},
    "expired": lambda claims: claims | {"exp": int(time.time()) - 3600},
    "of nobody": lambda claims: {name: value for name, value in claims.items() if name != "sub"},
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_token_that_is_not_for_this_sign_in_is_refused(shop: Knowledge, tmp_path: Path, lie: str) -> None:
    async with open_provider(**ANN) as provider, serving(shop, tmp_path, provider) as console:
        await console.application.admin_store.add("openid", "", "ann@shop.example", "cli::root")
        provider.change_claims = LIES[lie]
        async with arriving(console) as (visitor, status, _):
            assert status == 401
            assert (await visitor.get(""))[0] == 303


async def test_a_token_of_another_key_is_refused(shop: Knowledge, tmp_path: Path) -> None:
    async with open_provider(**ANN) as provider, serving(shop, tmp_path, provider) as console:
        provider.sign_with = RSAKey.generate_key(2048, {"kid": "1"})
        async with arriving(console) as (visitor, status, _):
            assert status == 401 and (await visitor.get(""))[0] == 303


async def test_a_sign_in_that_was_begun_elsewhere_is_refused(shop: Knowledge, tmp_path: Path) -> None:
    """Nobody is signed in as somebody else by an address that was sent to them."""
    async with open_provider(**ANN) as provider, serving(shop, tmp_path, provider) as console:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            async with http.get(f"{console.url}openid/", allow_redirects=False) as answer:
                away = answer.headers["Location"]
            async with http.get(away, allow_redirects=False) as answer:
                back = answer.headers["Location"]
        for address in (back, f"{console.url}openid/back", f"{console.url}openid/back?code=x&state=y"):
            async with aiohttp.ClientSession() as other, other.get(address) as answer:
                assert answer.status == 401 and "frontdesk_console" not in answer.headers.get("Set-Cookie", "")


async def test_a_provider_of_another_name_or_none_is_told(shop: Knowledge, tmp_path: Path) -> None:
    async with open_provider(**ANN) as provider, serving(shop, tmp_path, provider) as console:
        provider.issuer = "https://elsewhere.example"
        async with arriving(console) as (_, status, _):
            assert status == 503


async def test_half_of_its_settings_are_none(shop: Knowledge, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="FRONTDESK_CONSOLE_OPENID_SECRET"):
        async with serving_console(shop, tmp_path, console_openid_issuer="https://slack.com"):
            pass
