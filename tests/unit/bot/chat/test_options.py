"""The buttons of offers on both platforms: short, told apart, and literal whatever a page calls itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from simcord.components import walk_components

from bot.chat.conversation import NONE_OF_THESE, Citation, ClarificationOutcome, Decision, Turn
from bot.i18n import list_languages, words_for
from bot.platforms.discord import choices as discord_choices
from bot.platforms.discord.layouts import bare_text, compute_marker, without_buttons
from bot.platforms.options import build_asking
from bot.platforms.slack import choices as slack_choices
from bot.platforms.slack.blocks import draw_body as slack_body
from bot.platforms.slack.blocks import write_message
from tests.support.slack.checks import check_message_blocks, texts_of
from tests.support.slack.rendered import Outgoing
from tests.support.turns import make_turn

LONG = "How do I reset the thermostat of the large kitchen boiler that came with the house after a power cut at night?"
HOSTILE = "@everyone <!channel> <@U123> [bank](https://evil.example) **bold** `x` ||y||\u202e # head\n> q :smile: &lt;"
ITEM = "0f" * 16


def clarification(*titles: str | tuple[str, str], language: str = "en", lead: str = "Which one?") -> Turn:
    """A turn that asks which of the titles (and what tells them apart) is meant."""
    pairs = [(each, "") if isinstance(each, str) else each for each in titles]
    citations = tuple(
        Citation(number, title, f"https://shop.example/{number}", f"p{number}", under=under)
        for number, (title, under) in enumerate(pairs, start=1)
    )
    answer = "\n".join([lead, "", *(f"{n}. {title} [{n}]" for n, (title, _) in enumerate(pairs, start=1)), "", "How"])
    return make_turn(language=language, decision=Decision.CLARIFY, answer=answer, citations=citations)


def slack_buttons(turn: Turn) -> list[dict[str, Any]]:
    blocks = check_message_blocks(slack_choices.draw_question(turn))
    return [element for block in blocks if block["type"] == "actions" for element in block["elements"]]


def discord_parts(view: Any) -> list[dict[str, Any]]:
    """The parts of a layout, as far as Discord would take them."""
    parts = list(walk_components(view.to_components()))
    texts = [part["content"] for part in parts if part["type"] == 10]
    names = [part["custom_id"] for part in parts if part["type"] == 2]
    assert len(parts) <= 40 and sum(map(len, texts)) <= 4_000 and len(names) == len(set(names))
    assert all(1 <= len(part["label"]) <= 80 for part in parts if part["type"] == 2)
    return parts


def discord_text(view: Any) -> str:
    return "\n".join(part["content"] for part in discord_parts(view) if part["type"] == 10)


def test_short_titles_stand_on_the_buttons_alone() -> None:
    turn = clarification("How do I return a gift?", "How do I return an order?")
    section, *_ = blocks = slack_choices.draw_question(turn)
    assert section["text"]["text"] == "Which one?"
    labels = [button["text"]["text"] for button in slack_buttons(turn)]
    assert labels == ["How do I return a gift?", "How do I return an order?", "None of these"]
    assert [button["value"] for button in slack_buttons(turn)] == [f"{turn.id}:{number}" for number in (1, 2, 0)]
    assert "press" in str(blocks[-1]).lower()
    parts = discord_parts(discord_choices.draw_question(ITEM, turn))
    assert [part["label"] for part in parts if part["type"] == 2] == labels
    assert [part["custom_id"] for part in parts if part["type"] == 2][-1] == f"frontdesk:choose:{turn.id}:0"
    assert parts[0]["id"] == compute_marker(ITEM)  # a restart finds it


def test_a_title_that_is_cut_stands_in_full_above() -> None:
    turn = clarification(LONG, "Short?")
    section = slack_choices.draw_question(turn)[0]["text"]["text"]
    assert f"1. {LONG}" in section and "2. Short?" in section
    label = slack_buttons(turn)[0]["text"]["text"]
    assert len(label) <= 75 and label.endswith("…") and LONG.startswith(label[:-1]) and LONG[len(label) - 1] == " "
    assert LONG in discord_text(discord_choices.draw_question(ITEM, turn)).replace("\\", "")


def test_what_tells_two_options_apart_is_never_cut_off() -> None:
    labels = [option.label for option in build_asking(clarification((LONG, "Ember"), (LONG, "Frost")), 75).options]
    assert [label[-9:] for label in labels] == ["… (Ember)", "… (Frost)"] and all(len(each) <= 75 for each in labels)
    long = [option.label for option in build_asking(clarification((LONG, LONG[1:]), ("Short?", "Frost")), 75).options]
    assert len(long[0]) <= 75 and long[0].endswith("…)")


def test_labels_that_would_be_alike_have_their_numbers() -> None:
    labels = [option.label for option in build_asking(clarification(LONG + " Yes?", LONG + " No?"), 75).options]
    assert [label[:2] for label in labels] == ["1.", "2."] and all(len(label) <= 75 for label in labels)


@pytest.mark.parametrize("title", [HOSTILE, "a" * 5_000, "你好" * 900, "", "   \n", "\ud800\0"])
def test_a_title_is_data(title: str) -> None:
    turn = clarification(title, title + " 2", LONG, "Fine?")
    for blocks, text in (
        (slack_choices.draw_question(turn), slack_choices.format_fallback(turn)),
        (
            slack_choices.draw_outcome(ClarificationOutcome(turn, 1)),
            slack_choices.format_fallback(turn, ClarificationOutcome(turn, 1)),
        ),
        (
            slack_choices.draw_outcome(ClarificationOutcome(turn)),
            slack_choices.format_fallback(turn, ClarificationOutcome(turn)),
        ),
    ):
        check_message_blocks(blocks)
        assert len(text) <= 1_000
        sent = Outgoing("C1", "1", text, blocks=blocks)
        assert list(sent.mentions()) == []
        assert not any("\u202e" in each for each in [text, *texts_of(blocks)])
        literal = [block["text"] for block in blocks if block["type"] == "section"]
        assert all(each["verbatim"] for each in literal)  # nothing in it becomes a link
    for view in (
        discord_choices.draw_question(ITEM, turn),
        discord_choices.draw_outcome(ITEM, ClarificationOutcome(turn, 1)),
    ):
        shown = discord_text(view)
        assert (
            "@everyone" not in shown.replace("\\@", "") and "](" not in shown and "<@" not in shown.replace("\\<", "")
        )


def test_the_fallback_lists_every_choice_with_its_number() -> None:
    turn = clarification("A <b>?", "B?", "C?", language="zh")
    assert slack_choices.format_fallback(turn) == "Which one?\n1. A &lt;b&gt;?\n2. B?\n3. C?\n4. 都不是"
    long = slack_choices.format_fallback(clarification(LONG * 9, LONG * 9, LONG * 9, LONG * 9))
    assert [line[:2] for line in long.splitlines()[1:]] == ["1.", "2.", "3.", "4.", "5."]


@pytest.mark.parametrize(("language", "chose"), [("en", "Chose: B?"), ("zh", "已选择：B?"), ("zh-Hant", "已選擇：B?")])
def test_once_chosen_it_shows_what_was(language: str, chose: str) -> None:
    turn = clarification("A?", "B?", language=language)
    (section,) = slack_choices.draw_outcome(ClarificationOutcome(turn, 2))
    assert (
        section["text"]["text"]
        == f"Which one?\n{chose}"
        == slack_choices.format_fallback(turn, ClarificationOutcome(turn, 2))
    )
    assert slack_choices.turn_of(section) == turn.id  # "Why this answer?" finds it
    view = discord_choices.draw_outcome(ITEM, ClarificationOutcome(turn, 2))
    assert discord_text(view).replace("\\", "") == f"Which one?\n{chose}"
    assert not any(part["type"] == 2 for part in discord_parts(view))


def test_where_something_else_was_said_it_shows_what_there_was_to_choose() -> None:
    (section,) = slack_choices.draw_outcome(ClarificationOutcome(clarification("A?", "B?")))
    assert section["text"]["text"] == "Which one?\n1. A?\n2. B?"
    (section,) = slack_choices.draw_outcome(ClarificationOutcome(clarification("A?", "B?"), NONE_OF_THESE))
    assert section["text"]["text"] == "Which one?\nChose: None of these"


def test_a_value_that_is_none_of_ours_chooses_nothing() -> None:
    assert slack_choices.parse_choice("0123:2") == ("0123", 2)
    assert slack_choices.parse_choice("") == ("", -1) and slack_choices.parse_choice("x:-1")[1] == -1


def suggested(*others: str, language: str = "en") -> Turn:
    """A turn that shows an entry as the nearest thing found, and offers others."""
    words = words_for(language)
    titles = ["3.1 Fees", *others]
    citations = tuple(
        Citation(number, title, f"https://shop.example/{number}", f"p{number}", gist="Says so.")
        for number, title in enumerate(titles, start=1)
    )
    listed = [f"{n}. {title} [{n}]" for n, title in enumerate(others, start=2)]
    below = ["", words.say("suggest_others"), "", *listed, "", "How"] if others else []
    answer = "\n".join(["Nearest:", "", "**Fees**", "", "1 % [1]", *below])
    return make_turn(language=language, decision=Decision.SUGGEST, answer=answer, citations=citations)


def slack_suggestion(turn: Turn) -> list[dict[str, Any]]:
    pieces, below = slack_choices.render_suggestion(turn), slack_choices.below_suggestion(turn, handoff=True)
    return check_message_blocks([*slack_body(pieces[-1]), *below])


def labels_of(blocks: list[dict[str, Any]]) -> list[str]:
    return [each["text"]["text"] for block in blocks if block["type"] == "actions" for each in block["elements"]]


def test_below_a_suggestion_stand_its_source_the_other_options_and_three_ways_on() -> None:
    turn = suggested("Gift?", "Order?")
    blocks = slack_suggestion(turn)
    assert blocks[0]["text"].endswith("1 % [1]") and "Gift?" not in blocks[0]["text"]
    assert "[1] <https://shop.example/1|3.1 Fees>" in str(blocks) and "[2]" not in str(blocks)
    assert labels_of(blocks) == ["Gift?", "Order?", "That's it", "Not it", "Ask a human"]
    assert [each["value"] for block in blocks if block["type"] == "actions" for each in block["elements"]][:4] == [
        f"{turn.id}:{number}" for number in (2, 3, 1, 0)
    ]
    view = discord_choices.end_of_suggestion(discord_choices.render_suggestion(turn)[-1], ITEM, turn, handoff=True)
    assert [part["label"] for part in discord_parts(view) if part["type"] == 2] == labels_of(blocks)
    assert "shop.example/1" in discord_text(view) and "shop.example/2" not in discord_text(view)
    assert discord_parts(view)[0]["id"] == compute_marker(ITEM)


def test_a_suggestion_without_others_has_nothing_to_choose() -> None:
    turn = suggested()
    assert labels_of(slack_suggestion(turn)) == ["That's it", "Not it", "Ask a human"]
    assert "Or did you mean" not in str(slack_suggestion(turn))


def test_once_it_is_over_a_suggestion_is_the_entry_and_what_was_said_of_it() -> None:
    turn = suggested("Gift?")
    for number, said in ((1, "That's it"), (NONE_OF_THESE, "Not it"), (2, "Chose: Gift?"), (None, "")):
        settled = ClarificationOutcome(turn, number)
        blocks = check_message_blocks(slack_choices.draw_outcome(settled))
        assert labels_of(blocks) == [] and "1 % [1]" in str(blocks) and "shop.example/1" in str(blocks)
        assert texts_of(blocks)[-1].endswith(said or "3.1 Fees>")
        assert slack_choices.turn_of(blocks[1]) == turn.id
        shown = discord_text(discord_choices.draw_outcome(ITEM, settled)).replace("\\", "")
        assert "1 % [1]" in shown and shown.endswith(said or "(https://shop.example/1)")


def test_what_an_option_says_stands_below_its_title() -> None:
    turn = clarification("Gift?", "Order?")
    turn = replace(turn, citations=tuple(replace(each, gist="@everyone *now*") for each in turn.citations))
    section = slack_choices.draw_question(turn)[0]["text"]["text"]
    assert section.replace("\u200b", "") == "Which one?\n1. Gift?\n> @everyone *now*\n2. Order?\n> @everyone *now*"
    assert "@everyone" not in section
    assert "> \\@\u200beveryone \\*now\\*" in discord_text(discord_choices.draw_question(ITEM, turn))


@pytest.mark.parametrize("title", [HOSTILE, "a" * 5_000, "你好" * 900])
def test_a_suggested_title_is_data(title: str) -> None:
    turn = suggested(title, title + " 2")
    blocks = slack_suggestion(turn)
    assert list(Outgoing("C1", "1", "", blocks=blocks).mentions()) == []
    shown = discord_text(discord_choices.end_of_suggestion("piece", ITEM, turn, handoff=True, post=True))
    assert "@everyone" not in shown.replace("\\@", "") and "<@" not in shown.replace("\\<", "")


@pytest.mark.parametrize("language", list_languages())
@pytest.mark.parametrize("titles", [("Gift?", "Order?"), ("Gift?",), (LONG, LONG + " 2"), ("你好" * 40, "Order?")])
def test_without_buttons_every_choice_stands_there_with_its_number(language: str, titles: tuple[str, ...]) -> None:
    how = words_for(language).say("clarify_how")
    for first, turn in ((1, clarification(*titles, language=language)), (2, suggested(*titles, language=language))):
        if turn.decision is Decision.CLARIFY:
            on_slack = slack_choices.write_question(turn)
            view = discord_choices.draw_question_without_buttons(ITEM, turn)
        else:
            on_slack = write_message("piece", slack_choices.below_suggestion_without_buttons(turn))["text"]
            view = discord_choices.end_of_suggestion_without_buttons("piece", ITEM, turn)
        on_discord = bare_text(without_buttons(view, ITEM))
        for shown in (on_slack, on_discord, bare_text(view)):
            shown = shown.replace("\u200b", "").replace("\\", "")
            lines = [line.partition(". ") for line in shown.splitlines()]
            listed = {number: title for number, _, title in lines if number.isdecimal()}
            assert listed == {str(number): title for number, title in enumerate(titles, first)}
            assert how in shown and words_for(language).say("clarify_press") not in shown


def test_a_suggestion_without_others_has_nothing_to_choose_without_buttons_either() -> None:
    turn = suggested()
    assert "Or did you mean" not in str(slack_choices.below_suggestion_without_buttons(turn))
    view = discord_choices.end_of_suggestion_without_buttons("piece", ITEM, turn)
    assert "Or did you mean" not in bare_text(view) and "Answer with its number" not in bare_text(view)
