"""Servers that are slow, ill, huge or hostile, and hosts that are none."""

from __future__ import annotations

import gzip
import ssl
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from retrieval.errors import SourceError
from retrieval.interfaces import FetchOutcome
from tests.support.crawls import crawl, links, of, urls
from tests.support.site import Page, Site

pytestmark = pytest.mark.slow

MIB = 1024 * 1024

ON_ITS_WAY = 0.3  # seconds: what was sent beside the request that is refused arrives all the same


def test_huge_pages_fail_without_being_read_to_their_end(site: Site) -> None:
    written = 0

    def endless() -> Iterable[bytes]:
        nonlocal written
        for _ in range(50):
            written += MIB
            yield b"x" * MIB

    site.html("/", links("/declared", "/streamed", "/bomb"))
    site.pages["/declared"] = Page(b"x" * (50 * MIB))
    site.pages["/streamed"] = Page(chunks=endless)
    site.pages["/bomb"] = Page(gzip.compress(b"\0" * (200 * MIB)), headers={"Content-Encoding": "gzip"})
    fetches = crawl(site.url("/"), page_timeout=20.0)
    for path in ("/declared", "/streamed", "/bomb"):
        failed = of(fetches, site.url(path))
        assert (failed.outcome, failed.reason) == (FetchOutcome.FAILED, "it is larger than 10 MiB")
    assert written < 30 * MIB


def test_a_start_page_that_is_too_large_is_an_error_that_says_so(site: Site) -> None:
    site.pages["/"] = Page(b"x" * (50 * MIB))
    with pytest.raises(SourceError, match="larger than 10 MiB"):
        crawl(site.url("/"))


def test_a_slow_page_fails_and_the_others_come(site: Site) -> None:
    def drip() -> Iterable[bytes]:
        for _ in range(60):
            time.sleep(0.1)
            yield b"<p>."

    site.html("/", links("/slow", "/drip", "/fast"))
    site.html("/slow", "x", delay=4)
    site.pages["/drip"] = Page(chunks=drip)
    site.html("/fast", "x")
    fetches = crawl(site.url("/"), page_timeout=1.0, retries=0)
    assert urls(fetches) == {site.url("/"), site.url("/fast")}
    assert {of(fetches, site.url(path)).reason for path in ("/slow", "/drip")} == {"no complete answer within 1 s"}


def test_a_passing_fault_is_asked_again_after_a_pause(site: Site) -> None:
    answers = iter([Page(status=503), Page(status=502), Page(b"<p>well again")])
    site.html("/", links("/ill"))
    site.pages["/ill"] = lambda _: next(answers)
    assert site.url("/ill") in urls(crawl(site.url("/"), retries=2))
    first, second, third = (visit.at for visit in site.visited("/ill"))
    assert second - first >= 0.5
    assert third - second >= 1.0


def test_retry_after_is_kept_for_the_whole_host(site: Site) -> None:
    answers = iter([Page(status=429, headers={"Retry-After": "2"}), Page(b"<p>now")])
    site.html("/", links("/busy", "/a", "/b"))
    site.pages["/busy"] = lambda _: next(answers)
    for path in ("/a", "/b"):
        site.html(path, links(f"{path}/deeper"))
        site.html(f"{path}/deeper", "x")
    assert len(urls(crawl(site.url("/"), concurrency=1))) == 6
    refused, accepted = site.visited("/busy")
    assert accepted.at - refused.at >= 2
    assert not [visit for visit in site.visits if refused.at + ON_ITS_WAY < visit.at < refused.at + 1.9]


def test_retry_after_holds_back_what_already_waits_for_its_turn(site: Site) -> None:
    answers = iter([Page(status=429, headers={"Retry-After": "2"}), Page(b"<p>now")])
    site.html("/", links("/busy", "/a", "/b", "/c"))
    site.pages["/busy"] = lambda _: next(answers)
    for path in ("/a", "/b", "/c"):
        site.html(path, "x")
    assert len(urls(crawl(site.url("/"), concurrency=4, delay=0.4))) == 5
    refused = site.visited("/busy")[0]
    assert not [visit for visit in site.visits if refused.at + ON_ITS_WAY < visit.at < refused.at + 1.9]


def test_a_retry_after_beyond_reason_is_reported_not_waited_for(site: Site) -> None:
    site.html("/", links("/busy"))
    site.pages["/busy"] = Page(status=429, headers={"Retry-After": "86400"})
    started = time.monotonic()
    failed = of(crawl(site.url("/")), site.url("/busy"))
    assert failed.status == 429
    assert time.monotonic() - started < 10


def test_a_connection_that_breaks_off_fails_the_page(site: Site) -> None:
    site.html("/", links("/cut"))
    site.pages["/cut"] = Page(b"<p>half", headers={"Content-Length": "9999"})
    assert of(crawl(site.url("/"), retries=0), site.url("/cut")).outcome is FetchOutcome.FAILED


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("https://no-such-host.invalid/faq", "no-such-host.invalid does not resolve. Check the URL"),
        ("http://127.0.0.1:1/faq", "127.0.0.1 refuses the connection. Check the port"),
        ("not a url", "no URL that can be crawled"),
        ("ftp://example.com/", "no URL that can be crawled"),
        ("https://user:secret@example.com/", "without a user name or password"),
    ],
)
def test_a_place_that_cannot_be_read_is_one_line_with_its_mend(location: str, words: str) -> None:
    with pytest.raises(SourceError) as told:
        crawl(location)
    assert words in str(told.value)
    assert "\n" not in str(told.value)
    assert str(told.value).endswith(".")


def test_a_missing_start_page_with_nothing_else_is_an_error(site: Site) -> None:
    with pytest.raises(SourceError, match="the server answers 404 Not Found"):
        crawl(site.url("/faq"))


def test_hostile_markup_and_headers_do_no_harm(site: Site) -> None:
    deep = "<div>" * 50_000
    site.pages["/"] = Page(
        f'<a href="http://[::1">x</a><a href="https://exa mple.com:99999/">x</a><a href="javascript:alert(1)">x</a>'
        f'<base href="http://["><a href="/ok">ok</a>{deep}'.encode(),
        headers={"X-Robots-Tag": "otherbot: noindex", "ETag": "\u00ff\u00fe"},
    )
    site.pages["/ok"] = Page(b"\x00\xff<\x00", content_type="text/html; charset=nonsense")
    assert urls(crawl(site.url("/"))) == {site.url("/"), site.url("/ok")}


def test_a_certificate_counts_only_from_a_known_authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, context = self_signed(tmp_path)
    with Site(tls=context) as site:
        site.html("/", "x")
        url = f"https://127.0.0.1:{site.port}/"
        with pytest.raises(SourceError, match=r"TLS connection .* failed \(certificate verify failed\)"):
            crawl(url)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert urls(crawl(url)) == {url}
        with pytest.raises(SourceError, match="TLS"):
            crawl(f"https://localhost:{site.port}/")  # the certificate names the address alone


def self_signed(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 and the server's side of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "certificate.pem", folder / "key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context
