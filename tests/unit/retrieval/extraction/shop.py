# ruff: noqa: E501 (HTML reads best as it is served)
"""A fictional shop's questions, and the markups that real FAQ generators and hand-made pages would put them in."""

from __future__ import annotations

from dataclasses import dataclass

PAIRS_EN = [
    ("How do I return a lamp?", "Send it back within thirty days in its box, and we refund the price."),
    ("Do you ship to Iceland?", "Yes, by sea, which takes about three weeks."),
    ("My parcel is late", "Write to our desk with the order number and we will trace the parcel."),
    ("Which bulbs fit the Aurora lamp?", "Any E27 bulb of up to nine watts fits."),
]
PAIRS_ZH = [
    ("如何退货？", "收到商品后三十天内，连同包装一起寄回，我们会退还货款。"),
    ("你们送货到冰岛吗？", "可以，海运大约需要三个星期。"),
    ("我的包裹迟到了", "请把订单号发给客服，我们会为您查询包裹的位置。"),
    ("极光台灯适用哪种灯泡？", "任何不超过九瓦的螺口灯泡都可以使用。"),
]


@dataclass(frozen=True)
class Markup:
    """`item` formats one pair ({q}, {a}, {n} from 1, {h} a heading-like id); `page` holds {items}."""

    item: str
    page: str = "{items}"


PAGE = """<!doctype html><html lang="{lang}"><head><title>{title}</title></head><body>
<header><nav><a href="/">Home</a> <a href="/shop">Shop</a></nav></header>
<main><h1>{title}</h1><p>{intro}</p>{body}</main>
<footer><h3>Company</h3><a href="/about">About us</a> <a href="/jobs">Jobs</a><p>Lumen Lamps Ltd.</p></footer></body></html>"""

MARKUPS: dict[str, Markup] = {
    "details": Markup("<details><summary>{q}</summary><p>{a}</p></details>"),
    "details with a heading": Markup(
        "<details id=f{n}><summary><h3>{q}</h3><svg><path/></svg></summary><div>{a}</div></details>"
    ),
    "microdata": Markup(
        '<div itemscope itemprop="mainEntity" itemtype="https://schema.org/Question"><h3 itemprop="name">{q}</h3>'
        '<div itemscope itemprop="acceptedAnswer" itemtype="https://schema.org/Answer"><div itemprop="text"><p>{a}</p></div></div></div>',
        '<div itemscope itemtype="https://schema.org/FAQPage">{items}</div>',
    ),
    "bootstrap 3": Markup(
        '<div class="panel panel-default"><div class="panel-heading"><h4 class="panel-title"><a data-toggle="collapse" data-parent="#acc" href="#c{n}">{q}</a></h4></div>'
        '<div id="c{n}" class="panel-collapse collapse"><div class="panel-body">{a}</div></div></div>',
        '<div class="panel-group" id="acc">{items}</div>',
    ),
    "bootstrap 4": Markup(
        '<div class="card"><div class="card-header" id="h{n}"><h2><button class="btn btn-link collapsed" data-toggle="collapse" data-target="#c{n}" aria-expanded="false" aria-controls="c{n}">{q}</button></h2></div>'
        '<div id="c{n}" class="collapse" aria-labelledby="h{n}"><div class="card-body">{a}</div></div></div>',
        '<div class="accordion" id="acc">{items}</div>',
    ),
    "bootstrap 5": Markup(
        '<div class="accordion-item"><h2 class="accordion-header" id="h{n}"><button class="accordion-button collapsed" type="button" data-bs-toggle="collapse" data-bs-target="#c{n}" aria-expanded="false">{q}</button></h2>'
        '<div id="c{n}" class="accordion-collapse collapse"><div class="accordion-body"><p>{a}</p></div></div></div>',
        '<div class="accordion">{items}</div>',
    ),
    "radix buttons": Markup(
        '<div data-state="closed" data-orientation="vertical"><h3><button type="button" aria-controls="radix-:r{n}:" aria-expanded="false" id="radix-t{n}">{q}<svg></svg></button></h3>'
        '<div id="radix-:r{n}:" role="region" hidden="" aria-labelledby="radix-t{n}"><div class="pb-4">{a}</div></div></div>'
    ),
    "headless ui": Markup(
        '<div class="py-6"><dt><button aria-expanded="true" class="flex"><span class="text-base">{q}</span><span class="ml-6 flex"><svg></svg></span></button></dt><dd class="mt-2 pr-12"><p>{a}</p></dd></div>',
        "<dl class='mt-10 space-y-6'>{items}</dl>",
    ),
    "material ui": Markup(
        '<div class="MuiPaper-root MuiAccordion-root css-1x"><div class="MuiButtonBase-root MuiAccordionSummary-root css-2y" role="button" aria-expanded="false" aria-controls="p{n}"><div class="MuiAccordionSummary-content css-3z"><p class="MuiTypography-root css-9l">{q}</p></div><div class="MuiAccordionSummary-expandIconWrapper"><svg/></div></div>'
        '<div class="MuiCollapse-root" style="min-height:0px;height:0px;visibility:hidden"><div role="region" id="p{n}"><div class="MuiAccordionDetails-root"><p>{a}</p></div></div></div></div>'
    ),
    "webflow dropdown": Markup(
        '<div class="faq-accordion w-dropdown"><div class="faq-toggle w-dropdown-toggle"><div class="icon w-icon-dropdown-toggle"></div><div>{q}</div></div><nav class="faq-list w-dropdown-list"><div class="rich w-richtext"><p>{a}</p></div></nav></div>'
    ),
    "notion export": Markup(
        '<ul class="toggle"><li><details open=""><summary>{q}</summary><p>{a}</p></details></li></ul>'
    ),
    "notion site": Markup(
        '<div class="notion-toggle-block" data-block-id="b{n}"><div style="display:flex"><div class="notion-toggle-block" role="button"><svg/></div><div><div style="display:flex"><div contenteditable="false"><span style="font-weight:600">{q}</span></div></div>'
        '<div class="toggle-content"><div><div class="notion-text-block"><div>{a}</div></div></div></div></div></div></div>'
    ),
    "elementor": Markup(
        '<div class="elementor-accordion-item"><div id="t{n}" class="elementor-tab-title" data-tab="{n}" role="button" aria-controls="p{n}" aria-expanded="false"><span class="elementor-accordion-icon"><i class="fas fa-plus"></i></span><a class="elementor-accordion-title" tabindex="0">{q}</a></div>'
        '<div id="p{n}" class="elementor-tab-content elementor-clearfix" data-tab="{n}" role="region" aria-labelledby="t{n}"><p>{a}</p></div></div>'
    ),
    "yoast block": Markup(
        '<div class="schema-faq-section" id="faq-{n}"><strong class="schema-faq-question">{q}</strong> <p class="schema-faq-answer">{a}</p> </div>',
        '<div class="schema-faq wp-block-yoast-faq-block">{items}</div>',
    ),
    "rank math block": Markup(
        '<div id="faq-{n}" class="rank-math-list-item"><h3 class="rank-math-question ">{q}</h3><div class="rank-math-answer "><p>{a}</p></div></div>'
    ),
    "ultimate faq": Markup(
        '<div class="ewd-ufaq-faq-div ewd-ufaq-faq-body" id="ewd-ufaq-post-{n}"><div class="ewd-ufaq-faq-title ewd-ufaq-faq-toggle"><a class="ewd-ufaq-post-margin" href="#"><div class="ewd-ufaq-post-margin-symbol"><span>A</span></div><div class="ewd-ufaq-faq-title-text"><h4>{q}</h4></div></a></div>'
        '<div class="ewd-ufaq-faq-body ewd-ufaq-hidden" id="b{n}"><div class="ewd-ufaq-post-margin ewd-ufaq-faq-post"><p>{a}</p></div></div></div>'
    ),
    "shopify collapsible": Markup(
        '<div class="accordion__item"><button class="collapsible-trigger collapsible-trigger-btn" aria-controls="F{n}"><span class="collapsible-trigger__icon"></span>{q}</button><div id="F{n}" class="collapsible-content collapsible-content--all"><div class="collapsible-content__inner rte"><p>{a}</p></div></div></div>'
    ),
    "squarespace accordion": Markup(
        '<li class="accordion-item"><h4 class="accordion-item__title-wrapper"><button class="accordion-item__click-target" aria-expanded="false" id="b{n}" aria-controls="d{n}"><span class="accordion-item__title">{q}</span></button></h4>'
        '<div class="accordion-item__dropdown" id="d{n}" role="region"><div class="accordion-item__description"><p>{a}</p></div></div></li>',
        "<ul class='accordion-items-container'>{items}</ul>",
    ),
    "jquery ui": Markup("<h3>{q}</h3><div><p>{a}</p></div>", '<div id="accordion" class="ui-accordion">{items}</div>'),
    "w3schools accordion": Markup('<button class="accordion">{q}</button><div class="panel"><p>{a}</p></div>'),
    "checkbox accordion": Markup(
        '<div class="tab"><input type="checkbox" id="k{n}"><label class="tab-label" for="k{n}">{q}</label><div class="tab-content">{a}</div></div>'
    ),
    "wordpress toggles": Markup(
        '<div class="et_pb_toggle et_pb_toggle_close"><h5 class="et_pb_toggle_title">{q}</h5><div class="et_pb_toggle_content clearfix"><p>{a}</p></div></div>'
    ),
    "question and answer classes": Markup('<p class="question">{q}</p><p class="answer">{a}</p>'),
    "bem classes": Markup(
        '<li class="faq__item"><div class="faq__question">{q}</div><div class="faq__answer"><p>{a}</p></div></li>',
        "<ul>{items}</ul>",
    ),
    "camel case classes": Markup(
        '<div class="faqItem"><div class="faqQuestion">{q}</div><div class="faqAnswer">{a}</div></div>'
    ),
    "short classes": Markup('<div class="q">{q}</div><div class="a">{a}</div>'),
    "div.faq with a heading and p": Markup('<div class="faq"><h3>{q}</h3><p>{a}</p></div>'),
    "div.faq with two p": Markup('<div class="faq"><p>{q}</p><p>{a}</p></div>'),
    "one div.faq with bold and p": Markup("<p><b>{q}</b></p><p>{a}</p>", '<div class="faq">{items}</div>'),
    "definition list": Markup("<dt>{q}</dt><dd>{a}</dd>", "<dl>{items}</dl>"),
    "asciidoc list": Markup(
        '<dt class="hdlist1">{q}</dt><dd><p>{a}</p></dd>', '<div class="dlist"><dl>{items}</dl></div>'
    ),
    "docbook qandaset": Markup(
        '<tr class="question"><td align="left" valign="top"><a name="q{n}"></a><a name="id{n}"></a><p><b>{n}.</b></p></td><td align="left" valign="top"><p>{q}</p></td></tr>'
        '<tr class="answer"><td align="left" valign="top"></td><td align="left" valign="top"><p>{a}</p></td></tr>',
        '<div class="qandaset"><a name="id0"></a><dl><dt>1. <a href="#q1">How do I</a></dt></dl><table border="0" summary="Q and A Set"><colgroup><col align="left" width="1%"><col></colgroup><tbody>{items}</tbody></table></div>',
    ),
    "publican qandaset": Markup(
        '<div class="qandaentry"><div class="question"><div class="label">Q:</div><div class="data"><p>{q}</p></div></div><div class="answer"><div class="label">A:</div><div class="data"><p>{a}</p></div></div></div>',
        '<div class="qandaset">{items}</div>',
    ),
    "h2": Markup('<h2 id="s{n}">{q}</h2><p>{a}</p>'),
    "h4 in sections": Markup("<section><h4>{q}</h4><div><p>{a}</p></div></section>"),
    "numbered h2": Markup("<h2>{n}. {q}</h2><p>{a}</p>"),
    "sphinx": Markup(
        '<section id="q{n}"><h2>{q}<a class="headerlink" href="#q{n}" title="Permalink to this headline">¶</a></h2><p>{a}</p></section>'
    ),
    "docusaurus": Markup(
        '<h3 class="anchor anchorWithStickyNavbar" id="q{n}">{q}<a href="#q{n}" class="hash-link" aria-label="Direct link" title="Direct link">​</a></h3><p>{a}</p>'
    ),
    "mediawiki": Markup(
        '<h3><span class="mw-headline" id="Q{n}">{q}</span><span class="mw-editsection"><span>[</span><a href="/w/index.php?action=edit">edit</a><span>]</span></span></h3><p>{a}</p>'
    ),
    "gitbook": Markup(
        '<h3 id="q{n}" class="heading"><div class="icon"><a href="#q{n}">#</a></div><span class="text">{q}</span></h3><p>{a}</p>'
    ),
    "texinfo": Markup(
        '<a name="q{n}"></a><h3 class="section">1.{n} {q}<span class="pull-right"><a class="anchor hidden-xs" href="#q{n}" aria-hidden="true">#</a> <a class="anchor hidden-xs" href="#toc-q{n}" aria-hidden="true">TOC</a></span></h3><p>{a}</p>'
    ),
    "halibut": Markup('<h3><a name="S1.{n}"></a><a name="faq-{n}"></a>A.1.{n} {q}</h3>\n<p>\n{a}\n</p>'),
    "pod": Markup(
        '<h2><a class="u" href="#___top" title="click to go to top of document" name="q{n}">{q}</a></h2><p>{a}</p>'
    ),
    "latex2html": Markup('<h2><a name="SECTION0001{n}">{q}</a>\n</h2>\n{a}\n<p>\n'),
    "phpbb": Markup(
        '<dt id="f0r{n}"><strong>{q}</strong></dt><dd>{a}</dd><dd class="top"><a href="#faqlinks" class="top2">Back to top</a></dd>',
        '<div class="content"><h2 class="faq-title">Accounts</h2><dl class="faq">{items}</dl></div>',
    ),
    "aria headings": Markup('<div role="heading" aria-level="3">{q}</div><div>{a}</div>'),
    "bold paragraph": Markup("<p><strong>{q}</strong></p><p>{a}</p>"),
    "bold and line break in a paragraph": Markup("<p><b>{q}</b><br>{a}</p>"),
    "bold lead": Markup("<p><b>{q}</b> {a}</p>"),
    "bold in a list": Markup("<li><strong>{q}</strong><p>{a}</p></li>", "<ol>{items}</ol>"),
    "bold lead in a list": Markup("<li><b>{q}</b><br/>{a}</li>", "<ul>{items}</ul>"),
    "bare text and breaks": Markup('<a name="q{n}"></a><b>{q}</b><br>{a}<br><br>'),
    "font colour": Markup('<p><font color="#003366"><b>{q}</b></font></p><p>{a}</p><hr>'),
    "styled bold": Markup('<div><span style="font-weight: bold">{q}</span></div><div>{a}</div>'),
    "named anchors in bold with a list on top": Markup(
        '<p><a name="q{n}"><b>{q}</b></a></p><p>{a} <a href="#top">Back to top</a></p>',
        '<ul><li><a href="#q1">How do I return a lamp?</a></li><li><a href="#q2">Do you ship to Iceland?</a></li><li><a href="#q3">My parcel is late</a></li></ul>{items}',
    ),
    "question and answer labels": Markup("<p>Q: {q}</p><p>A: {a}</p>"),
    "numbered labels": Markup("<p>Q{n}. {q}</p><p>A{n}. {a}</p>"),
    "labels in one paragraph": Markup("<p>Q: {q}<br>A: {a}</p>"),
    "bold labels in one paragraph": Markup("<p><b>Q:</b> {q}<br><b>A:</b> {a}</p>"),
    "chinese labels": Markup("<p>问：{q}</p><p>答：{a}</p>"),
    "traditional labels in brackets": Markup("<p>【問】{q}</p><p>【答】{a}</p>"),
    "labels in cells": Markup(
        "<tr><td>Q:</td><td>{q}</td></tr><tr><td>A:</td><td>{a}</td></tr>", "<table>{items}</table>"
    ),
    "two columns": Markup(
        "<tr><td>{q}</td><td>{a}</td></tr>", "<table><tr><th>Question</th><th>Answer</th></tr>{items}</table>"
    ),
    "three columns": Markup("<tr><td>{n}</td><td>{q}</td><td>{a}</td></tr>", "<table>{items}</table>"),
    "alternating rows": Markup("<tr><th>{q}</th></tr><tr><td>{a}</td></tr>", "<table>{items}</table>"),
    "alternating cells with classes": Markup(
        '<tr><td class="dark">{q}</td></tr><tr><td class="light">{a}</td></tr>', "<table>{items}</table>"
    ),
    "list items with paragraphs": Markup("<li><p>{q}</p><p>{a}</p></li>", "<ol>{items}</ol>"),
    "list items with a list": Markup("<li>{q}<ul><li>{a}</li></ul></li>", "<ol>{items}</ol>"),
    "utility classes": Markup(
        '<div class="border-b"><div class="font-medium text-lg">{q}</div><div class="text-gray-500 mt-2">{a}</div></div>'
    ),
    "hashed classes": Markup(
        '<div class="css-1a2b"><div class="css-8x9"><span>{q}</span></div><div class="css-7zz"><span>{a}</span></div></div>'
    ),
    "grid of columns": Markup(
        '<div class="row"><div class="col-4"><p>{q}</p></div><div class="col-8"><p>{a}</p></div></div>'
    ),
    "number badges": Markup(
        '<div class="faq-item"><h3><span class="num">0{n}</span> <span>{q}</span></h3><div class="faq-content"><p>{a}</p></div><i class="faq-toggle bi bi-chevron-right"></i></div>'
    ),
    "number badges in buttons": Markup(
        '<div class="faq-item border"><button class="w-full faq-toggle"><div class="flex"><span class="font-bold">{n}</span><span>{q}</span></div></button><div class="px-4">{a}</div></div>'
    ),
    "emphasis in list items": Markup("<li><em>{q}</em><p>{a}</p></li>", "<ol>{items}</ol>"),
    "layout table": Markup(
        "<p><b>{q}</b></p><p>{a}</p>",
        "<table><tr><td><ul><li><a href='/'>Home</a></li><li><a href='/x'>Shop</a></li></ul></td><td><table><tr><td>{items}</td></tr></table></td></tr></table>",
    ),
    "numbered paragraphs": Markup("<p>{n}. {q}</p><p>{a}</p>"),
    "chinese numbered paragraphs": Markup("<p>{n}、{q}</p><p>{a}</p>"),
}


def page_of(markup: str, pairs: list[tuple[str, str]], language: str, title: str) -> str:
    """The pairs in the named markup, on a page with navigation and a footer."""
    chosen = MARKUPS[markup]
    items = [
        chosen.item.replace("{q}", question).replace("{a}", answer).replace("{n}", str(number))
        for number, (question, answer) in enumerate(pairs, start=1)
    ]
    body = chosen.page.replace("{items}", "\n".join(items))
    filled = PAGE.replace("{lang}", language).replace("{title}", title).replace("{intro}", "")
    return filled.replace("{body}", body)
