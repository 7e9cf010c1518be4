from collections.abc import Sequence

from bot.answering.quote import ExtractiveWriter
from bot.chat.conversation import WritingRequest
from retrieval.documents import Document, DocumentKind, RetrievalResult
from tests.fakes import found

PORTAL = Document("https://shop.example/help#returns", "How do I return goods?", "Open the portal and print the label.")


async def written(question: str, result: RetrievalResult, language: str = "en") -> str:
    return "".join(
        [piece.text async for piece in ExtractiveWriter().write_answer(WritingRequest(question, language, result))]
    )


async def test_a_short_answer_is_quoted_whole_and_cited() -> None:
    assert await written("return goods", found(PORTAL)) == "Open the portal and print the label. [1]"


async def test_no_passages_make_no_answer() -> None:
    assert await written("anything", found()) == ""


async def test_the_marker_stands_below_a_list_or_a_code_block() -> None:
    for answer in ("Do this:\n\n1. one\n2. two", "Run:\n\n```\nmake\n```", "| a | b |\n|---|---|\n| 1 | 2 |"):
        document = Document("https://shop.example/a", "How?", answer)
        assert await written("How?", found(document)) == f"{answer}\n\n[1]"


async def test_a_long_answer_is_cut_and_says_that_there_is_more() -> None:
    answer = (
        "Nothing to see here at all. " * 40 + "\n\nDuties are paid by the customer.\n\n" + "More of the same. " * 60
    )
    document = Document("https://shop.example/customs_(eu)", "Who pays *customs* duties?", answer)
    text = await written("Who pays duties?", found(document))
    assert "Duties are paid by the customer." in text
    assert len(text) < len(answer)
    assert text.endswith(r"[Who pays \*customs\* duties?](https://shop.example/customs_%28eu%29) [1]")
    assert "页面上还有更多内容" in await written("Who pays duties?", found(document), "zh")


async def test_an_answer_too_large_to_quote_is_linked() -> None:
    document = Document("https://shop.example/log", "What does the log say?", "```\n" + "line\n" * 2000 + "```")
    text = await written("log", found(document))
    assert text == (
        "The answer is too long to quote here. You can read it on the page: "
        "[What does the log say?](https://shop.example/log) [1]"
    )


async def test_a_section_is_quoted_under_its_headings() -> None:
    section = Document(
        "https://docs.example/setup#linux", "Linux", "Use apt.", DocumentKind.SECTION, ("Manual", "Set-up")
    )
    assert await written("install on linux", found(section)) == "**Manual › Set-up › Linux**\n\nUse apt. [1]"


async def test_a_bare_yes_is_quoted_under_the_question_it_answers() -> None:
    document = Document("https://shop.example/de", "Do you ship to Germany?", "Yes, within two days.", language="en")
    assert await written("Do you ship to Mars?", found(document)) == (
        "**Do you ship to Germany?**\n\nYes, within two days. [1]"
    )
    assert await written("do you ship to germany", found(document)) == "Yes, within two days. [1]"
    chinese = Document("https://shop.example/zh", "支持货到付款吗？", "不支持。", language="zh")
    assert await written("可以货到付款吗", found(chinese), "zh") == "**支持货到付款吗？**\n\n不支持。 [1]"


async def test_an_answer_that_only_begins_with_such_letters_is_not_titled() -> None:
    for answer, language in (("Notifications come by mail.", "en"), ("会员日每月一次。", "zh")):
        document = Document("https://shop.example/n", "How are you told?", answer, language=language)
        assert await written("notification", found(document), language) == f"{answer} [1]"


def others(text: str) -> Sequence[str]:
    return [line for line in text.split("\n") if line.startswith("- ")]


async def test_close_questions_are_offered_and_distant_ones_are_not() -> None:
    result = found(
        PORTAL,
        Document("https://shop.example/b", "How do I return a gift?", "…"),
        Document("https://shop.example/c", "Is there a shop in Paris?", "…"),
        Document("https://shop.example/d", "How do I return goods bought in a shop?", "…"),
        Document(PORTAL.url, "How do I return goods? (old)", "…"),
        Document("https://shop.example/f", "How do I return goods from France?", "…"),
        scores=(9.0, 8.0, 8.0, 7.0, 6.0, 1.0),
    )
    assert others(await written("How do I return goods?", result)) == [
        "- How do I return a gift? [2]",
        "- How do I return goods bought in a shop? [4]",
    ]


async def test_a_page_that_uses_brackets_does_not_pose_as_a_citation() -> None:
    document = Document("https://shop.example/a", "How?", "See note [1] and `a[1]`.")
    assert await written("How?", found(document)) == r"See note \[1\] and `a[1]`. [1]"
