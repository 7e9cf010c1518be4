# ruff: noqa: E501 (HTML reads best as it is served)
"""What looks like an FAQ and is none, and what hides one."""

from __future__ import annotations

import json

import pytest

from retrieval.documents import Document, DocumentKind
from retrieval.extraction import extract_documents

URL = "https://lumen.example/page"


def page(body: str, title: str = "Lumen Lamps", head: str = "") -> str:
    return f'<!doctype html><html lang="en"><head><title>{title}</title>{head}</head><body>{body}</body></html>'


def pairs(html: str, url: str = URL) -> list[Document]:
    return [document for document in extract_documents(html, url) if document.kind == DocumentKind.FAQ]


def questions(html: str, url: str = URL) -> list[str]:
    return [document.question for document in pairs(html, url)]


def json_ld(*entries: tuple[str, str]) -> str:
    data = {
        "@context": "https://schema.org",
        "@type": "FAQPage",
        "mainEntity": [
            {"@type": "Question", "name": q, "acceptedAnswer": {"@type": "Answer", "text": a}} for q, a in entries
        ],
    }
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'


FAQ = """<h1>Frequently asked questions</h1>
<div class="x"><h3>How do I return a lamp?</h3><p>Send it back within thirty days.</p></div>
<div class="x"><h3>Do you ship to Iceland?</h3><p>Yes, by sea.</p></div>
<div class="x"><h3>My parcel is late</h3><p>Write to our desk with the order number.</p></div>"""
ASKED = ["How do I return a lamp?", "Do you ship to Iceland?", "My parcel is late"]

SILENT = {
    "a list of links to questions": page(
        "<h1>FAQ</h1><ul><li><a href='/faq/returns'>How do I return a lamp?</a></li><li><a href='/faq/iceland'>Do you ship to Iceland?</a></li>"
        "<li><a href='/faq/late'>What if my parcel is late?</a></li></ul>"
    ),
    "categories of links to questions": page(
        "<h1>Help centre FAQ</h1><h2>How do I order?</h2><ul><li><a href='/1'>How do I pay?</a></li><li><a href='/2'>Can I change an order?</a></li></ul>"
        "<h2>How do I return?</h2><ul><li><a href='/3'>Where do I send it?</a></li><li><a href='/4'>Who pays?</a></li></ul>"
    ),
    "linked headings with teasers": page(
        "<h1>FAQ</h1><h2><a href='/a'>How do I return a lamp?</a></h2><p>Returning a lamp is … <a href='/a'>Read more</a></p>"
        "<h2><a href='/b'>Do you ship to Iceland?</a></h2><p>We ship to many … <a href='/b'>Read more</a></p>"
        "<h2><a href='/c'>What if my parcel is late?</a></h2><p>Parcels can be … <a href='/c'>Read more</a></p>"
    ),
    "questions without answers": page(
        "<h1>FAQ</h1><h3>How do I return a lamp?</h3><h3>Do you ship to Iceland?</h3><h3>Who are you?</h3>"
    ),
    "an accordion as a menu": page(
        "".join(
            f'<div><button aria-expanded="false" aria-controls="m{n}">{name}</button><div id="m{n}"><ul><li><a href="/{n}a">Floor lamps</a></li>'
            f'<li><a href="/{n}b">Table lamps</a></li></ul></div></div>'
            for n, name in enumerate(("Lamps", "Bulbs", "What we do", "Where to buy?"))
        )
    ),
    "a cookie banner": page(
        '<p>Lumen sells lamps of all kinds to the whole world, and has done so for thirty years now.</p><div id="cookie-consent"><details><summary>What are cookies?</summary><p>Small files.</p></details>'
        "<details><summary>Why do you use them?</summary><p>To count visits.</p></details></div>"
    ),
    "a privacy policy that asks": page(
        "<h1>Privacy policy</h1><h2>What data do we collect?</h2><p>Your name.</p><h2>How do we use it?</h2><p>To ship.</p>"
        "<h2>Who sees it?</h2><p>The carrier.</p><h2>How long do we keep it?</h2><p>Seven years.</p>",
        "Privacy policy | Lumen",
    ),
    "a policy with marketing headings": page(
        "<h1>About us</h1><h2>Who we are</h2><p>Thirty people in Oslo.</p><h2>What we do</h2><p>Lamps.</p><h2>How it works</h2><p>Order, wait, shine.</p><h2>Why choose us?</h2><p>We care.</p>"
    ),
    "a glossary": page(
        "<h1>Glossary</h1><dl><dt>Lumen</dt><dd>A unit of light.</dd><dt>Watt</dt><dd>A unit of power.</dd></dl>"
    ),
    "a specification": page(
        "<h1>Aurora</h1><table><tr><th>Height</th><td>30 cm</td></tr><tr><th>Colour</th><td>Red</td></tr></table>"
    ),
    "a contact form": page(
        "<h1>Contact</h1><form><label>What is your name?</label><input><label>How can we help?</label><textarea></textarea><label>Which lamp is it?</label><select><option>Aurora</option></select></form>"
    ),
    "a blog's front page": page(
        "".join(
            f'<article><h2><a href="/blog/{n}">{q}</a></h2><p>Posted in May. A little about it, and then some more.</p></article>'
            for n, q in enumerate(
                ("Why are lamps round?", "What is light?", "How bright is bright?", "Is dark cheaper?")
            )
        ),
        "Blog",
    ),
    "an article with one rhetorical heading": page(
        "<article><h1>Our new lamp</h1><p>It is here.</p><h2>Why red?</h2><p>Because.</p><h2>Design</h2><p>Round.</p><h2>Price</h2><p>Ten.</p></article>"
    ),
    "a people page": page(
        "".join(f"<h4>{n}</h4><h5>Engineer</h5><p>Builds lamps.</p>" for n in ("Ann", "Bo", "You?", "Your company?"))
    ),
    "templates and scripts": page(
        "<h1>Lamps</h1><template><details><summary>Why?</summary>Because.</details><details><summary>How?</summary>So.</details></template>"
        "<script>var x = '<details><summary>Who?</summary>Me.</details>';</script><p>We sell lamps of every kind.</p>"
    ),
    "commented out": page(
        "<h1>FAQ</h1><!-- <h3>How do I return a lamp?</h3><p>Send it.</p> --><p>Our questions move to a new home soon.</p>"
    ),
}


@pytest.mark.parametrize("name", SILENT)
def test_yields_no_pair(name: str) -> None:
    assert pairs(SILENT[name]) == []


def test_visible_page_wins_over_structured_data_with_other_words() -> None:
    data = json_ld(("How can lamps be returned to Lumen?", "Return within 14 days!"))
    found = pairs(page(FAQ, head=data))
    assert [document.question for document in found] == ASKED
    assert found[0].answer == "Send it back within thirty days."


def test_structured_data_alone_is_read_when_the_page_shows_nothing() -> None:
    data = json_ld(("Do you ship?", "Yes, <b>by sea</b>: <a href='/ship'>details</a>."), ("Who are you?", "A shop."))
    found = pairs(page('<div id="root"></div>', head=data))
    assert [(document.question, document.answer) for document in found] == [
        ("Do you ship?", "Yes, **by sea**: [details](https://lumen.example/ship)."),
        ("Who are you?", "A shop."),
    ]


def test_structured_data_points_out_questions_in_markup_that_no_rule_knows() -> None:
    data = json_ld(("Lamp returns", "Thirty days."), ("Iceland", "By sea."))
    body = "<h1>Lumen</h1><div><div>Lamp returns</div><div>Thirty days.</div></div><div><div>Iceland</div><div>By sea.</div></div>"
    assert questions(page(body, head=data)) == ["Lamp returns", "Iceland"]


@pytest.mark.parametrize(
    "copy",
    [
        '<div style="display: none">{}</div>', '<div hidden>{}</div>', '<div aria-hidden="true">{}</div>', "<template>{}</template>",
        "<noscript>{}</noscript>", '<div class="d-none">{}</div>', '<div class="mobile-only">{}</div>',
    ],
)  # fmt: skip
@pytest.mark.parametrize("first", [True, False])
def test_a_copy_of_the_faq_is_not_found_again(copy: str, first: bool) -> None:
    body = copy.format(FAQ) + FAQ if first else FAQ + copy.format(FAQ)
    assert questions(page(body)) == ASKED


def test_an_invisible_copy_in_other_markup_is_not_found_again() -> None:
    copy = "".join(f"<details><summary>{q}</summary><p>Elsewhere.</p></details>" for q in ASKED)
    found = pairs(page(f'<div style="display:none">{copy}</div>{FAQ}'))
    assert [document.question for document in found] == ASKED
    assert found[1].answer == "Yes, by sea."


def test_answers_that_are_hidden_until_clicked_are_found() -> None:
    body = "<h1>FAQ</h1>" + "".join(
        f'<div class="item"><a href="#" onclick="toggle({n})">{q}</a><div id="t{n}" style="display:none"><p>Answer {n}.</p></div></div>'
        for n, q in enumerate(ASKED)
    )
    assert questions(page(body)) == ASKED


def test_the_same_question_with_another_answer_stays() -> None:
    body = (
        "<h1>FAQ</h1><h2>Lamps</h2><h3>How long is the warranty?</h3><p>Five years for every lamp.</p><h3>Can I return one?</h3><p>Yes.</p>"
        "<h2>Bulbs</h2><h3>How long is the warranty?</h3><p>None: bulbs burn out and that is that.</p>"
    )
    found = pairs(page(body))
    assert [document.heading_path[-1] for document in found] == ["Lamps", "Lamps", "Bulbs"]


def test_only_the_faq_section_of_a_landing_page_is_read() -> None:
    body = (
        "<h1>Lumen lights your home</h1><section><h2>Features</h2><h3>Bright</h3><p>Very.</p><h3>Cheap</h3><p>Really.</p><h3>Round</h3><p>All round.</p></section>"
        "<section><h2>Questions &amp; answers</h2><h3>Do you ship to Iceland?</h3><p>Yes.</p><h3>Returning a lamp</h3><p>Thirty days.</p><h3>Can I pay cash?</h3><p>No.</p></section>"
        "<section><h2>Prices</h2><h3>Small</h3><p>Ten.</p><h3>Large</h3><p>Twenty.</p></section>"
    )
    assert questions(page(body)) == ["Do you ship to Iceland?", "Returning a lamp", "Can I pay cash?"]


def test_categories_that_unfold_are_no_questions() -> None:
    inner = "<details><summary>{}</summary><p>It depends on the lamp.</p></details>"
    body = "<h1>FAQ</h1>" + "".join(
        f"<details><summary>{name}</summary>{''.join(inner.format(q) for q in asked)}</details>"
        for name, asked in (
            ("Orders", ("How do I pay?", "Can I cancel?")),
            ("Returns", ("Who pays for it?", "Where to?")),
        )
    )
    assert questions(page(body)) == ["How do I pay?", "Can I cancel?", "Who pays for it?", "Where to?"]


def test_categories_in_an_accordion_around_headings_are_no_questions() -> None:
    body = "<h1>FAQ</h1>" + "".join(
        f'<button aria-expanded="false" aria-controls="c{n}">{name}</button><div id="c{n}" hidden>{"".join(f"<h4>{q}</h4><p>It depends.</p>" for q in asked)}</div>'
        for n, (name, asked) in enumerate(
            (("Orders", ("How do I pay?", "Can I cancel?")), ("Returns", ("Who pays for it?", "Where to?")))
        )
    )
    assert questions(page(body)) == ["How do I pay?", "Can I cancel?", "Who pays for it?", "Where to?"]


def test_what_an_answer_holds_is_no_pair_of_its_own() -> None:
    body = (
        "<h1>FAQ</h1><h2>How do I mount the lamp?</h2><p>Like this:</p><ol><li>Open the box.</li><li>Is there a hook? Use it.</li></ol>"
        "<dl><dt>-v</dt><dd>vertical</dd><dt>-h</dt><dd>horizontal</dd></dl><h3>On a wall</h3><p>With screws.</p><h3>On a ceiling</h3><p>With care.</p>"
        "<h2>Which tools do I need?</h2><p><strong>Hammer:</strong> for nails.</p><p><strong>Saw:</strong> for wood.</p><details><summary>Show a drawing</summary>A drawing.</details>"
        "<h2>Is it hard?</h2><p>No.</p>"
    )
    found = pairs(page(body))
    assert [document.question for document in found] == [
        "How do I mount the lamp?",
        "Which tools do I need?",
        "Is it hard?",
    ]
    assert "On a ceiling" in found[0].answer and "A drawing." in found[1].answer


def test_calls_to_the_reader_are_no_questions() -> None:
    body = (
        FAQ
        + "<div class='x'><h3>Still have questions?</h3><p>Call us at any time of the day.</p></div><h3>Was this page helpful?</h3><p>Yes or no</p>"
    )
    assert questions(page(body)) == ASKED


def test_panels_behind_tabs_are_read() -> None:
    body = (
        '<h1>FAQ</h1><ul role="tablist"><li><a role="tab" href="#t1" aria-controls="t1">Orders</a></li><li><a role="tab" href="#t2" aria-controls="t2">Returns</a></li></ul>'
        '<div role="tabpanel" id="t1"><h3>How do I pay?</h3><p>By card.</p><h3>Can I cancel?</h3><p>Yes.</p></div>'
        '<div role="tabpanel" id="t2" style="display:none"><h3>Who pays for it?</h3><p>You.</p><h3>Where to?</h3><p>Oslo.</p></div>'
    )
    assert questions(page(body)) == ["How do I pay?", "Can I cancel?", "Who pays for it?", "Where to?"]
