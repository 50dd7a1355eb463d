"""Qiscus' two steps for a file, against seed 003 and the help page on the file's columns."""

import pytest
import requests

from tests.providers.simulator.test_qiscus import CSV, call, order, upload
from tests.simulating import Simulator


def test_an_upload_is_answered_without_envelope(simulator: Simulator) -> None:
    body = upload(simulator).json()
    assert isinstance(body.pop("broadcast_file_id"), int)
    assert body == {
        "current_balance": {"credits": "0", "free_session": 1000, "quota": 857},
        "estimation_charge": {"credit": 0, "free_session": 2, "quota": 0},
    }
    assert simulator.accepted() == []


@pytest.mark.parametrize("encoding", ["json", "data"])
def test_an_order_is_taken_as_json_and_as_multipart(simulator: Simulator, encoding: str) -> None:
    file_id = upload(simulator).json()["broadcast_file_id"]
    fields = {"template_detail_id": 172, "broadcast_file_id": file_id, "name": "Test"}
    body = {"json": fields} if encoding == "json" else {"files": {k: (None, str(v)) for k, v in fields.items()}}
    job = call(simulator, "send_broadcast", **body).json()["data"]["broadcast_job"]
    assert (job["total_recipient"], job["status"], job["name"]) == (2, 4, "Test")


def test_each_row_of_a_file_becomes_a_message_with_its_own_variables(simulator: Simulator) -> None:
    order(simulator)
    messages = simulator.accepted("qiscus")
    assert [(m["address"], m["content"]["variables"]) for m in messages] == [
        ("6281527975861", ["Ann", "1"]),
        ("6281527975862", ["Bob", "2"]),
    ]


def test_a_number_that_stands_twice_is_sent_to_twice(simulator: Simulator) -> None:
    order(simulator, CSV + "6281527975861,Ann,1\r\n")
    assert [m["address"][-1] for m in simulator.accepted("qiscus")] == ["1", "2", "1"]


ROW = "6281527975861,Ann,1\r\n"
HEAD = "phone_number,body_variable1,body_variable2\r\n"


@pytest.mark.parametrize(
    "head",
    [
        "phone_number",
        "body_variable1,phone_number",
        "phone_number,customer_name,header_variable,body_variable1,body_variable15,button_type,button1_variable1",
    ],
)
def test_the_columns_of_the_help_page_are_taken(simulator: Simulator, head: str) -> None:
    row = ",".join("6281527975861" if column == "phone_number" else "x" for column in head.split(","))
    assert upload(simulator, f"{head}\r\n{row}\r\n").status_code == 200


def test_variables_are_read_by_their_number_and_kept_as_they_stand(simulator: Simulator) -> None:
    head = "body_variable10,phone_number,customer_name,body_variable2"
    order(simulator, f'{head}\r\n"=1+1, ""two""\nlines",6281527975861,Nur, x \r\n')
    assert simulator.accepted("qiscus")[0]["content"]["variables"] == [" x ", '=1+1, "two"\nlines']


@pytest.mark.parametrize(
    "content",
    [
        "",
        HEAD,
        "phone,body_variable1\r\n6281527975861,Ann\r\n",
        "phone_number,variable_1\r\n6281527975861,Ann\r\n",
        "phone_number,body_variable1,body_variable1\r\n" + ROW,
        "phone_number," + ",".join(f"body_variable{n}" for n in range(1, 17)) + "\r\n6281527975861" + ",x" * 16,
        HEAD + ROW * 1001,
        HEAD + "+6281527975861,Ann,1\r\n",
        HEAD + "6281527975861,Ann\r\n",
        HEAD + '6281527975861,"Ann,1\r\n',
        b"\xff\xfe\x00",
    ],
    ids=[
        "empty",
        "no rows",
        "no phone",
        "other columns",
        "a column twice",
        "16 variables",
        "1001 rows",
        "plus sign",
        "short row",
        "open quote",
        "binary",
    ],
)
def test_a_wrong_file_is_refused(simulator: Simulator, content: str | bytes) -> None:
    assert upload(simulator, content).status_code == 400


def test_a_thousand_recipients_fit_into_a_file(simulator: Simulator) -> None:
    assert upload(simulator, HEAD + ROW * 1000).status_code == 200


@pytest.mark.parametrize("form", [{"separator": "|"}, {"template_detail_id": "x"}], ids=str)
def test_a_wrong_upload_form_is_refused(simulator: Simulator, form: dict[str, str]) -> None:
    assert upload(simulator, **form).status_code == 400


def test_an_upload_without_file_is_refused(simulator: Simulator) -> None:
    answer = call(simulator, "upload_csv", files={"separator": (None, ",")})
    assert (answer.status_code, answer.json()["errors"]["message"]) == (400, "file is missing")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"broadcast_file_id": 1}, 404),
        ({"broadcast_file_id": "x"}, 400),
        ({"template_detail_id": 173}, 400),
        ({"separator": ";"}, 400),
        ({"started_at": "soon"}, 400),
        ({"name": ""}, 400),
        ({"unknown": 1}, 400),
    ],
    ids=str,
)
def test_a_wrong_order_is_refused(simulator: Simulator, changes: dict[str, object], status: int) -> None:
    assert order(simulator, **changes).status_code == status
    assert simulator.accepted() == []


def test_a_file_is_sent_once(simulator: Simulator) -> None:
    file_id = upload(simulator).json()["broadcast_file_id"]
    body = {"template_detail_id": 172, "broadcast_file_id": file_id, "name": "Test"}
    assert [call(simulator, "send_broadcast", json=body).status_code for _ in range(2)] == [200, 400]
    assert len(simulator.accepted("qiscus")) == 2


def left(simulator: Simulator, **amounts: object) -> requests.Response:
    return requests.post(f"{simulator.url}/_simulator/qiscus/balance", json=amounts, timeout=10)


def test_the_balance_can_be_set_and_is_charged_in_one_order(simulator: Simulator) -> None:
    assert left(simulator, credits=1, free_session=1, quota=0).json() == {"credits": 1, "free_session": 1, "quota": 0}
    body = upload(simulator).json()
    assert body["current_balance"] == {"credits": "1", "free_session": 1, "quota": 0}
    assert body["estimation_charge"] == {"credit": 1, "free_session": 1, "quota": 0}


def test_a_reset_brings_the_balance_back(simulator: Simulator) -> None:
    left(simulator, quota=0)
    simulator.reset()
    assert upload(simulator).json()["current_balance"]["quota"] == 857


@pytest.mark.parametrize("amounts", [{"credits": "1"}, {"quota": -1}, {"quota": True}, {"money": 1}], ids=str)
def test_a_balance_that_is_none_is_refused(simulator: Simulator, amounts: dict[str, object]) -> None:
    assert left(simulator, **amounts).status_code == 400


def test_a_page_elsewhere_cannot_change_the_balance(simulator: Simulator) -> None:
    url = f"{simulator.url}/_simulator/qiscus/balance"
    assert (
        requests.post(url, data='{"quota": 0}', headers={"Content-Type": "text/plain"}, timeout=10).status_code == 415
    )


def test_a_low_balance_shows_in_the_answer_to_an_upload(simulator: Simulator) -> None:
    body = upload(simulator, HEAD + "6281527970008,Ann,1\r\n").json()
    assert body["current_balance"] == {"credits": "0", "free_session": 0, "quota": 0}
    assert body["estimation_charge"]["credit"] == 1
