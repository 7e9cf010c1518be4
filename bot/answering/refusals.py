"""Recognises a model's saying that it has no answer, in whatever words.

`says_no_answer` is sure: the sentence speaks of what the passages lack. `declines_to_answer` is likely: an excuse,
which counts where nothing is cited for it. "Your documents do not have to be originals [1]" is neither. Traditional
Chinese is read
as Simplified.
"""

from __future__ import annotations

import re

from retrieval.text.analysis import fold_text

NO_ANSWER = "NO_ANSWER"  # what the prompt asks for

_OURS = (  # what only somebody says who has been given texts to answer from
    r"(?:passages?|contexts?|excerpts?|help pages?|faqs?|knowledge base|provided \w+|\w+ provided|given \w+)"
)
_SOURCES = (
    rf"(?:{_OURS}|documents?|sources?|texts?|articles?|materials?|content|data|pages?"
    r"|information(?: i have| available)?)"
)
_LACK = (
    r"(?:(?:do|does|did)(?: not|n['’]t)(?: \w+){0,2}? (?:contain|mention|provide|include|specify|say|state|cover"
    r"|address|answer|discuss|have|give|hold|list|describe|explain|offer|touch)|(?:lacks?|says? nothing|mentions? no"
    r"|contains? no|has no|have no|holds? no|gives? no|provides? no|offers? no)|(?:is|are)(?: not|n['’]t) (?:enough"
    r"|sufficient|relevant)|(?:is|are) (?:silent|insufficient))"
)


def _build_refusal_pattern(sources: str) -> re.Pattern[str]:
    return re.compile(
        r"no[ _-]answer\b"
        rf"|\b{sources}\b[^.!?]{{0,40}}?\b{_LACK}"
        r"|\b(?:no|not any|isn['’]t any|not enough|insufficient) (?:\w+ ){0,2}?(?:information|mention|passage)\b"
        r"[^.!?]{0,60}\b(?:about|on|regarding|for|of|in|to)\b"
        r"|\b(?:not|n['’]t|never) (?:\w+ )?(?:mentioned|specified|stated|covered|provided|found|given|included"
        rf"|contained|addressed|listed|described|available|answered)\b[^.!?]{{0,20}}\b(?:in|by|from)\b"
        rf"[^.!?]{{0,25}}\b{sources}"
        r"|\b(?:can ?not|could not|can['’]t|couldn['’]t|unable to)\b[^.!?]{0,40}\b(?:based on|from|in|with)\b"
        rf"[^.!?]{{0,25}}\b{sources}"
        r"|(?:资料|文档|段落|上下文|文本|信息|内容|材料|原文|知识库|文章)[^。！？]{0,14}?(?:没有|未|并未|不|无|缺乏|找不到)"
        r"[^。！？]{0,4}(?:提及|提到|说明|提供|涉及|找到|回答|给出|答案|相关|足够|记载|包含)"
        r"|(?:没有|未能?|无|找不到|查不到)(?:在[^。！？]{0,12})?(?:找到|查到|提及|提到|提供|包含|说明)?"
        r"[^。！？]{0,14}(?:相关|有关|任何|足够)的?[^。！？]{0,8}(?:信息|内容|资料|答案|说明|规定)"
        r"|(?:根据|从)[^。！？]{0,16}(?:无法|没法|不足以)[^。！？]{0,10}(?:回答|得知|确定|判断|找到|提供)"
    )


# What is said of no subject that help pages have, with a citation or without.
_BLUNT = re.compile(
    r"\b(?:is|are|was|were)(?: not|n['’]t) (?:explicitly |clearly |directly )?(?:mentioned|specified|stated)\b"
    r"|\b(?:none|neither) of (?:the |these )?(?:passages|documents|sources|pages)\b|\bneither (?:passage|page)\b"
    r"|\bpassages? only\b|\bnothing is (?:said|mentioned|stated) (?:about|on)\b"
    r"|\bno (?:relevant )?information (?:was|is)\b"
    r"|\bthe answer is not\b|\b(?:question|topic) (?:is not|isn['’]t) covered\b"
    r"|\bi (?:could not|couldn['’]t|can ?not|can['’]t) (?:find|help)\b|\bi (?:do not|don['’]t) know\b"
    r"|未提及|(?:没有|并未|未)(?:提到|提及)|(?:没有|并未|未)说明(?!书)|不详|我不知道|无法(?:确定|回答)|资料[里中]?没有"
)
_CONDITION = re.compile(r"如果|若|要是|请")  # 如果三天内没有物流信息，请…
_SURE = _build_refusal_pattern(_SOURCES)
_SURE_ALTHOUGH_CITED = _build_refusal_pattern(_OURS)
_LIKELY = re.compile(
    r"\b(?:i|we)(?:['’]m| am|['’]re| are)?(?: really| afraid| very| so)?(?: sorry| afraid)?,?(?: but)?(?: i| we)?"
    r"(?:['’]m| am)? (?:can ?not|can['’]t|could not|couldn['’]t|unable|not able|do not know|don['’]t know|do not have"
    r"|don['’]t have|did not find|didn['’]t find|have no|was unable|not sure|was not able|wasn['’]t able)"
    r"|^\W*(?:(?:i['’]m |i am |we['’]re )?(?:very |so |really )?sorry|my apologies|apologies|i apologi[sz]e"
    r"|unfortunately)\b|\bas an? (?:ai|language model|assistant)\b"
    r"|\bthere (?:is|are|was)(?: no|n['’]t| not)\b[^.!?]{0,30}(?:information|details?|answer)"
    r"|(?:很|非常|十分)?(?:抱歉|对不起|遗憾)"
    r"|(?:我|我们)?(?:无法|不能|没法|没办法)[^。！？]{0,6}(?:回答|提供|确定|帮|告诉|判断)"
    r"|(?:我|我们)(?:并)?(?:不知道|不清楚|不确定|没有找到|没找到|查不到)"
    r"|暂时?(?:无|没有)[^。！？]{0,6}(?:信息|答案|资料)|作为(?:一个|一名)?(?:ai|人工智能|语言模型|助手)"
)


def says_no_answer(sentence: str, *, cited: bool = False) -> bool:
    """Whether it says that the sources hold no answer."""
    folded = fold_text(sentence)
    if cited and _CONDITION.search(folded):
        return False
    return any(pattern.search(folded) for pattern in (_BLUNT, _SURE_ALTHOUGH_CITED if cited else _SURE))


def declines_to_answer(sentence: str) -> bool:
    """Whether it excuses itself, which without a citation is no answer."""
    return _LIKELY.search(fold_text(sentence)) is not None
