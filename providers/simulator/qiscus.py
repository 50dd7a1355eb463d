"""Qiscus Multichannel's door: single template messages, and bulk ones as an uploaded CSV file plus a send order."""

from typing import Any

from aiohttp import web

from providers.simulator import qiscus_hsm
from providers.simulator.doors import Simulation, Submission, answering, check, door, read_json, settle
from providers.simulator.qiscus_balance import Balance
from providers.simulator.qiscus_bulk import FIRST_CHANNEL_ID, Bulk
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
from providers.simulator.shapes import array, fields, integer, one_of, pattern, satisfies, string, text

# Which fields are mandatory: Qiscus' help, "How to Hide Message Variable(s)", which adds the last two to the document's
# table. It calls the channel optional (the first one counts then), and asks for `variables` even if there are none.
# Any other field is in neither table and refused.
REQUEST = fields(
    {
        "template_name": text,
        "namespace": text,
        "language": text,
        "variables": array(string),
        # "Use E164 format without +"
        "phone_number": pattern(r"[1-9][0-9]{6,14}"),
    },
    {
        "channel_id": integer,
        "name": text,
        "template_detail_id": integer,
        "started_at": iso_time,
        "button_params": array(fields({"type": text, "values": string, "index": integer})),
        "header_value": fields({"type": one_of("text"), "text": text}),
        "hide_variables": satisfies(lambda value: isinstance(value, bool)),
    },
)


def routes(simulation: Simulation) -> list[web.RouteDef]:
    """The document's three endpoints, those that list templates and logs, and one to set what the account has left."""
    jobs = JobLog(simulation)
    balance = Balance()
    simulation.on_reset.append(balance.reset)
    bulk = Bulk(simulation, jobs, balance)

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
        web.get("/qiscus/api/v2/admin/hsm", door(simulation, NAME, qiscus_hsm.index)),
        web.get("/qiscus/api/v2/admin/hsm/show/{template_id}", door(simulation, NAME, qiscus_hsm.show)),
        web.post("/_simulator/qiscus/balance", answering(balance.change)),
    ]


def _submission(body: Any, app_id: str, jobs: JobLog) -> Submission:
    due_at = start_of(body)
    job_id, log_id = jobs.next_ids(1)
    variables = body["variables"]
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
        "header": body.get("header_value", {}).get("text", ""),
        "buttons": [button["values"] for button in body.get("button_params", [])],
        "name": body.get("name", ""),
    }
    return Submission(
        provider=NAME,
        kind="template",
        content=content,
        recipients=[Recipient(body["phone_number"], body.get("name", ""), str(job_id))],
        reply=Reply(200, {"data": data, "status": 200}),
        notice=notice(app_id, body.get("channel_id", FIRST_CHANNEL_ID)),
        due_at=due_at,
        on_accepted=lambda entry: jobs.add(job_id, log_id, entry),
    )
