"""Pages that are broken, binary, enormous or malicious end in documents or an ExtractionError, in bounded time."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from retrieval.documents import Document
from retrieval.errors import ExtractionError
from retrieval.extraction import extract_documents

URL = "https://lumen.example/faq"
SECONDS = 10.0  # of processor time, for one page; machines that test are slow and shared

HTML = {
    "a hundred thousand nested divs": "<div>" * 100_000 + "x",
    "deep but lawful": "<div>" * 150 + "<h3>Why?</h3><p>So.</p>" * 50,
    "ten megabytes of one line": "word " * 2_000_000,
    "ten megabytes of one word": "x" * 10 * 2**20,
    "a million tags": "<b>x</b>" * 1_000_000,
    "nothing but <": "<" * 10 * 2**20,
    "sixty thousand siblings": "<p>Why?</p><p>So.</p>" * 30_000,
    "thousands of questions": "<h1>FAQ</h1>" + "".join(f"<h3>Why {n}?</h3><p>So {n}.</p>" for n in range(2_500)),
    "thousands of copies": ("<div hidden>" + "".join(f"<h3>Why {n}?</h3><p>So.</p>" for n in range(50)) + "</div>")
    * 40,
    "nested details": "<details><summary>Why?</summary>" * 60 + "x",
    "nested tables": "<table><tr><td>" * 60 + "x",
    "unclosed inline tags": "<p><b><i><u>" * 5_000,
    "three hundred thousand attributes": "<div " + " ".join(f"a{n}=1" for n in range(300_000)) + ">x</div>",
    "a class of half a million parts": '<div class="' + "a-" * 500_000 + '">x</div>',
    "nested JSON-LD": '<script type="application/ld+json">' + "[" * 100_000 + '"Question"</script>',
    "a heading of two megabytes": "<h1>FAQ</h1><h2>" + "why " * 500_000 + "?</h2><p>x",
    "ten megabytes of asterisks": "<p>" + "*" * 10 * 2**20,
    "two hundred thousand comments": "<!-- -->" * 200_000,
}
MARKDOWN = {
    "brackets": "[" * 100_000,
    "nested quotes": ">" * 100_000 + "x",
    "open links": "[a](" * 50_000,
    "open emphasis": "*a _b " * 50_000,
    "nested lists": "\n".join(" " * n + "- x" for n in range(1_000)),
}
BINARY = {
    "a PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj",
    "a PNG": b"\x89PNG\r\n\x1a\n" + bytes(1000),
    "a ZIP": b"PK\x03\x04" + bytes(100),
    "zeros": bytes(10_000),
}


def outcome(body: bytes | str, content_type: str) -> list[Document]:
    started = time.process_time()
    try:
        return extract_documents(body, URL, content_type)
    except ExtractionError as error:
        assert "\n" not in str(error)
        return []
    finally:
        assert time.process_time() - started < SECONDS


@pytest.mark.parametrize("name", HTML)
def test_html_ends_in_time(name: str) -> None:
    outcome(HTML[name], "text/html")


@pytest.mark.parametrize("name", MARKDOWN)
def test_markdown_ends_in_time(name: str) -> None:
    outcome(MARKDOWN[name], "text/markdown")


@pytest.mark.parametrize("name", BINARY)
def test_binary_is_refused(name: str) -> None:
    with pytest.raises(ExtractionError):
        extract_documents(BINARY[name], URL)


def test_a_page_above_the_limit_is_refused() -> None:
    with pytest.raises(ExtractionError, match="MiB"):
        extract_documents(b"x" * (17 * 2**20), URL)


TAGS = st.sampled_from(
    [
        "p",
        "div",
        "b",
        "h1",
        "h2",
        "h3",
        "li",
        "ul",
        "ol",
        "dl",
        "dt",
        "dd",
        "table",
        "tr",
        "td",
        "th",
        "details",
        "summary",
        "span",
        "a",
        "br",
        "pre",
        "code",
        "button",
        "section",
        "nav",
        "form",
        "body",
        "html",
        "title",
    ]
)
WORDS = st.sampled_from(
    [
        "Why?",
        "How do I pay?",
        "Because.",
        "如何退货？",
        "可以。",
        "Q: who?",
        "A: me",
        "1. What?",
        "x",
        " ",
        "\n",
        "[a](b)",
        "`",
        "|",
        "<",
        "&amp;",
        "\u200b",
        "\x00",
        "\ud800",
    ]
)
HREFS = st.sampled_from(
    [
        "/x",
        "#a",
        "javascript:alert(1)",
        "http://[",
        "mailto:a@b",
        "//h/x",
        "?q",
        "data:,x",
        "a b",
        "(c)",
        "https://e.example/ü",
    ]
)
ATTRIBUTES = st.one_of(
    st.just(""),
    HREFS.map(lambda href: f' href="{href}"'),
    st.sampled_from(
        [
            " id=a",
            " id=b",
            " hidden",
            ' aria-controls="a"',
            ' aria-expanded="false"',
            ' class="faq question"',
            ' class="answer"',
            ' class="faq-item"',
            ' style="display:none"',
            ' role="button"',
            ' lang="zh"',
            ' itemscope itemtype="https://schema.org/Question"',
            ' itemprop="name"',
            ' itemprop="acceptedAnswer"',
        ]
    ),
)
PIECES = st.one_of(
    WORDS,
    st.tuples(TAGS, ATTRIBUTES).map(lambda tag: f"<{tag[0]}{tag[1]}>"),
    TAGS.map(lambda tag: f"</{tag}>"),
    st.tuples(HREFS, WORDS).map(lambda link: f'<a href="{link[0]}">{link[1]}</a>'),
)


def check(documents: list[Document]) -> None:
    assert len({(document.question, document.answer, document.heading_path) for document in documents}) == len(
        documents
    )
    for document in documents:
        assert document.question and document.answer.strip() == document.answer != ""
        assert document.url.startswith("https://lumen.example/")
        for token in MarkdownIt("commonmark").parse(document.answer):
            for child in token.children or ():
                if child.type == "link_open":
                    assert urlsplit(str(child.attrs["href"])).scheme in ("http", "https", "mailto", "tel", "file")


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(PIECES, max_size=60).map("".join), st.sampled_from(["text/html", "text/markdown", "text/plain"]))
def test_any_markup_gives_sound_documents(text: str, content_type: str) -> None:
    try:
        documents = extract_documents(
            "<title>FAQ</title>" + text if content_type == "text/html" else text, URL, content_type
        )
    except ExtractionError:
        return
    if content_type == "text/html":
        check(documents)


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from(["text/html", "text/markdown", "text/plain", "text/html; charset=gbk", "", "x; charset=nonsense"]),
)
def test_any_bytes_give_documents_or_an_extraction_error(body: bytes, content_type: str) -> None:
    try:
        extract_documents(body, URL, content_type)
    except ExtractionError as error:
        assert str(error)
