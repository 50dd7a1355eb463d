"""Refused rows that are mended in the page: they are read again, and every row of the file is still counted once."""

import csv

import pytest
from django.utils import timezone

from broadcaster.audience import rejects
from broadcaster.audience.rejects import Mended, NotMended
from broadcaster.models import AudienceRow, AudienceUpload, Broadcast, Contact, Group, Suppression
from tests.audience.files import contact, counts, load
from tests.content.conftest import make_channel

pytestmark = pytest.mark.django_db
HEADER = "Name,Phone,Total"
ANN, BUDI = "+628121111111", "+628122222222"
BAD = "Ann,12,5"


def mended(upload: AudienceUpload, phone: str, *, row: int = 2) -> Mended:
    return rejects.mend(upload, {row: {1: phone}})


def test_a_row_that_is_good_now_joins_the_audience_and_the_group() -> None:
    group = Group.objects.create(name="June")
    upload = load(HEADER, BAD, f"Budi,{BUDI},6", group=group)
    assert mended(upload, "0812-1111-111") == Mended(joined=1)
    assert (counts(upload), upload.rows, upload.rejected.count()) == ({"new": 2}, 2, 0)
    row = AudienceRow.objects.get(upload=upload, contact__phone=ANN)
    assert (row.number, row.variables, row.is_new, row.joined) == (2, {"total": "5"}, True, True)
    assert group.contacts.count() == 2


def test_a_row_that_is_still_wrong_keeps_its_new_cells_and_reason() -> None:
    upload = load(HEADER, BAD)
    assert mended(upload, "0812-ABC") == Mended(refused=1)
    refused = upload.rejected.get()
    assert (refused.values, refused.code != "too_short") == (["Ann", "0812-ABC", "5"], True)
    assert counts(upload) == {"invalid": 1}


def test_each_outcome_has_its_count() -> None:
    Suppression.objects.create(address=BUDI)
    Contact.objects.create(phone="+628123333333", name="Citra")
    Contact.objects.create(phone="+628124444444")
    upload = load(HEADER, f"Ann,{ANN},1", *(f"{name},12,1" for name in ("Ann", "Budi", "Citra", "Dewi")))
    cells = {3: {1: ANN}, 4: {1: BUDI}, 5: {1: "08123333333"}, 6: {1: "08124444444"}}
    assert rejects.mend(upload, cells) == Mended(joined=3, duplicate=1)
    assert counts(upload) == {"new": 1, "duplicate": 1, "suppressed": 1, "unchanged": 1, "updated": 1}
    assert [(row.number, row.code) for row in upload.rejected.all()] == [(3, "duplicate")]


def test_two_rows_that_become_one_person_count_once() -> None:
    upload = load(HEADER, BAD, "Ann,13,6")
    assert rejects.mend(upload, {2: {1: ANN}, 3: {1: ANN}}) == Mended(joined=1, duplicate=1)
    assert AudienceRow.objects.get().number == 2


def test_a_row_that_somebody_else_has_mended_counts_once() -> None:
    upload = load(HEADER, BAD)
    seen_by_another = AudienceUpload.objects.get(pk=upload.pk)
    mended(upload, ANN)
    assert mended(seen_by_another, BUDI) == Mended()
    assert (counts(seen_by_another), Contact.objects.count()) == ({"new": 1}, 1)


@pytest.mark.parametrize("cells", [{}, {1: "12"}, {0: "", 1: "", 2: ""}, {7: "x"}])
def test_a_row_that_is_as_it_was_or_empty_is_left_alone(cells: dict[int, str]) -> None:
    upload = load(HEADER, BAD)
    assert rejects.mend(upload, {2: cells}) == Mended()
    assert upload.rejected.get().values == ["Ann", "12", "5"]


def test_a_cell_of_several_lines_comes_back_from_a_field_of_one_and_stays_whole() -> None:
    upload = load(HEADER, '"Ann\nLee",12,5')
    rejects.mend(upload, {2: {0: "AnnLee", 1: ANN}})
    assert contact(phone=ANN).name == "Ann\nLee"


def test_duplicates_are_not_mended() -> None:
    upload = load(HEADER, f"Ann,{ANN},1", f"Ann,{ANN},2")
    assert mended(upload, BUDI, row=3) == Mended()
    assert (rejects.few(upload), counts(upload)) == ([], {"new": 1, "duplicate": 1})


def test_what_no_database_can_keep_is_left_out_of_a_cell() -> None:
    upload = load(HEADER, BAD)
    rejects.mend(upload, {2: {0: "An\0n", 1: ANN}})
    assert contact(phone=ANN).name == "Ann"


def test_a_cell_beyond_the_limit_mends_nothing() -> None:
    upload = load(HEADER, BAD)
    with pytest.raises(NotMended, match="Shorten it"):
        rejects.mend(upload, {2: {0: "x" * 1_000_001, 1: ANN}})
    assert counts(upload) == {"invalid": 1}


@pytest.mark.parametrize(
    ("state", "sentence"), [("importing", "still being imported"), ("undoing", "any more"), ("undone", "any more")]
)
def test_only_an_import_that_ended_is_mended(state: str, sentence: str) -> None:
    upload = load(HEADER, BAD)
    AudienceUpload.objects.update(state=state)
    with pytest.raises(NotMended, match=sentence):
        mended(upload, ANN)
    assert Contact.objects.count() == 0


@pytest.mark.parametrize(("state", "works"), [("draft", True), ("scheduled", False), ("completed", False)])
def test_a_broadcast_that_has_left_the_draft_keeps_its_audience(state: str, *, works: bool) -> None:
    upload = load(HEADER, BAD)
    Broadcast.objects.create(name="June", upload=upload, state=state, send_at=timezone.now(), channel=make_channel())
    assert bool(rejects.why_not(upload)) != works


def test_the_file_need_not_be_on_the_disk() -> None:
    upload = load(HEADER, BAD)
    upload.file.delete()
    assert mended(upload, ANN) == Mended(joined=1)


def test_more_than_a_few_rows_are_mended_in_a_spreadsheet() -> None:
    upload = load(HEADER, *["Ann,12,5"] * (rejects.FEW + 1))
    assert rejects.few(upload) == []
    mended(upload, ANN)
    assert len(rejects.few(upload)) == rejects.FEW


def test_reasons_are_counted_the_most_frequent_first() -> None:
    upload = load(HEADER, "A,,1", "B,12,1", "C,13,1", f"Ann,{ANN},1", f"Ann,{ANN},1")
    (short, twice), (_, once) = rejects.reasons(upload).top
    assert (twice, once) == (2, 1)
    assert short == "The number is too short: digits or the area code are missing."


def test_of_very_many_refused_rows_only_the_first_are_counted_by_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejects, "COUNTED", 2)
    upload = load(HEADER, "A,12,1", "B,12,1", "C,,1")
    reasons = rejects.reasons(upload)
    assert ([rows for _, rows in reasons.top], reasons.counted) == ([2], 2)


def test_a_file_from_before_headers_were_kept_is_asked_for_them_while_it_is_there() -> None:
    upload = load(HEADER, BAD)
    AudienceUpload.objects.update(headers=[])
    upload.refresh_from_db()
    assert columns_of(upload) == [["Name", "Phone", "Total"], ["Ann", "12", "5"]]
    upload.file.storage.delete(upload.file.name or "")
    assert columns_of(upload) == [[], ["Ann", "12", "5"]]
    upload.file.name = ""
    assert columns_of(upload) == [[], ["Ann", "12", "5"]]


def columns_of(upload: AudienceUpload) -> list[list[str]]:
    """The refused rows' lines without the reason and the number."""
    return [line[2:] for line in csv.reader(rejects.as_csv(upload))]
