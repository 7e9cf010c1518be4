import string
import tomllib
from pathlib import Path

import pytest

from bot.chat.intent import Intent
from bot.i18n import DEFAULT, FOLDER, Words, list_languages, load_words, words_for
from bot.i18n.language import reply_language

OTHERS = [tag for tag in list_languages() if tag != DEFAULT]
TEXTS = ("replies", "labels", "quoting")


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_there_is_a_language_for_each_file_english_first() -> None:
    assert list_languages()[0] == "en"
    assert sorted(list_languages()) == sorted(file.stem for file in FOLDER.glob("*.toml"))


@pytest.mark.parametrize("tag", OTHERS)
def test_every_language_has_exactly_the_keys_of_english(tag: str) -> None:
    ours, english = (tomllib.loads((FOLDER / f"{each}.toml").read_text(encoding="utf-8")) for each in (tag, DEFAULT))
    for section in TEXTS:
        there, wanted = set(ours.get(section, ())), set(english[section])
        assert there == wanted, (
            f"bot/i18n/{tag}.toml, [{section}] lacks {sorted(wanted - there)} and has besides {sorted(there - wanted)}"
        )


@pytest.mark.parametrize("tag", OTHERS)
def test_no_reply_is_left_in_english(tag: str) -> None:
    same = [key for key, sentence in load_words(tag).replies.items() if sentence == load_words(DEFAULT).replies[key]]
    assert not same


@pytest.mark.parametrize("tag", list_languages())
def test_buttons_and_titles_fit_where_the_platforms_show_them(tag: str) -> None:
    labels = load_words(tag).labels
    most = dict.fromkeys(("why_title", "send", "cancel"), 24)
    most |= dict.fromkeys(("why_label", "not_it", "thats_it", "ask_human", "none_of_these"), 45)
    too_long = [f"{key} has {len(labels[key])} characters of {n}" for key, n in most.items() if len(labels[key]) > n]
    assert not too_long


@pytest.mark.parametrize("tag", list_languages())
def test_every_reply_says_something_and_has_the_placeholders_of_english(tag: str) -> None:
    for key, sentence in load_words(tag).replies.items():
        assert sentence.strip(), key
        assert placeholders(sentence) == placeholders(load_words(DEFAULT).replies[key]), key
    for key, label in load_words(tag).labels.items():
        assert label.strip(), key
        assert placeholders(label) == placeholders(load_words(DEFAULT).labels[key]), key


@pytest.mark.parametrize("tag", list_languages())
def test_every_list_holds_phrases_in_lower_case_without_repetition(tag: str) -> None:
    for phrases in load_words(tag).quoting.values():
        assert phrases
        assert all(phrase == phrase.lower().strip() and phrase for phrase in phrases), phrases
        assert len(set(phrases)) == len(phrases), [p for p in phrases if phrases.count(p) > 1]


@pytest.mark.parametrize("tag", list_languages())
def test_every_kind_of_small_talk_has_a_reply(tag: str) -> None:
    feedback = {Intent.HELPED, Intent.NOT_HELPED}  # which have the replies to an offer
    assert all(load_words(tag).say(each.value) for each in Intent if each.is_small_talk and each not in feedback)


@pytest.mark.parametrize(
    ("tag", "spoken"),
    [
        ("en", "en"),
        ("zh", "zh"),
        ("zh-Hant", "zh-Hant"),
        ("zh_hant", "zh-Hant"),
        ("zh-CN", "zh"),
        ("xx", "en"),
        ("", "en"),
    ],
)
def test_a_language_without_a_file_falls_back(tag: str, spoken: str) -> None:
    assert words_for(tag).language == spoken


def test_a_placeholder_is_filled_in() -> None:
    words: Words = words_for("en")
    assert "4000" in words.say("too_long", limit=4000)


def test_one_more_language_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "en.toml").write_text((FOLDER / "en.toml").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "it.toml").write_text(
        '[replies]\nnothing_found = "Non ho trovato risposta nelle nostre pagine di aiuto."\n'
        '[labels]\nsources = "Fonti"\n[quoting]\nleaning = ["sì", "no"]\n',
        encoding="utf-8",
    )
    assert list_languages(tmp_path) == ("en", "it")
    words = words_for(reply_language("Come posso pagare con la carta?"), tmp_path)
    assert words.say("nothing_found").startswith("Non ho trovato")
    assert words.labels["sources"] == "Fonti"
