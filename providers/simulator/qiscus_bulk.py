"""Qiscus' two steps for up to 1,000 recipients: `upload_csv` takes the file, `send_broadcast` sends it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from providers.simulator.doors import Simulation, Submission, check, read_json, settle
from providers.simulator.qiscus_balance import Balance
from providers.simulator.qiscus_file import SEPARATORS, UploadedFile, read_upload
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
from providers.simulator.record import Entry, Recipient
from providers.simulator.replies import Refused, Reply
from providers.simulator.shapes import fields, integer, one_of, text

_FIRST_FILE_ID = 2272837
FIRST_CHANNEL_ID = 534
# The job's status is an unknown enumeration; the sample shows 4 for one that was just scheduled.
_SCHEDULED = 4
_ORDER = fields(
    {"template_detail_id": integer, "broadcast_file_id": integer, "name": text},
    {"separator": one_of(*SEPARATORS), "started_at": iso_time},
)


class Bulk:
    """The two endpoints and the files between them."""

    def __init__(self, simulation: Simulation, jobs: JobLog, balance: Balance) -> None:
        self._simulation = simulation
        self._jobs = jobs
        self._balance = balance
        self._files: dict[int, UploadedFile] = {}
        self._sent: set[int] = set()

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """Step one: nothing is sent yet, so only a low balance has a say here."""
        check_access(request, ("multipart/form-data",))
        file = read_upload(await request.post())
        file_id = _FIRST_FILE_ID + len(self._files)
        self._files[file_id] = file
        return Reply(200, self._balance.estimate(file_id, file.phones)).response()

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
        if order["broadcast_file_id"] in self._sent:
            # Whether Qiscus would send it again is not documented; no client should find out.
            raise Refused(failure(400, "broadcast_file_id was sent already"))
        if order["template_detail_id"] != file.template_detail_id:
            raise Refused(failure(400, "template_detail_id is not that of the file"))
        if order.get("separator", file.separator) != file.separator:
            raise Refused(failure(400, "separator is not that of the file"))
        return file

    def _submission(self, order: Mapping[str, Any], file: UploadedFile, app_id: str) -> Submission:
        due_at = start_of(order)
        job_id, first_log_id = self._jobs.next_ids(len(file.recipients))

        def accepted(entry: Entry) -> None:
            self._sent.add(order["broadcast_file_id"])
            self._jobs.add(job_id, first_log_id, entry)

        return Submission(
            provider=NAME,
            kind="template",
            content={"template": f"#{file.template_detail_id}", "name": order["name"]},
            recipients=[
                Recipient(phone, order["name"], str(job_id), variables) for phone, variables in file.recipients
            ],
            reply=Reply(200, {"data": {"broadcast_job": _job(job_id, order, file, due_at)}, "status": 200}),
            notice=notice(app_id, FIRST_CHANNEL_ID),
            due_at=due_at,
            on_accepted=accepted,
        )


def _numbers(form: Mapping[str, Any]) -> dict[str, object]:
    """A form knows only strings: those fields that the table types as integers are read as such."""
    numeric = ("template_detail_id", "broadcast_file_id")
    return {
        name: int(value) if name in numeric and isinstance(value, str) and value.isdecimal() else value
        for name, value in form.items()
    }


def _job(job_id: int, order: Mapping[str, Any], file: UploadedFile, due_at: float) -> dict[str, object]:
    return {
        "canceled_at": None,
        "canceled_by": None,
        "channel_id": FIRST_CHANNEL_ID,
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
