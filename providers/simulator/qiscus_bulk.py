"""Qiscus' two steps for up to 1,000 recipients: `upload_csv` takes the file, `send_broadcast` sends it.

The file's columns are not documented (the sample is behind a login): a column whose name speaks of a phone is the
recipient's, else the first one; all others are the template's variables in their order.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from providers.simulator.doors import Simulation, Submission, check, read_json, settle
from providers.simulator.magic import Fate, fate_of
from providers.simulator.qiscus_log import JobLog
from providers.simulator.qiscus_words import (
    FAULTS,
    INVALID_JSON,
    NAME,
    as_time,
    check_access,
    failure,
    iso_time,
    notice,
    start_of,
)
from providers.simulator.record import Recipient
from providers.simulator.replies import Refused, Reply
from providers.simulator.shapes import fields, integer, one_of, pattern, text

RECIPIENT_LIMIT = 1000
SEPARATORS = (",", ";")
_QUOTA = 857
_FREE_SESSIONS = 1000
_FIRST_FILE_ID = 2272837
_CHANNEL_ID = 534
# The job's status is an unknown enumeration; the sample shows 4 for one that was just scheduled.
_SCHEDULED = 4
_PHONE = pattern(r"[1-9][0-9]{6,14}")
_ORDER = fields(
    {"template_detail_id": integer, "broadcast_file_id": integer, "name": text},
    {"separator": one_of(*SEPARATORS), "started_at": iso_time},
)


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """The recipients of one file in its order, phone and variables; a number that stands twice is sent to twice."""

    template_detail_id: int
    separator: str
    recipients: Sequence[tuple[str, tuple[str, ...]]]


class Bulk:
    """The two endpoints and the files between them."""

    def __init__(self, simulation: Simulation, jobs: JobLog) -> None:
        self._simulation = simulation
        self._jobs = jobs
        self._files: dict[int, UploadedFile] = {}

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """Step one: nothing is sent yet, so only a low balance has a say here."""
        check_access(request, ("multipart/form-data",))
        file = _read_upload(await request.post())
        file_id = _FIRST_FILE_ID + len(self._files)
        self._files[file_id] = file
        return Reply(200, _estimate(file_id, file)).response()

    async def send(self, request: web.Request) -> web.StreamResponse:
        """Step two. The table asks for multipart, the sample sends JSON: both are taken."""
        check_access(request, ("application/json", "multipart/form-data"))
        if request.content_type == "application/json":
            order = await read_json(request, lambda _: INVALID_JSON)
        else:
            order = _numbers(await request.post())
        check(_ORDER, order, lambda error: failure(400, f"{error.path} is {error.breach}"))
        file = self._file(order)
        submission = self._submission(order, file, request.headers["Qiscus-App-Id"])
        return await settle(self._simulation, request, submission, FAULTS)

    def _file(self, order: Mapping[str, Any]) -> UploadedFile:
        file = self._files.get(order["broadcast_file_id"])
        if file is None:
            raise Refused(failure(404, "broadcast_file_id is not found"))
        if order["template_detail_id"] != file.template_detail_id:
            raise Refused(failure(400, "template_detail_id is not that of the file"))
        if order.get("separator", file.separator) != file.separator:
            raise Refused(failure(400, "separator is not that of the file"))
        return file

    def _submission(self, order: Mapping[str, Any], file: UploadedFile, app_id: str) -> Submission:
        due_at = start_of(order)
        job_id, first_log_id = self._jobs.next_ids(len(file.recipients))
        return Submission(
            provider=NAME,
            kind="template",
            content={"template": f"#{file.template_detail_id}", "name": order["name"]},
            recipients=[
                Recipient(phone, order["name"], str(job_id), variables) for phone, variables in file.recipients
            ],
            reply=Reply(200, {"data": {"broadcast_job": _job(job_id, order, file, due_at)}, "status": 200}),
            notice=notice(app_id, _CHANNEL_ID),
            due_at=due_at,
            on_accepted=lambda entry: self._jobs.add(job_id, first_log_id, entry),
        )


def _read_upload(form: Mapping[str, Any]) -> UploadedFile:
    upload, template, separator = form.get("file"), form.get("template_detail_id"), form.get("separator")
    if not isinstance(upload, web.FileField):
        raise Refused(failure(400, "file is missing"))
    if not isinstance(template, str) or not template.isdecimal():
        raise Refused(failure(400, "template_detail_id must be an integer"))
    if separator not in SEPARATORS:
        raise Refused(failure(400, 'separator must be "," or ";"'))
    try:
        lines = list(csv.reader(io.StringIO(upload.file.read().decode("utf-8-sig")), delimiter=separator, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refused(failure(400, "file is not a valid CSV")) from error
    return UploadedFile(int(template), separator, _recipients(lines))


def _recipients(lines: list[list[str]]) -> list[tuple[str, tuple[str, ...]]]:
    rows = [line for line in lines[1:] if line]
    if not rows:
        raise Refused(failure(400, "file has no recipients"))
    if len(rows) > RECIPIENT_LIMIT:
        raise Refused(failure(400, f"file has more than {RECIPIENT_LIMIT} recipients"))
    if any(len(row) != len(lines[0]) for row in rows):
        raise Refused(failure(400, "file does not follow the template schema"))
    phone = next((index for index, name in enumerate(lines[0]) if "phone" in name.lower()), 0)
    for row in rows:
        check(_PHONE, row[phone], lambda _: failure(400, "file has an invalid phone number"))
    return [(row[phone], tuple(row[:phone] + row[phone + 1 :])) for row in rows]


def _numbers(form: Mapping[str, Any]) -> dict[str, object]:
    """A form knows only strings: those fields that the table types as integers are read as such."""
    numeric = ("template_detail_id", "broadcast_file_id")
    return {
        name: int(value) if name in numeric and isinstance(value, str) and value.isdecimal() else value
        for name, value in form.items()
    }


def _estimate(file_id: int, file: UploadedFile) -> dict[str, object]:
    """The answer without envelope, `credits` a string beside numbers, as in the sample."""
    low = any(fate_of(phone) is Fate.LOW_BALANCE for phone, _ in file.recipients)
    return {
        "broadcast_file_id": file_id,
        "current_balance": {
            "credits": "0",
            "free_session": 0 if low else _FREE_SESSIONS,
            "quota": 0 if low else _QUOTA,
        },
        "estimation_charge": {
            "credit": len(file.recipients) if low else 0,
            "free_session": 0 if low else len(file.recipients),
            "quota": 0,
        },
    }


def _job(job_id: int, order: Mapping[str, Any], file: UploadedFile, due_at: float) -> dict[str, object]:
    return {
        "canceled_at": None,
        "canceled_by": None,
        "channel_id": _CHANNEL_ID,
        "channel_name": "Simulated channel",
        # Without a zone, unlike started_at: so does the sample.
        "created_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "id": job_id,
        "language": "id",
        "name": order["name"],
        "started_at": as_time(due_at),
        "status": _SCHEDULED,
        "template_detail_id": file.template_detail_id,
        "template_id": 191,
        "template_name": f"template_{file.template_detail_id}",
        "total_failed": None,
        "total_read": None,
        "total_received": None,
        "total_recipient": len(file.recipients),
        "total_sent": None,
        "user": {"name": "Simulator"},
    }
