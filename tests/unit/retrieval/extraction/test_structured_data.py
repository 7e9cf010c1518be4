# ruff: noqa: E501 (pages read best as they are served)
"""schema.org questions, whatever a template has wrapped around them and however it writes their types."""

from __future__ import annotations

import html
import json
from typing import Any

import pytest

from retrieval.documents import DocumentKind
from retrieval.extraction import extract_documents

URL = "https://lumen.example/help"
PAIRS = [("Is it red?", "As a brick."), ("Is it new?", "Of last May.")]


def state(question: str, answer: str) -> dict[str, Any]:
    return {"@type": "Question", "name": question, "acceptedAnswer": {"@type": "Answer", "text": f"<p>{answer}</p>"}}


DATA = json.dumps(
    {"@context": "https://schema.org", "@type": "FAQPage", "mainEntity": [state(*pair) for pair in PAIRS]}
)
BLOCKS = {
    "cdata behind slashes": f"//<![CDATA[\n{DATA}\n//]]>",
    "cdata in a comment of a script": f"/*<![CDATA[*/{DATA}/*]]>*/",
    "bare cdata": f"<![CDATA[{DATA}]]>",
    "comment and cdata in one another": f"<!--//--><![CDATA[// ><!--\n{DATA}\n//--><!]]>",
    "comment of html": f"<!--\n{DATA}\n-->",
    "semicolon": f"{DATA};",
    "comment of a script": f"/* what is asked {{again}} */\n{DATA}",
    "comma too many": f"{DATA[:-2]},]}}",
    "array": f"[{DATA}]",
    "one value behind the other": "\n".join(json.dumps(state(*pair)) for pair in PAIRS),
    "escaped": html.escape(DATA),
    "escaped twice": html.escape(html.escape(DATA)),
    "answers escaped": DATA.replace("<p>", "&lt;p&gt;").replace("</p>", "&lt;/p&gt;"),
    "answers escaped twice": DATA.replace("<p>", "&amp;lt;p&amp;gt;").replace("</p>", "&amp;lt;/p&amp;gt;"),
    "iris": DATA.replace('"FAQPage"', '"http://schema.org/FAQPage"').replace('"Question"', '"https://schema.org/Question"'),
    "prefix": DATA.replace('"Question"', '"schema:Question"').replace('"name"', '"schema:name"'),
    "several types": DATA.replace('"Question"', '["CreativeWork", "Question"]'),
    "expanded": json.dumps(
        [
            {
                "@type": ["https://schema.org/Question"],
                "https://schema.org/name": [{"@value": question}],
                "https://schema.org/acceptedAnswer": [{"https://schema.org/text": [{"@value": answer}]}],
            }
            for question, answer in PAIRS
        ]
    ),
    "graph with references": json.dumps(
        {
            "@context": "https://schema.org",
            "@graph": [
                {"@type": "FAQPage", "mainEntity": [{"@id": "#q0"}, {"@id": "#q1"}]},
                *(
                    {"@id": f"#q{n}", "@type": "Question", "name": question, "acceptedAnswer": {"@id": f"#a{n}"}}
                    for n, (question, _) in enumerate(PAIRS)
                ),
                *({"@id": f"#a{n}", "@type": "Answer", "text": answer} for n, (_, answer) in enumerate(PAIRS)),
            ],
        }
    ),
}  # fmt: skip


def find_pairs(page: str) -> list[tuple[str, str]]:
    found = extract_documents(page, URL)
    return [(document.question, document.answer) for document in found if document.kind == DocumentKind.FAQ]


@pytest.mark.parametrize("kind", ["application/ld+json", "application/ld+json; charset=utf-8", " Application/LD+JSON"])
@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_is_read_whatever_is_wrapped_around_it(name: str, kind: str) -> None:
    page = f'<title>Lumen</title><script type="{kind}">{BLOCKS[name]}</script><div id="root"></div>'
    assert find_pairs(page) == PAIRS


def test_a_broken_block_costs_only_itself() -> None:
    blocks = ['{"@type": "Question", "name": ', "", "no data", DATA, '{"@type": "WebSite"', "[" * 100_000]
    scripts = "".join(f'<script type="application/ld+json">{block}</script>' for block in blocks)
    assert find_pairs(f"<title>Lumen</title>{scripts}<div></div>") == PAIRS


def test_code_that_an_answer_shows_stays_code() -> None:
    data = json.dumps(state("How do I write bold?", "Write &lt;b&gt;so&lt;/b&gt; there."))
    page = f'<title>Lumen</title><script type="application/ld+json">{data}</script><div></div>'
    assert find_pairs(page) == [("How do I write bold?", "Write <b>so</b> there.")]


@pytest.mark.parametrize(
    "item",
    [
        '<div itemscope itemtype="https://schema.org/Thing https://schema.org/Question"><div itemprop="name">{q}</div><div itemprop="acceptedAnswer" itemscope itemtype="https://schema.org/Answer"><div itemprop="text">{a}</div></div></div>',
        '<div itemscope itemtype="https://schema.org/Question"><div itemprop="https://schema.org/name">{q}</div><div itemprop="https://schema.org/acceptedAnswer" itemscope><div itemprop="https://schema.org/text">{a}</div></div></div>',
        '<div typeof="schema:Question"><div property="schema:name">{q}</div><div property="schema:acceptedAnswer" typeof="schema:Answer"><div property="schema:text">{a}</div></div></div>',
        '<div itemscope itemtype="https://schema.org/Question" itemref="a{n}"><div itemprop="name">{q}</div></div><div><div id="a{n}" itemprop="acceptedAnswer" itemscope><div itemprop="text">{a}</div></div></div>',
    ],
)
def test_microdata_is_read_however_its_names_are_written(item: str) -> None:
    statements = [("Lamp returns", "Thirty days."), ("Iceland", "By sea.")]
    body = "".join(item.format(q=q, a=a, n=n) for n, (q, a) in enumerate(statements))
    assert find_pairs(f"<title>Lumen</title><body><h1>Lumen</h1>{body}</body>") == statements
