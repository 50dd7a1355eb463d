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

Source: the gist "Send Outbound Message" for all of these; what else is known stands in the `_qiscus_*` modules, each
with its source.

Uploading a file sends nothing, so whatever happens to step one may be tried again, and a file serves to ask for a
price; step two is posted at most once for a file. The gist says that step two is multipart, and shows it as JSON with
its answer: JSON goes first, multipart where that is clearly refused.

Nobody documents: any error, the numbers of a job's status, a list of jobs or of their logs by date, or how to read one
job's logs. The path for the last is inferred [I] from the others, and a setting; its items are those above.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from urllib.parse import quote as quoted

from providers import client, parsing
from providers.adapters import _qiscus_content as rules
from providers.adapters import _qiscus_settings as settings
from providers.adapters._qiscus_answers import ERRORS, check_log, job_of, raise_for_error
from providers.adapters._qiscus_charges import Quote, quote
from providers.adapters._qiscus_file import FILE_NAME, LARGEST_FILE, RecipientFile, Row
from providers.adapters._qiscus_receipts import STATUSES, read_jobs, webhook_events
from providers.adapters._qiscus_templates import list_templates, templates_of
from providers.capabilities import Capabilities
from providers.errors import (
    AnswerUnreadable,
    MessageRejected,
    OutcomeUnknown,
    ProviderError,
    TryLater,
)
from providers.http import Answer, Request
from providers.listings import ListedTemplate
from providers.messages import Content, OutboundMessage, TemplateMessage
from providers.outcomes import Balance, Estimate, FieldError, Health, ReceiptEvent, SendResult

__all__ = ["ERRORS", "STATUSES", "Client"]

# Answers to step two as JSON that may mean "multipart, please"; none of them accepts anything.
ENCODING_REFUSED = frozenset({400, 415, 422})
BALANCE_IS_OLD = timedelta(hours=1)
KEY_REFUSED = "Qiscus refuses the app ID or secret key; copy both from its Settings, App Information."


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
        balance=True,
        estimate=True,
        templates=True,
    )
    config_fields = settings.FIELDS

    def settle(self) -> None:
        """The shape of the file, and when one is used."""
        settings.check(self.config)
        self.mode = str(self.config["mode"])
        self.file = RecipientFile(header=self.config["csv_header"], separator=self.config["separator"])
        self.last_quote: Quote | None = None  # set as a whole, so that threads need no lock to read it

    @cached_property
    def headers(self) -> dict[str, str]:
        """The app and its key."""
        return {"Qiscus-App-Id": self.config["app_id"], "Qiscus-Secret-Key": self.secrets["secret_key"]}

    # -- sending ---------------------------------------------------------------------------------------------------

    def batch_limit(self) -> int:
        """One, unless recipients go out by file."""
        return 1 if self.mode == settings.INDIVIDUAL else super().batch_limit()

    def split(self, messages: Sequence[OutboundMessage]) -> Iterator[list[OutboundMessage]]:
        """Groups that share a file, and the others one by one."""
        for group in super().split(messages):
            if self._is_for_file(group):
                yield group
            else:
                yield from ([message] for message in group)

    def share_key(self, message: OutboundMessage) -> object:
        """All that a file has only once; each recipient has variables and a header of its own, but equally many."""
        if not isinstance(message.content, TemplateMessage):
            return message.content
        common = replace(message.content, variables=(), header=None)
        return common, rules.shape(message.content), message.campaign, message.send_at

    def content_problems(self, content: Content) -> list[FieldError]:
        """What the template needs in this mode; in auto mode any message may have to go out alone."""
        if not isinstance(content, TemplateMessage):
            return []
        by_mode = self._problems_in_file if self.mode == settings.BULK else rules.problems_alone
        return [*rules.problems(content), *by_mode(content)]

    def build(self, messages: Sequence[OutboundMessage]) -> Request:
        """One template to one recipient."""
        [message] = messages
        is_hidden = self.config["hide_variables"] is True
        payload = rules.payload(message, channel_id=self.config["channel_id"], is_hidden=is_hidden)
        return Request.json(self._path("client"), payload, headers=self.headers)

    def read(self, answer: Answer, messages: Sequence[OutboundMessage]) -> list[SendResult]:
        """The job's id, from either way of sending; the job or one recipient's log may already say that it failed."""
        raise_for_error(answer)
        job = job_of(answer.value)
        if not job.job_id:
            raise AnswerUnreadable("Qiscus said yes, but gave no broadcast job.")
        job.check()
        if len(messages) == 1:
            check_log(parsing.dig(answer.value, "data", "broadcast_logs", 0))
        return [SendResult.accepted(job.job_id) for _ in messages]

    def attempt(self, group: Sequence[OutboundMessage]) -> list[SendResult]:
        """One request, or one file and the request that sends it."""
        if self.mode != settings.BULK and len(group) == 1:
            return super().attempt(group)
        file_id = self._upload(group, must_pay=True).file_id
        results = self._launch(group, file_id, multipart=False)
        if results[0].exchange and results[0].exchange.status in ENCODING_REFUSED:
            results = self._launch(group, file_id, multipart=True)
        return results

    # -- what can be asked -----------------------------------------------------------------------------------------

    def check(self) -> Health:
        """Ask for one template: cheap, and only a good key gets it."""
        try:
            answer = self.door.call(self._hsm("", page=1, limit=1))
        except ProviderError as error:
            return self.unanswered(error)
        try:
            raise_for_error(answer)
        except ProviderError as error:
            return Health(False, KEY_REFUSED if error.code in {"HTTP 401", "HTTP 403"} else error.sentence)
        if templates_of(answer.value) is None:
            return Health(False, f"Somebody answers at {self.host}, but not as Qiscus does; check the base URL.")
        return Health(
            True, "Qiscus takes the app ID and secret key. Only a message shows whether the channel ID is right."
        )

    def templates(self) -> list[ListedTemplate]:
        """The channel's templates in every state of approval, one item a language."""
        channel_id = self.config["channel_id"]
        return list_templates(
            lambda page, limit: self._asked(self._hsm("", page=page, limit=limit, channel_id=channel_id)).value,
            lambda template_id: self._asked(self._hsm(f"/show/{quoted(template_id, safe='')}")).value,
        )

    def estimate(self, messages: Sequence[OutboundMessage]) -> Estimate | None:
        """What the messages would cost, by an upload that is not sent, of as many as a file holds.

        None where their templates have no ID, or where Qiscus says nothing of money. Where a file cannot hold all of
        them, or they have several templates, the rest is reckoned in proportion.
        """
        by_template: dict[object, list[OutboundMessage]] = {}
        for message in messages:
            if self._is_priced(message):
                by_template.setdefault(rules.shape(rules.template_of(message)), []).append(message)
        if not by_template:
            return None
        sample = max(by_template.values(), key=len)[:LARGEST_FILE]
        try:
            return self._upload(sample, must_pay=False).estimate(len(sample), len(messages))
        except MessageRejected:
            if self.mode == settings.BULK:
                raise
            return None  # that a file is refused says nothing of messages that go out one by one

    def balance(self) -> Balance | None:
        """What the last upload of the past hour told; Qiscus tells it no other way, so None where there was none."""
        last = self.last_quote
        return last.balance() if last and datetime.now(UTC) - last.at < BALANCE_IS_OLD else None

    # -- what became of messages -----------------------------------------------------------------------------------

    def parse_receipts(
        self, method: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> list[ReceiptEvent]:
        """WhatsApp's own events as Qiscus forwards them, and what people wrote as its bot webhook tells it."""
        return [event for item in parsing.items(parsing.payload(query, body)) for event in webhook_events(item)]

    def poll(
        self, references: Sequence[str], *, since: datetime, cursor: str = ""
    ) -> Iterator[tuple[list[ReceiptEvent], str]]:
        """The logs of these jobs, a call for each; the cursor is not needed, for a job is read whole.

        A job that Qiscus does not know keeps no other from its news.
        """
        path = self.config["logs_path"]

        def logs(job_id: str, page: int, limit: int) -> object:
            url = self.url(path.replace("{job_id}", quoted(job_id, safe="")))
            return self.ask(Request.get(url, headers=self.headers, page=page, limit=limit)).value

        yield from ((events, cursor) for events in read_jobs(references, logs))

    # -- parts -----------------------------------------------------------------------------------------------------

    def _asked(self, request: Request) -> Answer:
        """Make a call that sends nothing. Raises ProviderError, with the exchange, unless Qiscus says yes."""
        answer = self.door.call(request)
        try:
            raise_for_error(answer)
        except ProviderError as error:
            error.exchange = answer.exchange
            raise
        return answer

    def _path(self, name: str) -> str:
        return self.url(f"/api/v3/admin/broadcast/{name}")

    def _is_for_file(self, group: Sequence[OutboundMessage]) -> bool:
        if self.mode != settings.AUTO or len(group) < self.config["bulk_from"]:
            return self.mode == settings.BULK
        return next(self._problems_in_file(rules.template_of(group[0])), None) is None

    def _is_priced(self, message: OutboundMessage) -> bool:
        """Whether a file can ask what the message costs; buttons cost nothing, and a file does without them."""
        template = message.content
        if not isinstance(template, TemplateMessage) or template.template_id is None or self.file.problem(template):
            return False
        return next(self._addressing_problems(message), None) is None

    def _problems_in_file(self, template: TemplateMessage) -> Iterator[FieldError]:
        yield from rules.problems_in_file(template)
        if problem := self.file.problem(template):
            yield FieldError(*problem)

    def _upload(self, group: Sequence[OutboundMessage], *, must_pay: bool) -> Quote:
        """The file with these recipients at Qiscus, and its price. Raises ProviderError; nothing was sent then."""
        rows = [Row(message.recipient, rules.template_of(message)) for message in group]
        form = {"template_detail_id": str(rows[0].template.template_id), "separator": self.config["separator"]}
        files = (("file", FILE_NAME, self.file.encode(rows)),)
        answer: Answer | None = None
        try:
            answer = self._asked(Request("POST", self._path("upload_csv"), self.headers, form=form, files=files))
            uploaded = self.last_quote = quote(answer.value)
            if must_pay:
                uploaded.check()
        except ProviderError as error:
            error.exchange = answer.exchange if answer else error.exchange
            if not isinstance(error, OutcomeUnknown):
                raise
            # An upload sends nothing, so that even a lost answer to it leaves nothing unknown.
            failure = TryLater(error.sentence, code=error.code)
            failure.exchange = error.exchange
            raise failure from error
        return uploaded

    def _launch(self, group: Sequence[OutboundMessage], file_id: int, *, multipart: bool) -> list[SendResult]:
        """Step two: send the file. What leaves open whether Qiscus took it is never posted again."""
        payload = rules.order(group[0], file_id=file_id, separator=self.config["separator"])
        request = Request.json(self._path("send_broadcast"), payload, headers=self.headers)
        if multipart:
            parts = tuple((name, "", str(value).encode()) for name, value in payload.items())
            request = Request("POST", request.url, self.headers, files=parts)
        return self.post(request, group)

    def _hsm(self, path: str, **query: int) -> Request:
        return Request.get(self.url(f"/api/v2/admin/hsm{path}"), headers=self.headers, **query)
