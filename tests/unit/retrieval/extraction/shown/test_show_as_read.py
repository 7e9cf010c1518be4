# ruff: noqa: E501 (HTML reads best as it is served)
"""What a reader sees of a page is what is read of it: figures, words for screen readers, tabs, overlays, tables, media."""

from __future__ import annotations

import time

import pytest

from retrieval.documents import Document
from retrieval.extraction import extract_documents

URL = "https://lumen.example/help/faq.html"


def answer_of(html: str, language: str = "en") -> str:
    body = f'<html lang="{language}"><title>FAQ</title><h1>FAQ</h1><h2>Why is it so?</h2>{html}<h2>Is that all?</h2><p>Yes.</p></html>'
    documents = extract_documents(body, URL)
    assert [document.question for document in documents] == ["Why is it so?", "Is that all?"]
    assert documents[1].answer == "Yes."
    return documents[0].answer


def read_pairs(html: str) -> list[tuple[str, str]]:
    return [(each.question, each.answer) for each in read_page(html)]


def read_page(html: str) -> list[Document]:
    return extract_documents(f"<title>FAQ</title><h1>FAQ</h1>{html}", URL)


ASKED = [("How do I pay?", "By card."), ("Can I cancel?", "At any time."), ("Where to?", "To Oslo.")]


# -- figures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("$19<sup>99</sup> a month, or $199<sup>00</sup> a year", "$19.99 a month, or $199.00 a year"),
        ("<b>£ 5<small>49</small></b>", "**£ 5.49**"),
        ("12<sup>50</sup> CHF", "12.50 CHF"),
        ("19€<sup>99</sup>", "19€99"),
        ("€ 1.299<sup>00</sup>, $1,299<sup>00</sup>", "€ 1.299,00, $1,299.00"),
        ('<span class="price"><i>19</i><i class="cents">99</i></span>', "*19*.99"),
        ('<span>$</span><span>7</span><span style="vertical-align: super">05</span>', "$7.05"),
        ("10<sup>6</sup> lines, 10<sup>-3</sup> m<sup>2</sup>", "10⁶ lines, 10⁻³ m²"),
        ("2<sup>n+1</sup>, 10<sup>2.5</sup>", "2ⁿ⁺¹, 10^2.5"),
        ("5<sup>1/2</sup> turns, <sup>1</sup>/<sub>2</sub> turn", "5 1/2 turns, ¹/₂ turn"),
        ("H<sub>2</sub>O", "H₂O"),
        ("the 1<sup>st</sup>, Lumen<sup>TM</sup>", "the 1st, LumenTM"),
        ("30 days<sup>1</sup>, paid<sup>[2]</sup>", "30 days¹, paid[2]"),
        ("<span>12</span><span>34</span>", "12 34"),
        ("<code>x<sub>1</sub></code>", "`x1`"),
    ],
)
def test_figures_that_stand_apart_stay_apart(html: str, shown: str) -> None:
    assert answer_of(f"<p>It is {html}.</p>") == f"It is {shown}."


def test_cents_follow_the_decimal_sign_and_the_currencies_of_the_page_s_language() -> None:
    assert answer_of("<p>Das macht 19<sup>99</sup> €.</p>", "de") == "Das macht 19,99 €."
    assert answer_of("<p>Pris: 99<sup>90</sup> kr.</p>", "sv") == "Pris: 99,90 kr."
    assert answer_of("<p>It is 3<sup>50</sup> USD.</p>", "tongues") == "It is 3.50 USD."


def test_a_question_with_a_price_has_it_too() -> None:
    assert (
        read_pairs("<h2>Why is it $19<sup>99</sup>?</h2><p>So.</p><h2>Is that all?</h2><p>Yes.</p>")[0][0]
        == "Why is it $19.99?"
    )


# -- for the eye and for the ear ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        (
            '<span class="a-price"><span class="a-offscreen">$19.99</span><span aria-hidden="true"><span>$</span><span>19<span>.</span></span><span>99</span></span></span>',
            "$19.99",
        ),
        ('<span aria-hidden="true">$19<sup>99</sup></span> <span class="visually-hidden">$19.99</span>', "$19.99"),
        ('<span aria-hidden="true">★★★★☆</span><span class="sr-only">4 of 5 stars</span>', "4 of 5 stars"),
        (
            '<del aria-hidden="true">$25</del> <span class="screen-reader-text">Original price: $25.</span> <ins aria-hidden="true">$20</ins> <span class="screen-reader-text">Current price: $20.</span>',
            "Original price: $25. Current price: $20.",
        ),
        (
            '<a href="/x">the list<span class="sr-only"> (opens in a new window)</span></a>',
            "[the list](https://lumen.example/x)",
        ),
    ],
)
def test_what_is_drawn_and_spoken_is_told_once(html: str, shown: str) -> None:
    assert answer_of(f"<p>It is {html}</p>") == f"It is {shown}"


def test_a_cell_that_only_a_sign_fills_is_told_in_words() -> None:
    html = (
        '<table><tr><th>Plan</th><th>Calls</th></tr><tr><td>Basic</td><td><i class="icon" aria-hidden="true"></i><span class="sr-only">No</span></td></tr>'
        '<tr><td>Pro</td><td><span class="visually-hidden">Yes</span></td></tr><tr><td>Max</td><td><img src="y.svg" alt="Yes"></td></tr></table>'
    )
    assert answer_of(html) == "| Plan | Calls |\n| --- | --- |\n| Basic | No |\n| Pro | Yes |\n| Max | Yes |"


def test_a_panel_that_is_hidden_until_opened_is_no_drawing() -> None:
    assert answer_of('<p class="sr-only">Answer</p><div aria-hidden="true"><p>Because.</p></div>').endswith("Because.")


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<ruby>到着<rt>とうちゃく</rt></ruby>から", "到着から"),
        ("<ruby>到着<rp>(</rp><rt>とうちゃく</rt><rp>)</rp></ruby>から", "到着から"),
        ("<ruby>到<rt>とう<rb>着<rt>ちゃく</ruby>から", "到着から"),
        ("<ruby>漢<rt>ㄏㄢˋ</rt>字<rt>ㄗˋ</rt></ruby>", "漢字"),
    ],
)
def test_reading_aids_are_left_out(html: str, shown: str) -> None:
    assert answer_of(f"<p>{html}</p>", "ja") == shown


# -- tables and tabs ----------------------------------------------------------------------------------------------


def test_a_merged_cell_is_told_wherever_it_applies() -> None:
    html = (
        "<table><tr><th>Country</th><th colspan=2>Price</th></tr><tr><td rowspan=2>Norway</td><td>small</td><td>3</td></tr><tr><td>large</td><td>5</td></tr>"
        "<tr><td colspan=3>Overseas</td></tr><tr><td>Chile</td><td colspan=2>9</td></tr></table>"
    )
    assert answer_of(html).split("\n") == [
        "| Country | Price | Price |", "| --- | --- | --- |", "| Norway | small | 3 |", "| Norway | large | 5 |", "| Overseas | | |", "| Chile | 9 | 9 |",
    ]  # fmt: skip


def test_a_table_that_claims_a_million_cells_does_not_get_them() -> None:
    rows = "".join("<tr><td rowspan=1000 colspan=1000>x</td><td rowspan=1000>y</td></tr>" for _ in range(500))
    started = time.process_time()
    assert len(answer_of(f"<table>{rows}</table>")) < 100_000
    assert time.process_time() - started < 10


PANELS = "**Norway**\n\nTwelve euros.\n\n**Chile**\n\nForty-five euros."
TABS = {
    "ARIA": '<div role="tablist"><button role="tab" aria-controls="a">Norway</button><button role="tab" aria-controls="b">Chile</button></div><div id="a" role="tabpanel"><p>Twelve euros.</p></div><div id="b" role="tabpanel" hidden><p>Forty-five euros.</p></div>',
    "panels that name their tabs": '<div role="tablist"><a role="tab" id="a">Norway</a><a role="tab" id="b">Chile</a></div><div aria-labelledby="a" role="tabpanel"><p>Twelve euros.</p></div><div aria-labelledby="b" role="tabpanel"><p>Forty-five euros.</p></div>',
    "Bootstrap": '<ul class="nav nav-tabs"><li><a data-toggle="tab" href="#a">Norway</a></li><li><a data-toggle="tab" href="#b">Chile</a></li></ul><div class="tab-content"><div class="tab-pane" id="a"><p>Twelve euros.</p></div><div class="tab-pane" id="b"><p>Forty-five euros.</p></div></div>',
    "Docusaurus": '<div class="tabs-container"><ul role="tablist"><li role="tab">Norway</li><li role="tab">Chile</li></ul><div><div role="tabpanel"><p>Twelve euros.</p></div><div role="tabpanel" hidden><p>Forty-five euros.</p></div></div></div>',
    "MkDocs Material": '<div class="tabbed-set"><input id="t1" name="t" type="radio" checked><input id="t2" name="t" type="radio"><div class="tabbed-labels"><label for="t1">Norway</label><label for="t2">Chile</label></div><div class="tabbed-content"><div class="tabbed-block"><p>Twelve euros.</p></div><div class="tabbed-block"><p>Forty-five euros.</p></div></div></div>',
    "sphinx-design": '<div class="sd-tab-set"><input id="t1" name="t" type="radio" checked><label for="t1">Norway</label><div class="sd-tab-content"><p>Twelve euros.</p></div><input id="t2" name="t" type="radio"><label for="t2">Chile</label><div class="sd-tab-content"><p>Forty-five euros.</p></div></div>',
    "VitePress": '<div class="vp-code-group"><div class="tabs"><input type="radio" name="t" id="t1"><label for="t1">Norway</label><input type="radio" name="t" id="t2"><label for="t2">Chile</label></div><div class="blocks"><div><p>Twelve euros.</p></div><div><p>Forty-five euros.</p></div></div></div>',
    "jQuery UI": '<div id="tabs"><ul><li><a href="#a">Norway</a></li><li><a href="#b">Chile</a></li></ul><div id="a"><p>Twelve euros.</p></div><div id="b"><p>Forty-five euros.</p></div></div>',
}  # fmt: skip


@pytest.mark.parametrize("kind", TABS)
def test_each_panel_of_tabs_is_headed_by_its_label(kind: str) -> None:
    assert answer_of(f"<p>It depends:</p>{TABS[kind]}") == f"It depends:\n\n{PANELS}"


def test_tabs_in_an_answer_do_not_end_it_though_their_panels_have_headings() -> None:
    html = TABS["ARIA"].replace("<p>Twelve", "<h3>By sea</h3><p>Twelve").replace("<p>Forty", "<h3>By air</h3><p>Forty")
    assert answer_of(html) == PANELS.replace("Twelve", "### By sea\n\nTwelve").replace("Forty", "### By air\n\nForty")


def test_questions_that_are_tabs_beside_their_answers_are_pairs() -> None:
    tabs = "".join(f'<div role="tab" id="t{n}" aria-controls="c{n}">{q}</div>' for n, (q, _) in enumerate(ASKED))
    panels = "".join(
        f'<div role="tab" class="mobile">{q}</div><div role="tabpanel" id="c{n}" aria-labelledby="t{n}"><p>{a}</p></div>'
        for n, (q, a) in enumerate(ASKED)
    )
    assert read_pairs(f'<div><div role="tablist">{tabs}</div><div>{panels}</div></div>') == ASKED


@pytest.mark.parametrize("pair", ["<h3>{}</h3><p>{}</p>", "<details><summary>{}</summary><p>{}</p></details>"])
def test_tabs_that_are_categories_stand_in_the_path_of_their_questions(pair: str) -> None:
    panels = "".join(
        f'<div role="tabpanel" id="{name}">{"".join(pair.format(f"{q} ({name})?", a) for q, a in ASKED)}</div>'
        for name in ("Orders", "Returns")
    )
    tabs = "".join(f'<li><a role="tab" href="#{name}">{name}</a></li>' for name in ("Orders", "Returns"))
    found = read_page(f'<ul role="tablist">{tabs}</ul>{panels}')
    assert [each.heading_path[-1] for each in found] == ["Orders"] * 3 + ["Returns"] * 3


# -- what opens ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("control", "overlay"),
    [
        ('<p><button popovertarget="a{n}">{q}</button></p>', '<div popover id="a{n}"><p>{a}</p></div>'),
        ('<p><button commandfor="a{n}" command="show-modal">{q}</button></p>', '<dialog id="a{n}"><p>{a}</p><button commandfor="a{n}" command="close">Close</button></dialog>'),
        ('<p><a href="#a{n}" data-bs-toggle="modal">{q}</a></p>', '<div class="modal" role="dialog" id="a{n}" aria-hidden="true"><p>{a}</p></div>'),
        ('<p><button data-modal-target="a{n}">{q}</button></p>', '<div role="dialog" id="a{n}"><p>{a}</p></div>'),
    ],
)  # fmt: skip
@pytest.mark.parametrize("apart", [True, False])
def test_an_overlay_belongs_to_the_question_that_opens_it(control: str, overlay: str, apart: bool) -> None:
    controls = [control.format(n=n, q=q) for n, (q, _) in enumerate(ASKED)]
    overlays = [overlay.format(n=n, a=a) for n, (_, a) in enumerate(ASKED)]
    page = [*controls, *overlays] if apart else [each for both in zip(controls, overlays, strict=True) for each in both]
    cookies = '<dialog id="cookies"><p>We count visitors.</p></dialog><div role="dialog"><p>Write to us.</p></div>'
    assert read_pairs("".join(page) + cookies) == ASKED


def test_a_popover_explains_the_line_it_is_opened_from() -> None:
    html = '<p>Prices are without <button popovertarget="vat">VAT</button> in them.</p><p>Always.</p>'
    rest = '<h2>Is that all?</h2><p>Yes.</p><div popover id="vat"><p>VAT is a tax.</p></div>'
    assert read_pairs(f"<h2>Why is it so?</h2>{html}{rest}") == [
        ("Why is it so?", "Prices are without VAT in them.\n\nVAT is a tax.\n\nAlways."),
        ("Is that all?", "Yes."),
    ]


def test_a_shadow_root_shows_its_host_s_children_in_its_slots() -> None:
    item = '<faq-item><template shadowrootmode="open"><style>p{{}}</style><h3><slot name="q">?</slot></h3><div><slot>no answer</slot></div></template><span slot="q">{}</span><p>{}</p><i slot="other">never shown</i></faq-item>'
    assert read_pairs("".join(item.format(q, a) for q, a in ASKED)) == ASKED


def test_a_template_that_is_no_shadow_root_shows_nothing() -> None:
    assert answer_of("<p>So.</p><template><p>Later.</p></template>") == "So."


# -- media and addresses ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ('<p>Tap <img src="g.png" alt="the gear"> to open it.</p>', "Tap the gear to open it."),
        ('<p>So. <img src="a.png" alt="A nice lamp"> And so.</p>', "So. And so."),
        ('<p><img src="a.png" alt="The page of orders, with its button Cancel"></p>', "The page of orders, with its button Cancel"),
        ('<p><img src="v.png" alt="Visa"><img src="m.png" alt="Mastercard"></p>', "Visa, Mastercard"),
        ('<p>So.</p><p><img src="a.png" alt="IMG_2044.jpg"></p><p><img src="b.png" alt="logo"></p><p><img src="c.png"></p>', "So."),
        ('<p>So.</p><iframe src="https://films.example/1" title="How to mount a lamp"></iframe>', "So.\n\n[How to mount a lamp](https://films.example/1)"),
        ('<p>So.</p><video aria-label="A lamp is mounted"><source src="/f.mp4">Too old</video>', "So.\n\n[A lamp is mounted](https://lumen.example/f.mp4)"),
        ('<p>So.</p><iframe src="https://count.example/1" title="count" width="0" height="0"></iframe><iframe src="https://ads.example/2"></iframe>', "So."),
        ('<p>So.</p><iframe src="javascript:alert(1)" title="Press me"></iframe>', "So."),
    ],
)  # fmt: skip
def test_pictures_and_films_that_say_something_are_named(html: str, shown: str) -> None:
    assert answer_of(html) == shown


def protect(address: str, key: int) -> str:
    return bytes([key, *(byte ^ key for byte in address.encode())]).hex()


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        (f'<a href="/cdn-cgi/l/email-protection" data-cfemail="{protect("desk@shop.example", 7)}">[email&#160;protected]</a>', "<desk@shop.example>"),
        (f'<span data-cfemail="{protect("desk@shop.example", 200)}">[email&#160;protected]</span>', "desk@shop.example"),
        (f'<a href="/cdn-cgi/l/email-protection#{protect("desk@shop.example", 42)}">our desk</a>', "[our desk](mailto:desk@shop.example)"),
        ('<a href="/cdn-cgi/l/email-protection#zz">our desk</a>', "our desk"),
        (f'<a href="/cdn-cgi/l/email-protection#{protect("<script>@x", 1)}">our desk</a>', "our desk"),
        ('<span style="unicode-bidi:bidi-override; direction: rtl">elpmaxe.pohs@ksed</span>', "desk@shop.example"),
        ('<style>.turn { direction: rtl; unicode-bidi: bidi-override }</style><b class="turn">elpmaxe.pohs@ksed</b>', "**desk@shop.example**"),
        ('<bdo dir="rtl">elpmaxe.pohs@ksed</bdo>', "desk@shop.example"),
        ('<bdo dir="rtl">שלום</bdo>', "שלום"),
        ('desk<span style="display: none">null</span>@shop.example', "desk@shop.example"),
    ],
)  # fmt: skip
def test_addresses_that_only_a_script_or_an_eye_can_read_are_read(html: str, shown: str) -> None:
    assert answer_of(f"<p>Write to {html} today.</p>") == f"Write to {shown} today."


# -- text ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p>Trans\u00adport, de&shy;liver&#8203;y<wbr>s</p>", "Transport, deliverys"),
        ("<p>Terms &amp;amp; conditions &amp;#8211; &amp;lt;3</p>", "Terms & conditions – <3"),
        ("<div>&lt;p&gt;Two &lt;b&gt;lamps&lt;/b&gt;&lt;/p&gt;</div>", "Two **lamps**"),
        ("<div>&amp;lt;p&amp;gt;Two lamps&amp;lt;/p&amp;gt;</div>", "Two lamps"),
        ("<p>Write <code>&amp;amp; &lt;b&gt;x&lt;/b&gt;</code>, AT&T;</p>", "Write `&amp; <b>x</b>`, AT&T;"),
        ("<div>&lt;p&gt;So.&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;p&gt;And so.&lt;/p&gt;</div>", "So.\n\nAnd so."),
    ],
)  # fmt: skip
def test_signs_that_are_not_meant_to_be_seen_are_not(html: str, shown: str) -> None:
    assert answer_of(html) == shown


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p>It is a long\n   line of\ttext\nhere.\n</p>", "It is a long line of text here."),
        ("<p>It is\n<b>bold</b>\n<a href='/x'>linked</a>\ntext.</p>", "It is **bold** [linked](https://lumen.example/x) text."),
        ("<ul>\n<li>one\n two</li>\n<li>three</li>\n</ul>", "- one two\n- three"),
        ("<blockquote><p>So they\nsaid.</p></blockquote>", "> So they said."),
        ("<p>Roses<br>\nViolets</p>", "Roses\nViolets"),
        ("<pre>Roses\n  Violets</pre>", "```\nRoses\n  Violets\n```"),
        ('<p style="white-space: pre-line">Roses\nViolets <b>are</b>\nblue</p>', "Roses\nViolets **are**\nblue"),
        ("<style>.poem{white-space:pre-wrap}</style><p class='poem'>\nRoses\nViolets\n</p>", "Roses\nViolets"),
        ("<p>商品在\n七天内\n   可以退货，<b>运费</b>\n由我们承担。</p>", "商品在七天内可以退货，**运费**由我们承担。"),
        ("<p>返品は\n可能です。Use\nit 今\nnow</p>", "返品は可能です。Use it 今 now"),
        ("<p>반품은\n가능합니다</p>", "반품은 가능합니다"),
    ],
)  # fmt: skip
def test_line_ends_of_the_source_are_none_of_the_text(html: str, shown: str) -> None:
    assert answer_of(html) == shown


def test_a_question_over_two_lines_of_chinese_has_no_gap() -> None:
    assert (
        read_pairs("<h2>商品可以\n退货吗？</h2><p>可以。</p><h2>为什么？</h2><p>因为。</p>")[0][0] == "商品可以退货吗？"
    )


def test_hand_wrapped_markdown_becomes_lines_as_long_as_they_are() -> None:
    text = "# FAQ\n\n## Do you ship?\n\nYes, to all\nplaces, and\n\n- one\n  two\n- three\n\n可以，我们\n发货到各地。\n\nRoses  \nViolets\n\n```\nx\n\ny\n```\n\n## Why?\n\nSo.\n"
    (found, _) = extract_documents(text, "https://lumen.example/faq.md", "text/markdown")
    assert (
        found.answer
        == "Yes, to all places, and\n\n- one two\n- three\n\n可以，我们发货到各地。\n\nRoses\nViolets\n\n```\nx\n\ny\n```"
    )


def test_plain_text_that_was_filled_to_a_width_is_joined_and_other_lines_stay() -> None:
    text = (
        "FAQ\n===\n\nDo you ship to places that are far away?\n\nYes, we ship to all places that a ship can reach, and to some that\n"
        "only a mule reaches; the mule takes longer than the ship, and costs\nmore.\n\nWhere are you?\n\n"
        "Lumen Lamps of the North and of all that is north of it Ltd\n12 Main Street\nOslo\n"
    )
    first, second = extract_documents(text, "https://lumen.example/faq.txt", "text/plain")
    assert (
        first.answer
        == "Yes, we ship to all places that a ship can reach, and to some that only a mule reaches; the mule takes longer than the ship, and costs more."
    )
    assert second.answer == "Lumen Lamps of the North and of all that is north of it Ltd\n12 Main Street\nOslo"


def test_an_answer_in_structured_data_alone_is_shown_the_same_way() -> None:
    data = '{"@context":"https://schema.org","@type":"FAQPage","mainEntity":[{"@type":"Question","name":"What is it?","acceptedAnswer":{"@type":"Answer","text":"<p>It is $19<sup>99</sup>\\nnow.</p>"}}]}'
    found = extract_documents(f'<script type="application/ld+json">{data}</script><div id="root"></div>', URL)
    assert [document.answer for document in found] == ["It is $19.99 now."]


HOSTILE = {
    "spoken forms in one cell": "<table><tr><td>" + '<span class="sr-only">x</span>' * 4_000,
    "tabs without panels": "<div>" + '<p><b role="tab">x</b></p>' * 3_000 + '<div role="tabpanel">x</div></div>',
    "slots": f'<div><template shadowrootmode="open">{"<slot name=a></slot>" * 4_000}</template>{"<b slot=a>x</b>" * 4_000}</div>',
    "a style without rules": f"<style>{'x bidi-override white-space:pre ' * 300_000}</style>x",
    "pictures before a word": "<p>" + '<img alt="a">' * 11_000 + "x",
    "escaped markup": "<p>" + "&lt;b&gt;x&lt;/b&gt;" * 90_000,
    "lines that are kept": '<p style="white-space:pre">' + "x\n" * 200_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_made_to_cost_much_costs_little(kind: str) -> None:
    started = time.process_time()
    read_page(HOSTILE[kind])
    assert time.process_time() - started < 10
