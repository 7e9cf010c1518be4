from bot.chat.markup import in_one_line


def test_an_answer_in_one_line_is_its_words_alone() -> None:
    markdown = (
        "You have **30 days**.\n\n1. Open [My order](https://x.example).\n2. Run `pay`\n\n```\na  b\n```\nDone. [1]"
    )
    assert in_one_line(markdown) == "You have 30 days. Open My order. Run pay a b Done."
    assert in_one_line("| a | b |\n|---|---|\n| 1 | 2 |\n\n好。 [1][2]") == "a b 1 2 好。"
