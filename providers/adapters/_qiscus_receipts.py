"""What Qiscus tells afterwards: a job's logs when it is asked, WhatsApp's events and people's words when it posts.

    a log          {"id": 25702462, "message_id": "wamid.X", "notes": null, "phone_number": "6281500000000",
                    "sent_at": "2022-03-05T10:15:00Z", "status": "delivered"}
    forwarded      {"app_code": "...", "channel_id": 534, "statuses": [{"id": "wamid.X", "status": "read",
                    "recipient_id": "6281500000000", "timestamp": "1646475300"}], "messages": [...]}
    bot webhook    {"type": "post_comment_mobile", "payload": {"from": {"email": "6281500000000", "name": "Nur"},
                    "room": {...}, "message": {"type": "text", "text": "STOP"}}}

Sources: the gist for a log, a customer's public project for what is forwarded, Qiscus' page on webhooks for the last.
A forwarded status carries WhatsApp's id, which the answer to the post had not: the product matches it by address
and believes no failure, for it may be an agent's chat that failed. A job's logs tell of ours.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from providers import parsing, whatsapp
from providers.adapters._qiscus_answers import Job, job_of
from providers.adapters._qiscus_file import LARGEST_FILE
from providers.errors import ChannelRejected
from providers.outcomes import DeliveryStatus, ReceiptEvent

# A log's status: the first word from the gist; sent, delivered, read, failed and "failed after delivered" from Qiscus'
# help, "Meta Broadcast Status" (sent is also in the answer that "How to Hide Message Variable(s)" shows); the numbers
# from the broadcast history that Qiscus' own app reads (any other is a failure there); the rest inferred [I] from the
# app's labels and the job's totals.
STATUSES = {
    "scheduled": DeliveryStatus.QUEUED,
    "pending": DeliveryStatus.QUEUED,
    "1": DeliveryStatus.QUEUED,
    "sent": DeliveryStatus.SENT,
    "2": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "received": DeliveryStatus.DELIVERED,
    "3": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    "4": DeliveryStatus.READ,
    "failed": DeliveryStatus.FAILED,
    "failed after delivered": DeliveryStatus.FAILED,  # the phone had it and could not show it
    "canceled": DeliveryStatus.FAILED,
    "5": DeliveryStatus.FAILED,
}
PAGE = 100
LAST_PAGE = LARGEST_FILE // PAGE
NOT_FOUND = "HTTP 404"
UNKNOWN_JOBS = 3  # so many, and none that is known, are no coincidence: the path of the logs is wrong
INBOUND = frozenset({"post_comment_mobile", "post_comment_rest"})  # Qiscus' page on webhooks, "Bot Webhook"


def read_jobs(job_ids: Sequence[str], ask: Callable[[str, int, int], Any]) -> Iterator[list[ReceiptEvent]]:
    """The events of each page of each job's logs: `ask` has the answer to a job, a page and its length.

    A job that Qiscus does not know has no events, and keeps no other from its news. Raises ChannelRejected where it
    knows none of them, and whatever else asking raises.
    """
    unknown, is_heard = 0, False
    for job_id in job_ids:
        try:
            for events in _pages(job_id, ask):
                is_heard = True
                yield events
        except ChannelRejected as error:
            if error.code != NOT_FOUND:
                raise
            unknown += 1
            yield []  # who asks may look at the clock
        if unknown >= UNKNOWN_JOBS and not is_heard:
            break
    if unknown and not is_heard:
        raise ChannelRejected("Qiscus has no logs of these jobs; check the path of a job's logs.", code=NOT_FOUND)


def _pages(job_id: str, ask: Callable[[str, int, int], Any]) -> Iterator[list[ReceiptEvent]]:
    for page in range(1, LAST_PAGE + 1):
        value = ask(job_id, page, PAGE)
        logs = parsing.items(parsing.dig(value, "data", "broadcast_logs"))
        yield list(_job_events(logs, job_id, job_of(value)))
        if len(logs) < PAGE:
            return


def _job_events(logs: list[Any], job_id: str, job: Job) -> Iterator[ReceiptEvent]:
    # What the job's end has overtaken is told as that end; without logs, of its one recipient if it had no more.
    for log in logs:
        event = _log_event(log, job_id)
        yield _ended(event, job) if event.status is DeliveryStatus.QUEUED else event
    if not logs and job.end:
        yield _ended(ReceiptEvent(None, provider_id=job_id), job)


def _ended(event: ReceiptEvent, job: Job) -> ReceiptEvent:
    if not job.end:
        return event
    code, sentence = job.end
    return replace(event, status=DeliveryStatus.FAILED, code=code, reason=event.reason or sentence)


def _log_event(log: Any, job_id: str) -> ReceiptEvent:
    word = parsing.identifier(parsing.dig(log, "status")).lower().replace("_", " ")
    notes = parsing.phrase(parsing.dig(log, "notes"))
    return ReceiptEvent(
        whatsapp.failure_or_opt_out(parsing.status(word, STATUSES, "Qiscus"), code="", reason=notes),
        provider_id=job_id,
        address=parsing.phone(parsing.dig(log, "phone_number")),
        code=word,
        reason=notes,
        at=parsing.moment(parsing.dig(log, "sent_at")),
    )


def webhook_events(item: Any) -> list[ReceiptEvent]:
    """The events of one call, of whichever kind."""
    found = [whatsapp.status_event(each, provider="Qiscus") for each in parsing.items(parsing.dig(item, "statuses"))]
    # The id is WhatsApp's, and the answer to the post did not have it: only the address can match.
    events = [replace(event, provider_id="") for event in found]
    events += whatsapp.inbound_events(item)
    if parsing.identifier(parsing.dig(item, "type")) in INBOUND:
        events.append(_inbound(parsing.dig(item, "payload")))
    return events


def _inbound(payload: Any) -> ReceiptEvent:
    # `email` is the person's id in Qiscus; of a WhatsApp user it is the phone in digits.
    person = parsing.identifier(parsing.dig(payload, "from", "email"))
    text = parsing.phrase(parsing.dig(payload, "message", "text"), parsing.INBOUND_CHARACTERS)
    return ReceiptEvent(None, address=parsing.phone(person) if person.isdecimal() else person, inbound=text)
