"""Kaleyra's door against "Send Flow Messages" (seed 002)."""

import pytest
import requests

from tests.providers.simulator.breaches import REMOVE, altered, name
from tests.providers.simulator.kaleyra_samples import RECIPIENT, SENDER, TEMPLATE, flow_request, post, text_request
from tests.simulating import Simulator

BAD_PAYLOAD = {
    "code": "WA400",
    "message": "Refer to correct payload format",
    "data": {},
    "error": {"payload": "Incorrect payload format"},
}


def test_the_sample_request_is_accepted_with_202_and_a_message_id(simulator: Simulator) -> None:
    answer = post(simulator, flow_request())
    body = answer.json()
    message_id = body["data"].pop("message_id")
    assert (answer.status_code, body) == (
        202,
        {"code": "WA202", "message": "Request Accepted", "data": {}, "error": {}},
    )
    assert message_id.startswith("A")
    assert len(message_id) == 20


def test_what_was_accepted_is_on_record(simulator: Simulator) -> None:
    message_id = post(simulator, flow_request()).json()["data"]["message_id"]
    (message,) = simulator.accepted("kaleyra")
    assert (message["address"], message["reference"], message["provider_id"]) == (
        RECIPIENT,
        "customer1",
        message_id,
    )
    assert (message["kind"], message["text"]) == ("flow", "Flow message body")
    assert message["content"]["footer"] == "Flow message footer"


def test_text_is_the_type_where_none_is_named(simulator: Simulator) -> None:
    body = text_request()
    del body["messaging_object"]["type"]
    assert post(simulator, body).status_code == 202
    assert simulator.accepted("kaleyra")[0]["text"] == "Hi"


def test_a_template_is_kept_with_its_variables(simulator: Simulator) -> None:
    body = text_request()
    message = body["messaging_object"]
    del message["text"]
    message |= {"type": "template", "template": TEMPLATE}
    assert post(simulator, body).status_code == 202
    content = simulator.accepted("kaleyra")[0]["content"]
    assert (content["template"], content["variables"]) == ("promo", ["Ann"])


def test_recipients_separated_by_commas_share_one_id(simulator: Simulator) -> None:
    post(simulator, text_request("+919812345671,+919812345672"))
    first, second = simulator.accepted("kaleyra")
    assert (first["address"], second["address"]) == ("+919812345671", "+919812345672")
    assert first["provider_id"] == second["provider_id"]


def test_long_references_are_cut_not_refused(simulator: Simulator) -> None:
    assert post(simulator, text_request(ref="x" * 300)).status_code == 202
    assert simulator.accepted("kaleyra")[0]["reference"] == "x" * 255


def test_an_unknown_source_is_overridden_not_refused(simulator: Simulator) -> None:
    assert post(simulator, text_request(wa_source="elsewhere")).status_code == 202


WRONG_KEY = {
    "code": "RBC001",
    "message": "Incorrect SID or API key.",
    "data": [],
    "error": {"error": "Incorrect SID or API key."},
}


@pytest.mark.parametrize(
    ("headers", "sid"),
    [
        ({}, "HX1"),
        ({"api-key": ""}, "HX1"),
        ({"api-key": "bad-key"}, "HX1"),
        ({"api-key": "key"}, "badHX"),
    ],
)
def test_wrong_credentials_answer_rbc001(simulator: Simulator, headers: dict[str, str], sid: str) -> None:
    answer = post(simulator, text_request(), sid=sid, headers=headers)
    assert (answer.status_code, answer.json()) == (401, WRONG_KEY)


@pytest.mark.parametrize("sender", ["911234567890", "+0123456789", "sender"])
def test_a_number_that_is_not_the_accounts_answers_wa401(simulator: Simulator, sender: str) -> None:
    message = "Phone number is not present or does not belong to the account."
    answer = post(simulator, text_request(), sender=sender)
    assert answer.status_code == 401
    assert answer.json() == {
        "code": "WA401",
        "message": message,
        "data": {},
        "error": {"phone_number": message},
    }


def test_an_account_without_the_api_answers_wa_401(simulator: Simulator) -> None:
    message = "API is not available for given customer.Please contact support for more info"
    answer = post(simulator, text_request(), sid="inactiveHX")
    assert answer.status_code == 401
    assert answer.json() == {
        "code": "WA-401",
        "message": message,
        "data": {},
        "error": {"account": message},
    }


def test_a_number_of_the_older_api_answers_wa_401(simulator: Simulator) -> None:
    answer = post(simulator, text_request(), sid="v1HX")
    assert (answer.status_code, answer.json()["code"]) == (401, "WA-401")
    assert "different Version of our WA API" in answer.json()["error"]["phone_number"]


@pytest.mark.parametrize("body", ["{", "", '{"a": NaN}', '{"a": "\\ud800"}', "[" * 100_000, "[]", "null"])
def test_a_body_that_is_no_json_object_answers_wa400(simulator: Simulator, body: str) -> None:
    url = f"{simulator.url}/kaleyra/v2/HX1/whatsapp/{SENDER}/messages"
    headers = {"api-key": "key", "Content-Type": "application/json"}
    answer = requests.post(url, data=body, headers=headers, timeout=10)
    assert (answer.status_code, answer.json()) == (400, BAD_PAYLOAD)


def test_json_is_the_only_content_type(simulator: Simulator) -> None:
    url = f"{simulator.url}/kaleyra/v2/HX1/whatsapp/{SENDER}/messages"
    answer = requests.post(url, data={"a": "b"}, headers={"api-key": "key"}, timeout=10)
    assert (answer.status_code, answer.json()) == (400, BAD_PAYLOAD)


MESSAGE = ("messaging_object",)
INTERACTIVE = (*MESSAGE, "interactive")
PARAMETERS = (*INTERACTIVE, "action", "parameters")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (MESSAGE, REMOVE),
        (("unknown",), 1),
        (("extra_info",), []),
        (("extra_info", "ref"), 5),
        (("extra_info", "ref3"), "x"),
        ((*MESSAGE, "messaging_product"), "sms"),
        ((*MESSAGE, "messaging_product"), REMOVE),
        ((*MESSAGE, "recipient_type"), "group"),
        ((*MESSAGE, "to"), REMOVE),
        ((*MESSAGE, "to"), "919812345678"),
        ((*MESSAGE, "to"), "+91981234567,"),
        ((*MESSAGE, "to"), 919812345678),
        ((*MESSAGE, "type"), "carrier-pigeon"),
        ((*MESSAGE, "type"), REMOVE),
        ((*MESSAGE, "unknown"), 1),
        (INTERACTIVE, REMOVE),
        ((*INTERACTIVE, "type"), "button"),
        ((*INTERACTIVE, "header", "type"), "image"),
        ((*INTERACTIVE, "header", "type"), REMOVE),
        ((*INTERACTIVE, "body"), "Flow message body"),
        ((*INTERACTIVE, "footer", "text"), 1),
        ((*INTERACTIVE, "action"), REMOVE),
        ((*INTERACTIVE, "action", "name"), "open"),
        (PARAMETERS, REMOVE),
        ((*PARAMETERS, "flow_message_version"), 3),
        ((*PARAMETERS, "flow_id"), REMOVE),
        ((*PARAMETERS, "flow_name"), "both"),
        ((*PARAMETERS, "flow_cta"), "x" * 21),
        ((*PARAMETERS, "flow_cta"), "Open \U0001f389"),
        ((*INTERACTIVE, "header", "text"), "x" * 61),
        ((*INTERACTIVE, "body", "text"), "x" * 1025),
        ((*INTERACTIVE, "footer", "text"), "x" * 61),
        ((*PARAMETERS, "flow_action"), "data_exchange"),
        ((*PARAMETERS, "flow_action_payload", "data"), {}),
        ((*PARAMETERS, "mode"), "live"),
    ],
    ids=name,
)
def test_a_breach_of_the_tables_answers_wa400(simulator: Simulator, path: tuple[str, ...], value: object) -> None:
    answer = post(simulator, altered(flow_request(), path, value))
    assert (answer.status_code, answer.json()) == (400, BAD_PAYLOAD)
    assert simulator.accepted() == []


@pytest.mark.parametrize("value", ["", " ", "a\nb", "a\tb", "a     b", 5])
def test_a_template_value_that_meta_refuses_answers_wa400(simulator: Simulator, value: object) -> None:
    body = altered(text_request(), ("messaging_object", "text"), REMOVE)
    parameters = ("components", 0, "parameters", 0, "text")
    body["messaging_object"] |= {"type": "template", "template": altered(TEMPLATE, parameters, value)}
    assert (post(simulator, body).status_code, simulator.accepted()) == (400, [])
