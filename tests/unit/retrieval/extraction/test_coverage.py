"""What share of a page's text became knowledge, and why the rest did not."""

from __future__ import annotations

import pytest

from retrieval.coverage import Coverage, CoverageSummary, LeftOut, LossKind, PageCoverage, sort_worst_first
from retrieval.extraction import extract_page
from retrieval.extraction.process import ExtractionProcess

URL = "https://lamps.example/manual"
TEXT = "Turn the dial until the lamp glows. It takes a minute to warm up, and hums a little while it does."
ZH = "请转动旋钮，直到灯亮起来。预热大约需要一分钟，其间会有轻微的嗡嗡声。"


def cover(html: str, url: str = URL, content_type: str = "text/html") -> Coverage:
    return extract_page(html, url, content_type).coverage


@pytest.mark.parametrize(
    "body",
    [
        f"<h1>Lamp</h1><p>{TEXT}</p>",
        f"<h1>台灯</h1><p>{ZH}</p>",
        f"<h1>Lamp</h1><p>Turn the <a href='/d'>dial</a> un<b>til</b> the <code>lamp_x*y</code> glows.<br>{TEXT}</p>",
        "<h1>Lamp</h1><table><tr><th>Model<th>Watts<th>Colour<tr><td>L_1<td>40<td>warm white"
        "<tr><td>L_2<td>60<td>cold white</table>",
        f"<h1>Lamp</h1><ol><li>{TEXT}<ul><li>Never touch the glass of the lamp</ul><li>Then wait</ol>",
        f"<h1>Lamp</h1><pre>lamp --on   # lights it\nlamp --off  # puts it out</pre><p>{TEXT}</p>",
        f"<h1>FAQ</h1><dl><dt>How do I light it?</dt><dd>{TEXT}</dd><dt>怎么开灯？</dt><dd>{ZH}</dd></dl>",
        f"<h1>FAQ</h1><details hidden><summary>How do I light it?</summary>{TEXT}</details>"
        f"<details><summary>And how long does that take?</summary><p>{TEXT}</p></details>",
    ],
)
def test_text_is_kept_however_it_is_written_in_the_documents(body: str) -> None:
    assert cover(f"<html><body>{body}</body></html>").share > 0.97


def test_menus_headers_and_footers_are_no_loss() -> None:
    coverage = cover(
        "<header>Lamps of Bergen since 1920</header><nav><a href=/a>Lamps</a> <a href=/b>Shades</a></nav>"
        f"<h1>Lamp</h1><p>{TEXT}</p><h2>More lamps</h2><ul><li><a href='/c'>All of our lamps</a>"
        "<li><a href='/d'>Lamps for the desk</a></ul><footer>Harbour street 4, open on weekdays</footer>"
    )
    assert coverage.share == 1.0
    assert coverage.lost == 0
    assert set(coverage.count_by_kind()) == {LossKind.FURNITURE, LossKind.LINKS, LossKind.HEADING}


def test_what_stands_beside_the_questions_is_told_with_its_beginning() -> None:
    lead = "Before you ask us anything: the shop in the harbour is closed on Mondays and all of January."
    pairs = "".join(f"<dt>How do I light lamp {n}?</dt><dd>{TEXT}</dd>" for n in "abcdef")
    coverage = cover(f"<title>FAQ</title><h1>FAQ</h1><p>{lead}</p><dl>{pairs}</dl>")
    [lost] = [each for each in coverage.left_out if each.is_loss]
    assert (lost.kind, lost.start) == (LossKind.BESIDE, lead[:80])
    assert lost.letters == sum(c.isalnum() for c in lead)
    assert 0.8 < coverage.share < 1.0
    assert "beside the questions" in coverage.explain_loss()


def test_formulas_are_no_text_that_can_be_read() -> None:
    formula = "<math><mi>brightness</mi><mo>=</mo><mi>watts</mi><mi>efficiency</mi></math>"
    coverage = cover(f"<h1>Lamp</h1><p>{TEXT}</p>{formula}")
    assert coverage.count_by_kind()[LossKind.UNREADABLE] == len("brightnesswattsefficiency")


def test_a_page_that_says_something_of_which_nothing_is_known_is_a_fault() -> None:
    assert Coverage(0, (LeftOut(LossKind.UNREAD, 500, "Turn the dial"),)).is_fault
    assert not Coverage(400, (LeftOut(LossKind.UNREAD, 500, "Turn the dial"),)).is_fault


def test_a_page_built_by_a_script_shows_nothing_and_is_a_fault() -> None:
    coverage = cover("<html><title>Help centre</title><body><div id=app></div><script>render()</script></body></html>")
    assert coverage.is_fault
    assert "script" in coverage.explain_loss()


def test_the_shortest_text_that_is_known_is_known_as_a_whole() -> None:
    coverage = cover("<h1>营业时间</h1><p>9点到17点。</p>")
    assert (coverage.share, coverage.is_fault, coverage.explain_loss()) == (1.0, False, "")


def test_an_index_of_links_is_no_fault() -> None:
    links = "".join(f"<li><a href='/{n}'>Everything about lamp number {n}</a>" for n in range(9))
    coverage = cover(f"<h1>Contents</h1><p>Choose a lamp below.</p><ul>{links}</ul>")
    assert coverage.kept == 0
    assert not coverage.is_fault


def test_the_same_words_in_another_order_are_not_the_same_text() -> None:
    """A menu's words stand on most pages somewhere: that does not make it known."""
    from retrieval.documents import Document
    from retrieval.extraction.measure_coverage import measure_coverage
    from retrieval.extraction.visible_text import VisibleBlock

    text = "little while takes warm hums minute dial lamp glows turn"
    block = VisibleBlock(text, len(text.replace(" ", "")), 0, None, is_heading=False)
    assert measure_coverage([block], [Document(URL, "Lamp", TEXT)]).kept == 0


def test_it_is_measured_in_the_process_that_reads_pages_too() -> None:
    html = f"<h1>Lamp</h1><p>{TEXT}</p><svg><text>Not to be read by anyone at all</text></svg>"
    with ExtractionProcess() as process:
        assert process.extract_page(html.encode(), URL) == extract_page(html, URL)


def test_a_row_holds_all_of_it() -> None:
    coverage = Coverage(7, (LeftOut(LossKind.SHORT, 3, "x y"), LeftOut(LossKind.LINKS, 90)))
    marked = coverage.mark_repeated(frozenset(["x y"]), [LeftOut(LossKind.REPEATED, 2, "Menu")])
    assert (marked.kept, marked.lost) == (5, 0)
    assert Coverage.from_row(marked.to_row()) == marked
    assert marked.mark_repeated(frozenset(), []) == coverage
    much = coverage.mark_repeated(frozenset(), [LeftOut(LossKind.REPEATED, 9, "Menu"), LeftOut(LossKind.REPEATED, 9)])
    assert much.kept == 0
    assert much.mark_repeated(frozenset(), []) == coverage


def test_the_worst_page_comes_first() -> None:
    def page(url: str, kept: int, lost: int) -> PageCoverage:
        return PageCoverage("shop", url, Coverage(kept, (LeftOut(LossKind.UNREAD, lost, "…"),)))

    pages = (page("fine", 990, 10), page("half", 400, 400), page("nothing", 0, 60), PageCoverage("shop", "old", None))
    assert [each.url for each in sort_worst_first(pages)] == ["nothing", "half", "fine"]
    summary = CoverageSummary(pages, 0.8)
    assert [each.url for each in summary.below] == ["nothing", "half"]
    assert summary.share == pytest.approx(1390 / 1860)
    assert summary.measured == 3
    assert CoverageSummary().share is None
    assert summary.select_source("wiki").pages == ()


def test_a_page_of_many_texts_is_measured_in_time_that_grows_with_it() -> None:
    coverage = cover(
        "<h1>Lamps</h1>" + "".join(f"<p>Lamp {n} is not like lamp {n + 1} at all.</p>" for n in range(9000))
    )
    assert coverage.share > 0.99
