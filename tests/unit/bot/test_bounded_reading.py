"""Whatever reads a customer's message takes time in proportion to its length, and raises nothing."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

import phonenumbers.phonenumbermatcher
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answering import clarify as choosing
from bot.answering import facts, gist, parts
from bot.answering.evidence import Evidence
from bot.answering.intent import reader, words
from bot.chat import text as titles
from bot.chat.intent import OfferReply
from bot.gaps import service as gaps
from bot.i18n import language
from bot.masking import Masker, phones
from bot.platforms.discord import events as discord_incoming
from bot.platforms.slack import events as slack_incoming
from retrieval.search import conversation, pasted_logs, same_statement
from retrieval.text import analysis, cleaning, codes, languages, negation

MASKER = Masker()
READERS: dict[str, Callable[[str], object]] = {
    "mask": MASKER.mask,
    "facts": facts.extract_facts.__wrapped__,
    "lenient facts": lambda said: facts.extract_facts.__wrapped__(said, lenient=True),
    "evidence": lambda said: Evidence(said).find_missing_facts("Within 30 days."),
    "choose": lambda said: choosing.find_choice(said, [], OfferReply.OTHER),
    "number": lambda said: choosing.number_beyond(said, []),
    "parts": lambda said: parts.find_splits(said, "en"),
    "words": words.list_words,
    "clauses": reader._CLAUSE.findall,
    "language": language.reply_language,
    "detect": languages.detect_language,
    "title": titles.shorten_title,
    "gist": gist.summarise_answer,
    "gap": gaps.title_of,
    "slack": lambda said: slack_incoming.to_readable(said, "U1"),
    "discord": lambda said: discord_incoming.to_readable(said, 1),
    "clean": cleaning.clean_text,
    "collapse": cleaning.collapse_whitespace,
    "analyse": analysis.analyse_text,
    "codes": lambda said: list(codes.find_codes(said)),
    "denials": negation.count_denials,
    "pasted": pasted_logs.describe_line,
    "fences": lambda said: pasted_logs._FENCED.sub("", said),
    "statement": lambda said: same_statement._parse_statement(said, "en"),
    "refers": conversation.refers_back,
    "topic": conversation.has_topic,
    "bare": conversation.is_elliptical,
}
WRITTEN = """1 1/ 1- 1. 1: 12:34 (1 +1 a@ @a a. a Ab a1 é 中 万 一 @ 点 月 周 半 .com [ [a ]( ( [1, :// a/ $1 1, 1元 ` *
** _ # ! ? ？ 。 “ " ' ’s < <@ <@U1| <!| <!x| <#C1| <https:// <a: </a | & a- 1- a_ a' 1) 第 步骤 0 x= = %40 \\ 1年 — …
password= key: AKIA eyJ ghp_ xoxb- Bearer -----BEGIN PRIVATE KEY----- ://a:b pin:12."""
ATOMS = [
    *WRITTEN.split(),
    "1 ",
    "1 - ",
    "a ",
    " ",
    "\n",
    "\n\n",
    "\t",
    "  \n",
    "- ",
    "# ",
    "```\n",
    "~~~\n",
    "dot ",
    "at ",
    " @ ",
    "one ",
]
ATOMS += ["twenty-", "and ", "not ", "half an ", "\u200b", "\x1b[", "\x1b", "\ud800", "1,500 × 万", "or ", "step "]
RANDOM = random.Random(7)
MIXED = ["".join(RANDOM.choices(ATOMS, k=RANDOM.choice((2, 2, 3)))) for _ in range(150)]
SHORT, TIMES = 1_000, 8
MARGIN, GRACE = 3, 0.1  # how much more than in proportion, and seconds that a busy machine may lose


def seconds(read: Callable[[str], object], said: str, tries: int) -> float:
    taken = []
    for _ in range(tries):
        begun = time.process_time()
        read(said)
        taken.append(time.process_time() - begun)
    return min(taken)


def grows(read: Callable[[str], object], unit: str, end: str) -> bool:
    """Whether eight times the text takes far more than eight times as long, each time it is tried."""

    def filled(length: int) -> str:
        return (unit * length)[:length] + end

    for tries in (1, 3):
        short, long = (seconds(read, filled(length), tries) for length in (SHORT, TIMES * SHORT))
        if long <= TIMES * MARGIN * short + GRACE:
            return False
    return True


KNOWN = (
    "1/",
    "1-",
    "1 - ",
    "a-",
    "1,",
    "1:",
    "(0",
    "a@",
    "<https://",
    "<@U1|",
    "万",
    "eyJ",
    "pin 123.",
    "password=",
    "password a1",
    "密码a1",
    "user a/",
    "user a1/b2",
    "://a:b",
)  # that once were no fun


@pytest.mark.parametrize("name", READERS)
def test_a_reader_takes_time_in_proportion_of_what_once_took_longer(name: str) -> None:
    READERS[name]("warm up: 1 中 +44 20 7946 0958 a@b.com")
    assert [unit for unit in KNOWN if grows(READERS[name], unit, "x")] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_a_reader_takes_time_in_proportion(name: str) -> None:
    READERS[name]("warm up: 1 中 +44 20 7946 0958 a@b.com")
    assert [(unit, end) for unit in ATOMS for end in ("", "x") if grows(READERS[name], unit, end)] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_a_reader_takes_time_in_proportion_whatever_is_mixed(name: str) -> None:
    READERS[name]("warm up: 1 中 +44 20 7946 0958 a@b.com")
    assert [(unit, end) for unit in MIXED for end in ("", "x", "1") if grows(READERS[name], unit, end)] == []


@pytest.mark.parametrize(
    "unit", ["1/", "1-", "1.", "1 - ", "(0", "00 ", "12/", "1 2 3 ", "+1 ", "0123-4567-89; ", "2 4 8 "]
)
def test_the_library_of_phone_numbers_is_asked_so_often_and_no_more(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    look = phonenumbers.phonenumbermatcher.PhoneNumberMatcher._parse_and_verify

    def counting(*given: object) -> object:
        nonlocal asked
        asked += 1
        return look(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(phonenumbers.phonenumbermatcher.PhoneNumberMatcher, "_parse_and_verify", counting)
    for length in (1_000, 4_000, 16_000, 64_000):
        asked = 0
        phones.find_phones((unit * length)[:length], MASKER.regions)
        assert asked <= 4 * phones._BUDGET, length


SIGNS = (
    """1,500万 万 亿 一万 万亿 百 九 零 1 1, 1. 1: 12: 十点 1月 年 周 半 k 个半 twenty- ½ ² ٣ １ ① $ % 百分之 mon-"""
)


def numbers() -> Iterator[str]:
    """Long and weird, of the signs that numbers and dates are written with."""
    for unit in (*SIGNS.split(), "1,500 × 万", "one ", "half an hour "):
        for times in (1, 2, 24, 25, 5_000):
            for end in ("", "天", "万", " and a half", ":30 pm", "月"):
                yield unit * times + end


def test_no_number_or_date_is_too_long_or_too_weird() -> None:
    for said in numbers():
        found = facts.extract_facts.__wrapped__(said[:9_000], lenient=True)
        Evidence(said[:500]).find_missing_facts("It takes 30 days, 三万天, 24 hours.")
        choosing.number_beyond(said, [])
        choosing.find_choice(said, [], OfferReply.OTHER)
        assert all(fact.value for fact in found)


def test_a_number_of_any_length_stands_for_itself() -> None:
    long = "九" * 5_000
    assert facts.Fact("number", long, "day") in facts.extract_facts(f"等{long}天")
    assert facts.Fact("number", "15000000") in facts.extract_facts("一千五百万", lenient=True)
    assert not Evidence(f"等{long}天").find_missing_facts(f"要等{long}天")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(ATOMS), st.text(max_size=5), st.integers(0, 10**30).map(str)), max_size=40))
def test_no_reader_fails_of_a_text(pieces: list[str]) -> None:
    said = cleaning.make_storable("".join(pieces))
    for read in READERS.values():
        read(said)
