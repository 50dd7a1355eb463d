"""Qiscus Multichannel's door: single template messages, and bulk ones as an uploaded CSV file plus a send order."""

from typing import Any

from aiohttp import web

from providers.simulator.doors import Simulation, Submission, check, door, read_json, settle
from providers.simulator.qiscus_bulk import Bulk
from providers.simulator.qiscus_log import JobLog, as_json_text
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
from providers.simulator.replies import Reply
from providers.simulator.shapes import array, fields, integer, pattern, string, text

# The table does not say which fields are mandatory. A public program sends all but the five optional ones here and
# works; the table lists all fields, so any other is refused.
REQUEST = fields(
    {
        "channel_id": integer,
        "template_name": text,
        "namespace": text,
        "language": text,
        # "Use E164 format without +"
        "phone_number": pattern(r"[1-9][0-9]{6,14}"),
    },
    {
        "name": text,
        "template_detail_id": integer,
        "variables": array(string),
        "started_at": iso_time,
        "button_params": array(fields({"type": text, "values": string, "index": integer})),
    },
)


def routes(simulation: Simulation) -> list[web.RouteDef]:
    """The three endpoints of the document, and the one where logs are polled."""
    jobs = JobLog(simulation)
    bulk = Bulk(simulation, jobs)

    async def send(request: web.Request) -> web.StreamResponse:
        check_access(request)
        body = await read_json(request, lambda _: INVALID_JSON)
        check(REQUEST, body, lambda error: failure(400, f"{error.path} is {error.breach}"))
        app_id = request.headers["Qiscus-App-Id"]
        return await settle(simulation, request, _submission(body, app_id, jobs), FAULTS)

    prefix = "/qiscus/api/v3/admin/broadcast"
    return [
        web.post(f"{prefix}/client", door(simulation, NAME, send)),
        web.post(f"{prefix}/upload_csv", door(simulation, NAME, bulk.upload)),
        web.post(f"{prefix}/send_broadcast", door(simulation, NAME, bulk.send)),
        web.get(f"{prefix}/{{job_id}}/logs", door(simulation, NAME, jobs.show)),
    ]


def _submission(body: Any, app_id: str, jobs: JobLog) -> Submission:
    due_at = start_of(body)
    job_id, log_id = jobs.next_ids(1)
    variables = body.get("variables", [])
    log = {
        "id": log_id,
        "message_id": None,
        "notes": None,
        "phone_number": body["phone_number"],
        "sent_at": as_time(due_at),
        "status": "scheduled",
        "variables": as_json_text(variables),
    }
    # `name` echoes the template's name, not the broadcast's.
    data = {
        "broadcast_job_id": job_id,
        "broadcast_logs": [log],
        "language": body["language"],
        "name": body["template_name"],
        "namespace": body["namespace"],
    }
    content = {
        "template": body["template_name"],
        "language": body["language"],
        "variables": variables,
        "buttons": [button["values"] for button in body.get("button_params", [])],
        "name": body.get("name", ""),
    }
    return Submission(
        provider=NAME,
        kind="template",
        content=content,
        recipients=[Recipient(body["phone_number"], body.get("name", ""), str(job_id))],
        reply=Reply(200, {"data": data, "status": 200}),
        notice=notice(app_id, body["channel_id"]),
        due_at=due_at,
        on_accepted=lambda entry: jobs.add(job_id, log_id, entry),
    )
