"""Taught answers for the company's own site: nothing that a customer or teammate wrote runs there."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup

from bot.taught.export import as_html, as_json_ld
from bot.taught.models import Taught, TaughtState
from tests.support.turns import NOON

TAUGHT = Taught("0123456789abcdef" * 2, TaughtState.APPROVED, "Why?", "**Because**.", "en", "Bob", "x", NOON, NOON)
HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#x73;cript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](data:image/svg+xml;base64,PHN2Zz4=)",
    "[x](vbscript:x)",
    "[x](file:///etc/passwd)",
    "![x](javascript:alert(1))",
    "![x](data:image/png;base64,AAAA)",
    "<javascript:alert(1)>",
    "[x][1]\n\n[1]: javascript:alert(1)",
    '[x](https://a.example "onmouseover=alert(1)")',
    '"><script>alert(1)</script>',
    "' onclick='alert(1)",
    "{title} {data} {0} %s",
    "\u2028\u2029\0",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "```html\n<script>alert(1)</script>\n```",
    "| a |\n|---|\n| <script>alert(1)</script> |",
]


def harmless(soup: BeautifulSoup) -> None:
    for element in soup.find_all(True):
        assert element.name not in {"img", "svg", "iframe", "object", "form", "style", "base", "link"} or (
            element.name == "img" and str(element["src"]).startswith("https://")
        )
        assert not [name for name in element.attrs if name.startswith("on") or name == "style"]
        for name in ("href", "src"):
            if target := element.get(name):
                assert str(target).startswith(("https://", "http://", "mailto:")), target


def data_of(page: str) -> Any:
    scripts = BeautifulSoup(page, "lxml").find_all("script")
    assert [script.get("type") for script in scripts] == ["application/ld+json"]
    return json.loads(str(scripts[0].string))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("parser", ["lxml", "html.parser"])
def test_hostile_questions_and_answers_are_harmless_in_both_formats(text: str, parser: str) -> None:
    taught = [replace(TAUGHT, question=text, answer=text, language=text), TAUGHT]
    page = as_html(taught)
    soup = BeautifulSoup(page, parser)
    harmless(soup)
    assert [script.get("type") for script in soup.find_all("script")] == ["application/ld+json"]
    assert len(soup.find_all("h2")) == len(soup.find_all("section")) == 2
    assert data_of(page) == json.loads(as_json_ld(taught))
    for entry in json.loads(as_json_ld(taught))["mainEntity"]:
        answer = BeautifulSoup(entry["acceptedAnswer"]["text"], parser)
        harmless(answer)
        assert answer.find("script") is None


@pytest.mark.parametrize("url", ["https://a.example/?b=1&c=2", "http://a.example", "mailto:help@a.example"])
def test_links_to_pages_and_mail_stay(url: str) -> None:
    soup = BeautifulSoup(as_html([replace(TAUGHT, answer=f"[here]({url})")]), "lxml")
    assert [link["href"] for link in soup.find_all("a")] == [url]


def test_a_chinese_page_has_a_chinese_title() -> None:
    chinese = replace(TAUGHT, question="如何退货？", answer="寄回。", language="zh")
    soup = BeautifulSoup(as_html([chinese, replace(chinese, id="1" * 32), TAUGHT]), "lxml")
    assert soup.html
    assert soup.html["lang"] == "zh"
    assert soup.title
    assert soup.title.string == "常见问题"
    assert [heading.get_text() for heading in soup.find_all("h2")] == ["如何退货？", "如何退货？", "Why?"]
    assert "如何退货" in as_json_ld([chinese])


def test_of_two_languages_that_are_as_frequent_the_first_is_the_pages() -> None:
    chinese = replace(TAUGHT, language="zh")
    assert '<html lang="zh">' in as_html([chinese, TAUGHT])
    assert '<html lang="en">' in as_html([TAUGHT, chinese])


def test_the_order_is_kept_and_anchors_outlive_an_edit() -> None:
    taught = [replace(TAUGHT, id=f"{number:x}" * 32, question=f"{number}?") for number in (3, 1, 2)]
    edited = [replace(each, question="New?", answer="New.", updated_at=NOON + timedelta(days=1)) for each in taught]
    for page in (as_html(taught), as_html(edited)):
        ids = [section["id"] for section in BeautifulSoup(page, "lxml").find_all("section")]
        assert ids == ["q-33333333", "q-11111111", "q-22222222"]
    assert [each["name"] for each in json.loads(as_json_ld(taught))["mainEntity"]] == ["3?", "1?", "2?"]


def test_authors_stay_inside_the_company() -> None:
    taught = [replace(TAUGHT, author="Bob Secret", author_id="slack:T1:UBOB", customer="slack:T1:UANN")]
    for text in (as_html(taught), as_json_ld(taught)):
        assert "Secret" not in text
        assert "UBOB" not in text
        assert "UANN" not in text


def test_nothing_taught_is_an_empty_page() -> None:
    assert BeautifulSoup(as_html([]), "lxml").find_all("h2") == []
    assert json.loads(as_json_ld([]))["mainEntity"] == []
