"""The example shop and the demo, as they are: real files, a real server, the real demo in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import defaultdict
from http import HTTPStatus
from pathlib import Path

import pytest

from examples.serve import SITE, content_type, serving
from retrieval.documents import DocumentKind
from retrieval.extraction import extract_documents

pytestmark = pytest.mark.slow  # minutes of processes

ROOT = Path(__file__).parents[2]
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*") if path.suffix in (".html", ".md"))
PAIRS: dict[str, dict[str, str]] = defaultdict(dict)
for row in map(json.loads, (Path(__file__).parent / "shop_pairs.jsonl").read_text(encoding="utf-8").splitlines()):
    PAIRS[row["page"]][row["question"]] = row["answer"]


def letters(text: str) -> str:
    """Letters and digits alone, without link targets and list numbers: the same for plain text and for Markdown."""
    text = re.sub(r"\]\([^)]*\)", "]", text)
    text = re.sub(r"^\s*\d+\. ", "", text, flags=re.MULTILINE)
    return "".join(letter for letter in text.lower() if letter.isalnum())


@pytest.mark.parametrize("page", PAGES)
def test_every_page_of_the_shop_yields_exactly_its_pairs(page: str) -> None:
    documents = extract_documents((SITE / page).read_bytes(), f"http://shop.test/{page}", content_type(page))
    found = {document.question: letters(document.answer) for document in documents if document.kind is DocumentKind.FAQ}
    assert found == {question: letters(answer) for question, answer in PAIRS[page].items()}


def test_a_question_on_the_index_page_is_answered_by_the_page_it_leads_to() -> None:
    index = (SITE / "help/index.html").read_text(encoding="utf-8")
    for target, question in re.findall(r'<li><a href="/([^"]+)">([^<]+)</a></li>', index):
        words = set(re.findall(r"\w+", question.lower()))
        assert any(len(words & set(re.findall(r"\w+", known.lower()))) >= len(words) - 2 for known in PAIRS[target])


def get(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(url, headers={key.replace("_", "-"): value for key, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.status, dict(response.headers), response.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def test_a_port_that_is_taken_is_told_in_one_line() -> None:
    with serving() as site:
        port = site.url.rpartition(":")[2]
        command = [sys.executable, ROOT / "examples" / "serve.py", "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert f"cannot listen on port {port}" in line


def test_the_shop_answers_304_to_a_copy_that_still_holds() -> None:
    with serving() as site:
        url = f"{site.url}/help/returns.html"
        _, headers, body = get(url)
        assert body
        assert get(url, If_None_Match=headers["ETag"])[::2] == (HTTPStatus.NOT_MODIFIED, b"")
        assert get(url, If_Modified_Since=headers["Last-Modified"])[::2] == (HTTPStatus.NOT_MODIFIED, b"")
        assert get(url, If_None_Match='"another"')[0] == HTTPStatus.OK
        assert get(url, If_Modified_Since="Thu, 01 Jan 1970 00:00:00 GMT")[0] == HTTPStatus.OK


def test_the_shop_says_which_charset_its_bytes_are_in_and_which_host_it_is() -> None:
    with serving() as site:
        _, headers, body = get(f"{site.url}/zh/help/delivery.html")
        assert headers["Content-Type"] == "text/html; charset=gbk"
        assert "可以寄到中国吗？" in body.decode("gbk")
        _, headers, body = get(f"{site.url}/tw/help/members.html")
        assert headers["Content-Type"] == "text/html"
        assert b'<meta charset="big5">' in body
        assert "點數會過期嗎？" in body.decode("big5")
        listed = re.findall(rb"<loc>([^<]+)</loc>", get(f"{site.url}/sitemap.xml")[2])
        assert all(get(url.decode())[0] == HTTPStatus.OK for url in listed)
        assert f"Sitemap: {site.url}/sitemap.xml" in get(f"{site.url}/robots.txt")[2].decode()


def test_the_shop_shows_no_file_outside_its_folder() -> None:
    with serving() as site:
        assert get(f"{site.url}/..%2fserve.py")[0] == HTTPStatus.NOT_FOUND
        assert get(f"{site.url}/%00")[0] == HTTPStatus.NOT_FOUND


def run_demo(data: Path, port: int) -> tuple[str, float]:
    """The demo's output and its seconds; it must exit 0."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "demo.py", "--data", data, "--port", str(port)],
        env=os.environ
        | {"FRONTDESK_ANSWER_THRESHOLD": "1", "COLUMNS": "120"},  # the operator's setting must not reach it
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, time.monotonic() - started


def test_the_demo_crawls_asks_cites_and_refuses_and_its_second_run_takes_seconds(tmp_path: Path) -> None:
    with serving() as site:
        port = site.server.server_port
    output, _ = run_demo(tmp_path, port)
    asked = output.count("\n› ")
    assert asked >= 7
    assert f"{asked} of {asked} questions went as they should" in output
    assert "如何退货？" in output
    for page in ("help/returns.html", "zh/help/returns.html", "docs/ember-api.html"):
        assert f"{site.url}/{page}" in output.replace("\n", "")
    again, seconds = run_demo(tmp_path, port)
    assert f"{asked} of {asked} questions went as they should" in again
    assert seconds < 20
