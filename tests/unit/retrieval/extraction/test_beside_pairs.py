# ruff: noqa: E501 (pages read best as they are served)
"""What a page of questions says beside them, and what only looks like something said."""

from __future__ import annotations

import json

import pytest

from retrieval.documents import DocumentKind
from retrieval.extraction import extract_documents

Pairs = list[tuple[str, str]]
ASKED: Pairs = [
    ("How do I return a lamp?", "Send it back to our workshop within thirty days of the day it came."),
    ("Do you ship to Iceland?", "Yes, by sea, which takes three weeks in summer and five in winter."),
    ("May I paint it?", "With any paint that withstands the heat of the bulb you screw in."),
]
FAQ = "".join(f"<h3>{question}</h3><p>{answer}</p>" for question, answer in ASKED)


def read(body: str, title: str = "Lumen", head: str = "") -> tuple[Pairs, Pairs]:
    """-> the pairs and the sections of the page."""
    documents = extract_documents(f"<title>{title}</title>{head}<body>{body}</body>", "https://lumen.example/help")
    faq, section = (
        [(document.question, document.answer) for document in documents if document.kind == kind]
        for kind in (DocumentKind.FAQ, DocumentKind.SECTION)
    )
    return faq, section


def test_a_chapter_that_asks_nothing_is_kept_beside_the_questions() -> None:
    body = f"<h1>FAQ</h1><h2>Using it</h2>{FAQ}<h2>Materials</h2><p>Brass from Norway, glass from Bohemia.</p>"
    assert read(body) == (ASKED, [("Materials", "Brass from Norway, glass from Bohemia.")])


@pytest.mark.parametrize(
    "intro",
    [
        "All about lamps.", "The questions we hear most.", "人们常问的问题。", "Lumen: frequently asked questions",
        "<button>Open</button> <button>Close</button>",
    ],
)  # fmt: skip
def test_an_introduction_that_only_names_the_subject_is_none(intro: str) -> None:
    assert read(f"<h1>Frequently asked questions</h1><p>{intro}</p>{FAQ}") == (ASKED, [])


@pytest.mark.parametrize(
    "intro",
    [
        "Our desk is open from 9 to 17.", "Write to desk@lumen.example.",
        "A lamp of ours has a foot of brass, a shade of linen and a cord of cotton, and each of them is made by somebody we know by name.",
    ],
)  # fmt: skip
def test_an_introduction_that_tells_something_is_kept(intro: str) -> None:
    pairs, sections = read(f"<h1>Frequently asked questions</h1><p>{intro}</p>{FAQ}")
    assert pairs == ASKED
    assert [question for question, _ in sections] == ["Frequently asked questions"]


@pytest.mark.parametrize("copy", ['<div style="display: none">{}</div>', '<div class="mobile" hidden>{}</div>'])
def test_a_copy_of_the_pairs_is_no_section(copy: str) -> None:
    items = "".join(f"<div><h4>{question}</h4><p>{answer}</p></div>" for question, answer in ASKED)
    assert read(f"<h1>FAQ</h1>{FAQ}{copy.format(items)}") == (ASKED, [])
    assert read(f"<h1>Lamps</h1>{FAQ}{copy.format(items)}") == (ASKED, [])


def test_a_list_of_the_questions_without_links_is_no_section() -> None:
    listed = "".join(f"<li>{number}. {question}</li>" for number, (question, _) in enumerate(ASKED, 1))
    assert read(f"<h1>FAQ</h1><h2>Overview</h2><ul>{listed}</ul><h2>All of them</h2>{FAQ}") == (ASKED, [])


def test_what_a_page_says_beside_questions_that_only_its_data_states_is_kept() -> None:
    data = {"@type": "Question", "name": "Warranty?", "acceptedAnswer": {"@type": "Answer", "text": "Five years."}}
    head = f'<script type="application/ld+json">{json.dumps(data)}</script>'
    body = "<h1>Lumen</h1><h2>Delivery abroad</h2><p>By sea, in three weeks.</p>"
    assert read(body, head=head) == ([("Warranty?", "Five years.")], [("Delivery abroad", "By sea, in three weeks.")])


def test_a_call_beside_the_questions_is_kept_for_its_address_alone() -> None:
    calls = "<h3>Still have questions?</h3><p>Write to desk@lumen.example.</p><h3>Ready to start?</h3><p>Order one today.</p>"
    assert read(f"<h1>FAQ</h1>{FAQ}{calls}") == (ASKED, [("Still have questions?", "Write to desk@lumen.example.")])


def link(number: int) -> str:
    return f'<a href="/{number}">Capítulo {number} sobre lámparas</a>'


@pytest.mark.parametrize(
    "index",
    [
        "<p>All chapters.</p>" + "".join(f"<p>{link(n)}</p>" for n in range(5)),
        "<p>See below.</p><ul>" + "".join(f"<li>{n}. {link(n)}</li>" for n in range(3)) + "</ul>",
        "<table>" + "".join(f"<tr><td>{n}.</td><td>{link(n)}</td></tr>" for n in range(5)) + "</table>",
        "<section>" + "".join(f"<span>{n}. {link(n)}</span><br>" for n in range(6)) + "</section>",
    ],
)
def test_a_list_of_links_is_no_section(index: str) -> None:
    body = f"<h1>Manual</h1><h2>Índice</h2>{index}<h2>Safety</h2><p>Keep it dry at all times.</p>"
    assert read(body)[1] == [("Safety", "Keep it dry at all times.")]


def test_what_is_said_beside_a_list_of_links_is_kept_without_it() -> None:
    body = "<h1>Manual</h1><h2>Begin here</h2><p>Read the chapter on safety first, it is short.</p>"
    assert read(body + "".join(f"<p>{link(n)}</p>" for n in range(5)))[1] == [
        ("Begin here", "Read the chapter on safety first, it is short.")
    ]


def test_a_table_whose_cells_are_links_beside_what_they_are_is_kept() -> None:
    rows = "".join(
        f"<tr><td>{link(n)}</td><td>{link(n + 9)}</td><td>{link(n + 99)}</td><td>用于桌面环境的图形界面工具包，它随系统一起安装，不需要另外的设置，也可以单独更新</td></tr>"
        for n in range(3)
    )
    sections = read(f"<h1>Manual</h1><h2>Packages</h2><p>These are needed.</p><table>{rows}</table>")[1]
    assert (sections[0][1].count("图形界面"), sections[0][1].count("Capítulo")) == (3, 9)


def test_a_title_page_above_a_long_table_of_contents_keeps_its_words() -> None:
    entries = "".join(f'<dt><a href="part{n}.html">{n}. What there is to know of lamp {n}</a></dt>' for n in range(40))
    told = "<p>Written by the workshop for those who mend lamps at home.</p><p>You may copy it.</p>"
    pairs, [(title, text)] = read(f'<div class="book"><h1>The lamp book</h1>{told}<dl>{entries}</dl></div>')
    assert (pairs, title) == ([], "The lamp book")
    assert "Written by the workshop" in text and "You may copy it." in text and "lamp 7" not in text
    assert read(f'<div class="box"><h1>The lamp book</h1><p>Read on</p><dl>{entries}</dl></div>') == ([], [])
