"""Terms that mean the same: added, merged, suggested, carried in and out."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Sequence

import pytest

from bot.errors import InputError, UnknownSource
from bot.glossary.service import LONGEST, MOST_TERMS, check_terms, join, read_csv, read_terms, to_csv
from retrieval.documents import Document
from retrieval.search.synonyms import Entry, QueryVariant
from tests.support.steering import SHOP, WIKI, Office

VAT = "You pay Value Added Tax (VAT) on it."
TEA = "乌龙茶，又称青茶，可以续泡。"


def page(text: str, source: str = "shop") -> Document:
    return Document(f"https://{source}.example/faq#1", "What do I pay?", text, source=source)


async def groups(office: Office) -> list[tuple[str, tuple[str, ...], bool]]:
    return [(each.source, each.terms, each.suggested) for each in await office.glossary.list()]


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("AP = access point", ["AP", "access point"]),
        ("AP; access point；无线接入点", ["AP", "access point", "无线接入点"]),
        ("AP, access point，无线接入点、热点", ["AP", "access point", "无线接入点", "热点"]),
        ("A, B and C = ABC", ["A, B and C", "ABC"]),  # commas part nothing where other signs do
        ("“AP”='access  point';", ["AP", "access point"]),
        ("AP", ["AP"]),
        (" ; ", []),
    ],
)
def test_terms_are_read_as_people_type_them(typed: str, terms: Sequence[str]) -> None:
    assert read_terms(typed) == terms


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (["AP"], "two different"),
        (["AP", "ap", "APs"], "two different"),
        (["退貨", "退货"], "two different"),
        (["x", "access point"], "too short"),
        (["卡", "card"], "too short"),
        (["C++", "see"], "too short"),
        (["…", "dots"], "too short"),
        (["a" * (LONGEST + 1), "b2"], f"at most {LONGEST}"),
        ([f"term{number}" for number in range(MOST_TERMS + 1)], f"at most {MOST_TERMS}"),
        (["a;b", "c2"], "parts terms"),
    ],
)
def test_terms_that_cannot_be_used_are_refused_with_the_reason(terms: Sequence[str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        check_terms(terms)


async def test_terms_are_used_at_once(office: Office) -> None:
    assert office.live_glossary.current().rewrite_query("My brolly?") == ()
    put = await office.glossary.add("brolly = umbrella")
    assert (put.entry.terms, put.merged) == (("brolly", "umbrella"), ())
    assert office.live_glossary.current().rewrite_query("My brolly?") == (QueryVariant("My umbrella?"),)
    await office.glossary.remove("umbrellas")
    assert office.live_glossary.current().rewrite_query("My brolly?") == ()


async def test_another_process_takes_in_what_this_one_changed(office: Office) -> None:
    from bot.glossary.service import LiveGlossary
    from bot.glossary.store import SqlGlossaryStore

    other = LiveGlossary(SqlGlossaryStore(office.database))
    assert not await other.load()
    running = asyncio.create_task(other.run(0.01))
    await office.glossary.add("brolly = umbrella")
    for _ in range(500):
        if other.current().entries:
            break
        await asyncio.sleep(0.01)
    assert [each.terms for each in other.current().entries] == [("brolly", "umbrella")]
    running.cancel()
    assert not await other.load()


async def test_terms_join_the_groups_of_their_source_that_have_one_of_them(office: Office) -> None:
    await office.source_store.add(SHOP)
    await office.glossary.add("AP = access point")
    await office.glossary.add("hotspot = 热点")
    await office.glossary.add("AP = accounts payable", "shop")
    put = await office.glossary.add("aps, hotspots, base station")
    assert {each.terms for each in put.merged} == {("AP", "access point"), ("hotspot", "热点")}
    assert await groups(office) == [
        ("", ("AP", "access point", "hotspot", "热点", "base station"), False),
        ("shop", ("AP", "accounts payable"), False),
    ]
    again = await office.glossary.add("ap = hotspot")
    assert again.entry.terms == put.entry.terms
    assert len(await groups(office)) == 2


async def test_a_group_does_not_grow_too_large_by_joining(office: Office) -> None:
    await office.glossary.add([f"term{number}" for number in range(MOST_TERMS)])
    with pytest.raises(InputError, match=f"at most {MOST_TERMS}"):
        await office.glossary.add("term1 = one more")
    assert len((await groups(office))[0][1]) == MOST_TERMS


async def test_two_admins_who_add_at_once_lose_nothing(office: Office) -> None:
    await office.glossary.add("AP = access point")
    await asyncio.gather(*(office.glossary.add(f"AP = other{number}") for number in range(3)))
    [(_, terms, _)] = await groups(office)
    assert set(terms) == {"AP", "access point", "other0", "other1", "other2"}


async def test_a_source_that_nobody_added_has_no_glossary(office: Office) -> None:
    for work in (office.glossary.add("AP = access point", "nosuch"), office.glossary.list("nosuch")):
        with pytest.raises(UnknownSource, match="nosuch"):
            await work
    with pytest.raises(UnknownSource):
        await office.glossary.suggest("nosuch")


async def test_a_group_is_named_by_its_id_or_a_term_of_its(office: Office) -> None:
    await office.source_store.add(SHOP)
    first = (await office.glossary.add("AP = access point")).entry
    second = (await office.glossary.add("AP = accounts payable", "shop")).entry
    with pytest.raises(InputError, match=rf"several groups.*{first.id[:8]}.*give the id"):
        await office.glossary.remove("ap")
    with pytest.raises(InputError, match=r"'nothing'.*glossary list"):
        await office.glossary.remove("nothing")
    with pytest.raises(InputError, match="glossary list"):
        await office.glossary.remove("")
    assert await office.glossary.remove("ap", "shop") == second
    assert await office.glossary.remove(first.id[:6]) == first
    assert await groups(office) == []


async def test_the_list_of_a_source_has_what_counts_for_it(office: Office) -> None:
    for source in (SHOP, WIKI):
        await office.source_store.add(source)
    await office.glossary.add("aa = bb")
    await office.glossary.add("cc = dd", "shop")
    await office.glossary.add("ee = ff", "wiki")
    assert [each.terms for each in await office.glossary.list("wiki")] == [("aa", "bb"), ("ee", "ff")]


# -- suggestions --------------------------------------------------------------------------------------------------


async def test_what_the_pages_suggest_is_used_only_once_it_is_approved(office: Office) -> None:
    await office.source_store.add(SHOP)
    office.pages += [page(VAT), page(TEA), page("Central European Time (CET)", "gone")]
    vat, tea = await office.glossary.suggest()
    assert (vat.entry.terms, tea.entry.terms) == (("VAT", "Value Added Tax"), ("乌龙茶", "青茶"))
    assert vat.url == "https://shop.example/faq#1"
    assert office.live_glossary.current().rewrite_query("How much VAT?") == ()
    put = await office.glossary.approve(vat.id[:8])
    assert put.entry == vat.entry
    assert office.live_glossary.current().rewrite_query("How much VAT?") == (
        QueryVariant("How much Value Added Tax?", "shop"),
    )
    assert await groups(office) == [("shop", ("VAT", "Value Added Tax"), True)]
    assert [each.id for each in await office.glossary.suggest("shop")] == [tea.id]


async def test_what_is_dismissed_is_suggested_no_more(office: Office) -> None:
    await office.source_store.add(SHOP)
    office.pages += [page(VAT)]
    [vat] = await office.glossary.suggest()
    await office.glossary.dismiss(vat.id)
    assert list(await office.glossary.suggest()) == []
    office.pages.append(page("VAT (value-added tax) is what you pay."))  # the same, found elsewhere
    assert list(await office.glossary.suggest()) == []
    with pytest.raises(InputError, match="glossary suggest"):
        await office.glossary.approve(vat.id)
    assert (await office.glossary.add("VAT = value added tax", "shop")).entry.terms  # a person may all the same


async def test_what_a_group_says_already_is_not_suggested(office: Office) -> None:
    await office.source_store.add(SHOP)
    await office.glossary.add("vat = sales tax = value added tax")
    office.pages += [page(VAT)]
    assert list(await office.glossary.suggest()) == []


async def test_a_suggestion_that_is_approved_joins_what_is_there(office: Office) -> None:
    await office.source_store.add(SHOP)
    await office.glossary.add("VAT = 增值税", "shop")
    office.pages += [page(VAT)]
    [vat] = await office.glossary.suggest()
    put = await office.glossary.approve(vat.id)
    assert await groups(office) == [("shop", ("VAT", "增值税", "Value Added Tax"), False)]
    assert len(put.merged) == 1


# -- files --------------------------------------------------------------------------------------------------------


async def test_what_is_taken_out_can_be_brought_in(office: Office) -> None:
    await office.source_store.add(SHOP)
    await office.glossary.add("AP; access point, wireless; 无线接入点")
    await office.glossary.add(["Zorbi", 'the "X200"'], "shop")
    await office.glossary.add(["-20 days", "minus twenty"], "shop")
    before, text = await groups(office), await office.glossary.take_out()
    assert text.startswith("\ufeff")
    for entry in await office.glossary.list():
        await office.glossary.remove(entry.id)
    await office.glossary.import_csv(text)
    assert sorted(await groups(office)) == sorted(before)


def test_a_file_holds_no_formula_that_a_spreadsheet_would_run() -> None:
    text = to_csv([Entry("1", ("-2+3", "minus two"), "")])
    assert '"\'-2+3; minus two"' in text
    assert read_csv(text, ())[0].terms == ("-2+3", "minus two")


def test_a_file_of_a_person_s_is_read() -> None:
    entries = read_csv("Source,Terms\r\n\r\n,AP;access point\nshop, Zorbi ; 扫地机器人\n", ["shop"])
    assert [(each.source, each.terms) for each in entries] == [
        ("", ("AP", "access point")),
        ("shop", ("Zorbi", "扫地机器人")),
    ]


@pytest.mark.parametrize(
    "text",
    [
        'source;terms\r\n;"AP; access point"\r\nshop;"Zorbi, X200"\r\n',  # Excel where the comma is decimal
        '\ufeff来源,术语\n,AP；access point\nshop,"Zorbi, X200"\n',
        "來源\t術語\n\tAP;access point\nshop\tZorbi, X200\n",
        ",AP;access point\nshop,Zorbi;X200\n",
        'shop;"Zorbi, X200"\n;"AP, access point"\n',
    ],
)
def test_columns_are_parted_as_spreadsheet_programs_part_them(text: str) -> None:
    entries = read_csv(text, ["shop"])
    assert {(each.source, each.terms) for each in entries} == {
        ("", ("AP", "access point")),
        ("shop", ("Zorbi", "X200")),
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no group"),
        ("来源;术语\n", "no group"),
        ("Quelle,Begriffe\n,a1;b1\n", r"Line 1 .*'Quelle'.*call them source and terms"),
        ("".join(f",a{number};b{number}\n" for number in range(5001)), "Line 5001 .*at most 5000 groups"),
        ("x" * 200_000, "Line 1 "),
        ("source,terms\n", "no group"),
        (",AP;access point\nnosuch,a1;b1\n", r"Line 2 .*'nosuch'.*sources list"),
        ("AP;access point\n", r"Line 1 .*two columns"),
        (",AP,access point\n", r"Line 1 .*two columns"),
        (",AP\n", r"Line 1 .*two different"),
        (',"AP;access point\n', "Line 1 "),
    ],
)
def test_a_line_that_cannot_be_used_is_named(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_csv(text, ["shop"])


async def test_of_a_file_with_a_wrong_line_nothing_is_brought_in(office: Office) -> None:
    with pytest.raises(InputError):
        await office.glossary.import_csv(",AP;access point\n,x\n")
    assert await groups(office) == []


def test_a_large_file_joins_a_large_glossary_in_a_moment() -> None:
    def made(numbers: range, terms: str) -> list[Entry]:
        return [Entry(uuid.uuid4().hex, tuple(terms.format(number).split("="))) for number in numbers]

    before = made(range(5000), "old{0} thing={0}号终端")
    started = time.perf_counter()
    puts, gone = join(before, made(range(4500, 9500), "old{0} thing=new{0}"))
    assert time.perf_counter() - started < 10  # 0.3 s; minutes where each line looks through all groups
    assert len(puts) == 5000
    assert gone == [entry.id for entry in before[4500:]]


async def test_a_full_glossary_takes_what_it_has_already(office: Office) -> None:
    await office.glossary.import_csv("".join(f",a{number};b{number}\n" for number in range(5000)))
    assert (await office.glossary.add("a1 = b1")).merged == ()
    assert len((await office.glossary.add("a1 = c1")).merged) == 1
    with pytest.raises(InputError, match="more than 5000 groups"):
        await office.glossary.add("one = more")


def test_the_lines_of_a_file_join_each_other_and_what_is_there() -> None:
    there = Entry("0", ("a1", "b1"))
    puts, gone = join([there], [Entry("1", ("b1", "c1")), Entry("2", ("x1", "y1")), Entry("3", ("c1", "y1"))])
    assert gone == ["0"]
    [put] = puts
    assert set(put.entry.terms) == {"a1", "b1", "c1", "x1", "y1"}
    assert put.merged == (there,)
