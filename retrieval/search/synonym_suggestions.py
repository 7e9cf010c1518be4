"""Terms that the pages themselves say to mean the same: abbreviations with their full forms, and other names.

Meant to be precise rather than complete: a person looks at each. Abbreviations are matched against the words before
(or after) them as Schwartz and Hearst do (https://psb.stanford.edu/psb-online/proceedings/psb03/schwartz.pdf), but more
strictly: each letter has to begin a word, and only small words may be passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from retrieval.documents import Document, content_id
from retrieval.search.synonyms import Entry, Key, distinct_terms, key_of
from retrieval.text.analysis import fold_text
from retrieval.text.scripts import HAN

_AROUND = 60  # characters of a text shown before and behind a term
_LONGEST = 60  # characters of a term
_SMALL = frozenset(
    re.findall(r"\w+", "a an and as at by de des du for from in into la le of off on or our per the to via with your")
)
_DIGITS = {"1": "one", "2": "two", "3": "three", "4": "four", "5": "five", "&": "and"}

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|&")
_SHORT = re.compile(r"(?=(?:[^A-Z]*[A-Z0-9]){2})[A-Za-z0-9][A-Za-z0-9&/-]{1,9}(?: [A-Z]{2,4})?")
_BRACKETS = re.compile(r"[(（]\s*(?P<inside>[^()（）\n]{2,80}?)\s*[)）]")
_CLAUSE = re.compile(r"[.!?;:,\n()\[\]{}\"“”|•]|\s[-–—]\s")  # what no full form goes across
_LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\([^()\s]{0,2000}\)")
_MARKS = re.compile(r"[*`~#>|\\]+|(?<!\w)_+|_+(?!\w)")

# "Gold pass, formerly Member card", "Gold pass (also known as …)": names are written large, or in quotes.
_LARGE = r"[A-Z][\w+’'-]*(?: (?:(?:of|and|the|for) )?[A-Z0-9][\w+’'-]*){0,4}"
_SAYS = r"(?:(?:also|formerly|previously|better|sometimes) (?:known as|called|named)|formerly|previously|a\.?k\.?a\.?)"
_ALIAS = re.compile(
    rf"(?:[\"“](?P<quoted>[^\"“”]{{2,40}})[\"”]|(?P<one>{_LARGE}))(?:,? \(|, | ){_SAYS}:? (?:the |an? )?"
    rf"(?:[\"“](?P<quoted_too>[^\"“”]{{2,40}})[\"”]|(?P<other>{_LARGE}))"
    r"(?=[,.;:)!?]|$| (?:is|are|was|were|has|have|can|will|offers?|lets?)\b)"
)
_OPENING = frozenset(
    re.findall(
        r"\w+", "A An The This That These Those Our Your My We You It He She They If When In On At For To And Or But"
    )
)

# These are matched against folded text: simplified, with the brackets, commas and colons of English.
_ZH_TERM = f"[{HAN}a-z0-9+·-]"
_OPEN, _CLOSE = r"[“「『\"‘《]", r"[”」』\"’》]"
_ZH_SAYS = "(?:以下简称|下称|简称|又称|也称|亦称|又名|也叫|又叫|别名|俗称|原名|旧称)为?"
_ZH_OTHER = rf":? ?{_OPEN}?(?P<other>{_ZH_TERM}{{2,14}}?){_CLOSE}?"
_ZH_IN_BRACKETS = re.compile(
    rf"(?P<before>{_ZH_TERM}{{2,24}}){_CLOSE}? ?\((?P<latin>[a-z][a-z '-]{{3,60}}, ?)?"
    rf"(?P<says>{_ZH_SAYS}|即(?=[:“「『\"])){_ZH_OTHER}\)"
)
_ZH_CALLED = re.compile(
    rf"(?:^|[。!?;,\n\s“「])(?P<before>{_ZH_TERM}{{2,12}})[”」]?,? ?(?P<says>{_ZH_SAYS}){_ZH_OTHER}(?=[。,;、\s)”」]|$)"
)
# Characters of a sentence rather than of a name.
_ZH_SENTENCE = re.compile("[的了是在有请您我你他她它们这那和与或要不被把将对到等为什么吗呢]")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Terms that a source says to mean the same, and where: the page, and the words around."""

    entry: Entry
    url: str
    excerpt: str

    @property
    def id(self) -> str:
        """The same whenever the same is found in the same source."""
        return self.entry.id


def suggest_entries(documents: Iterable[Document]) -> list[Suggestion]:
    """What the documents say to mean the same, each once a source, in the order in which it is found."""
    found: dict[str, Suggestion] = {}
    for document in documents:
        if document.author:  # a person's words, who can add what they mean themselves
            continue
        for text in dict.fromkeys([*document.heading_path, document.question, document.answer]):
            for terms, start, end in find_pairs(plain := _strip_markdown(text)):
                entry = Entry(_make_id(document.source, terms), terms, document.source, suggested=True)
                found.setdefault(entry.id, Suggestion(entry, document.url, _cut_excerpt(plain, start, end)))
    return list(found.values())


def find_pairs(text: str) -> Iterator[tuple[tuple[str, str], int, int]]:
    """Two terms that a plain text says to mean the same, and where it says so."""
    for find in (_find_abbreviations, _find_aliases, _find_chinese):
        for one, other, start, end in find(text):
            terms = distinct_terms(" ".join(term.split()) for term in (one, other))
            if len(terms) == 2 and all(len(term) <= _LONGEST and _is_term(key_of(term)) for term in terms):
                yield (terms[0], terms[1]), start, end


def _is_term(key: Key) -> bool:
    return sum(map(len, key)) >= 2


def _find_abbreviations(text: str) -> Iterator[tuple[str, str, int, int]]:
    """ "Value Added Tax (VAT)", "VAT (Value Added Tax)"."""
    for match in _BRACKETS.finditer(text):
        inside = match["inside"].strip("\"“”'’ ")
        before = _CLAUSE.split(text[max(0, match.start() - 120) : match.start()])[-1].rstrip()
        short = re.split(r"[,;]", inside)[0]
        if _SHORT.fullmatch(short):
            if (long := _full_form(short, before)) is not None:
                yield short, long, match.start() - len(long) - 1, match.end()
        elif (last := before.rpartition(" ")[2]) and _SHORT.fullmatch(last):
            content = re.split(r"[,;:]", inside)[0].strip()
            if (long := _full_form(last, content)) is not None and len(long) == len(content):
                yield last, content, match.start() - len(last) - 1, match.end()


def _full_form(short: str, text: str) -> str | None:
    """The end of `text` whose words begin with the letters of `short`, in order."""
    letters = [each for each in short.casefold() if each.isalnum() or each == "&"]
    if len(letters) > 2 and short.endswith("s") and short[-2].isupper():
        letters.pop()  # "APIs"
    found = list(_WORD.finditer(text))[-(len(letters) + 5) :]
    place = len(found)
    while letters:
        place -= 1
        if place < 0:
            return None
        taken = _count_initials(found[place].group(), letters)
        if taken:
            del letters[-taken:]
        elif found[place].group().casefold() not in _SMALL:
            return None
    long = text[found[place].start() :]
    return long if len(found) - place > 1 and key_of(long) != key_of(short) else None


def _count_initials(word: str, letters: list[str]) -> int:
    """How many of the last letters a word stands for: its first one, and those that are large inside ("HyperText")."""
    last = letters[-1]
    if last in _DIGITS and word.casefold() in {last, _DIGITS[last]}:
        return 1
    own = [word[0].casefold(), *(each.casefold() for each in word[1:] if each.isupper() and not word.isupper())]
    for count in range(len(own), 0, -1):
        if letters[-count:] == own[:count] and (count == len(own) or count == 1):
            return count
    return 0


def _find_aliases(text: str) -> Iterator[tuple[str, str, int, int]]:
    """ "Gold pass, formerly Member Card"."""
    for match in _ALIAS.finditer(text):
        one, other = match["one"] or match["quoted"], match["other"] or match["quoted_too"]
        first, _, rest = one.partition(" ")
        if match["one"] and first in _OPENING:
            one = rest
        if one:
            yield one, other, match.start(), match.end()


def _find_chinese(text: str) -> Iterator[tuple[str, str, int, int]]:
    """ "无线接入点（简称AP）", "一卡通，又称园区卡"."""
    folded = fold_text(text)
    if len(folded) != len(text):
        text = folded
    for match in _ZH_IN_BRACKETS.finditer(folded):
        other = text[slice(*match.span("other"))]
        if match["latin"]:
            latin = text[slice(*match.span("latin"))].rstrip(", ，")
            if (long := _full_form(other, latin)) is not None:
                yield other, long, *match.span()
        elif name := _name_before(text, folded, match):
            yield name, other, *match.span()
    for match in _ZH_CALLED.finditer(folded):
        if name := _name_before(text, folded, match):
            yield name, text[slice(*match.span("other"))], *match.span()


def _name_before(text: str, folded: str, match: re.Match[str]) -> str:
    """What another name is given to; "" where that cannot be told."""
    start, end = match.span("before")
    short = match["other"]
    if "简" in match["says"] and not short.isascii():
        start = _spelt_out(short, folded, start, end)
    elif start > 0 and folded[start - 1].isalnum():
        return ""
    name = folded[start:end]
    named = re.search(f"[{HAN}]", name) and not _ZH_SENTENCE.search(name) and not _ZH_SENTENCE.search(short)
    return text[start:end] if named else ""


def _spelt_out(short: str, text: str, start: int, end: int) -> int:
    """Where the end of a text begins that has the characters of `short` in order; its end if none has."""
    place = end
    for character in reversed(short):
        place = text.rfind(character, start, place)
        if place < 0:
            return end
    return place if end - place > len(short) else end


def _strip_markdown(markdown: str) -> str:
    """Markdown without its marks and the addresses of its links."""
    return _MARKS.sub("", _LINK.sub(r"\1", markdown))


def _cut_excerpt(text: str, start: int, end: int) -> str:
    start, end = max(0, start), min(len(text), end)
    left, right = max(0, start - _AROUND), min(len(text), end + _AROUND)
    around = " ".join(text[left:right].split())
    return f"{'…' if left else ''}{around}{'…' if right < len(text) else ''}"


def _make_id(source: str, terms: Iterable[str]) -> str:
    """32 hex digits, as of whatever else is kept."""
    keys = sorted(" ".join(key_of(term)) for term in terms)
    return content_id("glossary", source, *keys) + content_id("glossary, once more", source, *keys)[:12]
