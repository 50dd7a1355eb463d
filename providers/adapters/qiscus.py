"""Qiscus Multichannel: WhatsApp templates, one by one or up to 1,000 recipients from a CSV file.

    POST https://multichannel.qiscus.com/api/v3/admin/broadcast/client
    Qiscus-App-Id: your-app-id
    Qiscus-Secret-Key: your-secret-key
    {"channel_id": 534, "name": "Test Broadcast", "template_name": "invoince_update", "template_detail_id": 172,
     "namespace": "6616bb93_d895_41e7_8bbe_2c528219e56e", "language": "id", "variables": ["Nur", "Rp. 30.000"],
     "phone_number": "6281500000000", "button_params": [{"type": "url", "values": "coba", "index": 0}],
     "started_at": "2022-03-05T10:15:00.000Z"}
    {"data": {"broadcast_job_id": 14528583, "broadcast_logs": [{"id": 25702462, "message_id": null, "notes": null,
       "phone_number": "6281500000000", "status": "scheduled", ...}], ...}, "status": 200}

    POST .../upload_csv        multipart: file, template_detail_id, separator
    {"broadcast_file_id": 2272837, "current_balance": {"credits": "0", "free_session": 1000, "quota": 857},
     "estimation_charge": {"credit": 0, "free_session": 1, "quota": 0}}
    POST .../send_broadcast
    {"template_detail_id": 172, "broadcast_file_id": 2272836, "name": "...", "separator": ",", "started_at": "..."}
    {"data": {"broadcast_job": {"id": 14529081, "status": 4, "total_recipient": 1, ...}}, "status": 200}

Source: the gist "Send Outbound Message" for all of these.

Uploading a file sends nothing, so whatever happens to step one may be tried again; step two is posted at most once.
The gist says that step two is multipart, and shows it as JSON with its answer: JSON goes first, multipart where that
is refused.

Nobody documents: which fields are mandatory (a public client leaves out most, but not the namespace), any error, the
columns of the CSV (its header row is a setting), parameters of a template's header, or how to read a job's logs. The
path for that is inferred [I] from the others, and a setting; its items are those above.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any

from providers import client, limits, parsing, writing
from providers.adapters._qiscus_file import FILE_NAME, RecipientFile, file_id
from providers.adapters._qiscus_receipts import STATUSES, log_event, webhook_events
from providers.capabilities import Capabilities
from providers.config import ConfigField, batch_size_field
from providers.errors import (
    AnswerUnreadable,
    MessageRejected,
    OutcomeUnknown,
    ProviderError,
    TryLater,
)
from providers.http import Answer, Request
from providers.messages import Content, OutboundMessage, TemplateMessage
from providers.outcomes import FieldError, ReceiptEvent, SendResult
from providers.statuses import error_for_status

__all__ = ["ERRORS", "STATUSES", "Client"]

# No error is documented: a 500 is taken at its word, that the request was not fulfilled.
ERRORS: dict[int, type[ProviderError]] = {500: TryLater}
# Answers to step two as JSON that may mean "multipart, please"; none of them accepts anything.
ENCODING_REFUSED = frozenset({400, 415, 422})
LARGEST_FILE = 1_000
LOGS_PER_PAGE = 100
LAST_PAGE = 20


class Client(client.Client):
    """One WhatsApp channel of a Qiscus app."""

    label = "Qiscus"
    capabilities = Capabilities(
        content_kinds=frozenset({"template"}),
        channels=("WhatsApp",),
        max_batch=LARGEST_FILE,
        default_batch=1,
        native_schedule=True,
        receipts="poll",
        inbound=True,
    )
    config_fields = (
        ConfigField("base_url", "Base URL", "url", default="https://multichannel.qiscus.com"),
        ConfigField("app_id", "App ID"),
        ConfigField("channel_id", "Channel ID", "integer", "Of the WhatsApp channel.", minimum=1),
        ConfigField(
            "mode",
            "How to send",
            "choice",
            default="individual",
            choices=(("individual", "One request a recipient"), ("bulk", "One CSV file for many recipients")),
        ),
        batch_size_field(default=LARGEST_FILE, maximum=LARGEST_FILE, explanation="In a CSV file."),
        ConfigField("separator", "CSV separator", "choice", default=",", choices=((",", "Comma"), (";", "Semicolon"))),
        ConfigField(
            "csv_header",
            "CSV header row",
            help="As in the template's sample file, with a column phone_number; the others take name and variables.",
            required=False,
        ),
        ConfigField(
            "logs_path",
            "Path of a job's logs",
            help="Not documented by Qiscus; {job_id} stands for the job.",
            default="/api/v3/admin/broadcast/{job_id}/logs",
        ),
        ConfigField("secret_key", "Secret key", secret=True),
    )

    def settle(self) -> None:
        """The shape of the file."""
        self.file = RecipientFile(header=self.config["csv_header"], separator=self.config["separator"])

    @cached_property
    def headers(self) -> dict[str, str]:
        """The app and its key."""
        return {"Qiscus-App-Id": self.config["app_id"], "Qiscus-Secret-Key": self.secrets["secret_key"]}

    @property
    def is_bulk(self) -> bool:
        """Whether recipients go out by file."""
        return str(self.config["mode"]) == "bulk"

    def batch_limit(self) -> int:
        """One, unless recipients go out by file."""
        return super().batch_limit() if self.is_bulk else 1

    def share_key(self, message: OutboundMessage) -> object:
        """All that a file has only once; each recipient has variables of its own, but equally many."""
        if not isinstance(message.content, TemplateMessage):
            return message.content
        template = message.content
        return replace(template, variables=()), len(template.variables), message.campaign, message.send_at

    def content_problems(self, content: Content) -> list[FieldError]:
        """What the template needs in this mode."""
        if not isinstance(content, TemplateMessage):
            return []
        return list(self._template_problems(content))

    def build(self, messages: Sequence[OutboundMessage]) -> Request:
        """One template to one recipient."""
        [message] = messages
        template = _template(message)
        payload = {
            "channel_id": self.config["channel_id"],
            "name": message.campaign or template.name,
            "template_name": template.name,
            **writing.given(template_detail_id=template.template_id),
            "namespace": template.namespace,
            "language": template.language,
            "variables": list(template.variables),
            "phone_number": _digits(message),
            **writing.given(button_params=_buttons(template)),
            **_schedule(message),
        }
        return Request.json(self._path("client"), payload, headers=self.headers)

    def read(self, answer: Answer, messages: Sequence[OutboundMessage]) -> list[SendResult]:
        """The job's id, from either way of sending; one recipient's log may already say that it failed."""
        _raise_for_error(answer)
        data = parsing.dig(answer.value, "data")
        job_id = parsing.identifier(parsing.dig(data, "broadcast_job_id") or parsing.dig(data, "broadcast_job", "id"))
        if not job_id:
            raise AnswerUnreadable("Qiscus said yes, but gave no broadcast job.")
        log = parsing.dig(data, "broadcast_logs", 0)
        if len(messages) == 1 and parsing.identifier(parsing.dig(log, "status")) in {"failed", "canceled"}:
            raise MessageRejected(f"Qiscus: {parsing.phrase(parsing.dig(log, 'notes')) or 'failed'}", code="failed")
        return [SendResult.accepted(job_id) for _ in messages]

    def attempt(self, group: Sequence[OutboundMessage]) -> list[SendResult]:
        """One request, or one file and the request that sends it."""
        if not self.is_bulk:
            return super().attempt(group)
        file_id = self._upload(group)
        results = self.post(self._launch(group[0], file_id, multipart=False), group)
        if results[0].exchange and results[0].exchange.status in ENCODING_REFUSED:
            results = self.post(self._launch(group[0], file_id, multipart=True), group)
        return results

    def parse_receipts(
        self, method: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> list[ReceiptEvent]:
        """WhatsApp's own events as Qiscus forwards them, and what people wrote as its bot webhook tells it."""
        return [event for item in parsing.items(parsing.payload(query, body)) for event in webhook_events(item)]

    def poll(
        self, references: Sequence[str], *, since: datetime, cursor: str = ""
    ) -> Iterator[tuple[list[ReceiptEvent], str]]:
        """The logs of these jobs; the cursor is not needed, for a job is read whole."""
        for job_id in references:
            yield list(self._logs(job_id)), cursor

    def _path(self, name: str) -> str:
        return self.url(f"/api/v3/admin/broadcast/{name}")

    def _template_problems(self, template: TemplateMessage) -> Iterator[FieldError]:
        yield from limits.filled("name", "The template's name", template.name)
        yield from limits.filled("language", "The template's language", template.language)
        if template.header:
            yield FieldError("header", "Qiscus documents no parameters for a template's header.")
        if not self.is_bulk:
            yield from limits.filled("namespace", "The template's namespace", template.namespace)
            return
        if template.template_id is None:
            yield FieldError("template_id", "The template's ID is missing; a CSV file needs it.")
        if template.buttons:
            yield FieldError("buttons", "A CSV file takes no button parameters; send one by one.")
        room = self.file.room()
        if room is not None and room < len(template.variables):
            yield FieldError("variables", f"The CSV header row has room for {room} variables only.")

    def _upload(self, group: Sequence[OutboundMessage]) -> int:
        """The id of the file with these recipients. Raises ProviderError; nothing was sent then."""
        form = {"template_detail_id": str(_template(group[0]).template_id), "separator": self.config["separator"]}
        rows = [(message.recipient, _template(message).variables) for message in group]
        request = Request(
            "POST",
            self._path("upload_csv"),
            self.headers,
            form=form,
            files=(("file", FILE_NAME, self.file.encode(rows)),),
        )
        answer: Answer | None = None
        try:
            answer = self.door.call(request)
            _raise_for_error(answer)
            return file_id(answer.value)
        except ProviderError as error:
            # An upload sends nothing, so that even a lost answer to it leaves nothing unknown.
            failure = TryLater(error.sentence, code=error.code) if isinstance(error, OutcomeUnknown) else error
            failure.exchange = answer.exchange if answer else error.exchange
            raise failure from error

    def _launch(self, first: OutboundMessage, file_id: int, *, multipart: bool) -> Request:
        template = _template(first)
        payload = {
            "template_detail_id": template.template_id,
            "broadcast_file_id": file_id,
            "name": first.campaign or template.name,
            "separator": self.config["separator"],
            **_schedule(first),
        }
        if not multipart:
            return Request.json(self._path("send_broadcast"), payload, headers=self.headers)
        parts = tuple((name, "", str(value).encode()) for name, value in payload.items())
        return Request("POST", self._path("send_broadcast"), self.headers, files=parts)

    def _logs(self, job_id: str) -> Iterator[ReceiptEvent]:
        url = self.url(self.config["logs_path"].replace("{job_id}", job_id))
        for page in range(1, LAST_PAGE + 1):
            answer = self.ask(Request.get(url, headers=self.headers, page=page, limit=LOGS_PER_PAGE))
            logs = parsing.items(parsing.dig(answer.value, "data", "broadcast_logs"))
            yield from (log_event(log, job_id) for log in logs)
            if len(logs) < LOGS_PER_PAGE:
                return


def _template(message: OutboundMessage) -> TemplateMessage:
    if isinstance(message.content, TemplateMessage):
        return message.content
    raise MessageRejected(f"Qiscus cannot send content of the kind {message.content.kind}.")


def _digits(message: OutboundMessage) -> str:
    return message.recipient.phone.removeprefix("+")


def _buttons(template: TemplateMessage) -> list[dict[str, Any]]:
    return [{"type": button.kind, "values": button.value, "index": button.index} for button in template.buttons]


def _schedule(message: OutboundMessage) -> dict[str, str]:
    return {"started_at": writing.utc(message.send_at)} if message.send_at else {}


def _raise_for_error(answer: Answer) -> None:
    # An envelope that says 4xx under HTTP 200 is not documented, but it is no yes either.
    inner = parsing.dig(answer.value, "status")
    status = inner if answer.ok and type(inner) is int and 400 <= inner < 600 else answer.status  # noqa: PLR2004
    if answer.ok and status == answer.status:
        return
    detail = " ".join(parsing.texts(answer.value))
    if status in ERRORS:
        raise ERRORS[status](f"Qiscus failed. {detail}".strip(), code=f"HTTP {status}")
    raise error_for_status(replace(answer, status=status), detail)
