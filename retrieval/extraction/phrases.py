"""What whole phrases on a page are for: asking plainly, calling on the reader, or filling the page. Pure functions."""

from __future__ import annotations

import re

from retrieval.extraction import wording
from retrieval.text.cleaning import collapse_whitespace
from retrieval.text.scripts import HAN


def _compile_any(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


_SOMEONE = r"(?:i|you|we|they|he|she|it|my|your|our|their|the|there|this|that|these|those|an?|any|all|one|someone)"
_AUXILIARY = r"(?:do|does|did|is|are|was|were|can|could|should|would|will|shall|may|must|have|has|had)"
_INVERTED = _compile_any(  # "How do I pay", not "How it works": words in the order of a question need no mark
    rf"(?:(?:how|what|when|where|why|which|whom)\s+(?:much\s+|many\s+|long\s+|often\s+|far\s+)?{_AUXILIARY}(?:n[’']t)?\s+{_SOMEONE}\b)",
    rf"(?:what|who)\s+(?:is|are)\s+(?!next\b|new\b|included\b|we\b)\S|how\s+(?:much|many|long|often|far)\s+{_AUXILIARY}\b",
    rf"{_AUXILIARY}(?:n[’']t)?\s+(?:i|you|we|they|it|there|my|your)\s+\w",
    "(?:为什么|為什麼|为何|為何|什么是|什麼是|如何|怎么|怎麼|怎样|怎樣|是否|能否|可否|请问|請問|哪里|哪裡|哪些|多久|多少)"
    f"[{HAN}]{{2}}",
)
_CALL = _compile_any(
    r"(?:ready|interested|curious|excited|convinced|sounds?|looking|want|wanna|need|got|new here|new to|love)\b",
    r"have\s+(?:an?|any|more|some|feedback|questions?)\b(?:\s+\w+){0,2}\s*[?!]|(?:any|still|more|other|further)\b",
    r"(?:why\s+(?:choose|us|work|join|buy|partner|trust|switch|upgrade|advertise|sponsor|donate|our|we)\b)",
    r"who\s+(?:are\s+we|is\s+it\s+for|we\s+are)\b|what\s+(?:are\s+you\s+waiting|do\s+we\s+do|we\s+do|now|next|else)\b",
    rf"(?:how|what|why|when|where|which)\s+{_AUXILIARY}\s+we\b|what\s+(?:can|are)\s+(?:we|you)\s+(?:help|looking)\b",
    r"(?:can[’']?t|couldn[’']?t|didn[’']?t|don[’']?t|not)\s+(?:find|see|sure|have)\b|(?:shall|should)\s+we\b|are\s+you\s+ready\b",
    "准备好|準備好|需要帮助|需要幫助|为什么选择|為什麼選擇|想了解|想要|我们是谁|我們是誰",
)
_PITCH = _compile_any(  # nobody asks these of a company
    r"(?:are\s+you\s+)?ready\s+(?:to|for)\b|what\s+are\s+you\s+waiting|convinced\s*\?",
    r"still\s+(?:have|got|unsure|stuck|not\s+sure|looking)\b|(?:have|got|any)\s+(?:more|other|another|further)\s+question",
    "准备好|準備好",
)
_OFFER = _compile_any(  # what they name may be told below them
    r"(?:still\s+)?need\s+(?:more\s+|any\s+|some\s+)?(?:help|support|assistance|info)|interested\s+in\b",
    r"(?:looking\s+for|want(?:\s+to\s+(?:know|learn|see|hear))?)\s+more\b",
    "还需要(?:其他|更多)?帮助|還需要(?:其他|更多)?幫助",
)
_FURNITURE = _compile_any(
    r"(?:leave|post|write|add)\s+(?:a|your)\s+(?:reply|comment|answer|review).*|(?:\d+\s+|no\s+)?(?:comments?|replies|responses)",
    r"your\s+answer|share\s+(?:this|on|via)\b.*|(?:recent|more|popular|promoted|latest|other)\s+"
    r"(?:posts?|articles?|comments?|topics)(?:\s+(?:in|on|about|from)\b.*)?",
    r"news\s?letter|subscribe(?:\s+(?:to|now)\b.*)?|follow\s+us(?:\s+on\b.*)?|in\s+this\s+(?:article|section)|(?:quick|useful)\s+links",
    "发表评论|發表評論|(?:最新|热门|熱門|全部)?(?:评论|評論)|关注我们|關注我們|友情链接|友情連結|推荐阅读|推薦閱讀|热门文章|熱門文章",
)
_CHAPTER = _compile_any(
    r"(?:description|overview|introduction|background|synopsis|summary|conclusions?|examples?|usage|installation|requirements"
    r"|prerequisites|getting started|licen[sc]e|contents|changelog|notes?)",
    "简介|簡介|概述|概览|概覽|前言|安装|安裝|用法|示例|总结|總結|许可证",
)
_FEEDBACK = _compile_any(
    r"(?:was|is|did|were|does)\s+(?:this|that|the)\b(?:\s+(?:article|page|answer|information|content|guide|post|topic|document|section|above))?"
    r"(?:\s+you)?\s+(?:help(?:ful|ed)?|useful|answer(?:ed)?|solve[ds]?)"
    r"(?:\s+(?:your|the|to|you|for)\b(?:\s+\w+){0,3})?\s*\??(?:\s*(?:yes|no|/|👍|👎))*",
    r"\d+\s+(?:out\s+)?of\s+\d+\s+(?:people\s+)?found\s+this\s+helpful\.?|thanks?(?:\s+you)?\s+for\s+your\s+feedback[.!]?",
    "(?:以上|这|此|這|本)[篇页頁个個]?(?:文章|内容|內容|回答|信息|資訊|页面|頁面)?(?:是否)?(?:对|對)?[您你]?(?:是否)?(?:有帮助|有幫助|有用)[吗嗎]?[?？]?",
)
_DATED = _compile_any(
    r"(?:last\s+)?(?:updated|modified|edited|reviewed|published|posted)(?:\s+(?:on|at|by))?\s*[:：]?\s.{0,30}(?:\bago|\b\d{4})"
    r"(?:\s+at\s+.{0,12})?\.?",
    r"(?:最后|最後|最近)?(?:更新|修改|发布|發布)(?:于|於|时间|時間|日期)?\s*[:：]?\s*\d{4}\s*[-/.年].{0,20}",
)
_FILLER = _compile_any(
    r"(?:©|\(c\)|copyright\b).*|all\s+rights\s+reserved\.?|(?:page\s+)?loading\s*(?:…|\.\.\.)?|please\s+wait\s*(?:…|\.\.\.)?",
    r".*\b(?:enable|requires?|turn\s+on|need)\b.{0,20}\bjavascript\b.*|(?:skip|jump)\s+to\s+(?:main\s+)?(?:content|navigation)",
    r"(?:read|learn|show|see|view|load)\s+(?:more|less|all)\W*|(?:next|previous|prev|back|close|print|menu|home|search|edit(?:\s+this\s+page)?)\W*",
    r"(?:[^\s|·•›»]+(?:\s[^\s|·•›»]+)?\s*[|·•›»]\s*){2,}[^\s|·•›»]+(?:\s[^\s|·•›»]+)?",
    "加载中.*|載入中.*|版权所有.*|版權所有.*|阅读更多|閱讀更多|查看更多|更多|返回|上一[页頁篇]|下一[页頁篇]",
)
_COOKIES = _compile_any(
    r"\b(?:we|(?:web)?site|page)\s+(?:\w+\s+)?uses?\b.{0,30}\bcookies\b.{0,90}\b(?:experience|improve|accept|agree|consent|analy[sz]e|traffic|personali)",
    "使用.{0,10}cookies?.{0,60}(?:同意|接受|体验|體驗)",
)
_MAX_NOTICE = 300  # characters of a banner; what is longer tells something about cookies


def plainly_asks(text: str) -> bool:
    """Whether the text asks beyond doubt: with a question's mark or particle at its end, or in its order of words."""
    text = text[len(wording.extract_code(text)) :].lstrip("¿\"'“‘ ")
    return wording.is_asked(text) or bool(_INVERTED.match(text))


def is_call(text: str) -> bool:
    """Whether those who tell of themselves put the question, often to the reader: "Ready?", "How do we work?"."""
    return bool(_CALL.match(text.strip())) or asks_reader_on(text)


def asks_reader_on(text: str) -> bool:
    """Whether a line is nothing but a call to ask, to look elsewhere or to vote: "Still have questions?"."""
    return wording.is_invitation(text) or is_note(text)


def is_pitch(text: str) -> bool:
    """Whether a line among questions is certain to be put to the reader: "Ready to start?", "Still have questions?"."""
    return bool(_PITCH.match(text.strip())) or asks_reader_on(text)


def is_offer(text: str) -> bool:
    """Whether a line names what the reader may want; what follows tells whether that is answered or only leads on:
    "Interested in a group booking?"."""
    return bool(_OFFER.match(text.strip()))


def is_furniture(text: str) -> bool:
    """Whether a heading names a part of the page's frame and not of its content ("Related", "3 comments", "Share")."""
    return bool(_FURNITURE.fullmatch(text.strip(" :.…"))) or asks_reader_on(text)


def is_chapter(text: str) -> bool:
    """Whether a heading names a chapter that any document may have ("Description", "Usage")."""
    return bool(_CHAPTER.fullmatch(text.strip(" :：.")))


def is_note(text: str) -> bool:
    """Whether a line only asks for a vote on the page or dates it."""
    return bool(_FEEDBACK.fullmatch(text) or _DATED.fullmatch(text))


def is_filler(text: str, heading: str = "") -> bool:
    """Whether a text says nothing: copyright, "Loading…", a row of menu entries, a cookie banner. What stands under a
    heading that speaks of cookies tells of them."""
    text = collapse_whitespace(text)
    if len(text) > _MAX_NOTICE:
        return False
    is_banner = bool(_COOKIES.search(text)) and "cookie" not in heading.lower()
    return bool(_FILLER.fullmatch(text)) or is_banner or is_note(text)
