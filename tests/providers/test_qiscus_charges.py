"""What Qiscus says of money when a file is uploaded: a price before anything is sent, and what is left."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import responses
import time_machine
from hypothesis import given

from providers import Balance, Button, Client, Estimate, ProviderError, Recipient, TemplateMessage
from tests.providers.junk import JSON, any_answer
from tests.providers.samples import ANYWHERE, client, message
from tests.providers.test_qiscus_bulk import FILE, parts, rows

BASE = "https://multichannel.qiscus.com"
UPLOAD = f"{BASE}/api/v3/admin/broadcast/upload_csv"


def qiscus(**config: Any) -> Client:
    return client("qiscus", **{"base_url": BASE, "app_id": "app-1", "channel_id": 534, **config})


INVOICES = TemplateMessage("invoince_update", "id", ("Nur", "Rp. 30.000"), namespace="6616bb93", template_id=172)


def priced(credit: object = 0, free: object = 1, quota: object = 0, **left: object) -> dict[str, Any]:
    return {
        "broadcast_file_id": 2272837,
        "current_balance": {"credits": "0", "free_session": 1000, "quota": 857, **left},
        "estimation_charge": {"credit": credit, "free_session": free, "quota": quota},
    }


def estimate(answer: dict[str, Any], count: int = 1, content: TemplateMessage = INVOICES, **config: Any) -> Any:
    with responses.RequestsMock() as server:
        server.post(UPLOAD, **answer)
        found = qiscus(**config).estimate([message(content, number=number) for number in range(count)])
        return found, server.calls[0].request


ENOUGH = Estimate(True, "Qiscus estimates: credits 0 (0 left), free sessions 1 (1000 left), quota 0 (857 left).")
# label -> what Qiscus says to the upload, for how many messages, what is told
ESTIMATES: dict[str, tuple[dict[str, Any], int, Estimate | None]] = {
    "as in the gist": (priced(), 1, ENOUGH),
    "all of it": (
        priced(free=1000, quota=857),
        1,
        Estimate(True, "Qiscus estimates: credits 0 (0 left), free sessions 1000 (1000 left), quota 857 (857 left)."),
    ),
    "too few credits": (
        priced(credit="2.5", credits=2.4449),
        1,
        Estimate(False, "Qiscus estimates: credits 2.50 (2.44 left), free sessions 1 (1000 left), quota 0 (857 left)."),
    ),
    "in debt": (
        priced(credits="-1"),
        1,
        Estimate(False, "Qiscus estimates: credits 0 (-1 left), free sessions 1 (1000 left), quota 0 (857 left)."),
    ),
    "half of it unsaid": (
        {"broadcast_file_id": 1, "estimation_charge": {"quota": 3}},
        1,
        Estimate(True, "Qiscus estimates: quota 3 (unknown left)."),
    ),
    "nothing said": ({"broadcast_file_id": 1}, 1, None),
    "nonsense": (priced(credit={}, free=True, quota="many"), 1, None),
    "more than a file holds": (
        priced(free=400),
        2500,
        Estimate(
            True,
            "Qiscus estimates, in proportion to 1000 of 2500 messages: "
            "credits 0 (0 left), free sessions 1000 (1000 left), quota 0 (857 left).",
        ),
    ),
    "too little for all": (
        priced(free=401),
        2500,
        Estimate(
            False,
            "Qiscus estimates, in proportion to 1000 of 2500 messages: "
            "credits 0 (0 left), free sessions 1003 (1000 left), quota 0 (857 left).",
        ),
    ),
}


@pytest.mark.parametrize(("answer", "count", "told"), ESTIMATES.values(), ids=ESTIMATES)
def test_estimate(answer: dict[str, Any], count: int, told: Estimate | None) -> None:
    found, upload = estimate({"json": answer}, count)
    assert found == told
    assert len(rows(upload)) == 1 + min(count, 1000)


@pytest.mark.parametrize("mode", ["individual", "auto", "bulk"])
def test_estimate_is_given_in_every_mode_by_an_upload_alone(mode: str) -> None:
    found, upload = estimate({"json": priced()}, mode=mode, separator=";")
    assert found == ENOUGH
    assert parts(upload) == {
        'name="template_detail_id"': "172",
        'name="separator"': ";",
        FILE: ("phone_number;customer_name;body_variable1;body_variable2\r\n6281527975868;Nur;Nur;Rp. 30.000\r\n"),
    }


def test_buttons_cost_nothing() -> None:
    found, _ = estimate(
        {"json": priced()}, content=TemplateMessage("n", "id", template_id=1, buttons=(Button("url", "x"),))
    )
    assert found == ENOUGH


def test_most_frequent_template_stands_for_the_others() -> None:
    other = TemplateMessage("other", "en", namespace="6616bb93", template_id=173)
    messages = [message(other), *(message(INVOICES, number=number) for number in range(1, 4))]
    with responses.RequestsMock() as server:
        server.post(UPLOAD, json=priced(free=3))
        found = qiscus().estimate(messages)
        assert parts(server.calls[0].request)['name="template_detail_id"'] == "172"
    assert found
    assert "in proportion to 3 of 4 messages: credits 0 (0 left), free sessions 4 (1000 left)" in found.sentence


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [message(TemplateMessage("n", "id", namespace="s"))],
        [message(INVOICES, recipient=Recipient("0812"))],
    ],
    ids=["nobody", "no ID", "no phone"],
)
def test_what_no_file_can_ask_has_no_estimate(messages: list[Any]) -> None:
    with responses.RequestsMock():
        assert qiscus().estimate(messages) is None


def test_refused_file_says_nothing_of_messages_that_need_none() -> None:
    found, _ = estimate({"status": 422, "json": {"error": "columns"}})
    assert found is None


@pytest.mark.parametrize(
    ("answer", "config", "sentence"),
    [
        ({"status": 422, "json": {"error": "columns"}}, {"mode": "bulk"}, "refused the message. columns"),
        ({"status": 401}, {}, "credentials or rights"),
        ({"body": requests.ReadTimeout()}, {}, "did not answer"),
        ({"body": "OK"}, {}, "gave no file id"),
    ],
)
def test_estimate_says_why_there_is_none(answer: dict[str, Any], config: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ProviderError, match=sentence):
        estimate(answer, **config)


NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_balance_is_what_the_last_upload_told_and_when() -> None:
    asked = qiscus()
    with time_machine.travel(NOON, tick=False), responses.RequestsMock() as server:
        server.post(UPLOAD, json=priced())
        asked.estimate([message(INVOICES)])
        assert asked.balance() == Balance("credits 0, free sessions 1000, quota 857", "left")


@pytest.mark.parametrize(("minutes", "known"), [(59, 1), (61, 0)])
def test_balance_is_forgotten_in_time(minutes: int, known: int) -> None:
    asked = qiscus()
    with time_machine.travel(NOON, tick=False) as clock, responses.RequestsMock() as server:
        server.post(UPLOAD, json=priced())
        asked.estimate([message(INVOICES)])
        clock.shift(timedelta(minutes=minutes))
        assert (asked.balance() is not None) == bool(known)


def test_balance_is_short_however_rich_the_account_is() -> None:
    asked, most = qiscus(), "-" + "9" * 12 + ".99"
    with responses.RequestsMock() as server:
        server.post(UPLOAD, json=priced(credits=most, free_session=most, quota=most))
        asked.estimate([message(INVOICES)])
    balance = asked.balance()
    assert balance
    assert len(f"{balance.amount} {balance.unit}") <= 100  # as much as is kept of it


def test_balance_is_unknown_before_any_upload() -> None:
    assert qiscus().balance() is None


@any_answer
@given(value=JSON, charges=JSON, left=JSON)
def test_no_answer_makes_an_estimate_raise_but_its_own_errors(value: Any, charges: Any, left: Any) -> None:
    asked = qiscus()
    answers = [value, {"broadcast_file_id": 1, "current_balance": left, "estimation_charge": charges}]
    with responses.RequestsMock() as server:
        for answer in answers:
            server.add("POST", ANYWHERE, body=json.dumps(answer))
            try:
                found = asked.estimate([message(INVOICES)])
            except ProviderError:
                found = None
            assert found is None or found.sentence.endswith(".")
