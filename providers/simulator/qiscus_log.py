"""Qiscus' broadcast logs, page by page: what became of each message of a job.

No public page shows an endpoint for this. The path is inferred from the send endpoints; an item has the fields of the
seed's `broadcast_logs`, and paging follows the `broadcast_history` of the provider's own app.
"""

import itertools
import json
from dataclasses import dataclass

from aiohttp import web

from providers.simulator.doors import Simulation
from providers.simulator.magic import Status, status_after
from providers.simulator.qiscus_words import ERRORS, WORDS, as_time, check_credentials, failure, message_id, whole
from providers.simulator.record import Entry, Recipient, Row
from providers.simulator.replies import Refused, Reply

PAGE_LIMIT = 100
_FIRST_JOB_ID = 14528583
_FIRST_LOG_ID = 25702462


@dataclass(frozen=True, slots=True)
class Job:
    """One accepted broadcast job: its rows in the record, and the id of its first log (the others follow)."""

    entry: Entry
    first_log_id: int


class JobLog:
    """The jobs by id, and the ids that are given out."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._jobs: dict[int, Job] = {}
        self._job_ids = itertools.count(_FIRST_JOB_ID)
        self._next_log_id = _FIRST_LOG_ID
        simulation.on_reset.append(self._jobs.clear)

    def next_ids(self, recipients: int) -> tuple[int, int]:
        """A new job's id, and the first of as many log ids as it has recipients."""
        first_log_id = self._next_log_id
        self._next_log_id += recipients
        return next(self._job_ids), first_log_id

    def add(self, job_id: int, first_log_id: int, entry: Entry) -> None:
        """Keep an accepted job."""
        self._jobs[job_id] = Job(entry, first_log_id)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """GET `?page=1&limit=100`: the logs of one job."""
        check_credentials(request)
        job_id = request.match_info["job_id"]
        job = self._jobs.get(int(job_id)) if job_id.isascii() and job_id.isdigit() else None
        if job is None:
            raise Refused(failure(404, "broadcast job is not found"))
        page, limit = whole(request, "page", 1), whole(request, "limit", PAGE_LIMIT)
        skipped = (page - 1) * min(limit, PAGE_LIMIT)
        wanted = min(limit, PAGE_LIMIT, max(0, job.entry.count - skipped))
        rows = self._simulation.record.span(job.entry.first + skipped, wanted)
        logs = [self._log(row, job.first_log_id + skipped + index) for index, row in enumerate(rows)]
        return Reply(
            200, {"data": {"broadcast_logs": logs}, "meta": {"total": job.entry.count}, "status": 200}
        ).response()

    def _log(self, row: Row, log_id: int) -> dict[str, object]:
        status = status_after(row.address, self._simulation.delays_since(row.due_at))
        gone_out = status is not Status.QUEUED
        return {
            "id": log_id,
            "message_id": message_id(Recipient(row.address, "", row.provider_id)) if gone_out else None,
            "notes": ERRORS[status]["title"] if status in ERRORS else None,
            "phone_number": row.address,
            "sent_at": as_time(row.due_at),
            "status": WORDS[status],
            "variables": as_json_text(row.content.get("variables", [])),
        }


def as_json_text(variables: object) -> str:
    """Variables as the samples show them: a string that holds JSON."""
    return json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
