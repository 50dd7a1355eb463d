"""What Qiscus' answers mean: which are errors, and what became of a broadcast job.

    {"data": {"broadcast_job": {"id": 14529081, "status": 4, "canceled_at": null, "canceled_by": null,
       "total_recipient": 1, "total_sent": null, "total_received": null, "total_read": null, "total_failed": null}}}

A job's `status` is a number that nobody explains (4 is one that was just scheduled, and another list of numbers than
that of the logs), so it is not read: `canceled_at` and the totals say what is needed.
"""

from dataclasses import dataclass, replace
from typing import Any

from providers import parsing
from providers.errors import MessageRejected, ProviderError
from providers.http import Answer
from providers.statuses import error_for_status

# No error is documented, so every HTTP status means what it means everywhere (`statuses.py`): a 500 says nowhere that
# the message was not taken.
ERRORS: dict[int, type[ProviderError]] = {}
CANCELED, FAILED = "canceled", "failed"


def raise_for_error(answer: Answer) -> None:
    """Raise ProviderError unless the answer is a yes, by its own `status` too."""
    status = _status(answer)
    if answer.ok and status == answer.status:
        return
    raise error_for_status(replace(answer, status=status), " ".join(parsing.texts(answer.value)))


def _status(answer: Answer) -> int:
    # An envelope that says 4xx under HTTP 200 is not documented, but it is no yes either.
    inner = parsing.dig(answer.value, "status")
    return inner if answer.ok and type(inner) is int and 400 <= inner < 600 else answer.status  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Job:
    """A broadcast job as an answer shows it, or as little of it as there is."""

    job_id: str
    is_canceled: bool = False
    canceled_by: str = ""
    recipients: int = 0
    sent: int = 0
    failed: int = 0

    @property
    def end(self) -> tuple[str, str] | None:
        """(Code, sentence) where nobody got the message and nobody will; None while that is open."""
        if self.is_canceled:
            by = f" by {self.canceled_by}" if self.canceled_by else ""
            return CANCELED, f"The broadcast job was canceled at Qiscus{by}."
        if 0 < self.recipients <= self.failed:
            return FAILED, "The broadcast job failed at Qiscus for all of its recipients."
        return None

    def check(self) -> None:
        """Raise MessageRejected where Qiscus says at once that the job came to nothing."""
        if self.end and not self.sent:
            code, sentence = self.end
            raise MessageRejected(sentence, code=code)


def job_of(value: Any) -> Job:
    """The job in an answer to either way of sending, or to a question for its logs."""
    data = parsing.dig(value, "data")
    job = parsing.dig(data, "broadcast_job")
    return Job(
        parsing.identifier(parsing.dig(data, "broadcast_job_id") or parsing.dig(job, "id")),
        is_canceled=bool(parsing.identifier(parsing.dig(job, "canceled_at"))),
        canceled_by=parsing.phrase(parsing.dig(job, "canceled_by")),
        recipients=_count(job, "total_recipient"),
        sent=_count(job, "total_sent"),
        failed=_count(job, "total_failed"),
    )


def check_log(log: Any) -> None:
    """Raise MessageRejected where the log of a single message says at once that it failed."""
    word = parsing.identifier(parsing.dig(log, "status")).lower()
    if word in {FAILED, CANCELED}:
        raise MessageRejected(f"Qiscus: {parsing.phrase(parsing.dig(log, 'notes')) or word}", code=word)


def _count(job: Any, name: str) -> int:
    return parsing.whole_number(parsing.dig(job, name)) or 0
