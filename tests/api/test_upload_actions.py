"""What a program does with an import and its refused rows, and who may."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry

from broadcaster.models import AudienceRow, AudienceUpload, Broadcast
from tests.api.calling import Program
from tests.api.posting import upload
from tests.audiences import imported, messy_csv


@pytest.fixture
def told(program: Program) -> Any:
    """The item of a file that waits."""
    return upload(program, messy_csv(3, junk=1))


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
