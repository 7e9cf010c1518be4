"""Sites whose text only their scripts bring, read by a real Chromium behind the address guard."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app.factories import read_first_pages
from bot.settings import load_settings
from retrieval.crawling import CrawlSettings, ScrapyCrawler, crawler_for
from retrieval.crawling.spider import HOPELESS_AFTER
from retrieval.documents import Source, SourceKind
from retrieval.errors import SourceError
from retrieval.index.index import Index
from retrieval.index.versions import VersionStore
from retrieval.interfaces import Fetch, FetchOutcome
from retrieval.refresh import RefreshOptions, RefreshReport, refresh_index
from tests.support.crawls import LOOPBACK, as_known, of, urls
from tests.support.embedding import default_embedder
from tests.support.site import Page, Site

pytestmark = pytest.mark.slow

SHELL = '<div id="root"></div><script src="/app.js"></script>'
TEXT = "Parcels that have not been opened may come back within thirty days of delivery, free of charge. " * 4


def render(
    location: str, *, render: bool = True, known: dict[str, object] | None = None, **settings: object
) -> list[Fetch]:
    bounds = {"allow": LOOPBACK, "delay": 0.0, "page_timeout": 10.0, "version": "1.2.3", **settings}
    source = Source("test", SourceKind.WEBSITE, location, render=render)
    return list(ScrapyCrawler(CrawlSettings(**bounds)).crawl(source, known or {}))  # type: ignore[arg-type]


def script(site: Site, body: str, path: str = "/app.js") -> None:
    site.text(path, body, content_type="text/javascript")


def shell(site: Site, path: str, body: str = SHELL, **page: object) -> None:
    site.html(path, body, **page)


def descendants() -> set[int]:
    """The living browsers and drivers that this process's crawls started."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if (b"playwright" in command and b"run-driver" in command) or b"--remote-debugging-pipe" in command:
            found.add(int(folder.name))
    return found


class Listener:
    """Counts who connects to, or sends a datagram to, a port of an address that is not allowed."""

    def __init__(self) -> None:
        self.met: list[str] = []
        self._tcp = socket.create_server(("127.0.0.2", 0))
        self.port = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.2", self.port))
        for wait in (self._accept, self._receive):
            threading.Thread(target=wait, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._tcp.accept()
            except OSError:
                return
            connection.settimeout(2)
            try:
                self.met.append(connection.recv(100).decode("latin-1"))
            except OSError:
                self.met.append("a connection")
            connection.close()

    def _receive(self) -> None:
        while True:
            try:
                self.met.append(f"a datagram of {len(self._udp.recv(2000))} bytes")
            except OSError:
                return

    def close(self) -> None:
        for listening in (self._tcp, self._udp):
            listening.close()


@pytest.fixture
def private() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


def test_a_page_that_is_empty_without_its_script_is_read_as_its_readers_see_it(site: Site) -> None:
    shell(site, "/", etag='"shell"')
    script(
        site,
        """
        const answer = await (await fetch("/api/faq")).json();
        document.getElementById("root").innerHTML = `<h1>${answer.question}</h1><p>${answer.answer}</p>`;
    """.join(["(async () => {", "})()"]),
    )
    site.text(
        "/api/faq", '{"question": "Can I return it?", "answer": "Within 30 days."}', content_type="application/json"
    )
    (page,) = render(site.url("/"))
    assert b"<h1>Can I return it?</h1><p>Within 30 days.</p>" in page.body
    assert page.content_type == "text/html; charset=utf-8"
    assert page.etag == ""  # of the shell, which stays the same while its data changes
    agents = {visit.headers["user-agent"] for visit in site.visits}
    assert agents == {"Frontdesk/1.2.3"}


def test_links_that_scripts_make_are_followed_by_their_paths_and_by_their_routes(site: Site) -> None:
    script(
        site,
        """
        const texts = {"/": "start", "/returns": "Returns take", "#/pay": "Pay by card", "#/ship": "We ship"};
        const here = location.hash || location.pathname;
        document.getElementById("root").innerHTML = `<h1>${texts[here]}</h1>
            <a href="/returns">a</a><a href="#/pay">b</a><a href="/#/ship">c</a><a href="#root">d</a>`;
    """,
    )
    for path in ("/", "/returns"):
        shell(site, path)
    fetches = render(site.url("/"))
    found = {url: of(fetches, url).body for url in urls(fetches)}
    wanted = {"/": "start", "/returns": "Returns take", "/#/pay": "Pay by card", "/#/ship": "We ship"}
    for path, text in wanted.items():
        assert f"<h1>{text}".encode() in found[site.url(path)]
    assert len(site.visited("/app.js")) == 1


def test_a_script_that_leads_to_another_page_is_followed_as_a_redirect_is(site: Site) -> None:
    site.html("/", "<script>location.replace('/en/')</script>")
    site.html("/en/", f"<h1>Help</h1><p>{TEXT}")
    fetches = render(site.url("/"))
    assert of(fetches, site.url("/en/")).outcome is FetchOutcome.FETCHED
    assert site.url("/") not in urls(fetches)


def test_a_script_that_leads_to_a_refused_address_leads_nowhere(site: Site, private: Listener) -> None:
    site.html("/", "<p>start</p><a href='/a'>a</a>")
    site.html("/a", f"<script>location.href = 'http://127.0.0.2:{private.port}/'</script>")
    site.html("/b", "<script>location.href = 'file:///etc/passwd'</script>")
    fetches = render(site.url("/"))
    assert urls(fetches) == {site.url("/")}
    assert private.met == []


ATTACKS = """
    const results = document.getElementById("root"), to = "%s";
    const say = (what) => { results.innerHTML += `<p>${what}</p>`; };
    const attempts = {
        fetch: () => fetch(to + "/fetch").then(() => say("fetch got through"), () => say("fetch refused")),
        redirect: () => fetch("/redirect").then(() => say("redirect got through"), () => say("redirect refused")),
        metadata: () => fetch("/metadata").then(() => say("metadata got through"), () => say("metadata refused")),
        file: () => fetch("file:///etc/passwd").then(() => say("file got through"), () => say("file refused")),
        rebinding: () => fetch("%s/rebound").then(() => say("name got through"), () => say("name refused")),
        socket: () => new WebSocket(to.replace("http", "ws") + "/socket"),
        beacon: () => navigator.sendBeacon(to + "/beacon", "x"),
        image: () => { new Image().src = to + "/image"; },
        frame: () => {
            const frames = [to + "/frame", "file:///etc/passwd"].map((url) => `<iframe src="${url}"></iframe>`);
            results.insertAdjacentHTML("beforeend", frames.join(""));
        },
        popup: () => window.open(to + "/popup"),
        hint: () => {
            for (const kind of ["preconnect", "dns-prefetch", "prefetch", "manifest", "modulepreload", "icon"])
                document.head.insertAdjacentHTML("beforeend", `<link rel=${kind} href="${to}/${kind}">`);
        },
        worker: () => new Worker(URL.createObjectURL(new Blob([`fetch("${to}/worker")`]))),
        shared: () => new SharedWorker(URL.createObjectURL(new Blob([`fetch("${to}/shared")`]))),
        service: () => navigator.serviceWorker && navigator.serviceWorker.register("/service.js"),
        stream: () => new EventSource(to + "/stream"),
        download: () => {
            const a = document.createElement("a");
            a.href = to + "/download.zip"; a.download = "x"; a.click();
        },
        peer: () => {
            const turn = {urls: "turn:127.0.0.2:%s?transport=tcp", username: "u", credential: "c"};
            const peer = new RTCPeerConnection({iceServers: [{urls: "stun:127.0.0.2:%s"}, turn]});
            peer.createDataChannel("x"); peer.createOffer().then((offer) => peer.setLocalDescription(offer)); },
        transport: () => new WebTransport(to.replace("http:", "https:") + "/transport"),
    };
    for (const attempt of Object.values(attempts)) {
        try { Promise.resolve(attempt()).catch(() => 0); } catch (error) { say(error.name); }
    }
"""


def test_no_request_of_a_page_reaches_an_address_that_the_guard_refuses(site: Site, private: Listener) -> None:
    to = f"http://127.0.0.2:{private.port}"
    shell(site, "/")
    site.redirect("/redirect", f"{to}/redirected")
    site.redirect("/metadata", "http://169.254.169.254/latest/meta-data/")
    script(site, ATTACKS % (to, f"http://localtest.invalid:{private.port}", private.port, private.port))
    fetches = render(site.url("/"), retries=0)
    told = b"".join(fetch.body for fetch in fetches).decode()
    assert told.count("refused") == 5, told
    assert "got through" not in told
    assert "root:" not in told
    time.sleep(0.5)
    assert private.met == []
    assert not any(fetch.url.startswith(to) for fetch in fetches)


def test_an_endless_loop_is_cut_and_the_other_pages_are_read(site: Site) -> None:
    before = descendants()
    site.html(
        "/",
        '<a href="/loop">a</a><a href="/timer">b</a><a href="/good">c</a><script>document.body.append("x")</script>',
    )
    site.html("/loop", "<script>while (true) {}</script>")
    site.html(
        "/timer", "<h1>Clock</h1><p id=t></p><script>setInterval(() => { t.textContent += 'tick '; }, 20)</script>"
    )
    site.html("/good", "<script>document.body.innerHTML = '<h1>Good</h1>'</script>")
    fetches = render(site.url("/"), page_timeout=10.0, concurrency=1)
    assert of(fetches, site.url("/loop")).reason == "its scripts did not come to an end within 10 s"
    assert b"tick tick" in of(fetches, site.url("/timer")).body
    assert b"<h1>Good" in of(fetches, site.url("/good")).body
    deadline = time.monotonic() + 30
    while descendants() - before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not descendants() - before


def is_part_of_browser(process: int) -> bool:
    """Whether it is one of the processes that a browser has for its pages."""
    try:
        return b"--type=" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return True


def test_browsers_that_break_off_do_not_pile_up(site: Site) -> None:
    before = descendants()
    running: list[list[int]] = []

    def see_good(_: object) -> Page:
        deadline = time.monotonic() + 20  # a browser takes a moment to end
        while len(browsers := [each for each in descendants() - before if not is_part_of_browser(each)]) > 2:
            if time.monotonic() > deadline:
                break
            time.sleep(0.1)
        running.append(browsers)
        return Page(b"<h1>Good</h1><script>document.body.append('x')</script>")

    leaving = [f"/leaving{number}" for number in range(4)]
    site.html(
        "/", "".join(f'<a href="{path}">a</a>' for path in (*leaving, "/good")) + "<script>1</script><p>start</p>"
    )
    for path in leaving:
        site.html(path, "<p>x</p><script>document.documentElement.remove()</script>")
    site.pages["/good"] = see_good
    fetches = render(site.url("/"), page_timeout=5.0, concurrency=1)
    assert {of(fetches, site.url(path)).reason for path in leaving} == {"the browser broke off"}
    assert len(running[0]) <= 2  # the driver and a browser


def test_a_crawl_that_is_closed_takes_its_browser_along(site: Site, own_temporary_folder: Path) -> None:
    before = descendants()
    site.html("/", '<a href="/loop">a</a><p>start</p>')
    site.html("/loop", "<script>while (true) {}</script>")
    settings = CrawlSettings(allow=LOOPBACK, delay=0)
    crawling = ScrapyCrawler(settings).crawl(Source("test", SourceKind.WEBSITE, site.url("/"), render=True), {})
    next(crawling)
    assert descendants() - before
    crawling.close()  # type: ignore[attr-defined]
    deadline = time.monotonic() + 30
    while descendants() - before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not descendants() - before
    assert not [*own_temporary_folder.glob("playwright_*")]


def test_a_page_that_takes_too_much_fails_alone(site: Site) -> None:
    site.html("/", '<a href="/dom">a</a><a href="/heap">b</a><a href="/net">c</a><p>start</p>')
    site.html("/dom", "<script>document.body.textContent = 'x'.repeat(3e6)</script>")
    site.html("/heap", "<script>const all = []; while (true) all.push(new Array(1e6).fill(1.5))</script>")
    site.html(
        "/net",
        """<p id=n></p><script>(async () => {
            for (let i = 0; i < 9; i++) try { await fetch("/big?" + i); n.append(i) } catch { n.append("no ") }
        })()</script>""",
    )
    for number in range(9):
        site.text(f"/big?{number}", "x" * 400_000)
    fetches = render(site.url("/"), page_bytes=1_000_000, page_timeout=15.0, concurrency=1)
    assert of(fetches, site.url("/dom")).reason == "its scripts make it larger than 0.953674 MiB"
    assert of(fetches, site.url("/heap")).outcome is FetchOutcome.FAILED
    assert b'<p id="n">01no no ' in of(fetches, site.url("/net")).body


def test_robots_txt_holds_for_what_scripts_ask_for_and_pictures_are_not_fetched(site: Site) -> None:
    site.text("/robots.txt", "User-agent: *\nDisallow: /private/\n")
    looks = "<style>@font-face{font-family:f;src:url(/f.woff)}p{font-family:f}</style><link rel=stylesheet href=/a.css>"
    media = "<img src=/a.png><video src=/a.mp4></video><p id=p>x</p>"
    script(site, "fetch('/private/data').then(() => { p.textContent = 'read' }, () => { p.textContent = 'refused' })")
    site.html("/", f"{looks}{media}<script src=/app.js></script>")
    (page,) = render(site.url("/"))
    assert b">refused</p>" in page.body
    asked = {visit.path for visit in site.visits if "sitemap" not in visit.path}
    assert asked == {"/", "/robots.txt", "/app.js"}


def test_a_page_is_rendered_anew_each_time_though_its_shell_is_unchanged(site: Site) -> None:
    shell(site, "/", etag='"shell"', last_modified="Mon, 01 Jan 2024 00:00:00 GMT")
    script(site, "document.getElementById('root').textContent = 'one'")
    first = render(site.url("/"))
    script(site, "document.getElementById('root').textContent = 'two'")
    again = render(site.url("/"), known=as_known(first))
    assert b">one</div>" in first[0].body
    assert b">two</div>" in again[0].body


def test_an_address_that_does_not_exist_is_known_by_what_its_script_shows(site: Site) -> None:
    shell(site, "/", f'<a href="/a">a</a>{SHELL}')
    shell(site, "/a")
    script(site, "root.textContent = location.pathname.startsWith('/no-such') ? 'lost' : location.pathname")
    site.pages = _Everywhere(site.pages)
    probed = [fetch for fetch in render(site.url("/")) if fetch.outcome is FetchOutcome.PROBED]
    assert [b">lost</div>" in fetch.body for fetch in probed] == [True]


class _Everywhere(dict[str, object]):
    """Answers every address with the shell, as servers of such sites do."""

    def get(self, path: str, default: object = None) -> object:  # type: ignore[override]
        return super().get(path) or (default if "." in path else super().get("/a"))


def test_a_shell_of_a_site_that_is_not_rendered_is_tried_once_and_told_of(site: Site) -> None:
    shell(site, "/", f'{SHELL}<a href="/b"></a>')
    shell(site, "/b")
    script(site, f"document.getElementById('root').textContent = '{TEXT}'")
    fetches = render(site.url("/"), render=False)
    (told,) = [fetch for fetch in fetches if fetch.outcome is FetchOutcome.SCRIPTED]
    assert told.url == site.url("/")
    assert told.reason == "it shows no text until its scripts have run"
    assert TEXT.encode() not in of([f for f in fetches if f is not told], site.url("/")).body


def test_pages_that_say_little_with_their_scripts_too_are_no_shells(site: Site) -> None:
    site.html("/", "<p>Soon here.</p><script>document.title = 'x'</script>")
    fetches = render(site.url("/"), render=False)
    assert [fetch.outcome for fetch in fetches] == [FetchOutcome.FETCHED]


def test_a_start_page_of_links_alone_is_tried_and_told_of_where_a_browser_brings_text(site: Site) -> None:
    links = "".join(f'<a href="/{n}">All that there is to say about parcel number {n}</a>' for n in range(20))
    site.html("/", f"<main>{links}</main>{SHELL}")
    script(site, f"document.getElementById('root').textContent = '{TEXT}'")
    told = [fetch.url for fetch in render(site.url("/"), render=False) if fetch.outcome is FetchOutcome.SCRIPTED]
    assert told == [site.url("/")]
    script(site, "document.title = 'Parcels'")  # which are all that it says
    for browser in ("", "/no/such"):
        fetches = render(site.url("/"), render=False, browser=browser)
        assert FetchOutcome.SCRIPTED not in [fetch.outcome for fetch in fetches]


@pytest.mark.parametrize("opens", ["window.open('/other')", "for (let n = 0; n < 30; n++) window.open('/' + n)"])
def test_a_window_that_a_page_opens_is_closed_and_the_page_is_read(site: Site, opens: str) -> None:
    shell(site, "/")
    script(site, f"{opens}; document.getElementById('root').innerHTML = '<a href=\"/b\">b</a>{TEXT}'")
    shell(site, "/b")
    fetches = render(site.url("/"))
    assert {fetch.url: fetch.outcome for fetch in fetches if fetch.outcome is not FetchOutcome.PROBED} == {
        site.url("/"): FetchOutcome.FETCHED,
        site.url("/b"): FetchOutcome.FETCHED,
    }


def test_pages_whose_scripts_fail_are_no_fault_of_the_server(
    site: Site,
) -> None:
    count = HOPELESS_AFTER + 2
    links = "".join(f'<a href="/{n}">{n}</a>' for n in range(count))
    site.html("/", f"<main><p>{TEXT}</p>{links}<a href='/last'>last</a></main>")
    for number in range(count):
        site.html(f"/{number}", f"<p>{TEXT}</p><script>document.write('x'.repeat(300000))</script>")
    site.html("/last", f"<p>The last one. {TEXT}</p>")
    fetches = render(site.url("/"), page_bytes=200_000)
    outcomes = {fetch.url: fetch.outcome for fetch in fetches}
    assert [outcomes[site.url(f"/{number}")] for number in range(count)] == [FetchOutcome.FAILED] * count
    assert outcomes[site.url("/last")] is FetchOutcome.FETCHED


def test_without_a_browser_one_line_says_so(site: Site) -> None:
    shell(site, "/")
    with pytest.raises(SourceError, match=r"FRONTDESK_BROWSER names /no/such, which is no program\. Install") as told:
        render(site.url("/"), browser="/no/such")
    assert "\n" not in str(told.value)
    assert not site.visits
    fetches = render(site.url("/"), render=False, browser="/no/such")
    (line,) = [fetch for fetch in fetches if fetch.outcome is FetchOutcome.SCRIPTED]
    assert "a browser could not be tried: FRONTDESK_BROWSER names /no/such" in line.reason


def test_a_browser_that_does_not_start_is_one_line(site: Site, tmp_path: Path) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    shell(site, "/")
    with pytest.raises(SourceError, match=f"{broken} does not start") as told:
        render(site.url("/"), browser=str(broken))
    assert "\n" not in str(told.value)


def test_a_refresh_tells_of_a_shell_and_reads_the_source_once_an_admin_has_it_rendered(
    site: Site, tmp_path: Path
) -> None:
    pairs = "".join(f"<dt>What about {what}?</dt><dd>All about {what}: {TEXT}</dd>" for what in ("returns", "payment"))
    script(site, f'root.innerHTML = location.hash ? "<h1>FAQ</h1><dl>{pairs}</dl>" : "<a href=#/faq>FAQ</a> {TEXT}"')
    shell(site, "/")
    site.html("/plain", f"<h1>Delivery</h1><p>{TEXT}")
    store = VersionStore(tmp_path / "index")
    crawler = crawler_for(CrawlSettings(allow=LOOPBACK, delay=0))
    plain = Source("plain", SourceKind.PAGE, site.url("/plain"))

    def refresh(source: Source) -> RefreshReport:
        options = RefreshOptions(force=True)
        return refresh_index([plain, source], store=store, crawler=crawler, models=default_embedder(), options=options)

    app = Source("app", SourceKind.WEBSITE, site.url("/"))
    first = refresh(app)
    assert [(line.source, line.url) for line in first.scripted] == [("app", site.url("/"))]
    assert "'frontdesk sources render app'" in first.scripted[0].reason
    assert first.as_dict()["scripted"]
    second = refresh(replace(app, render=True))
    assert not second.scripted
    urls_by_question = {
        document.question: document.url for document in Index.load(store.find_active().folder).documents
    }
    assert urls_by_question["What about returns?"] == site.url("/#/faq")
    third = refresh(replace(app, render=True, location=site.url("/")))
    assert (third.outcome, third.pages_fetched) == ("unchanged", 3)
    missing = replace(app, render=True)
    crawler = crawler_for(CrawlSettings(allow=LOOPBACK, delay=0, browser="/no/such"))
    without = refresh(missing)
    assert [line.source for line in without.sources_failed] == ["app"]
    assert "is read in a browser, but FRONTDESK_BROWSER names /no/such" in without.sources_failed[0].reason
    assert without.outcome == "unchanged"  # what it held stays, and the rest of the refresh goes on


def test_a_preview_of_a_shell_says_how_to_add_it(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FRONTDESK_CRAWL_ALLOW", "127.0.0.1/32")
    monkeypatch.setenv("FRONTDESK_DATA_DIR", str(tmp_path))
    shell(site, "/")
    script(site, f"root.innerHTML = '<h1>Returns</h1><p>{TEXT}'")
    source = Source("app", SourceKind.WEBSITE, site.url("/"))
    with pytest.raises(SourceError, match="until its scripts have run: add it with --render"):
        read_first_pages(source, load_settings())
    (document,) = read_first_pages(replace(source, render=True), load_settings())
    assert document.question == "Returns"
