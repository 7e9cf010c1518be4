from bot.answering.intent.words import list_words


def test_words_and_neighbours_are_features_and_so_are_beginning_and_end() -> None:
    assert list_words("How much?") == ["how", "much", "?", "^ how", "how much", "much ?", "? $"]


def test_what_is_written_without_spaces_is_read_by_the_character() -> None:
    assert list_words("怎么退")[:3] == ["怎", "么", "退"]
    assert list_words("왜요")[:2] == ["왜", "요"]


def test_numbers_links_and_apostrophes_are_as_good_as_others() -> None:
    assert list_words("I’ll pay 12 at https://shop.test/a?b=1")[:5] == ["i'll", "pay", "#", "at", "://"]


def test_question_marks_of_other_scripts_and_pictures_count_other_marks_do_not() -> None:
    assert list_words("在吗？")[2] == "?"
    assert "👍" in list_words("ok, 👍!")
    assert "," not in list_words("ok, 👍!")


def test_a_hostile_text_is_read_in_part() -> None:
    assert len(list_words("a " * 100_000)) < 200
    assert list_words("") == ["^ $"]
