"""What questions, labels, numbering and FAQ titles look like in words. Pure functions on text."""

from __future__ import annotations

import re
import unicodedata

from retrieval.text.cleaning import collapse_whitespace
from retrieval.text.scripts import CIRCLED_NUMBERS, GREEK, HAN


def _compile_any(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


_QUESTION_MARK = re.compile(
    rf"[?？؟](?=$|[\s\"'”’）)\]》」』]|[{HAN}])|(?<=[{GREEK}]);(?=$|\s)"  # ; in Greek only
)
_INTERROGATIVE = _compile_any(
    r"(?:how|what|what[’']s|why|when|where|where[’']s|who|who[’']s|whose|whom|which)\b",
    r"(?:can|can[’']t|could|do|don[’']t|does|doesn[’']t|did|is|isn[’']t|are|aren[’']t|was|were)\b",
    r"(?:will|won[’']t|would|should|shall|may|must|has|have|had|am)\b",
    r"(?:comment|pourquoi|quand|quel(?:le)?s?|où|est-ce|puis-je)\b",
    r"(?:wie|was|warum|wann|wo|wer|welche[rsn]?|kann|gibt)\b",
    r"(?:cómo|como|qué|por qué|cuándo|cuánto|dónde|quién|cual|quando|quanto|onde|come|perché|dove)\b",
)
_CHINESE_INTERROGATIVE = _compile_any(
    "吗|嗎|呢|如何|怎|为什么|為什麼|为何|為何|为啥|什么|什麼|甚麼|哪|是否|能否|可否|多少|多久|多长|多長|几|幾|谁|誰|何时|何時",
    "能不能|可不可以|会不会|會不會|有没有|有沒有|是不是|要不要|咋|请问|請問|何谓|何謂|ですか|ますか",
)
_FIRST_PERSON = _compile_any(r"(?:i|i[’']\w+|my|we|our|help(?=[!,])|when i|if i|after i)\b", "[我咱]")
_FAQ = _compile_any(
    r"\bf\.?a\.?q\.?[’']?s?\b",
    r"frequently[\s-]*asked",
    r"(?:common|popular|top|general|other|your|more|user|customer)\s+questions",
    r"questions\s*(?:and|&|/)\s*answers|\bq\s*(?:&|and|\+)\s*a\b|questions (?:we|people|you|users|customers)",
    r"\bhelp (?:cent(?:er|re)|topics)\b",
    "常见问|常見問|常问|常問|问答|問答|问与答|問與答|答疑|疑难|疑難|问题解答|問題解答|热门问题|熱門問題|帮助中心|幫助中心|說明中心",
    r"よくある|자주\s*묻는|h[äa]ufig(?:e|\s+gestellte)|foire aux questions|questions fréquen",
    "preguntas frecuentes|perguntas frequentes|domande frequenti",
)
_FAQ_SLUG = _compile_any("(?:^|[^a-z])(?:faqs?|qanda|qna|frequently-?asked-?questions)(?:[^a-z]|$)")
_LEGAL = _compile_any(
    r"privacy|terms (?:of|and|&)|\bterms\b|cookie|\bpolicy\b|\blegal\b|agreement",
    r"datenschutz|impressum|agb\b|confidentialité|privacidad",
    "隐私|隱私|条款|條款|协议|協議|声明|聲明|私隱",
)
_END = r"\W*(?:[?!.？！。].*)?"  # of the call itself: a sentence that says how may follow
_OBJECT = r"(?:(?!\b(?:i|i[’']\w+|my|we|our)\b).){0,40}?"  # what the reader is told to want: nobody's own trouble
_INVITATION = _compile_any(  # whole lines: a question that only mentions these words asks something
    rf"(?:(?:do|if)\s+)?(?:you\s+)?(?:still|got|have|any|more|other|further)\b[\w\s]{{0,20}}\bquestions?{_END}",
    rf"(?:(?:still\s+)?(?:can[’']?t|cannot|can\s+not|could\s*n[’']?t|could\s+not|did\s*n[’']?t|did\s+not|not))\s+find(?:ing)?\b{_OBJECT}"
    rf"\b(?:look\w*(?:\s+for)?|answers?|questions?|needs?|wants?)(?:\s+(?:here|above|below|to\s+your\s+questions?))?{_END}",
    rf"(?:still\s+)?(?:need|want|looking\s+for)\s+(?:more|further|some|additional|any)?\s*(?:help|support|assistance|information){_END}",
    r"(?:questions?|help|contact(?:\s+us)?|get\s+in\s+touch|ask\s+(?:us|a\s+question))\W*",
    r"how\s+(?:can|may)\s+we\s+help\b(?:\s+you)?(?:\s+today)?\W*|(?:table\s+of\s+)?contents\W*|on\s+this\s+page\W*",
    r"(?:see\s+also|related(?:\s+\w+){0,2}|references|further\s+reading|external\s+links|navigation(?:\s+menu)?|indices\s+and\s+tables)[^\w?]*",
    "(?:(?:您|你)的?)?(?:问题|疑问|問題|疑問).{0,4}(?:解决|解答|解決)了?(?:吗|嗎)\\W*",
    "(?:(?:您|你|是否)*)(?:还有|還有)(?:其他|其它|别的|別的|更多|任何|什么|什麼)*(?:问题|疑问|問題|疑問)(?:吗|嗎|么)?(?:\\W.*)?",
    "(?:还|還|仍)?(?:没|沒)有?找到(?:(?:您|你|想要|需要|要找|答案|问题|問題|内容|內容|信息|资讯|資訊|所|的){1,6})?(?:吗|嗎)?\\W*",
    "(?:联系我们|聯絡我們|聯繫我們|目录|目錄|参见|參見|更多帮助|更多幫助)\\W*",
    "(?:相关|相關)(?:文章|内容|內容|链接|連結|鏈接|问题|問題|推荐|推薦|阅读|閱讀|主题|主題|资讯|資訊|信息|文档|文件)?\\W*",
)
_CONTACT = re.compile(r"\w@\w|\+?\d[\d ()/-]{5,}")
_BACK_TO_TOP = _compile_any(
    r"\W*(?:back to (?:the )?(?:top|contents|toc|index|questions|list|faq)|back)\W*",
    r"\W*(?:(?:go to|return to|to) (?:the )?top|top(?: of page)?|up|toc|contents)\W*",
    r"\W*(?:回到|返回|回)?(?:页首|頁首|顶部|頂部|最上|页面顶部|目录|目錄)\W*",
)
_Q_LABEL = re.compile(
    r"\s*(?:[【\[(（]\s*(?:q|问|問|问题|問題)\s*\d*\s*[】\])）]\s*[:：.]?|(?:q|question|ques|frage|问|問|问题|問題)\s*\.?\s*#?(?:\d+|[一二三四五六七八九十]+)?\s*[:：.、)）\-–—|])\s*",
    re.IGNORECASE,
)
_A_LABEL = re.compile(
    r"\s*(?:[【\[(（]\s*(?:a|答|答案|回答)\s*\d*\s*[】\])）]\s*[:：.]?|(?:a|ans|answer|antwort|答|答案|回答|答复|答覆|解答)\s*\.?\s*#?(?:\d+|[一二三四五六七八九十]+)?\s*[:：.、)）\-–—|])\s*",
    re.IGNORECASE,
)
_Q_BARE = re.compile(r"\s*(?:q|question|问|問|问题|問題)\s*\d*\s*[.:：]?\s*", re.IGNORECASE)
_A_BARE = re.compile(r"\s*(?:a|ans|answer|答|答案|回答)\s*\d*\s*[.:：]?\s*", re.IGNORECASE)
_NUMBERING = re.compile(
    r"\s*(?:(?:question|faq|q|第)\s*)?(?:"
    r"(?:[A-Z]\.)?\d+(?:\.\d+)+\.?[)：:]?(?=\s|[^\x00-\x7f])|"  # 1.2, A.1.2
    r"#?\d{1,3}\s*[.)）、．:：](?!\d)|[(（]\d{1,3}[)）]\.?|"  # 1. 1) (1) 1、
    rf"[一二三四五六七八九十]{{1,3}}\s*[、.．]|[{CIRCLED_NUMBERS}]|[(（][一二三四五六七八九十]{{1,3}}[)）]、?|"
    r"(?:[ivxIVX]{1,5}|[A-Za-z])[.)]\s(?=\S)"
    r")\s*"
)
_CODE = re.compile(r"[A-Za-z]{1,4}[-.]?\d{1,3}(?:\.\d{1,3})*[.:)：](?=\s\S|[^\x00-\x7f])")
_DECORATION = re.compile(
    r"^[\s+\-−–—▼▶►▸▾▲△▽›»✚✕×⌄⌃¶§|•·●○■□◆◇★☆→↓➜➤➔❓❔💬📌👉🔗#*]+(?=[\s\w¿「『“\"'《（(])|[\s+−▼▶►▸▾▲△▽›»✚✕⌄⌃¶§|•·→↓#🔗]+$"
)


def question_likeness(text: str) -> float:
    """How much a text looks like a question, 0..1: 1 with its mark, .7 by its first words, .5 as one's own trouble."""
    text = text[len(extract_code(text)) :].lstrip()
    if _QUESTION_MARK.search(text):
        return 1.0
    if _CHINESE_INTERROGATIVE.search(text) or _INTERROGATIVE.match(text.lstrip("¿\"'“‘ ")):
        return 0.7
    return 0.5 if _FIRST_PERSON.match(text) else 0.0


def is_asked(text: str) -> bool:
    """Whether the text ends as a question does: with its mark, or with a Chinese question particle."""
    bare = text.rstrip(" \"'”’）)]》」』*_.。!！")
    return bare.endswith(("?", "？", "؟", "吗", "嗎", "呢"))


def is_statement(text: str) -> bool:
    """Whether the text ends as a sentence that states something does."""
    return text.rstrip(" \"'”’）)]》」』*_").endswith((".", "。", "!", "！"))


def speaks_of_faq(text: str) -> bool:
    """Whether a title or heading announces questions and answers."""
    return bool(_FAQ.search(text))


def slug_speaks_of_faq(slug: str) -> bool:
    """Whether a URL's path, an id or a class names an FAQ."""
    return bool(_FAQ_SLUG.search(slug))


def speaks_of_law(text: str) -> bool:
    """Whether a title is that of a policy, of terms or the like, whose headings often ask without being an FAQ."""
    return bool(_LEGAL.search(text))


def is_invitation(text: str) -> bool:
    """Whether a heading only asks the reader on ("Still have questions?") or names a page's furniture."""
    return bool(_INVITATION.fullmatch(text.strip()))


def states_contact(text: str) -> bool:
    """Whether the text tells a mail address or a number long enough to call."""
    return bool(_CONTACT.search(text))


def is_back_to_top(text: str) -> bool:
    """Whether a link's text is only a way back up the page."""
    return bool(_BACK_TO_TOP.fullmatch(text))


def question_label_length(text: str) -> int:
    """The length of a leading "Q:", "Question 3.", "问：" (0 when there is none)."""
    match = _Q_LABEL.match(text)
    return match.end() if match else 0


def answer_label_length(text: str) -> int:
    """The length of a leading "A:", "Answer:", "答：" (0 when there is none)."""
    match = _A_LABEL.match(text)
    return match.end() if match else 0


def is_bare_label(text: str) -> bool:
    """Whether the text is nothing but a question's or an answer's label: "Q", "A.", "答"."""
    return bool(_Q_BARE.fullmatch(text) or _A_BARE.fullmatch(text))


def is_question_label(text: str) -> bool:
    """Whether the text is nothing but a question's label."""
    return bool(_Q_BARE.fullmatch(text))


def extract_numbering(text: str) -> str:
    """A leading number ("A.1.2", "3)", "一、") as written, or ""."""
    match = _NUMBERING.match(text)
    return match.group().strip() if match and match.end() < len(text) else ""


def extract_code(text: str) -> str:
    """A leading code that names an entry of a series ("B1.", "R12:", "FAQ-7)") as written, or ""."""
    match = _CODE.match(text)
    return match.group() if match else ""


_CHINESE_DIGITS = {char: value for value, char in enumerate("一二三四五六七八九十", start=1)}


def leading_number(text: str) -> int:
    """The value of a leading number that counts ("3.", "三、", "③"), 0 for none or one with parts ("1.2")."""
    match = re.match(r"\D*?(\d{1,3})(?![\d.]*\d)", extract_numbering(text))
    if match:
        return int(match.group(1))
    first = extract_numbering(text).strip("(（)）、.． ")
    if len(first) == 1 and "①" <= first <= "⑳":
        return ord(first) - ord("①") + 1
    return _CHINESE_DIGITS.get(first, 0)


def tidy_question(text: str) -> str:
    """The question on one line, without label, numbering, arrows and permalink signs."""
    text = _DECORATION.sub("", collapse_whitespace(text))
    for strip in (_Q_LABEL, _NUMBERING, _Q_LABEL):
        match = strip.match(text)
        if match and match.end() < len(text):
            text = text[match.end() :]
    return _DECORATION.sub("", text).strip()


def fold_text(text: str) -> str:
    """Letters and digits only, lower case, compatibility forms folded: equal for texts that read the same."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).lower())
