# ruff: noqa: E501  (markup, line by line)
"""What no reader can bring to light is not known; what waits for a click is."""

from __future__ import annotations

import time

import pytest

from retrieval.coverage import LossKind
from retrieval.extraction import extract_page

OLD = "Parcels to Norway cost ninety-nine euros."
NEW = "Parcels to Norway cost twelve euros."
ABOUT = "<p>" + "We make lamps in Oslo, by hand, and send them wherever a ship goes. " * 4 + "</p>"


def read(body: str, style: str = "") -> str:
    page = f"<html><head><style>{style}</style></head><body><h1>Sending parcels</h1>{ABOUT}{body}{ABOUT}</body></html>"
    documents = extract_page(page, "https://shop.test/help").documents
    return "\n".join(f"{document.question}\n{document.answer}" for document in documents)


@pytest.mark.parametrize(
    "hidden", ["hidden", 'style="display: none"', 'style="visibility:hidden"', 'class="old"', 'id="draft"']
)
@pytest.mark.parametrize(
    "body",
    [
        "<h2>Shipping</h2><p>{new}</p><p {hidden}>{old}</p><p>It takes a week.</p>",
        "<h2>Shipping</h2><p {hidden}>{old}</p><p>{new}</p>",
        "<p>{new} <span {hidden}>{old}</span> It takes a week.</p>",
        "<h2>What does it cost?</h2><div {hidden}><p>{old}</p></div><div><p>{new}</p></div>",
        "<dl><dt>What does it cost?</dt><dd {hidden}>{old}</dd><dd>{new}</dd></dl>",
        "<ul><li>{new}</li><li {hidden}>{old}</li><li>It takes a week.</li></ul>",
        "<table><tr><td>Norway</td><td>{new}</td></tr><tr {hidden}><td>Norway</td><td>{old}</td></tr></table>",
        "<h2>How long does it take?</h2><p>{new}</p><div {hidden}><h2>What did it cost?</h2><p>{old}</p></div>",
        "<details><summary>What does it cost?</summary><p>{new}</p></details><details {hidden}><summary>And before?</summary><p>{old}</p></details>",
        "<button aria-expanded='false' aria-controls='a'>What does it cost?</button><div id='a' hidden>{new}</div><section {hidden}><button aria-controls='b'>And before?</button><div id='b'>{old}</div></section>",
        "<a href='#main'>Skip</a><main id='main'><p>{new}</p><p {hidden}>{old}</p></main>",
    ],
)  # fmt: skip
def test_what_nothing_can_reveal_is_not_known(body: str, hidden: str) -> None:
    style = ".other { color: red } .old, #draft { display: none } @media print { .old { color: black } }"
    text = read(body.format(old=OLD, new=NEW, hidden=hidden), style)
    assert NEW in text
    assert OLD not in text


ITEMS = [("What does it cost?", NEW), ("How long does it take?", "A week, seldom two."), ("Who pays?", "You do.")]


@pytest.mark.parametrize("hidden", ["hidden", 'style="display: none"', 'class="a"'])
@pytest.mark.parametrize(
    "item",
    [
        "<button aria-expanded='false' aria-controls='p{n}'>{q}</button><div id='p{n}' {hidden}>{a}</div>",
        "<details><summary>{q}</summary><div {hidden}>{a}</div></details>",
        "<h3><a href='#p{n}' data-toggle='collapse'>{q}</a></h3><div><div id='p{n}' {hidden}>{a}</div></div>",
        "<h3 data-target='#p{n}'>{q}</h3><div id='p{n}' {hidden}>{a}</div>",
        "<label for='c{n}'>{q}</label><input type='checkbox' id='c{n}'><div {hidden}>{a}</div>",
        "<h3>{q}</h3><div {hidden}>{a}</div>",
        "<dt>{q}</dt><dd {hidden}>{a}</dd>",
        "<div class='item'><div class='head'><span>{q}</span></div><div {hidden}>{a}</div></div>",
        "<div class='item'><div class='head' onclick='toggle(this)'>{q}</div><div {hidden}>{a}</div></div>",
        "<table><tr><td>{q}</td><td>+</td></tr><tr {hidden}><td colspan='2'>{a}</td></tr></table>",
        "<div class='item'><h3>{q}</h3><div {hidden}><div id='w{n}'>{a}</div></div></div>",
        "<p>{q}</p><div role='region' aria-labelledby='h{n}' {hidden}>{a}</div>",
    ],
)  # fmt: skip
def test_what_waits_for_a_click_is_read(item: str, hidden: str) -> None:
    body = "".join(item.format(n=n, q=q, a=a, hidden=hidden) for n, (q, a) in enumerate(ITEMS))
    text = read(body, ".a { display: none }")
    assert all(a in text for _, a in ITEMS)


@pytest.mark.parametrize(
    ("body", "style"),
    [
        (f"<input type=radio id=r1><label for=r1>Norway</label><div class=pane>{NEW}</div>", ".pane{display:none} :checked ~ .pane{display:block}"),
        (f"<div class='wide'>{NEW}</div>", ".wide{display:none} @media (min-width: 700px) {.wide{display:block}}"),
        (f"<div class='wide md:block'>{NEW}</div>", ".wide{display:none} @media (min-width: 700px) {.md\\:block{display:block}}"),
        (f"<div class='narrow'>{NEW}</div>", "@media (max-width: 700px) {.narrow{display:none}}"),
        (f"<div id=more hidden>{NEW}</div><script>document.getElementById('more').hidden = false</script>", ""),
        (f"<ul class=tabs><li><a href='#'>Chile</a></li><li><a href='#'>Norway</a></li></ul><div class=tab>None at all.</div><div class=tab style='display:none'>{NEW}</div>", ""),
        (f"<ul><li>It takes a week.</li><li>Sign here.</li><li hidden>{NEW}</li></ul><button>Show more</button>", ""),
        (f"<p hidden=until-found>{NEW}</p>", ""),
    ],
)  # fmt: skip
def test_what_a_style_a_script_or_a_control_beside_it_shows_is_read(body: str, style: str) -> None:
    assert NEW in read(f"<h2>Shipping</h2><p>Here is what it costs to send a parcel.</p>{body}", style)


def test_what_is_never_shown_is_counted_as_hidden() -> None:
    page = f"<h1>Sending parcels</h1>{ABOUT}<p>{NEW}</p><p style='display:none'>Nobody reads this sentence.</p>"
    coverage = extract_page(page, "https://shop.test/help").coverage
    assert coverage.share == 1.0
    assert coverage.count_by_kind()[LossKind.HIDDEN] == 23


IN_A_CLASS = f"<p class='a'>{NEW}</p>"


def read_sheet(body: str, head: str) -> str:
    page = f"<html><head>{head}</head><body><h1>Sending parcels</h1>{ABOUT}{body}{ABOUT}</body></html>"
    documents = extract_page(page, "https://shop.test/help").documents
    return "\n".join(f"{document.question}\n{document.answer}" for document in documents)


@pytest.mark.parametrize(
    ("body", "head"),
    [
        (IN_A_CLASS, "<style media='print'>.a{display:none}</style>"),
        (IN_A_CLASS, "<style media='(max-width: 600px)'>.a{display:none}</style>"),
        (IN_A_CLASS, "<style type='text/less'>.a{display:none}</style>"),
        (IN_A_CLASS, "<style disabled>.a{display:none}</style>"),
        (IN_A_CLASS, "<noscript><style>.a{display:none}</style></noscript>"),
        (IN_A_CLASS, "<template><style>.a{display:none}</style></template>"),
        (IN_A_CLASS, "<style>.a{--old-display:none}</style>"),
        (IN_A_CLASS, "<style>.a{background:url('data:,display:none')}</style>"),
        (IN_A_CLASS, "<style>.a{display:none;display:block}</style>"),
        (IN_A_CLASS, "<style>.a{-webkit-backface-visibility:hidden}</style>"),
        (IN_A_CLASS, "<style>@media print{.x::before{content:'}'} .a{display:none}}</style>"),
        (IN_A_CLASS, "<style>@media print{a[href='}']{color:red} .a{display:none}}</style>"),
        (IN_A_CLASS, "<style>.a:not(.ready){display:none}</style>"),
        (f"<section><p>{NEW}</p></section>", "<style>section p{display:none} body section p{display:block}</style>"),
        (f"<p data-a>{NEW}</p>", "<style>[data-a]{display:none} p[data-a]{display:flex}</style>"),
        (f"<p hidden>{NEW}</p>", "<style>[hidden]{display:block}</style>"),
        (f"<p class='a' style='display:block'>{NEW}</p>", "<style>.a{display:none}</style>"),
        (f"<p style='display:none;display:block'>{NEW}</p>", ""),
        (f"<p style='/*display:none*/color:red'>{NEW}</p>", ""),
        (f"<p style='--x: display:none'>{NEW}</p>", ""),
        (f"<p style='backface-visibility:hidden'>{NEW}</p>", ""),
        (f"<p style='visibility:hidden'><span style='visibility:visible'>{NEW}</span></p>", ""),
        (f"<x-faq>{NEW}</x-faq>", "<style>x-faq:not(:defined){display:none}</style>"),
        (f"<x-c><template shadowrootmode=open><style>.a{{display:none}}</style><i>in</i></template></x-c>{IN_A_CLASS}", ""),
    ],
)  # fmt: skip
def test_what_a_browser_shows_is_not_hidden(body: str, head: str) -> None:
    assert NEW in read_sheet(body, head)


@pytest.mark.parametrize(
    "head",
    [
        "<style>.a{visibility:hidden}</style>",
        "<style>.a{visibility:collapse}</style>",
        "<style>p{display:block} .a{display:none}</style>",
        "<style>.a{display:none !important} body p{display:block}</style>",
        "<style>@media screen{.a{display:none}}</style>",
        "<style media='screen'>.a{display:none}</style>",
        "<style>@layer base{.a{display:none}}</style>",
        "<style><!-- .a{display:none} --></style>",
        "<style>.x{background:url('}')} .a{display:none}</style>",
        "<style>p:is(.a, .b){display:none}</style>",
        "<style>" + "".join(f".n{n}{{display:none}}" for n in range(150)) + ".a{display:none}</style>",
    ],
)
def test_what_a_sheet_hides_from_every_reader_is_not_known(head: str) -> None:
    assert NEW not in read_sheet(IN_A_CLASS, head)


@pytest.mark.parametrize(
    "page",
    [
        "<div style='display:none'><h1>Sending parcels</h1>{text}</div>",
        "<div>Loading …</div><main hidden><h1>Sending parcels</h1>{text}</main>",
        "<header><a href='/'>Home</a></header><div class='app' style='visibility:hidden'><h1>Parcels</h1>{text}</div>",
    ],
)
def test_a_page_that_a_script_shows_once_it_is_loaded_is_read(page: str) -> None:
    documents = extract_page(page.format(text=f"{ABOUT}<p>{NEW}</p>"), "https://shop.test/help").documents
    assert any(NEW in document.answer for document in documents)


MANY = "".join(f"<div class='c{n} d{n % 7}'><p>Text number {n} of the lamps.</p></div>" for n in range(4000))


@pytest.mark.parametrize(
    ("body", "style"),
    [
        (MANY, "".join(f".c{n}{{display:none}}" for n in range(10_000))),
        (MANY, "".join(f"div:has(p:not(.z{n} *):has(~ .y)) p{{display:none}}" for n in range(100))),
        (MANY, (":not(" * 40 + ".never" + ")" * 40 + "{display:none}") * 100),
        (MANY, ("div ~ " * 30 + ".d1{display:none}") * 20),
        (MANY, "a{display:block}" * 60_000),
        (MANY, ",".join(f".a{n}" for n in range(150_000)) + "{display:none}"),
        (MANY, "{" * 1_000_000),
        (MANY, "/*" * 500_000),
        (MANY, '"' + '\\"' * 500_000),
        ("".join(f"<p hidden>Text number {n} of the lamps.</p>" for n in range(10_000)), ""),
        ("".join(f"<p hidden>Text number {n}.</p><p>Shown number {n}.</p>" for n in range(3000)), ""),
    ],
)  # fmt: skip
def test_sheets_that_are_made_to_cost_much_cost_little(body: str, style: str) -> None:
    started = time.process_time()
    read(body, style)
    assert time.process_time() - started < 10
