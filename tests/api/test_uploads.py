"""Files of people as a program uploads, describes and imports them."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from django.conf import settings
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from broadcaster.audience import importing, uploads
from broadcaster.models import AudienceUpload, Contact, Group
from tests.api.calling import Program
from tests.api.posting import MULTIPART, form, part, upload
from tests.audience.files import finish
from tests.audiences import imported, messy_csv, phone
from tests.audiences import uploaded as received

State = AudienceUpload.State
CITY = {"Kota": {"role": "field", "key": "city"}}


@pytest.fixture
def told(program: Program) -> Any:
    """The item of a file that waits."""
    return upload(program, messy_csv(3, junk=1))


def files_on_disk() -> list[Path]:
    """Everything that is kept of uploads."""
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def finished() -> AudienceUpload:
    """The only file, imported."""
    return finish(AudienceUpload.objects.get())


def test_a_new_file_is_described(program: Program, told: Any) -> None:
    kept = AudienceUpload.objects.get()
    assert program.status == 201
    assert {name: told[name] for name in told if name not in {"created_on", "preview", "totals", "mapping"}} == {
        "uuid": str(kept.uuid),
        "filename": "people.csv",
        "state": "uploaded",
        "size": kept.size_bytes,
        "dialect": {"format": "csv", "encoding": "utf-8", "delimiter": ";", "sheet": "", "header_row": True},
        "headers": ["Nama", "No. HP", "Kota", "Jumlah"],
        "region": "ID",
        "group": None,
        "rate": None,
        "seconds_left": None,
        "error": "",
        "started_on": None,
        "finished_on": None,
        "author": "program",
    }
    assert list(told["mapping"].items())[:3] == [
        ("Nama", {"role": "name", "key": "nama"}),
        ("No. HP", {"role": "phone", "key": "no_hp"}),
        ("Kota", {"role": "row", "key": "kota"}),
    ]
    assert set(told["totals"].values()) == {0}
    assert (kept.author, Contact.objects.count()) == (program.token.user, 0)


def test_the_first_rows_are_shown_as_they_would_be_read(told: Any) -> None:
    first, *_, last = told["preview"]
    values = ["Pelanggan 100", f"0{phone(100)[3:]}", "Bandung", "100"]
    assert first == {"number": 2, "values": values, "urn": f"tel:{phone(100)}", "reason": ""}
    assert (last["urn"], last["reason"]) == (None, "The phone number is missing.")


def test_a_file_without_phones_says_so(program: Program) -> None:
    told = upload(program, b"City;Shoe\nBandung;42\nMedan;43\n")
    assert {row["reason"] for row in told["preview"]} == {
        "No column holds the phone numbers. Choose the one that does."
    }


def test_it_is_mapped_started_and_told_of_at_its_end(
    program: Program, told: Any, woken: list[object], django_capture_on_commit_callbacks: Any
) -> None:
    place = f"uploads/{told['uuid']}.json"
    with django_capture_on_commit_callbacks(execute=True):
        started = program.post(place, {"mapping": CITY, "group": " June  reminder "})
    assert (program.status, started["state"], started["preview"]) == (200, "importing", None)
    assert started["mapping"]["Kota"] == {"role": "field", "key": "city", "kind": "text"}
    assert started["mapping"]["No. HP"]["role"] == "phone"
    assert started["group"] == {"uuid": str(Group.objects.get(name="June reminder").uuid), "name": "June reminder"}
    assert started["totals"]["expected"] == 4
    assert woken == [("import_upload", AudienceUpload.objects.get().pk)]
    finished()
    ended = program.get(place)
    assert (ended["state"], ended["totals"]["new"], ended["totals"]["invalid"]) == ("imported", 3, 1)
    assert ended["finished_on"] > ended["started_on"] > ended["created_on"]
    assert set(Group.objects.get().contacts.all()) == set(Contact.objects.filter(fields__city="Bandung"))


def test_while_it_runs_the_rate_and_the_rest_are_told(program: Program, told: Any) -> None:
    place, start = f"uploads/{told['uuid']}", timezone.now()
    program.post(place)
    AudienceUpload.objects.update(started_at=start, touched_at=start + timedelta(seconds=4), rows=2, new=2)
    now = program.get(place)
    assert (now["rate"], now["seconds_left"], now["totals"]["rows"]) == (0.5, 4, 2)


def test_it_can_be_described_without_being_started(program: Program, told: Any, woken: list[object]) -> None:
    place = f"uploads/{told['uuid']}"
    group = Group.objects.create(name="Reporters")
    changed = program.post(place, {"region": "sg", "start": False, "group": str(group.uuid), "mapping": CITY})
    assert (changed["state"], changed["region"], changed["group"]["name"]) == ("uploaded", "SG", "Reporters")
    assert changed["preview"][0]["urn"] is None
    again = program.post(place, {"region": "ID", "start": False, "group": None})
    assert (again["group"], again["mapping"]["Kota"]["role"]) == (None, "field")
    assert again["preview"][0]["urn"] == f"tel:{phone(100)}"
    assert woken == []


def test_it_can_be_read_otherwise(program: Program, told: Any) -> None:
    place = f"uploads/{told['uuid']}"
    whole = told["dialect"] | {"delimiter": ",", "header_row": False, "format": "xlsx", "nonsense": 1}
    mapping = {"Column 1": {"role": "identifier"}}
    changed = program.post(place, {"dialect": whole, "mapping": mapping, "start": False})
    assert (changed["headers"], changed["dialect"]["format"]) == (["Column 1"], "csv")
    assert changed["preview"][0]["urn"] == "ext:Nama;No. HP;Kota;Jumlah"


REFUSALS: dict[str, tuple[Any, str, str]] = {
    "a column that is not there": ({"mapping": {"Phone": {"role": "phone"}}}, "mapping", "no column “Phone”; it has: "),
    "a role that nobody knows": ({"mapping": {"Kota": {"role": "x"}}}, "mapping", "Nobody knows what “Kota” holds."),
    "a role alone": ({"mapping": {"Kota": "phone"}}, "mapping", "Nobody knows what “Kota” holds."),
    "a list as a role": ({"mapping": {"Kota": {"role": ["phone"]}}}, "mapping", "Nobody knows what “Kota” holds."),
    "a list as a column": ({"mapping": {"Kota": [[[]]]}}, "mapping", "Nobody knows what “Kota” holds."),
    "a strange key": ({"mapping": {"Kota": {"role": "field", "key": "A b"}}}, "mapping", "templates cannot use"),
    "a key of objects": ({"mapping": {"Kota": {"role": "field", "key": {"a": 1}}}}, "mapping", "templates cannot use"),
    "a strange kind": ({"mapping": {"Kota": {"role": "field", "kind": "x"}}}, "mapping", "of a kind that nobody knows"),
    "a kind of objects": ({"mapping": {"Kota": {"role": "field", "kind": []}}}, "mapping", "a kind that nobody knows"),
    "nobody": ({"mapping": {"No. HP": None}}, "mapping", "No column holds the phone numbers."),
    "two keys alike": (
        {"mapping": {"Kota": {"role": "field", "key": "x"}, "Jumlah": {"role": "field", "key": "x"}}},
        "mapping", "both go to “x”",
    ),
    "two phones": (
        {"mapping": {"Kota": {"role": "phone"}, "Jumlah": {"role": "phone"}}}, "mapping", "Two columns are marked",
    ),
    "a mapping as a text": ({"mapping": "phone"}, "mapping", "Expected a dictionary of items"),
    "a mapping as null": ({"mapping": None}, "mapping", "may not be null"),
    "an encoding": ({"dialect": {"encoding": "rot13"}}, "dialect", 'This file cannot be read so. Say one of: "utf-8"'),
    "a wrong encoding": ({"dialect": {"encoding": "utf-16-le"}}, "mapping", "No column holds the phone numbers."),
    "a delimiter": ({"dialect": {"delimiter": "ab"}}, "dialect", "This file cannot be read so. Say one of: "),
    "a delimiter as a list": ({"dialect": {"delimiter": [","]}}, "dialect", "Not a valid string."),
    "a header row": ({"dialect": {"header_row": "perhaps"}}, "dialect", "Must be a valid boolean."),
    "a dialect as a text": ({"dialect": "csv"}, "dialect", "Expected a dictionary"),
    "a country": ({"region": "XX"}, "region", "There is no country XX."),
    "a country as a list": ({"region": ["ID"]}, "region", "Not a valid string."),
    "a group that is not there": ({"group": "0199b0a2-0000-7000-8000-000000000000"}, "group", "No such object: 0199b0"),
    "a long group": ({"group": "x" * 65}, "group", "no more than 64 characters"),
    "a group by rule": ({"group": "By rule"}, "group", "“By rule”"),
    "a group as an object": ({"group": {"name": "x"}}, "group", "Not a valid string."),
    "a start": ({"start": "perhaps"}, "start", "Must be a valid boolean."),
    "a start as a list": ({"start": []}, "start", "Must be a valid boolean."),
    "a list": ([], "non_field_errors", "Request body should be a single JSON object"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "place", "sentence"), REFUSALS.values(), ids=REFUSALS.keys())
def test_what_cannot_stand_is_said_beside_its_field(  # noqa: PLR0917  a table has its columns
    program: Program, told: Any, woken: list[object], body: Any, place: str, sentence: str
) -> None:
    Group.objects.create(name="By rule", rule={"all": [{"field": "language", "is": "equal", "value": "ind"}]})
    body = {"group": "New"} | body if isinstance(body, dict) else body
    refused = program.post(f"uploads/{told['uuid']}", body)
    assert (program.status, list(refused)) == (400, [place])
    assert sentence in str(refused[place])
    kept = AudienceUpload.objects.get()
    assert (kept.state, kept.headers, Group.objects.count(), woken) == ("uploaded", told["headers"], 1, [])


def test_a_file_that_is_past_it_is_not_described_again(program: Program) -> None:
    place = f"uploads/{imported(messy_csv(2)).uuid}"
    for body in ({}, {"start": False}, {"region": "SG"}):
        status, told = program.told("POST", place, body)
        assert (status, "“imported”" in told["detail"]) == (409, True)


def test_two_who_start_it_at_once_start_it_once(program: Program, told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    configure = uploads.configure

    def slowly(upload: AudienceUpload, **how: Any) -> None:
        importing.start(AudienceUpload.objects.get())
        configure(upload, **how)

    monkeypatch.setattr(uploads, "configure", slowly)
    assert program.told("POST", f"uploads/{told['uuid']}", {"group": "New"})[0] == 409
    assert Group.objects.count() == 0


def test_a_file_that_is_gone_is_uploaded_again(program: Program, told: Any) -> None:
    kept = AudienceUpload.objects.get()
    kept.file.storage.delete(kept.file.name or "")
    answer = (409, {"detail": "The file is no longer on the server's disk. Upload it again."})
    assert program.told("POST", f"uploads/{told['uuid']}", {}) == answer
    assert program.get(f"uploads/{told['uuid']}")["preview"] is None
    AudienceUpload.objects.update(file="")
    assert program.told("POST", f"uploads/{told['uuid']}", {}) == answer
    assert program.get(f"uploads/{told['uuid']}")["preview"] is None


def test_the_list_has_the_newest_first_and_asks_no_more_for_more(program: Program) -> None:
    counts = []
    program.get("uploads.json")  # which notes that the token is used
    for number in (1, 9):
        for _ in range(number):
            received(messy_csv(2))
        for row in AudienceUpload.objects.filter(group=None):
            row.author, row.group = program.token.user, Group.objects.create(name=f"Group {row.pk}")
            row.save()
        with CaptureQueriesContext(connection) as asked:
            told = program.get("uploads.json")
        counts.append(len(asked))
    keys = [str(row.uuid) for row in AudienceUpload.objects.order_by("-pk")]
    assert ([row["uuid"] for row in told["results"]], "preview" in told["results"][0]) == (keys, False)
    assert counts[0] == counts[1]


def test_the_list_is_narrowed(program: Program) -> None:
    received(messy_csv(2))
    imported(messy_csv(3))
    for query, found in {"state=imported": 1, "state=x": 0, "after=2020-01-01": 2, "before=2020-01-01": 0}.items():
        assert len(program.get(f"uploads?{query}")["results"]) == found


@pytest.mark.parametrize("uuid", ["-" * 36, "0199b0a2-0000-7000-8000-000000000000", "0" * 36, "x", "%00" * 12])
@pytest.mark.parametrize("action", ["", "/rejected", "/cancel", "/undo"])
def test_a_file_that_is_not_there_is_not_found(program: Program, uuid: str, action: str) -> None:
    method = "POST" if action in {"/cancel", "/undo"} else "GET"
    assert program.told(method, f"uploads/{uuid}{action}") == (404, {"detail": "Not found."})


@pytest.mark.parametrize(
    ("key", "place", "left"),
    [
        ("order 17", "broadcaster.api.idempotency._keep", 0),
        ("order 17", "broadcaster.api.audiences.uploads.Uploads.answer", 0),
        (None, "broadcaster.api.audiences.uploads.Uploads.answer", 1),
    ],
)
def test_a_call_that_fails_leaves_a_file_on_the_disk_only_with_its_record(
    program: Program, monkeypatch: pytest.MonkeyPatch, key: str | None, place: str, left: int
) -> None:
    monkeypatch.setattr(place, Mock(side_effect=IntegrityError))
    before = set(files_on_disk())
    headers = {"Idempotency-Key": key} if key else {}
    program.client.raise_request_exception = False
    program.post("uploads.json", form(part(messy_csv(3))), content_type=MULTIPART, **headers)
    assert program.status >= 400
    assert (AudienceUpload.objects.count(), len(set(files_on_disk()) - before)) == (left, left)
