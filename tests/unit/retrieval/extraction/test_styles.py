# ruff: noqa: E501 (pages read best as they are served)
"""Small pages as many tools and hands make them: what each asks and answers, to the letter; and pages that only look so."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from retrieval.documents import Document, DocumentKind
from retrieval.extraction import extract_documents

Pairs = Sequence[tuple[str, str]]
PAGES: dict[str, tuple[str, str, Pairs]] = {}


def page(
    name: str,
    body: str,
    *pairs: tuple[str, str],
    url: str = "https://x.example/help/page",
    head: str = "",
    title: str = "Desk",
) -> None:
    """Register a page: HTML by its body, Markdown and text (by the URL) as they are."""
    html = f'<!doctype html><html lang="en"><head><title>{title}</title>{head}</head><body>{body}</body></html>'
    PAGES[name] = (body if url.endswith((".md", ".txt")) else html, url, pairs)


def md(name: str, body: str, *pairs: tuple[str, str]) -> None:
    page(name, body, *pairs, url="https://x.example/docs/page.md")


A, B, C = (
    ("Is there a lift?", "Yes, in the east wing."),
    ("When is check-out?", "At noon, or later for a fee."),
    ("Pets", "Small dogs only, for ten crowns."),
)
EN = (A, B, C)


def each(item: str, items: Pairs = EN) -> str:
    return "".join(item.format(q=q, a=a, n=n) for n, (q, a) in enumerate(items, 1))


page(
    "html5 sections",
    "<main><h1>Support</h1><section><header><h2>How do I reset my password?</h2></header><div><p>Use the link on the sign-in page.</p></div></section><section><header><h2>Where do I find my invoices?</h2></header><div><p>Under Billing.</p></div></section></main>",
    ("How do I reset my password?", "Use the link on the sign-in page."),
    ("Where do I find my invoices?", "Under Billing."),
)
page(
    "elementor toggles",
    '<h2 class="elementor-heading-title">Good to know</h2><div class="elementor-widget-toggle"><div class="elementor-toggle" role="tablist">'
    + "".join(
        f'<div class="elementor-toggle-item"><h5 id="elementor-tab-title-1{n}" class="elementor-tab-title" data-tab="{n}" role="tab" aria-controls="elementor-tab-content-1{n}" aria-expanded="false"><span class="elementor-toggle-icon elementor-toggle-icon-left" aria-hidden="true"><i class="fas fa-caret-right"></i></span><a href="" class="elementor-toggle-title">{q}</a></h5><div id="elementor-tab-content-1{n}" class="elementor-tab-content elementor-clearfix" data-tab="{n}" role="tabpanel" aria-labelledby="elementor-tab-title-1{n}"><p>{a}</p></div></div>'
        for n, (q, a) in enumerate(
            [("Is breakfast included?", "Yes, from seven."), ("May I bring a dog?", "Small ones only.")], 1
        )
    )
    + "</div></div>",
    ("Is breakfast included?", "Yes, from seven."),
    ("May I bring a dog?", "Small ones only."),
)
page(
    "elementor nested accordion",
    '<div class="e-n-accordion">'
    + "".join(
        f'<details id="e-n-accordion-item-{n}" class="e-n-accordion-item"><summary class="e-n-accordion-item-title" data-accordion-index="{n}" tabindex="0" aria-expanded="false"><span class="e-n-accordion-item-title-header"><h3 class="e-n-accordion-item-title-text"> {q} </h3></span><span class="e-n-accordion-item-title-icon"><span class="e-opened"><i class="fas fa-minus"></i></span></span></summary><div role="region" class="elementor-element e-con-full"><div class="elementor-widget-container"><p>{a}</p></div></div></details>'
        for n, (q, a) in enumerate([("Is breakfast included?", "Yes, from seven.")])
    )
    + "</div>",
    ("Is breakfast included?", "Yes, from seven."),
)
page(
    "yoast faq block",
    '<div class="entry-content"><div class="schema-faq wp-block-yoast-faq-block">'
    + "".join(
        f'<div class="schema-faq-section" id="faq-question-{n}"><strong class="schema-faq-question">{q}</strong> <p class="schema-faq-answer">{a}</p> </div>'
        for n, (q, a) in enumerate([("Delivery times", "Two days."), ("What does it cost?", "Nothing.")])
    )
    + "</div></div>",
    ("Delivery times", "Two days."),
    ("What does it cost?", "Nothing."),
)
page(
    "rank math block",
    '<div class="wp-block-rank-math-faq-block"><div class="rank-math-faq-item"><h3 class="rank-math-question">What does it cost?</h3><div class="rank-math-answer"><p>Nothing.</p></div></div></div>',
    ("What does it cost?", "Nothing."),
)
page(
    "zendesk article",
    '<main role="main"><nav class="sub-nav"><ol class="breadcrumbs"><li><a href="/hc">Help</a></li><li><a href="/hc/s">Orders</a></li></ol></nav><article class="article"><header class="article-header"><h1 title="Can I change my order?" class="article-title">Can I change my order?</h1><div class="article-author"><div class="article-meta"><a href="/u/1">Ann</a><div class="meta-group"><span class="meta-data">3 months ago</span><span class="meta-data">Updated</span></div></div></div></header><section class="article-info"><div class="article-content"><div class="article-body"><p>Yes, within an hour.</p><ul><li>Open the order.</li><li>Press Change.</li></ul></div></div></section><footer><div class="article-votes"><span class="article-votes-question">Was this article helpful?</span><button>Yes</button><button>No</button><small>3 out of 5 found this helpful</small></div><div class="article-more-questions">Have more questions? <a href="/new">Submit a request</a></div></footer><section class="related-articles"><h2 class="related-articles-title">Related articles</h2><ul><li><a href="/2">Can I return it?</a></li></ul></section></article></main>',
    ("Can I change my order?", "Yes, within an hour.\n\n- Open the order.\n- Press Change."),
    url="https://x.example/hc/en-us/articles/1-Can-I-change",
)
page(
    "intercom collapsibles",
    '<article dir="ltr" class="article intercom-force-break"><div class="flex"><h1>Billing</h1></div><div class="article_body"><div class="intercom-interblocks-paragraph"><p>All about money.</p></div><div class="intercom-interblocks-subheading"><h2 id="h_1">Can I pay yearly?</h2></div><div class="intercom-interblocks-paragraph"><p>Yes, at a discount.</p></div><div class="intercom-interblocks-subheading"><h2 id="h_2">Do you take cheques?</h2></div><div class="intercom-interblocks-unordered-nested-list"><ul><li><div class="intercom-interblocks-paragraph"><p>Only in France.</p></div></li></ul></div></div></article><div class="intercom-reaction-picker"><div>Did this answer your question?</div><button>😞</button></div>',
    ("Can I pay yearly?", "Yes, at a discount."),
    ("Do you take cheques?", "- Only in France."),
)
page(
    "shopify dawn collapsible",
    '<div class="collapsible-content"><h2 class="collapsible-content__heading">You may wonder</h2>'
    + "".join(
        f'<div class="accordion"><details id="D{n}"><summary id="S{n}"><svg></svg><h3 class="accordion__title inline-richtext h4">{q}</h3><svg class="icon icon-caret"></svg></summary><div class="accordion__content rte" id="C{n}" role="region"><p>{a}</p></div></details></div>'
        for n, (q, a) in enumerate([("Do you ship abroad?", "We do."), ("Returns", "Thirty days.")])
    )
    + "</div>",
    ("Do you ship abroad?", "We do."),
    ("Returns", "Thirty days."),
)
page(
    "wix faq",
    '<div data-hook="faq-widget"><div role="list">'
    + "".join(
        f'<div role="listitem" data-hook="item"><div role="button" aria-expanded="false" aria-controls="a{n}" data-hook="question" tabindex="0"><div><span>{q}</span></div></div><div id="a{n}" data-hook="answer" style="height:0"><div class="rich"><p>{a}</p></div></div></div>'
        for n, (q, a) in enumerate([("Do you ship abroad?", "We do."), ("How long does it take?", "A week.")])
    )
    + "</div></div>",
    ("Do you ship abroad?", "We do."),
    ("How long does it take?", "A week."),
)
page(
    "squarespace accordion",
    '<ul class="accordion-items-container">'
    + "".join(
        f'<li class="accordion-item"><h4 aria-level="3" class="accordion-item__title-wrapper" role="heading"><button class="accordion-item__click-target" aria-expanded="false" id="b{n}" aria-controls="d{n}"><span class="accordion-item__title">{q}</span><div class="accordion-icon-container"><div class="plus"></div></div></button></h4><div class="accordion-item__dropdown" id="d{n}" role="region" aria-labelledby="b{n}"><div class="accordion-item__description"><p>{a}</p></div></div></li>'
        for n, (q, a) in enumerate([("Do you ship abroad?", "We do."), ("How long does it take?", "A week.")])
    )
    + "</ul>",
    ("Do you ship abroad?", "We do."),
    ("How long does it take?", "A week."),
)
page(
    "docusaurus details",
    '<div class="theme-doc-markdown markdown"><header><h1>Troubleshooting</h1></header><p>When things break.</p><h2 class="anchor" id="why">Why does the build fail?<a href="#why" class="hash-link" aria-label="Direct link to Why does the build fail?" title="Direct link">\u200b</a></h2><p>Run <code>npm ci</code>:</p><div class="language-bash codeBlockContainer"><div class="codeBlockContent"><pre tabindex="0"><code><span class="token-line">npm ci</span><br><span class="token-line">npm run build</span><br></code></pre><div class="buttonGroup"><button>Copy</button></div></div></div><h2 class="anchor" id="how">How do I clear the cache?<a href="#how" class="hash-link">\u200b</a></h2><table><thead><tr><th>System</th><th>Command</th></tr></thead><tbody><tr><td>Linux</td><td><code>rm -r .cache</code></td></tr></tbody></table></div>',
    ("Why does the build fail?", "Run `npm ci`:\n\n```\nnpm ci\nnpm run build\n```"),
    ("How do I clear the cache?", "| System | Command |\n| --- | --- |\n| Linux | `rm -r .cache` |"),
)
page(
    "gitbook expandable",
    '<main><h1>Product</h1><details class="group/expandable"><summary class="cursor-pointer"><h4 id="q1"><a href="#q1"></a><span>What is the token?</span></h4></summary><div><p>A secret.</p></div></details></main>',
    ("What is the token?", "A secret."),
)
page(
    "mediawiki",
    '<div id="content" class="mw-body"><h1 id="firstHeading">Frogs</h1><div class="mw-parser-output"><p>Frogs are asked about a lot.</p><div id="toc" class="toc"><h2>Contents</h2><ul><li><a href="#a">1 Do frogs sleep?</a></li><li><a href="#b">2 What do they eat?</a></li></ul></div><h2><span class="mw-headline" id="a">Do frogs sleep?</span><span class="mw-editsection"><span>[</span><a href="/e">edit</a><span>]</span></span></h2><p>They do.</p><h2><span class="mw-headline" id="b">What do they eat?</span><span class="mw-editsection">[<a href="/e">edit</a>]</span></h2><p>Flies.</p></div></div><div id="footer"><ul><li>This page was last edited in May.</li></ul></div>',
    ("Do frogs sleep?", "They do."),
    ("What do they eat?", "Flies."),
)
page(
    "confluence expand",
    '<h1>Onboarding</h1><div id="expander-1" class="expand-container conf-macro output-block"><div id="expander-control-1" class="expand-control"><span class="expand-control-icon"></span><span class="expand-control-text">How do I get a badge?</span></div><div id="expander-content-1" class="expand-content"><p>Ask the porter.</p></div></div><div id="expander-2" class="expand-container"><div id="expander-control-2" class="expand-control"><span class="expand-control-icon"></span><span class="expand-control-text">Where is lunch?</span></div><div id="expander-content-2" class="expand-content"><p>Downstairs.</p></div></div>',
    ("How do I get a badge?", "Ask the porter."),
    ("Where is lunch?", "Downstairs."),
)
page(
    "notion toggle heading",
    '<article class="page"><header><h1 class="page-title">Handbook</h1></header><div class="page-body"><details open=""><summary style="font-weight:600;font-size:1.5em">Who pays for travel?</summary><div class="indented"><p>We do.</p></div></details><p>Talk to Ann about everything else that comes up.</p></div></article>',
    ("Who pays for travel?", "We do."),
)
page(
    "a table of questions and answers",
    "<h1>Rooms</h1><table><thead><tr><th>Question</th><th>Answer</th></tr></thead><tbody><tr><td>Is there a lift?</td><td>Yes.</td></tr><tr><td>When is check-out?</td><td>At noon.</td></tr></tbody></table>",
    ("Is there a lift?", "Yes."),
    ("When is check-out?", "At noon."),
)
page(
    "a table numbered",
    "<h1>Rooms</h1><table><tr><th>No.</th><th>Question</th><th>Answer</th></tr><tr><td>1</td><td>Is there a lift?</td><td>Yes.</td></tr><tr><td>2</td><td>Check-out</td><td>At noon.</td></tr></table>",
    ("Is there a lift?", "Yes."),
    ("Check-out", "At noon."),
)
page(
    "a chinese table",
    "<h1>住宿</h1><table><tr><th>问题</th><th>解答</th></tr><tr><td>有电梯吗？</td><td>有。</td></tr><tr><td>几点退房？</td><td>中午。</td></tr></table>",
    ("有电梯吗？", "有。"),
    ("几点退房？", "中午。"),
)
md(
    "a markdown table of questions",
    "# Rooms\n\n| Question | Answer |\n|---|---|\n| Is there a lift? | Yes. |\n| When is check-out? | At **noon**. |\n",
    ("Is there a lift?", "Yes."),
    ("When is check-out?", "At **noon**."),
)
page(
    "rows alternate",
    "<h1>Rooms FAQ</h1><table><tr><td>Q1</td><td>Is there a lift?</td></tr><tr><td>A1</td><td>Yes.</td></tr><tr><td>Q2</td><td>When is check-out?</td></tr><tr><td>A2</td><td>At noon.</td></tr></table>",
    ("Is there a lift?", "Yes."),
    ("When is check-out?", "At noon."),
)
page(
    "q and a in one paragraph",
    "<h1>Rooms</h1><p><strong>Q: Is there a lift?</strong><br>A: Yes, in the <em>east</em> wing.</p><p><strong>Q: When is check-out?</strong><br>A: At noon.</p>",
    ("Is there a lift?", "Yes, in the *east* wing."),
    ("When is check-out?", "At noon."),
)
page(
    "one q and a in one paragraph",
    "<h1>Rooms</h1><p><strong>Q: Is there a lift?</strong><br>A: Yes.</p>",
    ("Is there a lift?", "Yes."),
)
page(
    "bold lines two",
    "<h1>Rooms</h1><p><b>Is there a lift?</b></p><p>Yes.</p><p>In the east wing.</p><p><b>When is check-out?</b></p><ul><li>Noon.</li></ul>",
    ("Is there a lift?", "Yes.\n\nIn the east wing."),
    ("When is check-out?", "- Noon."),
)
page(
    "bold and answer in a paragraph",
    "<h1>Rooms</h1><p><strong>Is there a lift?</strong> Yes, there is.</p><p><strong>When is check-out?</strong> At noon.</p>",
    ("Is there a lift?", "Yes, there is."),
    ("When is check-out?", "At noon."),
)
page(
    "dl with several dd",
    "<h1>Rooms</h1><dl><dt>Is there a lift?</dt><dd>Yes.</dd><dd>It sleeps at night.</dd><dt>When is check-out?</dt><dd><p>At noon.</p><pre>12:00</pre></dd></dl>",
    ("Is there a lift?", "Yes.\n\nIt sleeps at night."),
    ("When is check-out?", "At noon.\n\n```\n12:00\n```"),
)
page(
    "two dt share a dd",
    "<h1>FAQ</h1><dl><dt>Is there a lift?</dt><dt>Is there an elevator?</dt><dd>Yes.</dd><dt>When is check-out?</dt><dd>At noon.</dd></dl>",
    ("Is there an elevator?", "Yes."),
    ("When is check-out?", "At noon."),
)
page(
    "bilingual headings",
    "<h1>FAQ 常见问题</h1><h3>How do I return it? 如何退货？</h3><p>Send it back.</p><p>请寄回。</p><h3>Can I pay cash? 可以付现金吗？</h3><p>No.</p><p>不可以。</p>",
    ("How do I return it? 如何退货？", "Send it back.\n\n请寄回。"),
    ("Can I pay cash? 可以付现金吗？", "No.\n\n不可以。"),
)
page(
    "bilingual sections",
    '<h1>Help / 帮助</h1><section lang="en"><h2>English</h2><h3>Can I return it?</h3><p>Yes.</p></section><section lang="zh"><h2>中文</h2><h3>可以退货吗？</h3><p>可以。</p></section>',
    ("Can I return it?", "Yes."),
    ("可以退货吗？", "可以。"),
)
page(
    "tabs of categories",
    '<h1>FAQ</h1><div class="tabs"><ul class="nav nav-tabs" role="tablist"><li class="nav-item"><button class="nav-link active" data-bs-toggle="tab" data-bs-target="#t1" role="tab" aria-controls="t1">Orders</button></li><li class="nav-item"><button class="nav-link" data-bs-toggle="tab" data-bs-target="#t2" role="tab" aria-controls="t2">Returns</button></li></ul><div class="tab-content">'
    + "".join(
        f'<div class="tab-pane fade" id="t{t}" role="tabpanel"><div class="accordion">'
        + "".join(
            f'<div class="accordion-item"><h2 class="accordion-header"><button class="accordion-button collapsed" data-bs-toggle="collapse" data-bs-target="#c{t}{n}" aria-expanded="false" aria-controls="c{t}{n}">{q}</button></h2><div id="c{t}{n}" class="accordion-collapse collapse"><div class="accordion-body">{a}</div></div></div>'
            for n, (q, a) in enumerate(items)
        )
        + "</div></div>"
        for t, items in (
            (1, [("How do I order?", "Online."), ("Minimum order", "Ten.")]),
            (2, [("How do I return?", "By post."), ("Who pays?", "We do.")]),
        )
    )
    + "</div></div>",
    ("How do I order?", "Online."),
    ("Minimum order", "Ten."),
    ("How do I return?", "By post."),
    ("Who pays?", "We do."),
)
page(
    "nested accordions",
    "<h1>FAQ</h1>"
    + "".join(
        f'<div class="category"><button class="cat" aria-expanded="true" aria-controls="k{k}">{cat}</button><div id="k{k}">'
        + "".join(
            f'<div><button aria-expanded="false" aria-controls="k{k}n{n}">{q}</button><div id="k{k}n{n}"><p>{a}</p></div></div>'
            for n, (q, a) in enumerate(items)
        )
        + "</div></div>"
        for k, (cat, items) in enumerate(
            [
                ("Orders", [("How do I order?", "Online."), ("Minimum order", "Ten.")]),
                ("Which returns?", [("How do I return?", "By post."), ("Who pays?", "We do.")]),
            ]
        )
    ),
    ("How do I order?", "Online."),
    ("Minimum order", "Ten."),
    ("How do I return?", "By post."),
    ("Who pays?", "We do."),
)
page(
    "h3 with steps and note",
    "<h1>Help</h1><h3>How do I install it?</h3><ol><li>Download.<pre><code>curl x</code></pre></li><li>Run.</li></ol><blockquote><p>Needs root.</p></blockquote><h3>How do I remove it?</h3><pre><code>rm x</code></pre><h3>Which ports does it use?</h3><table><tr><th>Port</th><th>Use</th></tr><tr><td>80</td><td>web</td></tr></table>",
    ("How do I install it?", "1. Download.\n\n   ```\n   curl x\n   ```\n2. Run.\n\n> Needs root."),
    ("How do I remove it?", "```\nrm x\n```"),
    ("Which ports does it use?", "| Port | Use |\n| --- | --- |\n| 80 | web |"),
)


def ld(kind: str, *entries: tuple[str, str]) -> str:
    return (
        '<script type="application/ld+json">'
        + json.dumps(
            {
                "@context": "https://schema.org",
                "@type": kind,
                "mainEntity": [
                    {"@type": "Question", "name": q, "acceptedAnswer": {"@type": "Answer", "text": a}}
                    for q, a in entries
                ],
            }
        )
        + "</script>"
    )


page(
    "json-ld only",
    '<div id="app"></div><noscript>You need to enable JavaScript to run this app.</noscript>',
    ("Do you ship?", "Yes."),
    ("How far?", "- Everywhere\n- Really"),
    head=ld("FAQPage", ("Do you ship?", "Yes."), ("How far?", "<ul><li>Everywhere</li><li>Really</li></ul>")),
)
page(
    "json-ld only in a graph",
    '<div id="app">Loading…</div>',
    ("Do you ship?", "Yes & no."),
    head='<script type="application/ld+json">{"@context":"https://schema.org","@graph":[{"@type":"WebPage"},{"@type":["WebPage","FAQPage"],"mainEntity":{"@type":"Question","name":"Do you ship?","acceptedAnswer":{"@type":"Answer","text":"Yes &amp; no."}}}]}</script>',
)
page(
    "json-ld with marketing page",
    "<h1>Lamps</h1><p>We sell lamps of every kind to everyone who needs light.</p><h2>Prices</h2><p>Ten crowns each for small ones.</p>",
    ("Do you ship?", "Yes."),
    head=ld("FAQPage", ("Do you ship?", "Yes.")),
)
page(
    "json-ld without list of main entity",
    '<div class="a"><div class="b">Do you ship?</div><div class="c">Yes, we do.</div></div>',
    ("Do you ship?", "Yes, we do."),
    head=ld("FAQPage", ("Do you ship?", "Yes, we do.")),
)
page(
    "chinese help centre",
    '<div class="help-main"><div class="help-title">如何修改收货地址？</div><div class="help-content"><p>订单发货前，可在“我的订单”中修改。</p></div></div>',
    ("如何修改收货地址？", "订单发货前，可在“我的订单”中修改。"),
    title="如何修改收货地址？-帮助中心",
)
page(
    "chinese numbered",
    "<h1>报名须知</h1><p>一、报名需要哪些材料？</p><p>身份证和照片。</p><p>二、费用是多少？</p><p>一百元。</p><p>三、可以退费吗？</p><p>开课前可以。</p>",
    ("报名需要哪些材料？", "身份证和照片。"),
    ("费用是多少？", "一百元。"),
    ("可以退费吗？", "开课前可以。"),
)
page(
    "chinese wen da",
    "<h1>报名</h1><p>问：报名需要哪些材料？</p><p>答：身份证和照片。</p><p>问：费用是多少？<br>答：一百元。</p>",
    ("报名需要哪些材料？", "身份证和照片。"),
    ("费用是多少？", "一百元。"),
)
page(
    "chinese bold one",
    '<div class="article"><h1>报名须知</h1><p><strong>报名需要哪些材料？</strong></p><p>身份证和照片。</p></div>',
    ("报名需要哪些材料？", "身份证和照片。"),
)
page(
    "chinese layui",
    '<div class="layui-collapse"><div class="layui-colla-item"><h2 class="layui-colla-title">怎么付款？</h2><div class="layui-colla-content"><p>微信。</p></div></div><div class="layui-colla-item"><h2 class="layui-colla-title">发票</h2><div class="layui-colla-content">下单时勾选。</div></div></div>',
    ("怎么付款？", "微信。"),
    ("发票", "下单时勾选。"),
    title="常见问题",
)
page(
    "element ui collapse",
    '<div class="el-collapse" role="tablist">'
    + "".join(
        f'<div class="el-collapse-item"><div role="tab" aria-controls="el-{n}" aria-describedby="el-{n}"><div role="button" id="el-head-{n}" tabindex="0" class="el-collapse-item__header">{q}<i class="el-collapse-item__arrow el-icon-arrow-right"></i></div></div><div role="tabpanel" aria-hidden="true" aria-labelledby="el-head-{n}" id="el-{n}" class="el-collapse-item__wrap" style="display: none;"><div class="el-collapse-item__content"><div>{a}</div></div></div></div>'
        for n, (q, a) in enumerate([("怎么付款？", "微信。"), ("可以退货吗？", "可以。")])
    )
    + "</div>",
    ("怎么付款？", "微信。"),
    ("可以退货吗？", "可以。"),
)
page(
    "ant design collapse",
    '<div class="ant-collapse">'
    + "".join(
        f'<div class="ant-collapse-item"><div class="ant-collapse-header" role="button" aria-expanded="false" tabindex="0"><div class="ant-collapse-expand-icon"><span role="img" aria-label="right" class="anticon"></span></div><span class="ant-collapse-header-text">{q}</span></div><div class="ant-collapse-content ant-collapse-content-inactive"><div class="ant-collapse-content-box"><p>{a}</p></div></div></div>'
        for n, (q, a) in enumerate([("怎么付款？", "微信。"), ("可以退货吗？", "可以。")])
    )
    + "</div>",
    ("怎么付款？", "微信。"),
    ("可以退货吗？", "可以。"),
)
page(
    "list items with bold questions",
    "<h1>Rooms</h1><ul><li><strong>Is there a lift?</strong><p>Yes.</p></li><li><strong>When is check-out?</strong><p>At noon.</p></li></ul>",
    ("Is there a lift?", "Yes."),
    ("When is check-out?", "At noon."),
)
page(
    "ordered list of questions",
    "<h1>Rooms FAQ</h1><ol><li>Is there a lift?<br>Yes.</li><li>When is check-out?<br>At noon.</li><li>Pets<br>No.</li></ol>",
    ("Is there a lift?", "Yes."),
    ("When is check-out?", "At noon."),
)
md(
    "markdown list with nested answers",
    "# FAQ\n\n- **Is there a lift?**\n  - Yes.\n- **When is check-out?**\n  - At noon.\n",
    ("Is there a lift?", "- Yes."),
    ("When is check-out?", "- At noon."),
)
md(
    "markdown q and a lines",
    "# Rooms\n\n**Q: Is there a lift?**  \nA: Yes.\n\n**Q: When is check-out?**  \nA: At noon.\n",
    ("Is there a lift?", "Yes."),
    ("When is check-out?", "At noon."),
)
md(
    "markdown bold q without breaks",
    "# Rooms\n\n**Q:** Is there a lift?\n**A:** Yes.\n\n**Q:** When is check-out?\n**A:** At noon.\n",
    ("Is there a lift?", "Yes."),
    ("When is check-out?", "At noon."),
)
md(
    "markdown numbered then details",
    "# Office\n\n### 1. Who is my boss?\n\nAnn.\n\n### 2. Who pays me?\n\nBo pays.\n\n<details><summary>Can I work from home?</summary>Yes, three days a week.</details>\n",
    ("Who is my boss?", "Ann."),
    ("Who pays me?", "Bo pays."),
    ("Can I work from home?", "Yes, three days a week."),
)
md(
    "markdown details blank lines",
    "# Office\n\n<details>\n<summary>Can I work from home?</summary>\n\nYes, **three** days.\n\n- Monday\n- Friday\n\n</details>\n\n<details>\n<summary>Who is my boss?</summary>\n\nAnn.\n\n</details>\n",
    ("Can I work from home?", "Yes, **three** days.\n\n- Monday\n- Friday"),
    ("Who is my boss?", "Ann."),
)
md(
    "markdown two short",
    "# T\n\n## What is Z?\n\nA letter.\n\n## What is Y?\n\nAlso.",
    ("What is Z?", "A letter."),
    ("What is Y?", "Also."),
)
md("markdown one", "# T\n\n## What is Z?\n\nA letter.", ("What is Z?", "A letter."))
md(
    "markdown no mark",
    "# T\n\n## What is Z\n\nA letter.\n\n## How do I write it\n\nWith a pen.",
    ("What is Z", "A letter."),
    ("How do I write it", "With a pen."),
)
md(
    "markdown chinese no mark",
    "# 说明\n\n## 如何付款\n\n刷卡。\n\n## 可以退货吗\n\n可以。",
    ("如何付款", "刷卡。"),
    ("可以退货吗", "可以。"),
)
md("markdown bold no mark", "# T\n\n**Can I bring a dog?**\n\nYes.", ("Can I bring a dog?", "Yes."))
md(
    "markdown emoji heading",
    "# 🙋 FAQ\n\n## ❓ What is Z?\n\nA letter.\n\n## 💡 Why Z?\n\nIt is last.",
    ("What is Z?", "A letter."),
    ("💡 Why Z?", "It is last."),
)
page(
    "plain text",
    "OFFICE FAQ\n\nQ. Where is the office?\nA. In Oslo.\n\nQ. When does it open?\nA. At nine.\n",
    ("Where is the office?", "In Oslo."),
    ("When does it open?", "At nine."),
    url="https://x.example/faq.txt",
)
page(
    "definition style divs",
    '<h1>FAQ</h1><div class="row"><div class="col-md-4"><h4>Is there a lift?</h4></div><div class="col-md-8"><p>Yes.</p></div></div><div class="row"><div class="col-md-4"><h4>Check-out</h4></div><div class="col-md-8"><p>At noon.</p></div></div>',
    ("Is there a lift?", "Yes."),
)
page(
    "questions linked to anchors",
    '<h1>FAQ</h1><ul><li><a href="#q1">Is there a lift?</a></li><li><a href="#q2">When is check-out?</a></li></ul><h3 id="q1">Is there a lift?</h3><p>Yes. <a href="#top">Top</a></p><h3 id="q2">When is check-out?</h3><p>At noon. Click this <a href="#form">link</a> to ask.</p>',
    ("Is there a lift?", "Yes."),
    ("When is check-out?", "At noon. Click this [link](https://x.example/help/page#form) to ask."),
)
page(
    "mail answers",
    '<h1>FAQ</h1><h3>Who do I write to?</h3><p><a href="mailto:a@x.example">a@x.example</a> or <a href="mailto:b@x.example">b@x.example</a></p><h3>Which number do I call?</h3><p><a href="tel:+471">+471</a></p>',
    ("Who do I write to?", "<a@x.example> or <b@x.example>"),
    ("Which number do I call?", "+471"),
)
page(
    "tailwind groups",
    '<section><h2>Frequently asked</h2><div class="divide-y">'
    + "".join(
        f'<div class="group"><button class="flex w-full"><span>{q}</span><svg></svg></button><div class="grid grid-rows-[0fr]"><div class="overflow-hidden">{a}</div></div></div>'
        for q, a in [("Is there a lift?", "Yes."), ("When is check-out?", "At noon."), ("Pets", "No.")]
    )
    + "</div></section>",
    ("Is there a lift?", "Yes."),
    ("When is check-out?", "At noon."),
    ("Pets", "No."),
)
page(
    "bem faq",
    '<section class="faq"><h2 class="faq__title">FAQ</h2>'
    + "".join(
        f'<div class="faq__item"><div class="faq__question"><span>{q}</span></div><div class="faq__answer"><div class="faq__answer-inner"><p>{a}</p></div></div></div>'
        for q, a in [("Is there a lift?", "Yes."), ("Pets", "No.")]
    )
    + "</section>",
    ("Is there a lift?", "Yes."),
    ("Pets", "No."),
)
page(
    "checkbox accordion",
    "<h1>FAQ</h1>"
    + "".join(
        f'<div class="tab"><input type="checkbox" id="c{n}"><label class="tab-label" for="c{n}">{q}</label><div class="tab-content"><p>{a}</p></div></div>'
        for n, (q, a) in enumerate([("Is there a lift?", "Yes."), ("Pets", "No."), ("When is check-out?", "At noon.")])
    ),
    ("Is there a lift?", "Yes."),
    ("Pets", "No."),
    ("When is check-out?", "At noon."),
)
page(
    "jquery ui accordion",
    '<div id="accordion">'
    + "".join(
        f"<h3>{q}</h3><div><p>{a}</p></div>"
        for q, a in [("Is there a lift?", "Yes."), ("When is check-out?", "At noon.")]
    )
    + "</div>",
    ("Is there a lift?", "Yes."),
    ("When is check-out?", "At noon."),
)
page(
    "ibm style bold with colon",
    "<h1>Questions and answers</h1><p><b>Question 1:</b> Is there a lift?</p><p><b>Answer:</b> Yes.</p><p><b>Question 2:</b> Pets</p><p><b>Answer:</b> No.</p>",
    ("Is there a lift?", "Yes."),
    ("Pets", "No."),
)
page(
    "docbook qandaset",
    '<div class="qandaset"><table class="qandaset"><tbody><tr class="question"><td><a name="q1"></a><p><b>1.</b></p></td><td><p>Is there a lift?</p></td></tr><tr class="answer"><td></td><td><p>Yes.</p></td></tr><tr class="question"><td><p><b>2.</b></p></td><td><p>Pets</p></td></tr><tr class="answer"><td></td><td><p>No.</p></td></tr></tbody></table></div>',
    ("Is there a lift?", "Yes."),
    ("Pets", "No."),
)
page(
    "google help style",
    '<div class="article-content"><h1>Fix a lamp</h1><div class="zippy-container"><h2 class="zippy" role="button" aria-expanded="false" tabindex="0">Why does it flicker?</h2><div class="zippy-content"><p>The bulb is loose.</p></div><h2 class="zippy" role="button" aria-expanded="false">It is hot</h2><div class="zippy-content"><p>Let it cool.</p></div></div></div>',
    ("Why does it flicker?", "The bulb is loose."),
    ("It is hot", "Let it cool."),
)
page(
    "adoc qanda",
    '<h1>Lamps</h1><div class="qlist qanda"><ol><li><p><em>Is there a lift?</em></p><p>Yes.</p></li><li><p><em>When is check-out?</em></p><p>At noon.</p></li></ol></div>',
    ("Is there a lift?", "Yes."),
    ("When is check-out?", "At noon."),
)
page(
    "h2 question with subtopics",
    "<h1>Lamp help</h1><h2>How do I mount it?</h2><h3>On wood</h3><p>Screws.</p><h3>On stone</h3><p>Plugs.</p><h2>Can I paint it?</h2><p>Yes.</p>",
    ("How do I mount it?", "### On wood\n\nScrews.\n\n### On stone\n\nPlugs."),
    ("Can I paint it?", "Yes."),
)


def qa(q: str, body: str, accepted: str = "", suggested: Sequence[str] = ()) -> str:
    item: dict[str, object] = {"@type": "Question", "name": q, "text": body, "answerCount": 2}
    if accepted:
        item["acceptedAnswer"] = {"@type": "Answer", "text": accepted, "upvoteCount": 3}
    if suggested:
        item["suggestedAnswer"] = [{"@type": "Answer", "text": s, "upvoteCount": 1} for s in suggested]
    return (
        '<script type="application/ld+json">'
        + json.dumps({"@context": "https://schema.org", "@type": "QAPage", "mainEntity": item})
        + "</script>"
    )


def thread(*posts: str) -> str:
    q, body = "How do I open the lamp?", "I have tried <b>force</b>."
    return (
        f'<h1>{q}</h1><div class="post question"><p>{body}</p><span class="user">ann asked in May</span></div><h2>{len(posts)} Answers</h2>'
        + "".join(
            f'<div class="post answer"><div class="votes">3</div><div class="body">{p}</div><span class="user">bo</span></div>'
            for p in posts
        )
        + "<h3>Your answer</h3><form><textarea></textarea></form>"
    )


OPEN = "How do I open the lamp?"
page(
    "thread accepted html",
    thread("<p>Do not.</p>", "<p>Turn the ring:</p><ol><li>left</li><li>right</li></ol><p>Done.</p>"),
    (OPEN, "Turn the ring:\n\n1. left\n2. right\n\nDone."),
    head=qa(
        OPEN,
        "I have tried <b>force</b>.",
        "<p>Turn the ring:</p><ol><li>left</li><li>right</li></ol><p>Done.</p>",
        ["<p>Do not.</p>"],
    ),
)
page(
    "thread accepted plain text of paragraphs",
    thread("<p>Do not.</p>", "<p>Turn the ring.</p><p>It is stiff.</p>"),
    (OPEN, "Turn the ring.\n\nIt is stiff."),
    head=qa(OPEN, "I have tried force.", "Turn the ring.\n\nIt is stiff.", ["Do not."]),
)
page(
    "thread suggested only",
    thread("<p>Turn the ring.</p>", "<p>Do not.</p>"),
    (OPEN, "Turn the ring."),
    head=qa(OPEN, "x", "", ["Turn the ring.", "Do not."]),
)
page(
    "thread paragraphs without own element",
    f"<h1>{OPEN}</h1><p>I have tried force.</p><h2>Answers</h2><p>Turn the ring.</p><p>It is stiff.</p><hr><p>Do not.</p>",
    (OPEN, "Turn the ring.\n\nIt is stiff."),
    head=qa(OPEN, "I have tried force.", "<p>Turn the ring.</p><p>It is stiff.</p>", ["<p>Do not.</p>"]),
)
page(
    "thread accepted cut short",
    thread(
        "<p>Do not.</p>",
        "<p>Turn the ring slowly to the left until it clicks twice and then pull.</p><p>It is stiff.</p>",
    ),
    (OPEN, "Turn the ring slowly to the left until it clicks twice and then pull.\n\nIt is stiff."),
    head=qa(OPEN, "I have tried force.", "Turn the ring slowly to the left until it clicks twice…", ["Do not."]),
)
page(
    "thread not shown",
    thread("<p>Do not.</p>"),
    (OPEN, "Turn the ring."),
    head=qa(OPEN, "I have tried force.", "Turn the ring.", ["Do not."]),
)
ASKED = (
    '<div itemprop="mainEntity" itemscope itemtype="https://schema.org/Question"><div class="user" itemprop="author" itemscope itemtype="https://schema.org/Person"><span itemprop="name">ann</span></div><h1 itemprop="name">'
    + OPEN
    + '</h1><div itemprop="text"><p>I have tried force.</p></div>'
)


def ans(kind: str, text: str) -> str:
    return f'<div itemprop="{kind}" itemscope itemtype="https://schema.org/Answer"><span itemprop="upvoteCount">3</span><div itemprop="author" itemscope itemtype="https://schema.org/Person"><span itemprop="name">bo</span></div><div itemprop="text">{text}</div></div>'


page(
    "microdata thread",
    f'<div itemscope itemtype="https://schema.org/QAPage">{ASKED}{ans("suggestedAnswer", "<p>Do not.</p>")}{ans("acceptedAnswer", "<p>Turn the ring.</p><ul><li>left</li></ul>")}</div></div>',
    (OPEN, "Turn the ring.\n\n- left"),
)
page(
    "microdata thread suggested",
    f'<div itemscope itemtype="https://schema.org/QAPage">{ASKED}{ans("suggestedAnswer", "<p>Turn the ring.</p>")}{ans("suggestedAnswer", "<p>Do not.</p>")}</div></div>',
    (OPEN, "Turn the ring."),
)
page(
    "microdata faq with text parts",
    '<div itemscope itemtype="https://schema.org/FAQPage"><div itemscope itemprop="mainEntity" itemtype="https://schema.org/Question"><h3 itemprop="name">Is there a lift?</h3><div itemscope itemprop="acceptedAnswer" itemtype="https://schema.org/Answer"><p itemprop="text">Yes.</p><p itemprop="text">At the back.</p></div></div></div>',
    ("Is there a lift?", "Yes.\n\nAt the back."),
)
page(
    "rdfa",
    '<div vocab="https://schema.org/" typeof="FAQPage"><div property="mainEntity" typeof="Question"><h3 property="name">Is there a lift?</h3><div property="acceptedAnswer" typeof="Answer"><div property="text"><p>Yes.</p></div></div></div></div>',
    ("Is there a lift?", "Yes."),
)
page(
    "no pairs: article",
    '<article><h1>Why lamps are round</h1><p class="byline">By Ann, May 3</p><p>They are.</p><h2>Who made them so?</h2><p>We do not know.</p></article>',
    url="https://x.example/blog/round",
)
page(
    "no pairs: cta", "<h1>Lumen</h1><p>Lamps for everyone, since 1990.</p><h2>Ready to start?</h2><p>Sign up today.</p>"
)
page(
    "no pairs: why us",
    "<h1>Lumen</h1><p>Lamps for everyone, since 1990.</p><h2>Why choose us?</h2><p>We care about light.</p>",
)
page(
    "no pairs: topics",
    "<h1>Lamp</h1><p>Lamps for everyone, since 1990.</p><h2>How it works</h2><p>Turn it on.</p><h2>What we do</h2><p>Light.</p>",
)
page("no pairs: legal", "<h1>Privacy policy</h1><h2>What do we collect?</h2><p>Your name.</p>")
page("no pairs: mixed", "<h1>Lamp</h1><h2>Why red?</h2><p>Because.</p><h2>Design</h2><p>Round.</p>")
page(
    "no pairs: cookies",
    '<div id="c"><h2>Do you accept cookies?</h2><p>We use cookies to improve this site. <button>Accept</button></p></div>',
)
page(
    "no pairs: newsletter",
    '<h1>Lamps</h1><p>Ten sorts of lamp.</p><div class="newsletter"><h3>Want news?</h3><p>Leave your address below.</p></div><div><h3>Need help?</h3><p>Call us.</p></div>',
)
page(
    "no pairs: comments",
    '<h1>Lamps</h1><p>Ten sorts of lamp.</p><section id="comments"><h2>2 comments</h2><div class="comment"><b>ann</b><p>Is it red?</p></div><div class="comment"><b>bo</b><p>It is.</p></div></section>',
)
page(
    "no pairs: rhetorical bold",
    "<h1>Our story</h1><p>It was May.</p><p><strong>What now?</strong> we asked. Nobody knew, and the year went on as years do.</p>",
)
page(
    "no pairs: quiz",
    "<h1>Contact</h1><form><p><b>What is your name?</b></p><p><input> required</p><p><b>What is your order?</b></p><p><input> optional</p></form>",
)

page(
    "cta after faq",
    "<h1>FAQ</h1>"
    + each("<h3>{q}</h3><p>{a}</p>")
    + "<h2>Ready to get started?</h2><p>Book a room today, it takes a minute.</p><a href=/book>Book</a>",
    *EN,
)
page(
    "cta same level",
    "<h1>FAQ</h1>"
    + each("<h2>{q}</h2><p>{a}</p>", (A, B))
    + "<h2>Ready to get started?</h2><p>Book a room today, it takes a minute.</p>",
    A,
    B,
)
page(
    "landing with radix",
    "<header><h1>Hotel Lumen</h1></header><section><h2>Rooms</h2><h3>Single</h3><p>A bed and a lamp for one person.</p><h3>Double</h3><p>Two beds and two lamps for two persons.</p></section><section><h2>What guests say</h2><blockquote><p>“Would we come again? Sure!”</p><cite>Ann</cite></blockquote></section><section id='faq'><h2>Frequently asked questions</h2><div data-orientation='vertical'>"
    + each(
        '<div data-state="closed"><h3 data-state="closed"><button type="button" aria-controls="r{n}" aria-expanded="false">{q}</button></h3><div data-state="closed" id="r{n}" hidden="" role="region"><div>{a}</div></div></div>'
    )
    + "</div></section><section><h2>Want to visit?</h2><p>We are open all year.</p></section>",
    *EN,
)
page(
    "chakra",
    "<h2>FAQs</h2><div class='chakra-accordion'>"
    + each(
        '<div class="chakra-accordion__item css-1"><h2><button type="button" id="accordion-button-{n}" aria-expanded="false" aria-controls="accordion-panel-{n}" class="chakra-accordion__button css-2"><div class="css-3">{q}</div><svg class="chakra-icon chakra-accordion__icon"></svg></button></h2><div class="chakra-collapse" style="overflow:hidden;display:none"><div role="region" id="accordion-panel-{n}" aria-labelledby="accordion-button-{n}" class="chakra-accordion__panel">{a}</div></div></div>'
    )
    + "</div>",
    *EN,
)
page(
    "angular material",
    "<h1>FAQ</h1><mat-accordion>"
    + each(
        '<mat-expansion-panel class="mat-expansion-panel"><mat-expansion-panel-header role="button" class="mat-expansion-panel-header" id="h{n}" aria-controls="cdk-{n}" aria-expanded="false"><span class="mat-content"><mat-panel-title class="mat-expansion-panel-header-title"> {q} </mat-panel-title></span><span class="mat-expansion-indicator"></span></mat-expansion-panel-header><div role="region" class="mat-expansion-panel-content" id="cdk-{n}" aria-labelledby="h{n}" style="height:0;visibility:hidden"><div class="mat-expansion-panel-body"><p>{a}</p></div></div></mat-expansion-panel>'
    )
    + "</mat-accordion>",
    *EN,
)
md(
    "mintlify accordions",
    "---\ntitle: Support\n---\n\n<AccordionGroup>\n"
    + each('  <Accordion title="{q}">\n    {a}\n  </Accordion>\n', (A, B))
    + "</AccordionGroup>\n",
    A,
    B,
)
md(
    "mintlify accordions with blank lines",
    "# FAQ\n\n" + each('<Accordion title="{q}" icon="bed">\n\n{a}\n\n</Accordion>\n\n', (A, B)),
    A,
    B,
)
page(
    "mkdocs admonitions",
    "<h1>Help</h1>"
    + each('<div class="admonition question"><p class="admonition-title">{q}</p><p>{a}</p></div>', (A, B)),
    A,
    B,
)
page(
    "mkdocs details", "<h1>FAQ</h1>" + each('<details class="question"><summary>{q}</summary><p>{a}</p></details>'), *EN
)
md(
    "markdown toc",
    "# FAQ\n\n"
    + "".join(f"- [{q}](#{q.lower().replace(' ', '-').replace('?', '')})\n" for q, _ in (A, B))
    + "\n"
    + each("### {q}\n\n**A:** {a}\n\n[Back to top](#faq)\n\n", (A, B)),
    A,
    B,
)
md(
    "markdown rules between",
    "# Help\n\n" + each("**{q}**\n\n{a}\n\n---\n\n", (A, B, ("Can I smoke?", "No."))),
    A,
    B,
    ("Can I smoke?", "No."),
)
md("markdown bold same paragraph", "# FAQ\n\n" + each("**{q}**\n{a}\n\n", EN), *EN)
md("markdown bold numbered", "# FAQ\n\n" + each("**{n}. {q}**\n\n{a}\n\n", EN), *EN)
md("markdown numbered list", "# FAQ\n\n" + each("{n}. **{q}**\n\n   {a}\n\n", EN), *EN)
md("markdown list with q a", "# FAQ\n\n" + each("- Q: {q}\n- A: {a}\n\n", (A, B)), A, B)
md("markdown blockquoted questions", "# FAQ\n\n" + each("> {q}\n\n{a}\n\n", (A, B)), A, B)
md("markdown emphasis", "# FAQ\n\n" + each("*{q}*\n\n{a}\n\n", (A, B)), A, B)
page("classes q and a on paragraphs", "<h1>Info</h1>" + each('<p class="q">{q}</p><p class="a">{a}</p>'), *EN)
page(
    "uppercase old html",
    "<TITLE>The Lumen FAQ</TITLE><H1>The Lumen FAQ</H1><UL><LI><A HREF='#1'>Is there a lift?</A><LI><A HREF='#2'>When is check-out?</A></UL><HR>"
    + each("<A NAME='{n}'></A><B>{n}. {q}</B><P>{a}<P>That is all.<HR>", (A, B)),
    (A[0], A[1] + "\n\nThat is all."),
    (B[0], B[1] + "\n\nThat is all."),
)
page(
    "font colours",
    "<h1>FAQ</h1>" + each('<p><font color="red"><b>Q: {q}</b></font><br><font color="blue">A:</font> {a}</p>'),
    *EN,
)
page("lines with breaks", "<h1>FAQ</h1><div>" + each("<b>{q}</b><br>{a}<br><br>") + "</div>", *EN)
page("pre usenet", "<h1>FAQ</h1><pre>" + each("{n}. {q}\n\n   {a}\n\n", (A, B)) + "</pre>", A, B)
page(
    "text numbered",
    "LUMEN FAQ\n=========\n\n" + each("{n}. {q}\n\n   {a}\n\n", (A, B)),
    A,
    B,
    url="https://x.example/faq.txt",
)
page("text dotted", "The Lumen FAQ\n\n" + each("1.{n} {q}\n\n{a}\n\n", (A, B)), A, B, url="https://x.example/faq.txt")
ZH = (("有电梯吗？", "有，在东楼。"), ("几点退房？", "中午十二点前。"), ("宠物", "可以带小型犬。"))


def z(name: str, item: str, items: Pairs = ZH, h: str = "<h1>常见问题</h1>", tail: str = "") -> None:
    page(name, h + each(item, items) + tail, *items)


z("chinese q1 a1", "<p>Q1：{q}</p><p>A1：{a}</p>")
z("chinese badges", '<div class="item"><div class="tit"><i>问</i>{q}</div><div class="con"><i>答</i>{a}</div></div>')
z("chinese dl badges", '<dl class="faq-list"><dt><span>Q</span>{q}</dt><dd><span>A</span>{a}</dd></dl>')
z("chinese breaks in one paragraph", "问：{q}<br/>答：{a}<br/><br/>", h="<h1>住宿</h1><p>", tail="</p>")
z("chinese brackets", "<p>【问】{q}</p><p>【答】{a}</p>", h="<h1>住宿</h1>")
z("chinese indented", "<p>　　<strong>{n}、{q}</strong></p><p>　　{a}</p>")
z("chinese numbered then answer label", "<p>{n}.{q}</p><p>答：{a}</p>", items=ZH[:2], h="<h1>住宿须知</h1>")
z(
    "chinese single article",
    '<h3>{q}</h3><div class="content"><p>{a}</p></div>',
    items=ZH[:1],
    h='<div class="crumb"><a href="/">首页</a> &gt; <a href="/help">帮助</a></div>',
)
z(
    "chinese list of titles and contents",
    '<li><p class="t">{q}</p><div class="c">{a}</div></li>',
    h="<h2>常见问题</h2><ul>",
    tail="</ul>",
)
z(
    "traditional h3 with number span",
    '<h3><span class="num">0{n}</span>{q}</h3><p>{a}</p>',
    items=(("有電梯嗎？", "有，在東樓。"), ("幾點退房？", "中午十二點前。"), ("可以帶寵物嗎？", "小型犬可以。")),
)
JA = (("チェックアウトは何時ですか？", "正午です。"), ("ペットは泊まれますか？", "小型犬のみ可能です。"))
z("japanese dl", "<dl><dt>Q. {q}</dt><dd>A. {a}</dd></dl>", items=JA, h="<h1>よくある質問</h1>")
z(
    "german h3",
    "<h3>{q}</h3><p>{a}</p>",
    items=(("Wie komme ich zum Hotel?", "Mit der Bahn."), ("Was kostet ein Zimmer?", "Zehn Kronen.")),
    h="<h1>Anreise</h1>",
)
z(
    "french details",
    "<details><summary>{q}</summary><p>{a}</p></details>",
    items=(("Quand faut-il partir ?", "À midi."),),
    h="<h1>Séjour</h1>",
)
page(
    "two copies for two screens",
    "<h1>FAQ</h1><div class='desktop'>"
    + each("<h3>{q}</h3><p>{a}</p>")
    + "</div><div class='mobile' style='display:none'>"
    + each("<details><summary>{q}</summary><p>{a}</p></details>")
    + "</div>",
    *EN,
)
page(
    "two visible copies",
    "<h1>FAQ</h1><div class='hidden md:block'>"
    + each("<h3>{q}</h3><p>{a}</p>")
    + "</div><div class='md:hidden'>"
    + each("<h3>{q}</h3><p>{a}</p>")
    + "</div>",
    *EN,
)
page(
    "nested layout tables",
    "<title>FAQ</title><table width=600><tr><td><table>"
    + each("<tr><td bgcolor=#eee><b>{q}</b></td></tr><tr><td>{a}</td></tr>")
    + "</table></td></tr></table>",
    *EN,
)
page(
    "plain paragraphs",
    "<h1>FAQ</h1>" + each("<p>{q}</p><p>{a}</p>", (A, B, ("Can I smoke?", "No."))),
    A,
    B,
    ("Can I smoke?", "No."),
)
page(
    "notes in bold",
    "<h1>FAQ</h1>" + each("<p><strong>{q}</strong></p><p>{a}</p><p><strong>Note:</strong> prices change.</p>", (A, B)),
    (A[0], A[1] + "\n\n**Note:** prices change."),
    (B[0], B[1] + "\n\n**Note:** prices change."),
)
page(
    "sub-questions in an answer",
    "<h1>FAQ</h1><h2>How do I book?</h2><p>Ask yourself:</p><ul><li>When do I come?</li><li>Who comes with me?</li></ul><p>Then write to us.</p><h2>When is check-out?</h2><p>At noon.</p>",
    ("How do I book?", "Ask yourself:\n\n- When do I come?\n- Who comes with me?\n\nThen write to us."),
    ("When is check-out?", "At noon."),
)
page(
    "shop product page",
    "<h1>Aurora lamp</h1><p>A lamp of brass and glass, made in Oslo.</p>"
    + "".join(
        f"<details><summary>{s}</summary><div>{t}</div></details>"
        for s, t in (("Materials", "Brass and glass."), ("Shipping & returns", "Thirty days."), ("Care", "Dust it."))
    ),
)
page(
    "shop product page with a question",
    "<h1>Aurora lamp</h1><p>A lamp of brass and glass, made in Oslo.</p><h2>Description</h2><p>It is bright and round and stands by itself on any table.</p><details><summary>Which bulb fits?</summary><div>Any E27 bulb.</div></details>",
    ("Which bulb fits?", "Any E27 bulb."),
)
page(
    "help centre home",
    "<h1>How can we help?</h1><p>Search our articles or choose a topic below.</p><ul>"
    + "".join(
        f"<li><a href='/{n}'><h3>{t}</h3><p>{n} articles</p></a></li>"
        for n, t in enumerate(("Orders", "Returns", "Payment"), 2)
    )
    + "</ul><h2>Popular articles</h2><ul><li><a href=/a>How do I return?</a></li><li><a href=/b>Where is my parcel?</a></li></ul>",
)
page(
    "hubspot kb",
    '<div class="kb-article"><h1>Can I export my data?</h1><p class="kb-meta">Last updated: May 3, 2024</p><div class="kb-article__content"><p>Yes, as CSV.</p></div></div><div><p>Was this article helpful?</p><button>Yes</button></div>',
    ("Can I export my data?", "Yes, as CSV."),
)
page(
    "helpscout",
    '<article id="fullArticle"><h1 class="title">How do I export my data?</h1><a class="printArticle" title="Print"><i class="icon-print"></i></a><p>Press Export.</p><section class="related"><h3><i class="icon-article-doc"></i>Related Articles</h3><ul><li><a href="/1">Import</a></li></ul></section></article><div class="articleFoot"><p class="help">Still need help? <a href="/c">Contact Us</a></p><time class="lu">Last updated on May 3, 2024</time></div>',
    ("How do I export my data?", "Press Export."),
)
page(
    "freshdesk",
    '<h1 class="heading">How to pay?</h1><p>Modified on: Mon, 3 May, 2024 at 9:00 AM</p><hr><div class="article-body" id="article-body"><p>By card.</p></div><hr><div id="vote-1"><p>Did you find it helpful? <a>Yes</a> <a>No</a></p></div><section><h3>More articles in Payment</h3><ul><li><a href=/2>Refunds</a></li></ul></section>',
    ("How to pay?", "By card."),
)
page(
    "readme like",
    "<h1>tool</h1><p>A tool that does many things for many people.</p><h2>Installation</h2><pre><code>pip install tool</code></pre><h2>FAQ</h2><h3>Why is it slow?</h3><p>It is in Python.</p><h3>Does it run on Windows?</h3><p>No.</p><h2>License</h2><p>MIT, see the file in the repository.</p>",
    ("Why is it slow?", "It is in Python."),
    ("Does it run on Windows?", "No."),
)
md(
    "readme with one question",
    "# tool\n\nA tool that does things.\n\n## FAQ\n\n### Why is it slow?\n\nIt is in Python.\n\n## License\n\nMIT.\n",
    ("Why is it slow?", "It is in Python."),
)
page(
    "web components",
    "<h1>FAQ</h1>" + each('<faq-item><h3 slot="question">{q}</h3><div slot="answer"><p>{a}</p></div></faq-item>'),
    *EN,
)
page("shoelace", "<h1>FAQ</h1>" + each('<sl-details summary="{q}">{a}</sl-details>'), *EN)
page("definition by bold colon", "<h1>FAQ</h1><ul>" + each("<li><b>{q}</b> {a}</li>") + "</ul>", *EN)
page(
    "question link toggles",
    "<h1>FAQ</h1>"
    + each(
        '<div><a href="javascript:void(0)" onclick="t({n})">{q}</a><div id="x{n}" style="display:none">{a}</div></div>'
    ),
    *EN,
)
page(
    "survey",
    "<h1>Survey</h1><p>Tell us about you in three steps.</p><ol><li>How old are you?</li><li>Where do you live?</li><li>What do you like?</li></ol>",
)
page(
    "interview",
    "<h1>Ann on lamps</h1><p><strong>Why do you make lamps?</strong></p><p>My father did.</p><p><strong>What is next?</strong></p><p>A red one.</p><p><strong>Is it hard?</strong></p><p>Very.</p>",
    url="https://x.example/blog/2024/ann",
)


page(
    "old list of leads",
    "<h1>FAQ</h1><table><tr><td><ol><li><em>Troubles linking programs</em><p>Use these flags.</p></li><li><em>parameters do not work</em><p>Escape them.</p></li><li><em>Is there a C binding?</em><p>Yes.</p></li></ol></td></tr></table>",
    ("Troubles linking programs", "Use these flags."),
    ("parameters do not work", "Escape them."),
    ("Is there a C binding?", "Yes."),
)
page(
    "an outline that links to one question",
    '<h1>FAQ</h1><dl><dt>1. <a href="page#b">How to get help</a></dt><dd>1.1 <a href="page#w">Where is help?</a></dd></dl><h3 id="b">1. How to get help</h3><h4 id="w">1.1 Where is help?</h4><p>In the manual.</p>',
    ("Where is help?", "In the manual."),
)
page(
    "no pairs: lines of code that end in a semicolon",
    "<h1>API</h1>"
    + "".join(
        f"<p>This is call number {n} of the library.</p><pre>call({n}); print(a ? b : c);</pre><p>It prints what was called.</p>"
        for n in range(5)
    ),
)
page(
    "no pairs: a main part in a box of its own",
    '<div id="column"><div role="main"><p>Stability: two, which means that it stays.</p><div class="x">All about the console and its methods.</div></div></div>',
)
page(
    "greek",
    "<h1>FAQ</h1><h3>Πού είναι;</h3><p>Εδώ.</p><h3>Πότε κλείνει;</h3><p>Το βράδυ.</p>",
    ("Πού είναι;", "Εδώ."),
    ("Πότε κλείνει;", "Το βράδυ."),
)


def documents(source: str, url: str) -> list[Document]:
    kind = "text/markdown" if url.endswith(".md") else "text/plain" if url.endswith(".txt") else "text/html"
    return extract_documents(source, url, kind)


def sections(source: str, url: str = "https://x.example/docs/page.md") -> list[tuple[str, str]]:
    found = documents(source, url)
    return [(document.question, document.answer) for document in found if document.kind == DocumentKind.SECTION]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_yields_exactly_its_pairs(name: str) -> None:
    source, url, pairs = PAGES[name]
    found = [document for document in documents(source, url) if document.kind == DocumentKind.FAQ]
    assert [(document.question, document.answer) for document in found] == list(pairs)


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("# Opening hours\n\nMon-Fri 9-18.", [("Opening hours", "Mon-Fri 9-18.")]),
        ("# Wifi\n\nlumen7", [("Wifi", "lumen7")]),
        ("# 营业时间\n\n周一至周五营业。", [("营业时间", "周一至周五营业。")]),
        ("# Parking\n\n## Car\n\nP2.\n\n## Bike\n\nYard.", [("Car", "P2."), ("Bike", "Yard.")]),
        ("# Contact\n\n<desk@x.example>", [("Contact", "<desk@x.example>")]),
        (
            "# History\n\nSee [the change log](log.md).",
            [("History", "See [the change log](https://x.example/docs/log.md).")],
        ),
        (
            "# License\n\nCopyright 2024 Lumen. " + "You may use it. " * 30,
            [("License", ("Copyright 2024 Lumen. " + "You may use it. " * 30).strip())],
        ),
    ],
)
def test_short_text_below_a_heading_is_knowledge(source: str, wanted: Pairs) -> None:
    assert sections(source) == list(wanted)


@pytest.mark.parametrize(
    "body",
    [
        "<nav><a href='/'>Home</a></nav><p>We use cookies to improve your experience.</p><button>Accept</button>",
        "<h1>Lumen</h1><p>本网站使用Cookies，继续浏览即表示同意。</p>",
        "<h1>Menu</h1><p><a href='/'>Home</a> <a href='/a'>About us</a> <a href='/c'>Contact</a></p>",
        "<h1>Menu</h1><p>Home | About us | Contact</p>",
        "<h2>Deals</h2><div>New</div>",
        "<h1>Lumen</h1><p>Loading…</p><p></p>",
        "<h1>Lumen</h1><p>© 2024 Lumen Ltd.</p>",
        "<div>You need to enable JavaScript to run this app.</div>",
        "<h2>Related articles</h2><p>Read about lamps.</p>",
    ],
)
def test_a_page_of_mere_frame_yields_nothing(body: str) -> None:
    assert documents(f"<title>Lumen</title>{body}", "https://x.example/") == []


def test_what_a_page_says_beside_few_questions_stays_known() -> None:
    source = "# Lamp\n\nIt is made of brass.\n\n## Which bulb fits?\n\nE27.\n\n## May I paint it?\n\nYes."
    found = documents(source, "https://x.example/docs/lamp.md")
    assert [(document.kind.value, document.question, document.answer) for document in found] == [
        ("faq", "Which bulb fits?", "E27."),
        ("faq", "May I paint it?", "Yes."),
        ("section", "Lamp", "It is made of brass."),
    ]


def test_the_posts_of_a_thread_are_no_sections() -> None:
    source, url, _ = PAGES["thread accepted html"]
    assert sections(source, url) == []


def test_the_label_of_a_link_to_a_file_stays_where_the_link_cannot_go_out() -> None:
    source = "# FAQ\n\n## Where is it?\n\nSee [the **policy**](policy.md), [`a/b.md`](../a/b.md), [hours][h] and <a href='x.md'>this</a>.\n\n- [Hours](hours.md)\n- Or ask\n\n[h]: hours.md#top"
    answer = documents(source, "file:///srv/handbook/faq.md")[0].answer
    assert answer == "See the **policy**, `a/b.md`, hours and this.\n\n- Hours\n- Or ask"
