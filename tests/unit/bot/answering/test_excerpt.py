from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from bot.answering.excerpt import BUDGET, HARD_LIMIT, measure_width, select_excerpt, split_sentences, split_units

WORDS = st.sampled_from(["parcel", "label", "refund", "card", "portal", "days", "box", "e.g.", "3.5", "`a. b`"])
ENGLISH = st.lists(WORDS, min_size=3, max_size=12).map(lambda words: "The " + " ".join(words) + " end.")
CHINESE = st.lists(st.sampled_from("退货标签包裹银行卡天数门户邮件"), min_size=4, max_size=20).map(
    lambda characters: "".join(characters) + "。"
)


@dataclass(frozen=True)
class Block:
    """A Markdown block and the atoms that an excerpt may hold only whole."""

    text: str
    atoms: tuple[str, ...]


def paragraph(parts: list[str], gap: str) -> Block:
    return Block(gap.join(parts), tuple(parts))


def listing(items: list[str]) -> Block:
    lines = [f"- {item}\n  - and {item}" for item in items]
    return Block("\n".join(lines), tuple(lines))


def code(lines: list[str], mark: str) -> Block:
    text = f"{mark}sh\n" + "\n\n".join(lines) + f"\n{mark}"
    return Block(text, (text,))


def table(cells: list[str]) -> Block:
    text = "| a | b |\n|---|---|\n" + "\n".join(f"| {cell} | 1 |" for cell in cells)
    return Block(text, (text,))


BLOCKS = st.one_of(
    st.builds(paragraph, st.lists(ENGLISH, min_size=1, max_size=25), st.just(" ")),
    st.builds(paragraph, st.lists(CHINESE, min_size=1, max_size=40), st.just("")),
    st.builds(listing, st.lists(ENGLISH, min_size=1, max_size=20)),
    st.builds(code, st.lists(ENGLISH, min_size=1, max_size=12), st.sampled_from(["```", "~~~"])),
    st.builds(table, st.lists(ENGLISH, min_size=1, max_size=12)),
    st.builds(lambda title: Block(f"## {title}", (f"## {title}",)), ENGLISH),
)


@given(st.lists(BLOCKS, min_size=1, max_size=8), ENGLISH)
def test_an_excerpt_is_a_slice_that_cuts_no_sentence_item_table_or_code(blocks: list[Block], question: str) -> None:
    source = "\n\n".join(block.text for block in blocks)
    part = select_excerpt(source, question)
    assert part.text in source
    assert part.complete == (part.text == source)
    assert measure_width(part.text) <= HARD_LIMIT
    remaining = part.text
    atoms = sorted({atom for block in blocks for atom in block.atoms}, key=len, reverse=True)
    for atom in atoms:
        remaining = remaining.replace(atom, "")
    assert not remaining.strip()


@given(st.lists(BLOCKS, min_size=1, max_size=6))
def test_the_units_are_the_whole(blocks: list[Block]) -> None:
    source = "\n\n".join(block.text for block in blocks)
    assert "".join(unit.text for unit in split_units(source)) == source


@given(st.text(alphabet="ab.。!？ *`[](\n", max_size=120))
def test_sentences_are_the_whole(text: str) -> None:
    assert "".join(split_sentences(text)) == text


@given(st.text(alphabet="ab.。-*`#>|1 \n\t~", max_size=300))
def test_any_markdown_has_an_excerpt_of_itself(text: str) -> None:
    assert select_excerpt(text, "a b", budget=40).text in text


def test_a_short_answer_is_whole() -> None:
    part = select_excerpt("Thirty days.\n", "How long?")
    assert (part.text, part.complete) == ("Thirty days.", True)


def test_chinese_takes_twice_the_room() -> None:
    assert select_excerpt("退" * (BUDGET // 2), "退").complete
    assert not select_excerpt("退货。" * (BUDGET // 4), "退").complete


def test_the_part_that_holds_the_rare_words_is_chosen_with_its_heading() -> None:
    filler = "We are a family business and care about the parcel you get. " * 6
    customs = "## Customs\n\nDuties are paid by you:\n\n- outside the EU\n- above 150 euros"
    source = f"{filler}\n\n{customs}\n\n## More\n\n{filler * 3}"
    part = select_excerpt(source, "Who pays customs duties?")
    assert "- above 150 euros" in part.text
    assert part.text.startswith("## Customs")
    assert "## More" not in part.text
    assert not part.complete


def test_the_passage_that_was_ranked_first_is_preferred() -> None:
    filler = "Something else about the shop and what it sells. " * 15
    source = f"{filler}\n\nCouriers ring twice.\n\n{filler}"
    assert "Couriers ring twice." in select_excerpt(source, "delivery", best_part="Couriers ring twice.").text


def test_no_heading_and_no_announcement_stands_last() -> None:
    long = "| a | b |\n|---|---|\n" + "| refund | 1 |\n" * 400
    source = f"{'Refund text. ' * 40}\n\n## Table\n\nAs follows:\n\n{long}"
    assert select_excerpt(source, "refund").text.endswith("Refund text.")


def test_a_block_too_large_to_quote_is_left_out_whole() -> None:
    source = "```\n" + "make refund\n" * 500 + "```"
    assert select_excerpt(source, "refund") == select_excerpt(source, "other")
    assert select_excerpt(source, "refund").text == ""


def test_a_sentence_ends_where_readers_of_either_language_see_it() -> None:
    text = "Wait e.g. 3.5 days. Ask [us. Now](https://a.example/b.c)! **Really. Yes.** 好的。「真的吗？」是的！Done"
    assert [s.strip() for s in split_sentences(text)] == [
        "Wait e.g. 3.5 days.",
        "Ask [us. Now](https://a.example/b.c)!",
        "**Really. Yes.** 好的。",
        "「真的吗？」",
        "是的！",
        "Done",
    ]
