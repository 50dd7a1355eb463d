"""The texts that cells share: kept on disk, read no further than is asked for, and no more than they are."""

from pathlib import Path

import pytest

from broadcaster.audience import shared_texts
from broadcaster.audience.dialects import UnreadableFile
from broadcaster.audience.shared_texts import SharedTexts, unescaped
from tests.audience.matrix.writers import MAIN, STRINGS, zipped

MANY = [f"text {number} é" for number in range(60_000)]  # more than a page in memory


def table(folder: Path, items: str) -> SharedTexts:
    path = folder / "audience.xlsx"
    path.write_bytes(zipped(**{STRINGS: f'<sst xmlns="{MAIN}">{items}</sst>'.encode()}))
    return SharedTexts(path, STRINGS)


def items(words: list[str]) -> str:
    return "".join(f"<si><t>{each}</t></si>" for each in words)


def test_each_is_found_again_in_whatever_order(tmp_path: Path) -> None:
    places = [0, 59_999, 3, 40_000, 2, 59_998, 0]
    with table(tmp_path, items(MANY)) as texts:
        assert [texts[place] for place in places] == [MANY[place] for place in places]


def test_what_is_broken_further_down_does_not_matter_before(tmp_path: Path) -> None:
    with table(tmp_path, items(MANY) + "<broken") as texts:
        assert texts[5] == MANY[5]
        with pytest.raises(UnreadableFile, match="damaged"):
            texts[60_000]


@pytest.mark.parametrize("place", [-1, 2, 10**9])
def test_a_text_that_is_not_there_is_refused(tmp_path: Path, place: int) -> None:
    with table(tmp_path, items(["a", "b"])) as texts, pytest.raises(UnreadableFile, match="damaged"):
        texts[place]


def test_a_workbook_without_shared_texts_has_none(tmp_path: Path) -> None:
    with SharedTexts(tmp_path / "none.xlsx", None) as texts, pytest.raises(UnreadableFile):
        texts[0]


def test_parts_of_a_text_are_one_and_its_pronunciation_is_none(tmp_path: Path) -> None:
    rich = "<si><r><t>08</t></r><r><rPr><b/></rPr><t>12</t></r><rPh><t>no</t></rPh></si><si/><si><t>b</t></si>"
    with table(tmp_path, rich) as texts:
        assert [texts[0], texts[1], texts[2]] == ["0812", "", "b"]


def test_too_many_texts_are_refused_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_texts, "MAX_TEXTS", 1_000)
    with table(tmp_path, items(MANY)) as texts, pytest.raises(UnreadableFile) as caught:
        texts[5_000]
    assert caught.value.sentence == (
        "The workbook holds too many different texts. Save the sheet as .csv and upload that file."
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a_x000D_\nb", "a\nb"),
        ("a_x000A_b", "a\nb"),
        ("_x0009_", "\t"),
        ("_x005F_x000D_", "_x000D_"),
        ("_x00E9_", "é"),
        ("_x0000_", "_x0000_"),
        ("_xD83D_", "_xD83D_"),
        ("max_x0001y", "max_x0001y"),
        ("plain", "plain"),
    ],
)
def test_escaped_characters_are_what_they_stand_for(written: str, meant: str) -> None:
    assert unescaped(written) == meant
