"""The rules of a page's own <style> sheets, as far as they say what is shown, and which of them wins at an element.

What would cost much to decide is taken to be shown: the sheets are anybody's, and a text too many does less harm than
an answer that is missing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import soupsieve
from bs4 import BeautifulSoup, Tag

from retrieval.extraction.elements import find_ancestor, get_attribute

_STRING = r"\"(?:\\.|[^\"\\\n])*\"?|'(?:\\.|[^'\\\n])*'?"
_SIGN = re.compile(rf"/\*.*?(?:\*/|\Z)|<!--|-->|{_STRING}|[{{}};]", re.DOTALL)
_SCREEN = re.compile(r"@media\s*(?:only\s+)?(?:all|screen)|@layer\b[^,]*", re.IGNORECASE)
_LASTING = re.compile(r":(?:is|where|root|only|(?:first|last|nth|nth-last|only)-(?:child|of-type))\b")
_ESCAPED = re.compile(r"\\.")
_SIMPLE = re.compile(r"[.#]?(?:[\w-]|\\[^0-9a-fA-F])+")
_PARENTHESES = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_COMPOUND = re.compile(r"[^\s>+~]+\Z")
_KEYS = tuple(re.compile(sign + r"((?:[\w-]|\\[^0-9a-fA-F])+)") for sign in (r"(#)", r"(\.)", r"^()"))
_SPECIFICITY = tuple(re.compile(kind) for kind in (r"#[\w\\-]", r"[.\[]|:[\w-]", r"(?:^|[\s>+~(])[a-zA-Z]"))
_TOLD = ("display", "visibility")
_DEEPEST = 50  # braces in a sheet
_LONGEST_SELECTOR = 300  # characters
_MOST_PARTS = 6  # of a selector that an element is tried on, parted by combinators: the cost grows with their power
_MOST_TRIALS = 20_000  # of an element and a selector, in a page

Declared = Mapping[str, tuple[str, bool]]  # name -> value in lower case without spaces, whether it is important


@dataclass(frozen=True, slots=True)
class Rule:
    """`always` says that it applies whatever the screen and the reader does, in all of `scope`."""

    selector: str
    declared: Declared
    always: bool
    scope: Tag


def read_rules(soup: BeautifulSoup) -> list[Rule]:
    """The rules about what is shown of all sheets that a browser applies, in order."""
    rules: list[Rule] = []
    for sheet in soup.find_all("style"):
        kind = get_attribute(sheet, "type").strip().lower()
        if kind in ("", "text/css") and not sheet.has_attr("disabled") and not _stands_apart(sheet):
            rules += _read_sheet(sheet, find_shadow(sheet) or soup)
    return rules


def read_declared(parts: Iterable[str]) -> Declared:
    """What declarations say of what is shown: the last of them, and rather one that is important."""
    declared: dict[str, tuple[str, bool]] = {}
    for part in parts:
        name, _, value = part.partition(":")
        if (name := name.strip().lower()) in _TOLD:
            value = "".join(value.split()).lower()
            important = value.endswith("!important")
            if important or not declared.get(name, ("", False))[1]:
                declared[name] = (value.removesuffix("!important"), important)
    return declared


def split_declarations(style: str) -> list[str]:
    """The declarations of a `style` attribute, without comments."""
    return "".join("" if sign.startswith("/*") else sign for sign in _cut(style)).split(";")


def find_shadow(tag: Tag) -> Tag | None:
    """The shadow root in which the element stands: what its style sheets apply to."""
    return next((parent for parent in tag.parents if parent.has_attr("shadowrootmode")), None)


def _stands_apart(sheet: Tag) -> bool:
    return find_ancestor(sheet, ("noscript", "template")) is not None


def _cut(text: str) -> Iterator[str]:
    """The text in pieces: signs, strings and comments, and what stands between."""
    start = 0
    for match in _SIGN.finditer(text):
        yield text[start : match.start()]
        yield match[0]
        start = match.end()
    yield text[start:]


def _read_sheet(sheet: Tag, scope: Tag) -> Iterator[Rule]:
    media = get_attribute(sheet, "media").strip()
    on_screens = not media or _SCREEN.fullmatch(f"@media {media}") is not None
    around: list[tuple[str, list[str]]] = []  # what stands before each open brace, and the declarations behind it
    pending: list[str] = []
    for piece in _cut(sheet.get_text()):
        if piece not in ("{", "}", ";"):
            if not piece.startswith("/*") and piece not in ("<!--", "-->"):
                pending.append(piece)
            continue
        text = "".join(pending).strip()
        pending.clear()
        if piece == "{":
            around.append((text, []))
            if len(around) > _DEEPEST:
                return
        elif around:
            around[-1][1].append(text)
            if piece == "}":
                selector, parts = around.pop()
                if not selector.startswith("@") and (declared := read_declared(parts)):
                    always = on_screens and all(_SCREEN.fullmatch(outer) for outer, _ in around)
                    yield Rule(selector, declared, always, scope)


def split_selectors(selectors: str) -> Iterator[str]:
    """A list of selectors -> each of them."""
    depth = start = 0
    for match in re.finditer(r"[(\[]|[)\]]|,", selectors):
        if match[0] == ",":
            if depth == 0:
                yield selectors[start : match.start()].strip()
                start = match.end()
        else:
            depth += 1 if match[0] in "([" else -1
    yield selectors[start:].strip()


class Cascade:
    """What the rules that always apply say of a page's elements."""

    def __init__(self, soup: BeautifulSoup, rules: Iterable[Rule]) -> None:
        self._tags = soup.find_all(True)
        self._trials = _MOST_TRIALS
        self._by_key: defaultdict[str, list[Tag]] = defaultdict(list)
        for tag in self._tags:
            for key in (tag.name, f"#{get_attribute(tag, 'id')}", *(f".{name}" for name in _classes_of(tag))):
                self._by_key[key].append(tag)
        self._won: dict[tuple[int, str], tuple[tuple[bool, tuple[int, ...], int], str]] = {}
        self._apply([rule for rule in rules if rule.always])

    def value(self, tag: Tag, name: str) -> str:
        """What the sheets declare of `name` at the element, "" where they leave it open."""
        return self._won[id(tag), name][1] if (id(tag), name) in self._won else ""

    def _apply(self, rules: list[Rule]) -> None:
        hiding = [rule for rule in rules if any(is_hiding(*item) for item in rule.declared.items())]
        concerned = {id(tag) for tag in self._tags if tag.has_attr("hidden")}
        for rule in hiding:
            for selector in split_selectors(rule.selector):
                if _lasts(selector):
                    concerned |= {id(tag) for tag in self._select(selector, rule.scope, None)}
        for order, rule in enumerate(rules if concerned else ()):
            for selector in split_selectors(rule.selector):
                for tag in self._select(selector, rule.scope, concerned) if _lasts(selector) else ():
                    self._note(tag, rule, selector, order)

    def _note(self, tag: Tag, rule: Rule, selector: str, order: int) -> None:
        weight = tuple(len(kind.findall(selector)) for kind in _SPECIFICITY)
        for name, (value, important) in rule.declared.items():
            rank = (important, weight, order)
            known = self._won.get((id(tag), name))
            if known is None or known[0] <= rank:
                self._won[id(tag), name] = (rank, value)

    def _select(self, selector: str, scope: Tag, among: set[int] | None) -> Iterator[Tag]:
        """The elements of `scope` (and `among` these) that the selector names, as far as the trials go."""
        simple = _SIMPLE.fullmatch(selector) is not None
        matcher = None
        for tag in self._list_candidates(selector):
            if among is not None and id(tag) not in among:
                continue
            if scope.name != "[document]" and find_shadow(tag) is not scope:
                continue
            if not simple:
                self._trials -= 1
                if self._trials < 0 or (matcher := matcher or _compile(selector)) is None:
                    return
                if not matcher.match(tag):
                    continue
            yield tag

    def _list_candidates(self, selector: str) -> list[Tag]:
        bare = selector
        while bare != (bare := _PARENTHESES.sub("", bare)):
            pass
        compound = _COMPOUND.search(bare)
        for pattern in _KEYS if compound else ():
            if key := pattern.search(compound[0] if compound else ""):
                return self._by_key.get(key[1] + key[2].replace("\\", ""), [])
        return self._tags


def is_hiding(name: str, value: tuple[str, bool]) -> bool:
    """Whether a declaration hides."""
    return value[0] in (("none",) if name == "display" else ("hidden", "collapse"))


def _classes_of(tag: Tag) -> list[str]:
    return get_attribute(tag, "class").split()


def _lasts(selector: str) -> bool:
    """Whether the selector names elements by what they are, not by a state, and can be tried at a bounded cost."""
    if not selector or len(selector) > _LONGEST_SELECTOR:
        return False
    if _ESCAPED.sub("", selector).count(":") != len(_LASTING.findall(selector)):
        return False
    return selector.count("(") < _MOST_PARTS and len(re.findall(r"\s*[\s>+~]\s*", selector)) < _MOST_PARTS


def _compile(selector: str) -> soupsieve.SoupSieve | None:
    try:
        return soupsieve.compile(selector)
    except (soupsieve.SelectorSyntaxError, NotImplementedError, ValueError):  # none that a page as served knows
        return None
