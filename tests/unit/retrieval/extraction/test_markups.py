# ruff: noqa: E501 (HTML reads best as it is served)
"""Every kind of FAQ markup that is read, in English and Chinese, on pages that call themselves an FAQ and on others."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from retrieval.documents import DocumentKind
from retrieval.extraction import extract_documents


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"extraction_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


shop = _load("shop")
LANGUAGES = {"en": (shop.PAIRS_EN, "Frequently asked questions"), "zh": (shop.PAIRS_ZH, "常见问题")}


def served(markup: str, language: str, title: str) -> str:
    pairs, _ = LANGUAGES[language]
    return str(shop.page_of(markup, pairs, language, title))


@pytest.mark.parametrize("markup", shop.MARKUPS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("announced", [True, False], ids=["faq", "plain"])
def test_each_question_is_found_with_its_answer(markup: str, language: str, announced: bool) -> None:
    pairs, title = LANGUAGES[language]
    documents = extract_documents(
        served(markup, language, title if announced else "Lumen Lamps"), "https://lumen.example/help"
    )
    assert [(document.question, document.answer.removeprefix("- ")) for document in documents] == pairs
    assert {document.kind for document in documents} == {DocumentKind.FAQ}
    assert {document.language for document in documents} == {language}


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8", "utf-16"])
@pytest.mark.parametrize("declared", ["header", "meta", "nowhere", "wrongly"])
def test_chinese_bytes_come_out_right(encoding: str, declared: str) -> None:
    pairs, title = LANGUAGES["zh"]
    html = served("h2", "zh", title)
    if declared == "meta" and encoding != "utf-16":
        html = html.replace("<head>", f'<head><meta charset="{encoding}">')
    header = {"header": f"text/html; charset={encoding}", "wrongly": "text/html; charset=utf-8"}.get(
        declared, "text/html"
    )
    documents = extract_documents(html.encode(encoding), "https://lumen.example/help", header)
    assert [(document.question, document.answer) for document in documents] == pairs


@pytest.mark.parametrize("content_type", ["text/html; charset=big5", "text/html", "text/html; charset=utf-8", ""])
def test_traditional_chinese_in_big5_comes_out_right(content_type: str) -> None:
    html = "<title>常見問題</title><h1>常見問題</h1><h3>你們接受甚麼物資？</h3><p>我們接受任何狀況良好的物資。</p><h3>如何申請退貨？</h3><p>請在三十天內寄回商品。</p>"
    documents = extract_documents(html.encode("big5"), "https://lumen.example/faq", content_type)
    assert [(document.question, document.answer, document.language) for document in documents] == [
        ("你們接受甚麼物資？", "我們接受任何狀況良好的物資。", "zh"),
        ("如何申請退貨？", "請在三十天內寄回商品。", "zh"),
    ]


def test_western_bytes_without_declaration_come_out_right() -> None:
    html = "<h1>FAQ</h1><h3>Où est le café ?</h3><p>À côté de l’entrée.</p><h3>Pourquoi là ?</h3><p>Déjà demandé.</p>"
    documents = extract_documents(html.encode("cp1252"), "https://lumen.example/faq")
    assert [document.question for document in documents] == ["Où est le café ?", "Pourquoi là ?"]
