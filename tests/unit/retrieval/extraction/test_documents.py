# ruff: noqa: E501 (HTML reads best as it is served)
"""What a found pair becomes: Markdown, links, fragment, heading path, language; selectors; Markdown and text files; sections."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from retrieval.documents import Document, DocumentKind, Selectors
from retrieval.errors import ExtractionError
from retrieval.extraction import extract_documents

URL = "https://lumen.example/help/faq.html"


def answer_of(html: str, url: str = URL) -> str:
    body = f"<title>FAQ</title><h1>FAQ</h1><h2>Why is it so?</h2>{html}<h2>Is that all?</h2><p>Yes.</p>"
    documents = extract_documents(body, url)
    assert [document.question for document in documents] == ["Why is it so?", "Is that all?"]
    return documents[0].answer


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>Do this:</p><ul><li>one</li><li>two<ul><li>deep</li></ul></li></ul>", "Do this:\n\n- one\n- two\n  - deep"),
        ("<ol><li>one</li><li>two</li></ol>", "1. one\n2. two"),
        ("<pre><code>a = 1\n\n\nb = a</code></pre>", "```\na = 1\n\n\nb = a\n```"),
        ("<p>Call <code>run_now()</code> at 3 * 4.</p>", "Call `run_now()` at 3 * 4."),
        ("<table><tr><th>Size</th><th>Price</th></tr><tr><td>S</td><td>3</td></tr></table>", "| Size | Price |\n| --- | --- |\n| S | 3 |"),
        ('<p>See <a href="../ship#sea">ships</a>.</p>', "See [ships](https://lumen.example/ship#sea)."),
        ('<p>See <a href="#top">above</a> or <a href="?p=2">there</a>.</p>', "See [above](https://lumen.example/help/faq.html#top) or [there](https://lumen.example/help/faq.html?p=2)."),
        ('<p>Press <a href="javascript:go()">here</a> or <a href="data:text/html,x">there</a> or <a href=" JaVaScRiPt:alert(1)">x</a>.</p>', "Press here or there or x."),
        ('<p>Write to <a href="mailto:a@lumen.example">a@lumen.example</a>.</p>', "Write to <a@lumen.example>."),
        ('<p>Go to <a href="https://lumen.example/x">https://lumen.example/x</a>.</p>', "Go to <https://lumen.example/x>."),
        ('<p>Call <a href="tel:+4712">+4712</a>.</p>', "Call +4712."),
        ('<p>Yes.</p><p><a href="#toc">Back to top</a></p><p><a href="#">↑</a></p>', "Yes."),
        ("<p>Yes.<script>alert(1)</script><style>p{}</style></p><form><input><button>Was this helpful?</button></form>", "Yes."),
        ('<p>Yes <img src="smile.png" alt="😀"> indeed <img src="x.png" alt="a long description"></p>', "Yes 😀 indeed"),
        ("<h3>In a box</h3><p>Put it in.</p>", "### In a box\n\nPut it in."),
        ("<p>Invisible \u200bspace\u202e and \x07bell.</p>", "Invisible space and bell."),
        ('<div class="highlight"><pre><span></span><span class="k">def</span> <span class="nf">f</span>():</pre></div>', "```\ndef f():\n```"),
    ],
)  # fmt: skip
def test_an_answer_becomes_markdown(html: str, markdown: str) -> None:
    assert answer_of(html) == markdown


def test_base_element_resolves_links() -> None:
    html = '<base href="https://other.example/a/"><p>See <a href="b">it</a>.</p>'
    assert answer_of(html) == "See [it](https://other.example/a/b)."


@pytest.mark.parametrize(
    ("question", "fragment"),
    [
        ('<h2 id="why">Why is it so?</h2>', "#why"),
        ('<h2><a name="why"></a>Why is it so?</h2>', "#why"),
        ('<a name="why"></a><h2>Why is it so?</h2>', "#why"),
        ('<h2><span id="why">Why is it so?</span></h2>', "#why"),
        ('<section id="why"><h2>Why is it so?</h2><p>So.</p></section>', "#why"),
        ('<h1 id="part">Part one</h1><h2>Why is it so?</h2>', "#part"),
        ("<h2>Why is it so?</h2>", ""),
    ],
)
def test_url_carries_the_nearest_fragment(question: str, fragment: str) -> None:
    documents = extract_documents(
        f"<title>FAQ</title>{question}<p>Because.</p><h2 id=other>Is that all?</h2><p>Yes.</p>", URL
    )
    assert documents[0].url == URL + fragment


def test_heading_path_runs_from_the_title_down_to_above_the_question() -> None:
    html = (
        "<title>Lumen | FAQ</title><h1>FAQ</h1><h2>Orders</h2><h3>Paying</h3><h4>Can I pay later?</h4><p>No.</p><h4>May I ask why?</h4><p>So.</p>"
        "<h2>Returns</h2><h4>Can I return it?</h4><p>Yes.</p>"
    )
    paths = [document.heading_path for document in extract_documents(html, URL)]
    assert paths == [("FAQ", "Orders", "Paying"), ("FAQ", "Orders", "Paying"), ("FAQ", "Returns")]


def test_language_is_the_script_s_or_the_nearest_declared() -> None:
    html = (
        '<html lang="fr-CA"><title>FAQ</title><h2>Pourquoi ?</h2><p>Parce que.</p><div lang="de"><h2>Warum?</h2><p>Darum.</p></div>'
        "<h2>为什么？</h2><p>因为如此。</p><h2>Comment ?</h2><p>Ainsi.</p>"
    )
    assert [document.language for document in extract_documents(html, URL)] == ["fr", "de", "zh", "fr"]


def test_english_on_a_page_that_says_it_is_chinese_is_english() -> None:
    html = (
        '<html lang="zh-CN"><title>FAQ</title><h2>Why is it so?</h2><p>Because it is.</p><h2>如何？</h2><p>如此。</p>'
    )
    assert [document.language for document in extract_documents(html, URL)] == ["en", "zh"]


def test_numbers_labels_and_signs_are_no_part_of_a_question() -> None:
    html = "<title>FAQ</title>" + "".join(
        f"<h3>{q}</h3><p>So.</p>"
        for q in (
            "1.2 Why here?",
            "Q3: Why there?",
            "▶ Why now?",
            "A.4.1 Why then? ¶",
            "（5）为什么？",
            "6、何时？",
            "3D lamps: why?",
            "Why so? +",
        )
    )
    assert [document.question for document in extract_documents(html, URL)] == [
        "Why here?", "Why there?", "Why now?", "Why then?", "为什么？", "何时？", "3D lamps: why?", "Why so?",
    ]  # fmt: skip


def by_selectors(html: str, selectors: Selectors) -> list[tuple[str, str]]:
    return [(document.question, document.answer) for document in extract_documents(html, URL, selectors=selectors)]


def test_selectors_pick_items() -> None:
    html = "<div class=e><i>Alpha</i><u>One</u><u>Two</u></div><div class=e><i>Beta</i><u>Three</u></div><div class=e><i>Gamma</i></div>"
    assert by_selectors(html, Selectors("i", "u", "div.e")) == [
        ("Alpha", "One Two"),
        ("Beta", "Three"),
    ] or by_selectors(html, Selectors("i", "u", "div.e")) == [("Alpha", "OneTwo"), ("Beta", "Three")]


def test_selectors_pair_in_document_order_without_items() -> None:
    html = "<p class=x>Alpha</p><p>One</p><p>Two</p><p class=x>Beta</p><p>Three</p>"
    assert by_selectors(html, Selectors("p.x", "p:not(.x)")) == [("Alpha", "One\n\nTwo"), ("Beta", "Three")]


def test_selectors_that_find_nothing_leave_the_page_to_the_general_rules() -> None:
    assert by_selectors("<title>FAQ</title><h2>Why?</h2><p>So.</p>", Selectors(".q", ".a")) == [("Why?", "So.")]


def test_a_selector_that_is_no_css_is_an_extraction_error() -> None:
    with pytest.raises(ExtractionError, match="no CSS"):
        extract_documents("<p>x</p>", URL, selectors=Selectors("p[", "p"))


def test_markdown_files_are_read_like_pages() -> None:
    text = "---\ntitle: Lamp questions\n---\n# FAQ\n\n## How do I return a lamp?\n\nPack it:\n\n- box\n- [label](label.md)\n\n## Do you ship?\n\nYes, `worldwide`.\n"
    first, second = extract_documents(text.encode(), "file:///docs/faq.md", "text/markdown")
    assert (first.question, first.answer) == (
        "How do I return a lamp?",
        "Pack it:\n\n- box\n- label",  # a link into our own disk would mean nothing to a reader
    )
    assert (second.url, second.answer) == ("file:///docs/faq.md#do-you-ship", "Yes, `worldwide`.")
    assert second.heading_path == ("FAQ",)


def test_a_markdown_url_served_as_plain_text_is_markdown() -> None:
    (document,) = extract_documents(
        b"# FAQ\n\n**Do you ship?**\n\nYes.\n", "https://lumen.example/faq.md", "text/plain"
    )
    assert (document.question, document.answer) == ("Do you ship?", "Yes.")


@pytest.mark.parametrize(
    "text",
    [
        "FAQ\n===\n\nQ: Do you ship?\nA: Yes, by sea.\n\nQ: Where to?\nA: To Iceland.\n",
        "Frequently asked questions\n==========================\n\n1. Do you ship?\n\nYes, by sea.\n\n2. Where to?\n\nTo Iceland.\n",
        "FAQ\n===\n\nDo you ship?\nYes, by sea.\n\nWhere to?\nTo Iceland.\n",
        "FAQ\n===\n\nDo you ship?\n------------\nYes, by sea.\n\nWhere to?\n---------\nTo Iceland.\n",
    ],
)
def test_plain_text_is_read(text: str) -> None:
    documents = extract_documents(text, "https://lumen.example/faq.txt", "text/plain")
    assert [(document.question, document.answer) for document in documents] == [
        ("Do you ship?", "Yes, by sea."),
        ("Where to?", "To Iceland."),
    ]


def sections_of(html: str) -> list[Document]:
    documents = extract_documents(html, URL)
    assert {document.kind for document in documents} <= {DocumentKind.SECTION}
    return documents


def test_a_page_that_is_no_faq_becomes_sections() -> None:
    html = """<title>Manual | Lumen</title><header><nav><a href=/>Home</a><a href=/s>Shop</a></nav></header>
    <div class="cookie-banner">We use cookies to count visitors of this site.</div><ul class=sidebar><li><a href=/1>One</a></li><li><a href=/2>Two</a></li></ul>
    <main><p>This manual tells all about the lamp.</p><h1>Manual</h1><p>Welcome to the manual of the lamp.</p><h2 id=mount>Mounting</h2><p>Screw it to the <b>wall</b>.</p>
    <h3>Tools</h3><ul><li>a hammer and a saw</li></ul><h2>Empty</h2></main><footer><p>Copyright Lumen, all rights reserved.</p></footer>"""
    found = [
        (document.question, document.answer, document.heading_path, document.url) for document in sections_of(html)
    ]
    assert found == [
        ("Manual | Lumen", "This manual tells all about the lamp.", (), URL),
        ("Manual", "Welcome to the manual of the lamp.", (), URL),
        ("Mounting", "Screw it to the **wall**.", ("Manual",), f"{URL}#mount"),
        ("Tools", "- a hammer and a saw", ("Manual", "Mounting"), f"{URL}#mount"),
    ]


def test_an_index_of_links_has_no_sections() -> None:
    links = "".join(f'<li><a href="/{n}">Article number {n}</a></li>' for n in range(9))
    assert sections_of(f"<h1>All articles</h1><ul>{links}</ul>") == []


def test_an_empty_page_has_no_documents() -> None:
    assert extract_documents(b"", URL) == []
    assert extract_documents("<html><body></body></html>", URL) == []


@pytest.mark.parametrize(
    "text",
    [
        "[a](javascript:x)",
        "[a]<b></b>(javascript:x)",
        "&lt;javascript:alert(1)>",
        "[a]: javascript:x",
        "[a][b]",
        "<b>[a]</b>(javascript:x)",
        "[<b>a</b>](javascript:x)",
    ],
)
def test_text_that_looks_like_a_link_becomes_none(text: str) -> None:
    html = MarkdownIt("commonmark").render(answer_of(f"<p>{text}</p><p>[a] [b] and more</p>"))
    assert "href" not in html


def test_code_is_left_as_it_is() -> None:
    assert (
        answer_of("<p>Call <code>a[0](b)</code>:</p><pre>x[1](y) &lt;a:b></pre>")
        == "Call `a[0](b)`:\n\n```\nx[1](y) <a:b>\n```"
    )
