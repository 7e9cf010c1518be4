"""The console, asked over HTTP: who gets in, what is refused, what a page may hold."""

from __future__ import annotations

import html
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import text as sql

from bot.app.console import make_console_routes
from bot.chat.people import Actor
from tests.support.bots import Knowledge, crawled
from tests.support.console import ADMIN, CUSTOMER, TEAMMATE, ConsoleServer, Visitor, serving_console
from tests.support.site import Site

PART = {"HX-Request": "true"}


@pytest.fixture
async def console(shop: Knowledge, tmp_path: Path) -> AsyncIterator[ConsoleServer]:
    async with serving_console(shop, tmp_path) as server:
        yield server


def list_routes(console: ConsoleServer) -> list[tuple[str, str]]:
    """Every path that is guarded, with its method."""
    (mount,) = make_console_routes(console.application)
    routes = [each for each in mount.routes if hasattr(each, "methods") and each.path != "/sign-in"]
    return [
        (method, each.path.lstrip("/").format_map(Anything()))
        for each in routes
        for method in sorted(each.methods - {"HEAD"})
    ]


class Anything(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "status"


async def test_nobody_gets_anywhere_without_signing_in(console: ConsoleServer) -> None:
    routes = list_routes(console)
    assert len(routes) > 8
    async with aiohttp.ClientSession() as http:
        for method, path in routes:
            async with http.request(method, console.url + path, allow_redirects=False) as answer:
                text = await answer.text()
                if method == "GET":
                    assert (answer.status, answer.headers["Location"], text) == (303, "/console/sign-in", ""), path
                else:
                    assert answer.status == 401 and "ann" not in text, path
            async with http.request(method, console.url + path, headers={"HX-Request": "true"}) as answer:
                assert answer.status == 401 and answer.headers["HX-Redirect"] == "/console/sign-in", path


async def test_a_customer_who_could_sign_in_sees_no_page(console: ConsoleServer) -> None:
    async with console.sign_in(CUSTOMER) as visitor:
        for method, path in list_routes(console):
            if path in {"sign-out", "language"}:
                continue
            if method == "GET":
                status, text = await visitor.get(path)
            else:
                status, text = await visitor.post(path, "whatever")
            assert status in {400, 403}, path
            assert "how do i" not in text.casefold()


async def test_a_teammate_sees_what_is_for_teammates_and_no_more(console: ConsoleServer) -> None:
    async with console.sign_in(TEAMMATE) as visitor:
        status, text = await visitor.get("commands")
        assert status == 200 and "/console/commands/explain" in text and "/console/commands/recrawl" not in text
        for path in ("", "people", "health", "knowledge", "knowledge/contradictions"):
            assert (await visitor.get(path))[0] == 403, path
        assert (await visitor.get("knowledge/taught"))[0] == 200
        token = await visitor.read_form_token()
        status, text = await visitor.post("commands/recrawl", token)
        assert "That is for admins" in text
        assert await console.application.refresh_service.running() is None
    refused = (await console.application.audit_log.list())[0]
    assert (refused.platform, refused.user, refused.action, refused.outcome) == ("console", "tom", "recrawl", "refused")


async def test_a_link_signs_in_once(console: ConsoleServer) -> None:
    link = await console.make_link()
    async with aiohttp.ClientSession() as http:
        async with http.get(link, allow_redirects=False) as answer:
            cookie = answer.headers["Set-Cookie"]
            assert answer.status == 303 and "HttpOnly" in cookie and "SameSite=lax" in cookie and "Secure" not in cookie
        http.cookie_jar.clear()
        for address in (link, f"{console.url}sign-in?link=made-up"):
            async with http.get(address, allow_redirects=False) as answer:
                assert answer.status == 401 and "Set-Cookie" not in answer.headers
                assert "frontdesk console" in await answer.text()


async def test_whoever_signs_out_is_out(console: ConsoleServer) -> None:
    async with console.sign_in() as visitor:
        secret = next(each.value for each in visitor.http.cookie_jar if each.key == "frontdesk_console")
        assert (await visitor.post("sign-out", await visitor.read_form_token()))[0] == 303
        assert (await visitor.get(""))[0] == 303
    async with aiohttp.ClientSession(headers={"Cookie": f"frontdesk_console={secret}"}) as http:
        assert (await Visitor(http, console.url).get(""))[0] == 303


@pytest.mark.parametrize("token", ["", "f" * 64, "別"])
async def test_nothing_is_changed_by_a_form_of_somebody_elses(console: ConsoleServer, token: str) -> None:
    async with console.sign_in() as visitor:
        status, text = await visitor.post("commands/admins add", token, user="U1", platform="slack", workspace="T1")
        assert status == 400 and "Load the page again" in text
        right = await visitor.read_form_token()
        headers = {"Origin": "https://elsewhere.example"}
        status, _ = await visitor.post("commands/admins add", right, headers, user="U1", platform="slack")
        assert status == 400
    assert await console.application.admin_store.list() == []


async def test_the_token_of_one_session_is_none_of_anothers(console: ConsoleServer) -> None:
    async with console.sign_in() as ann, console.sign_in(TEAMMATE) as tom:
        assert (await ann.post("commands/status", await tom.read_form_token()))[0] == 400


async def test_it_is_reached_by_its_own_names_alone(console: ConsoleServer) -> None:
    async with console.sign_in() as visitor:
        assert (await visitor.get("", Host="evil.example"))[0] == 400
        assert (await visitor.get("", Host=f"localhost:{console.port}"))[0] == 200


async def test_browsers_are_told_to_run_nothing_but_our_files(console: ConsoleServer) -> None:
    async with console.sign_in() as visitor:
        for path in ("", "commands", "sign-in", "nowhere", "static/console.js", "commands/nothing"):
            async with visitor.http.get(console.url + path) as answer:
                policy = answer.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy and "unsafe" not in policy, path
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                text = await answer.text()
                if answer.content_type == "text/html":
                    assert " style=" not in text and "<script>" not in text and " onclick" not in text, path


async def test_a_command_runs_as_its_caller_and_is_recorded(console: ConsoleServer) -> None:
    async with console.sign_in() as visitor:
        token = await visitor.read_form_token()
        fields = {"user": "U07ANN", "platform": "slack", "workspace": "T1"}
        status, text = await visitor.post("commands/admins add", token, {"HX-Request": "true"}, **fields)
        assert status == 200 and "U07ANN may steer me now." in text and "<html" not in text
        status, text = await visitor.post("commands/admins add", token, **fields)
        assert "was named an admin already" in text and "<html" in text  # without a script it is a page
        status, text = await visitor.post("commands/admins add", token)
        assert "user is missing" in text
        status, text = await visitor.get("people")
        assert "U07ANN" in text and "console:ann" in text and "admins add" in text
    assert [(each.user, each.workspace) for each in await console.application.admin_store.list()] == [("U07ANN", "T1")]
    entry = (await console.application.audit_log.list())[0]
    assert (entry.platform, entry.user, entry.action, entry.outcome) == ("console", "ann", "admins add", "done")


@pytest.mark.parametrize(
    ("fields", "stored"),
    [
        ({"user": "Ann@Shop.example", "platform": "openid"}, ("openid", "", "ann@shop.example")),
        ({"user": "<@U07ANN>", "workspace": "T1"}, ("slack", "T1", "U07ANN")),
    ],
)
async def test_an_admin_is_named_by_what_can_be_known_of_them(
    console: ConsoleServer, fields: dict[str, str], stored: tuple[str, str, str]
) -> None:
    async with console.sign_in() as visitor:
        _, text = await visitor.post("commands/admins add", await visitor.read_form_token(), PART, **fields)
        assert "may steer me now." in text
        _, text = await visitor.post("commands/admins add", await visitor.read_form_token(), PART, user="nobody?")
        assert 'role="alert"' in text and "is of no platform that I know" in text
    (admin,) = await console.application.admin_store.list()
    assert (admin.platform, admin.workspace, admin.user) == stored


async def test_a_source_is_looked_at_before_it_is_added(tmp_path: Path) -> None:
    with Site() as site, Site() as other:
        site.html("/", "<h1>FAQ</h1><dl><dt>Do you ship?</dt><dd>Yes, by post.</dd></dl>")
        other.html("/", "<h1>FAQ</h1><dl><dt>Do you repair?</dt><dd>Yes, on Mondays.</dd></dl>")
        known = crawled(tmp_path / "data", site.url("/"))
        settings = {"crawl_allow": "127.0.0.0/8", "crawl_delay": 0}
        async with serving_console(known, tmp_path, **settings) as console, console.sign_in() as visitor:
            token = await visitor.read_form_token()
            _, text = await visitor.post("commands/sources add", token, PART, url=other.url("/"), name="repairs")
            assert "Do you repair?" in text and "/console/buttons/add_source" in text
            assert len(await console.application.source_store.list()) == 1
            value = (
                text.split('action="/console/buttons/add_source"')[1].split('name="value" value="')[1].partition('"')[0]
            )
            await visitor.post("buttons/add_source", token, PART, value=value)
            assert [each.name for each in await console.application.source_store.list()][1] == "repairs"


async def test_the_file_of_a_command_is_had_and_no_secret_is_recorded(console: ConsoleServer) -> None:
    taught = console.application.taught_answers
    await taught.teach(ADMIN, "Do you repair teapots?", "Yes, for 20 euros.")
    async with console.sign_in() as visitor:
        token = await visitor.read_form_token()
        _, text = await visitor.post("commands/export", token, PART, format="json-ld")
        assert 'action="/console/files/export"' in text and "faq.jsonld" in text
        status, text = await visitor.post("files/export", token, format="json-ld")
        assert status == 200 and json.loads(text)["mainEntity"][0]["name"] == "Do you repair teapots?"
    assert token not in str(await console.application.audit_log.list())


async def test_files_of_the_pages_are_sent_once(console: ConsoleServer) -> None:
    async with console.sign_in() as visitor, visitor.http.get(f"{console.url}static/console.js") as answer:
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-cache")
        again = {"If-None-Match": answer.headers["ETag"]}
        async with visitor.http.get(f"{console.url}static/console.js", headers=again) as answer:
            assert (answer.status, await answer.read()) == (304, b"")


async def test_names_and_texts_of_others_are_no_markup(console: ConsoleServer) -> None:
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    await console.application.admin_store.add("slack", hostile, hostile, "cli::root")
    async with console.sign_in(Actor("console", "", "ann", hostile, ADMIN.role)) as visitor:
        for path in ("", "people", "commands", f"commands/rollback?version={hostile}"):
            status, text = await visitor.get(path)
            assert status == 200 and "<script>alert" not in text and "<img" not in text, path
        token = await visitor.read_form_token()
        _, text = await visitor.post("commands/rollback", token, version=hostile)
        assert 'role="alert"' in text and "<script>alert" not in text


async def test_what_pages_say_is_no_markup(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(2)><meta http-equiv=refresh content=0>"
    shown = html.escape(hostile)
    with Site() as site:
        site.html(
            "/", f"<title>{shown}</title><h1>{shown}</h1><dl><dt>Is {shown} safe?</dt><dd>Yes: {shown}.</dd></dl>"
        )
        known = crawled(tmp_path / "data", site.url("/"))
        async with serving_console(known, tmp_path) as console, console.sign_in() as visitor:
            (source,) = await console.application.source_store.list()
            for path in ("knowledge", f"knowledge/sources/{source.name}", "knowledge/stale"):
                assert (await visitor.get(path))[0] == 200
            status, text = await visitor.get(f"knowledge/page?source={source.name}&url={site.url('/')}")
            assert status == 200 and "alert(1)" in text
            for markup in ("<script>alert", "<img", "<meta http-equiv"):
                assert markup not in text
            status, _ = await visitor.get(f"knowledge/page?source={source.name}&url=https://elsewhere.example/")
            assert status == 404


async def test_what_is_unknown_is_said_to_be(console: ConsoleServer) -> None:
    async with console.sign_in() as visitor:
        for path in (
            "nowhere",
            "commands/nothing",
            "commands/channel help",
            "knowledge/sources/nothing",
            "knowledge/page",
        ):
            status, text = await visitor.get(path)
            assert status == 404 and "No such page" in text, path
        token = await visitor.read_form_token()
        _, text = await visitor.post("buttons/nothing", token, value="x")
        assert "I do not know this button any more." in text
        _, text = await visitor.get("screens/nothing")
        assert "Load the page again" in text


async def test_a_fault_of_the_database_is_told_without_a_trace(console: ConsoleServer) -> None:
    async with console.sign_in() as visitor:
        await console.application.database.write(lambda connection: connection.execute(sql("DROP TABLE admins")))
        status, shown = await visitor.get("people")
        assert status in {500, 503} and "Traceback" not in shown and "sqlite3" not in shown and "fault" in shown


async def test_the_language_is_the_one_that_was_chosen(console: ConsoleServer) -> None:
    async with console.sign_in() as visitor:
        assert "<h1>概览</h1>" in (await visitor.get("", **{"Accept-Language": "zh-CN"}))[1]
        assert (await visitor.post("language", await visitor.read_form_token(), language="zh"))[0] == 303
        assert "<h1>概览</h1>" in (await visitor.get(""))[1]
