"""Files of people as a program uploads, describes and imports them."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from broadcaster.audience import importing, uploads
from broadcaster.models import AudienceRow, AudienceUpload, Broadcast, Contact, Group
from tests.api.calling import Program
from tests.api.posting import upload
from tests.audience.files import finish
from tests.audiences import imported, messy_csv, phone
from tests.audiences import uploaded as received

State = AudienceUpload.State
CITY = {"Kota": {"role": "field", "key": "city"}}


@pytest.fixture
def told(program: Program) -> Any:
    """The item of a file that waits."""
    return upload(program, messy_csv(3, junk=1))


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


class TestActions:
    def test_an_import_is_cancelled_once(self, program: Program, told: Any) -> None:
        program.post(f"uploads/{told['uuid']}")
        assert program.post(f"uploads/{told['uuid']}/cancel")["state"] == "cancelled"
        assert program.told("POST", f"uploads/{told['uuid']}/cancel") == (
            409, {"detail": "There is nothing to cancel: the file is not being imported."},
        )  # fmt: skip

    def test_a_file_is_taken_back(
        self, program: Program, woken: list[object], django_capture_on_commit_callbacks: Any
    ) -> None:
        kept = imported(messy_csv(2))
        with django_capture_on_commit_callbacks(execute=True):
            assert program.post(f"uploads/{kept.uuid}/undo")["state"] == "undoing"
        assert woken == [("take_back_upload", kept.pk)]
        assert LogEntry.objects.get().get_change_message() == "Took the file back."
        assert program.told("POST", f"uploads/{kept.uuid}/undo") == (
            409, {"detail": "The file is being taken back already."},
        )  # fmt: skip

    def test_a_file_that_is_used_is_not_taken_back(self, program: Program) -> None:
        kept = imported(messy_csv(2))
        Broadcast.objects.create(name="June", upload=kept, state="cancelled")
        status, told = program.told("POST", f"uploads/{kept.uuid}/undo")
        assert (status, "“June”" in told["detail"], AudienceRow.objects.count()) == (409, True, 2)


class TestRejected:
    def test_the_refused_rows_are_told_in_the_order_of_the_file(self, program: Program) -> None:
        kept = imported(messy_csv(1, duplicates=1, junk=2))
        told = program.get(f"uploads/{kept.uuid}/rejected.json")
        assert [(row["number"], row["code"]) for row in told["results"]] == [
            (3, "duplicate"), (4, "empty"), (5, "not_a_number"),
        ]  # fmt: skip
        assert told["results"][1] == {
            "number": 4,
            "reason": "The phone number is missing.",
            "code": "empty",
            "values": ["Sampah 0", "", "Solo", "2"],
        }

    def test_pages_lead_there_and_back(self, program: Program) -> None:
        kept = imported(messy_csv(1, junk=300))
        first = program.get(f"uploads/{kept.uuid}/rejected")
        second = program.get(first["next"])
        assert [len(page["results"]) for page in (first, second)] == [250, 50]
        assert first["results"][-1]["number"] < second["results"][0]["number"]
        assert program.get(second["previous"])["results"] == first["results"]
        assert (first["previous"], second["next"]) == (None, None)

    def test_a_spreadsheet_program_gets_a_file(self, program: Program) -> None:
        kept = imported(messy_csv(1, junk=1), name="June.csv")
        program.get(f"uploads/{kept.uuid}/rejected", Accept="text/csv")
        lines = b"".join(program.last.streaming_content).decode().splitlines()
        assert program.last.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert program.last.headers["Content-Disposition"] == 'attachment; filename="refused-rows-June.csv"'
        assert lines[0] == "\ufeffWhy it was refused,Row,Nama,No. HP,Kota,Jumlah"
        assert lines[1].startswith("The phone number is missing.,3,Sampah 0")

    def test_a_refusal_is_json_for_it_too(self, program: Program) -> None:
        place = "uploads/0199b0a2-0000-7000-8000-000000000000/rejected"
        assert program.told("GET", place, Accept="text/csv") == (404, {"detail": "Not found."})
        assert program.told("POST", place, {}, Accept="text/csv")[0] == 405
        assert program.told("GET", place, Accept="text/csv", Authorization="Token x")[0] == 403


class TestPermissions:
    @pytest.mark.parametrize(
        ("method", "action", "role", "scope", "status"),
        [
            ("GET", "", "Viewer", "read", 200), ("GET", "/rejected", "Viewer", "read", 200),
            ("POST", "", "Viewer", "send", 403), ("POST", "", "Operator", "read", 403),
            ("POST", "/cancel", "Viewer", "send", 403), ("POST", "/undo", "Viewer", "send", 403),
            ("POST", "/undo", "Approver", "admin", 403), ("POST", "", "Operator", "send", 409),
        ],
    )  # fmt: skip
    def test_a_program_may_what_its_user_may(  # noqa: PLR0917  a table has its columns
        self, db: None, method: str, action: str, role: str, scope: str, status: int
    ) -> None:
        kept = imported(messy_csv(2))
        assert Program(role=role, scope=scope).told(method, f"uploads/{kept.uuid}{action}")[0] == status

    def test_nobody_uploads_who_may_not(self, db: None) -> None:
        viewer = Program(role="Viewer")
        upload(viewer, messy_csv(2))
        assert (viewer.status, AudienceUpload.objects.count()) == (403, 0)

    def test_a_group_needs_its_permission(self, program: Program, told: Any) -> None:
        role = program.token.user.groups.get()
        role.permissions.remove(role.permissions.get(codename="add_group"))
        assert program.told("POST", f"uploads/{told['uuid']}", {"group": "New"})[0] == 403
        assert program.told("POST", f"uploads/{told['uuid']}", {"group": None})[0] == 200
