# ruff: noqa: E501 (pages read best as they are written)
"""Questions as the dialects of Markdown fold them, and the anchors that their headings really have."""

from __future__ import annotations

import time

import pytest

from retrieval.extraction import extract_documents
from retrieval.extraction.plain_text import markdown_to_html

URL = "https://rail.example/docs/faq.md"
DOGS, BIKES = (
    ("May dogs ride along?", "Small ones, in a basket."),
    ("Where do bikes go?", "Into the last coach:\n\n- left\n- right"),
)
INDENTED = "Into the last coach:\n\n    - left\n    - right\n"
PLAIN = "Into the last coach:\n\n- left\n- right\n"

FOLDED = {
    "mkdocs": f'??? question "{DOGS[0]}"\n    {DOGS[1]}\n\n???+ faq "{BIKES[0]}"\n\n    {INDENTED}',
    "mkdocs with empty lines": f'!!! question "{DOGS[0]}"\n\n\n    {DOGS[1]}\n\n\n\n??? note "{BIKES[0]}"\n    {INDENTED}',
    "vitepress": f"::: details {DOGS[0]}\n{DOGS[1]}\n:::\n\n::::details {BIKES[0]} {{open}}\n{PLAIN}::::\n",
    "docusaurus": f":::note[{DOGS[0]}]\n{DOGS[1]}\n:::\n\n:::info {BIKES[0]}\n\n{PLAIN}\n:::\n",
    "pandoc": f'::: {{.callout-note title="{DOGS[0]}"}}\n{DOGS[1]}\n:::\n\n::: {{.faq title="{BIKES[0]}"}} :::\n{PLAIN}:::\n',
    "myst": f":::{{dropdown}} {DOGS[0]}\n:open:\n{DOGS[1]}\n:::\n\n:::{{dropdown}} {BIKES[0]}\n{PLAIN}:::\n",
    "obsidian": f"> [!faq]- {DOGS[0]}\n> {DOGS[1]}\n\n> [!question]+ {BIKES[0]}\n> Into the last coach:\n> - left\n> - right\n",
    "hugo": f'{{{{< expand "{DOGS[0]}" >}}}}{DOGS[1]}{{{{< /expand >}}}}\n{{{{% details title="{BIKES[0]}" open=true %}}}}\n{PLAIN}{{{{% /details %}}}}\n',
    "liquid": f"{{% details {DOGS[0]} %}}\n{DOGS[1]}\n{{% enddetails %}}\n{{% expander title=\"{BIKES[0]}\" %}}\n{PLAIN}{{% endexpander %}}\n",
    "mdx": f'<AccordionGroup>\n  <Accordion title="{DOGS[0]}" icon={{<Dog size={{2}} />}}>{DOGS[1]}</Accordion>\n  <Accordion\n    title={{"{BIKES[0]}"}}\n    open\n  >\n    {INDENTED}  </Accordion>\n</AccordionGroup>\n',
    "mdx in parts": "<Accordion>\n"
    + "".join(
        f"<AccordionItem>\n<AccordionTrigger>{q}</AccordionTrigger>\n<AccordionContent>\n{a}\n</AccordionContent>\n</AccordionItem>\n"
        for q, a in (DOGS, BIKES)
    )
    + "</Accordion>\n",
    "definitions": f"{DOGS[0]}\n: {DOGS[1]}\n\n{BIKES[0]}\n: Into the last coach:\n\n    - left\n    - right\n",
}  # fmt: skip


def pairs(text: str) -> list[tuple[str, str]]:
    return [(each.question, each.answer) for each in extract_documents(text, URL, "text/markdown")]


@pytest.mark.parametrize("name", FOLDED)
def test_what_a_dialect_folds_is_a_question_with_its_answer(name: str) -> None:
    assert pairs(f"# FAQ\n\n{FOLDED[name]}") == [DOGS, BIKES]


@pytest.mark.parametrize(
    "tabs",
    [
        '=== "By rail"\n    Change at Bergen.\n\n=== "By sea"\n    Board at Oslo.\n',
        '{% tabs %}\n{% tab title="By rail" %}\nChange at Bergen.\n{% endtab %}\n\n{% tab title="By sea" %}\nBoard at Oslo.\n{% endtab %}\n{% endtabs %}\n',
        '<Tabs>\n  <TabItem value="r" label="By rail">\n    Change at Bergen.\n  </TabItem>\n  <TabItem value="s" label="By sea">\n    Board at Oslo.\n  </TabItem>\n</Tabs>\n',
        '{{< tabs >}}\n{{% tab "By rail" %}}\nChange at Bergen.\n{{% /tab %}}\n{{% tab "By sea" %}}\nBoard at Oslo.\n{{% /tab %}}\n{{< /tabs >}}\n',
    ],
)
def test_tabs_keep_their_labels_within_the_answer(tabs: str) -> None:
    answer = "**By rail**\n\nChange at Bergen.\n\n**By sea**\n\nBoard at Oslo."
    assert pairs(f"# FAQ\n\n## How do I get there?\n\n{tabs}\n## Is it far?\n\nNo.\n") == [
        ("How do I get there?", answer),
        ("Is it far?", "No."),
    ]


@pytest.mark.parametrize(
    "note",
    [
        '!!! warning "Mind the gap"\n    It is wide.',
        ":::warning Mind the gap\nIt is wide.\n:::",
        "> [!warning] Mind the gap\n> It is wide.",
        '<Callout title="Mind the gap">\n  It is wide.\n</Callout>',
    ],
)
def test_a_note_stays_in_the_answer_it_stands_in(note: str) -> None:
    text = f"# FAQ\n\n## How do I board?\n\nBy the door.\n\n{note}\n\n## Is it far?\n\nNo.\n"
    assert pairs(text)[0] == ("How do I board?", "By the door.\n\n**Mind the gap**\n\nIt is wide.")


@pytest.mark.parametrize("note", ['{% hint style="info" %}\nIt is wide.\n{% endhint %}', "> [!NOTE]\n> It is wide.", "<Note>It is wide.</Note>"])  # fmt: skip
def test_a_note_without_a_title_shows_no_markup(note: str) -> None:
    text = f"# FAQ\n\n## How do I board?\n\nBy the door.\n\n{note}\n\n## Is it far?\n\nNo.\n"
    assert pairs(text)[0] == ("How do I board?", "By the door.\n\nIt is wide.")


def test_code_that_shows_a_dialect_is_left_as_it_is() -> None:
    code = (
        '??? question "Why?"\n    So.\n\n::: details Why?\n{{< expand "Why?" >}}\n<Tab title="Why?">\nimport a from "b"'
    )
    text = f"# FAQ\n\n## How do I write it?\n\nAs `<Tab>`:\n\n```\n{code}\n```\n\n## Is it far?\n\nNo.\n"
    assert pairs(text)[0] == ("How do I write it?", f"As `<Tab>`:\n\n```\n{code}\n```")


@pytest.mark.parametrize(
    ("heading", "fragment"),
    [
        ("## Is it far? {#far}", "far"),
        ("## Is it far? {#far .wide data-x=1} ##", "far"),
        ("## Is it far? {: #far}", "far"),
        ("## Is it far? \\{#far}", "far"),
        ("## Is it far? {/* #far */}", "far"),
        ("## Is it far?\n{: #far .wide}", "far"),
        ("Is it far? {#v1.2-far}\n----------", "v1.2-far"),
        ("## Is it far? {.wide}", "is-it-far"),
        ("## Is it far?\n{: .no_toc}", "is-it-far"),
    ],
)
def test_an_attribute_list_gives_the_anchor_and_is_not_shown(heading: str, fragment: str) -> None:
    documents = extract_documents(f"# Rail FAQ\n\n{heading}\n\nNo.\n\n## When?\n\nAt noon.\n", URL, "text/markdown")
    assert [(each.question, each.url) for each in documents] == [
        ("Is it far?", f"{URL}#{fragment}"),
        ("When?", f"{URL}#when"),
    ]


def test_braces_that_are_no_attribute_list_are_words() -> None:
    text = "# FAQ\n\n## What is {name}?\n\nYours {sic}: write {#x} for a number. [Here](https://a.example/){:target=_blank}\n\n## When?\n\nAt noon.\n"
    assert pairs(text)[0] == ("What is {name}?", "Yours {sic}: write {#x} for a number. [Here](https://a.example/)")


def test_code_of_mdx_is_taken_from_its_head_and_prose_stays() -> None:
    text = """---
title: 'Rail''s FAQ'
hide: [toc]
---
import Tabs from '@theme/Tabs'
import {
  Dog,
} from "../dogs";

export const meta = {
  a: 1,
};

# FAQ

import Extra from './extra.mdx'

## Who pays?

import duties are yours.

export rules too.

{/* TODO: more
   of it */}

## When?

At noon.
"""
    [who, when] = extract_documents(text, URL, "text/markdown")
    assert (who.question, who.answer) == ("Who pays?", "import duties are yours.\n\nexport rules too.")
    assert (when.question, when.answer) == ("When?", "At noon.")


@pytest.mark.parametrize(
    ("front", "title"),
    [
        ("---\ntitle: >-\n  Rail\n  help\ntags:\n- a\n---\n", "Rail help"),
        ('+++\ntitle = "Rail help"\n+++\n', "Rail help"),
        ("---\n# note\ntitle: Rail help\n---", "Rail help"),
        ("---\n---\n", ""),
    ],
)
def test_front_matter_gives_the_title_and_is_not_shown(front: str, title: str) -> None:
    [document] = extract_documents(
        f"{front}\nThe train leaves at noon.\n", "https://rail.example/x.md", "text/markdown"
    )
    assert document.answer == "The train leaves at noon."
    assert document.question == (title or document.question)


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    text = "---\n\nThe train leaves at noon.\n\n---\n\nIt is red.\n"
    [document] = extract_documents(text, "https://rail.example/x.md", "text/markdown")
    assert "The train leaves at noon." in document.answer


@pytest.mark.parametrize(
    "text",
    ["<A>`" * 100_000, "</A>" * 100_000, "{/*" * 100_000, "<A b\n" * 20_000, "{{< a " * 50_000, ":::a\n" * 30_000,
     "> " * 50_000 + "[!a]", "".join(" " * 4 * n + '??? q "b"\n' for n in range(300)), "{: " + ".a " * 100_000 + "}"],
)  # fmt: skip
def test_absurd_markup_ends(text: str) -> None:
    started = time.process_time()
    assert "At noon." in markdown_to_html(f"# FAQ\n\n## When?\n\nAt noon.\n\n{text}")
    assert time.process_time() - started < 15  # each under 3 s; minutes where it is quadratic
