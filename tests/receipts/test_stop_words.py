"""Every word of the table is understood however it is written, and nothing beside it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.receipts import stop_words

TABLE = json.loads(Path(stop_words.__file__).with_name("stop_words.json").read_text(encoding="utf-8"))
STOP = sorted({(language, word) for language, words in TABLE["stop"].items() for word in words})
START = sorted({(language, word) for language, words in TABLE["start"].items() for word in words})


@pytest.mark.parametrize(("language", "word"), STOP)
def test_each_word_for_stop_is_understood(language: str, word: str) -> None:
    dressed = [
        word,
        word.upper(),
        word.title(),
        f"  {word}!!",
        f"{word} \N{PERSON WITH FOLDED HANDS}",
        f"\u201c{word}\u201d.",
    ]
    assert {stop_words.meaning(text) for text in dressed} == {"stop"}


@pytest.mark.parametrize(("language", "word"), START)
def test_each_word_for_start_is_understood(language: str, word: str) -> None:
    assert stop_words.meaning(f" {word.upper()}. ") == "start"


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("ARRET", "stop"),
        ("arre\u0302t", "stop"),
        ("\uff33\uff34\uff2f\uff30", "stop"),
        ("S-T-O-P", "stop"),
        ("st\u200bop", "stop"),
        ("\u0130PTAL", "stop"),
        ("\u00c7IKI\u015e", "stop"),
        ("UNSTOP", "start"),
    ],
)
def test_accents_widths_and_what_nobody_sees_do_not_count(text: str, means: str) -> None:
    assert stop_words.meaning(text) == means


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!",
        "\N{OCTAGONAL SIGN}",
        "Do not stop",
        "non-stop",
        "stop the war",
        "yes",
        "ok",
        "stop" * 40,
        "The end is near",
    ],
)
def test_nothing_else_is(text: str) -> None:
    assert stop_words.meaning(text) is None


@pytest.mark.parametrize("kind", ["stop", "start"])
def test_the_large_languages_and_indonesian_have_words(kind: str) -> None:
    assert set(TABLE[kind]) >= {"eng", "ind", "spa", "fra", "por", "rus", "arb", "hin", "zho", "jpn", "deu"}


def test_no_word_means_both() -> None:
    both = {stop_words.plain(word) for _, word in STOP} & {stop_words.plain(word) for _, word in START}
    assert both == set()


@given(st.text())
def test_no_reply_breaks_it(text: str) -> None:
    assert stop_words.meaning(text) in {None, "stop", "start"}
