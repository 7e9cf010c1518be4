# ruff: noqa: E501 (pages read best as they are served)
"""Statements in a row with questions, and questions that only mention what calls and furniture are called."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from retrieval.documents import DocumentKind
from retrieval.extraction import extract_documents, phrases

MARKUPS = {
    "headings": "<h3>{q}</h3><p>{a}</p>",
    "boxes": '<div class="entry"><h4>{q}</h4><div>{a}</div></div>',
    "bold": "<p><b>{q}</b></p><p>{a}</p>",
    "paragraphs": "<p>{q}</p><p>{a}</p>",
}
CODED = {
    "Starting": ["B1. How do I begin?", "B2. The first start takes a minute", "B3. Where is the log?"],
    "Running": [
        "R1. The client isn't working after an upgrade",
        "R2. Crash on exit",
        "R3. Slow",
        "R4. Why is it dark?",
    ],
}
STATED = {
    "en": ["Why does it flicker at night?", "The app crashes on start", "The lamp stays dark after a week", "How do I reset it?", "Pairing fails every time."],
    "zh": ["如何重置密码？", "收不到验证码", "无法登录账户", "怎么修改邮箱？", "页面一直空白"],
}  # fmt: skip


def find_questions(body: str, title: str = "FAQ") -> list[str]:
    documents = extract_documents(f"<title>{title}</title><body><h1>{title}</h1>{body}</body>", "https://x.example/a")
    return [document.question for document in documents if document.kind == DocumentKind.FAQ]


def write_entries(markup: str, questions: Sequence[str]) -> str:
    return "".join(
        MARKUPS[markup].format(q=question, a=f"It is entry {number} of what we know.")
        for number, question in enumerate(questions)
    )


@pytest.mark.parametrize("markup", MARKUPS)
def test_what_bears_a_code_like_the_questions_is_a_question(markup: str) -> None:
    body = "".join(f"<h2>{chapter}</h2>{write_entries(markup, entries)}" for chapter, entries in CODED.items())
    assert find_questions(body) == [entry for entries in CODED.values() for entry in entries]


@pytest.mark.parametrize("language", STATED)
@pytest.mark.parametrize("markup", ["headings", "boxes", "bold"])
def test_statements_in_the_markup_of_the_questions_are_questions(markup: str, language: str) -> None:
    title = {"en": "FAQ", "zh": "常见问题"}[language]
    assert find_questions(write_entries(markup, STATED[language]), title) == STATED[language]


def test_numbered_chapters_with_questions_in_them_are_none() -> None:
    chapters = ["The lamp", "What we do with bulbs", "Money", "How we work", "Places to go"]
    body = "".join(
        f"<h2>{number}. {chapter}</h2><p>Is {chapter} red?</p><p>It is.</p><p>Is {chapter} new?</p><p>It is not.</p>"
        for number, chapter in enumerate(chapters, 1)
    )
    assert [question[:3] for question in find_questions(body)] == ["Is "] * 10


CALLS = """Still have questions?|Any questions? Contact us|Do you still have questions?|Can't find what you're looking for?
Didn't find what you need?|Can't find an answer to your question?|Need help?|Questions?|Contact us|On this page|See also
Related articles|Was this page helpful?|Did this article help?|您的问题解决了吗？|还有其他问题？|您还有其他问题吗？|没有找到您需要的答案？
没找到想要的内容？|联系我们|目录|相关文章|这篇文章对您有帮助吗？|Have questions? We've got answers.""".replace(
    "\n", "|"
).split("|")
QUESTIONS = """Who do I contact if I have more questions?|What if I cannot find the size I need?|Help! My lamp is broken
Interested in a group booking?|Cannot find my order, what should I do?|What if I have further questions?|没有找到订单怎么办？
没有找到我的订单怎么办|相关费用由谁承担？|这款灯对失眠有帮助吗？|我还有其他问题怎么办？|如果还有其他问题，应该联系谁？|Why does it say not found?
Contact form does not work, why?|Related costs: who pays them?|References needed for a job?|Do you use cookies?
Why can't I find the answer key?|How many questions may I still have?|Need help assembling the lamp?""".replace("\n", "|").split("|")  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_a_call_to_the_reader_is_one(call: str) -> None:
    assert phrases.asks_reader_on(call)
    assert find_questions(f"<h2>Is it red?</h2><p>Yes.</p><h2>Is it new?</h2><p>No.</p><h2>{call}</h2><p>Ask.</p>") == [
        "Is it red?",
        "Is it new?",
    ]


@pytest.mark.parametrize("markup", ["headings", "bold"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_that_mentions_what_calls_say_is_a_question(question: str, markup: str) -> None:
    entries = ["Is it red?", "Is it new?", question]
    assert find_questions(write_entries(markup, entries)) == entries


@pytest.mark.parametrize(
    "answer",
    ["<a href='/book'>Book</a>", "Groups are welcome. <p><a href='/book'>Book</a></p>", "<button>Book</button>"],
)
def test_an_offer_that_only_leads_on_is_no_question(answer: str) -> None:
    body = f"<h2>Is it red?</h2><p>Yes.</p><h2>Is it new?</h2><p>No.</p><h2>Interested in a group booking?</h2><div>{answer}</div>"
    assert find_questions(body) == ["Is it red?", "Is it new?"]


def test_the_end_of_an_answer_keeps_the_number_it_tells() -> None:
    body = "<h2>Is it red?</h2><p>Yes.</p><p>Still need help? Call 555 0100 200.</p><h2>Is it new?</h2><p>No.</p><p>Need more help?</p>"
    documents = extract_documents(f"<title>FAQ</title><body><h1>FAQ</h1>{body}</body>", "https://x.example/a")
    assert [document.answer for document in documents] == ["Yes.\n\nStill need help? Call 555 0100 200.", "No."]


NAMES = [
    ("does-the-widget-set-cookies", "Does the widget set cookies?"), ("feedback", "Feedback: where does it go?"),
    ("change_footer", "How do I change the footer?"), ("who-sees-my-rating-1", "Who sees my rating?"),
    ("gdpr", "GDPR: are you compliant?"), ("vote", "May I vote twice?"), ("can-i-share-it", "Can I share it?"),
    ("cookies", "Quels cookies déposez-vous ?"), ("breadcrumbs", "Where do breadcrumbs come from?"),
]  # fmt: skip
BOXES = [
    '<section id="{n}"><h2>{q}<a class="headerlink" href="#{n}">¶</a></h2><p>{a}</p></section>',
    '<div class="{n}"><h3>{q}</h3><p>{a}</p></div>',
    '<div id="{n}"><p><b>{q}</b></p><p>{a}</p></div>',
    '<details id="{n}"><summary>{q}</summary><p>{a}</p></details>',
    '<dl><dt id="{n}">{q}</dt><dd>{a}</dd></dl>',
]


@pytest.mark.parametrize("box", BOXES)
def test_names_made_of_the_title_are_no_furniture(box: str) -> None:
    body = "".join(box.format(n=name, q=question, a="You are told on the account page.") for name, question in NAMES)
    assert find_questions(body) == [question for _, question in NAMES]


def test_an_id_tells_a_section_from_its_like_in_any_language() -> None:
    entries = [("price", "多少钱？"), ("feedback", "如何反馈？"), ("cookies", "网站用哪些小文件？")]
    body = "".join(
        f'<section id="{name}"><h2>{question}</h2><p>见账户页面。</p></section>' for name, question in entries
    )
    assert find_questions(body, "常见问题") == [question for _, question in entries]


def test_what_is_furniture_by_purpose_stays_furniture() -> None:
    body = (
        "<p>We sell lamps of every kind to all the world.</p><div id='cookie-consent'><h2>Cookie consent</h2><p>We like cookies. Do you?</p><button>Accept</button></div>"
        "<div class='feedback'><h3>Feedback</h3><p>Tell us.</p><button>Good</button><button>Bad</button></div>"
        "<div id='related'><h2>Related</h2><p><a href='/a'>Lamps</a> <a href='/b'>Bulbs</a></p></div>"
    )
    documents = extract_documents(f"<title>Lumen</title><body><h1>Lumen</h1>{body}</body>", "https://x.example/a")
    assert [document.answer for document in documents] == ["We sell lamps of every kind to all the world."]


@pytest.mark.parametrize("title", ["Do you set cookies?", "What are the terms of the warranty?"])
def test_a_page_on_one_question_of_law_is_its_pair(title: str) -> None:
    assert find_questions("<p>One, which lasts for a week.</p>", title) == [title]


def test_topics_are_the_entries_of_a_faq_that_has_nothing_else() -> None:
    topics = ["Hardening the system", "More architectures", "Better support", "More kernels"]
    assert find_questions(write_entries("headings", topics)) == topics


def test_the_parts_of_an_answer_are_no_series() -> None:
    parts = "".join(
        f"<h3>{part}</h3><p>It began in 1984.</p>" for part in ("Prehistory", "A later view", "My own part")
    )
    body = f"<h2>Who wrote it?</h2>{parts}<h2>Is it red?</h2><p>It is.</p><h2>Is it new?</h2><p>It is not.</p>"
    assert find_questions(body) == ["Who wrote it?", "Is it red?", "Is it new?"]


def test_plain_paragraphs_are_no_series() -> None:
    said = [
        "It speaks many languages, see “How does it speak?” there.",
        "What it is made of is told above.",
        "Some parts remain as they are.",
        "It comes with what is listed.",
        "Others follow in time.",
    ]
    body = "<h2>Languages</h2>" + "".join(
        f"<p>{text}</p><ul><li>Number {n} of all</li></ul>" for n, text in enumerate(said)
    )
    assert set(find_questions(body)).isdisjoint(said)
