"""The magic numbers: the same ending, the same fate, in each provider's own words."""

from collections.abc import Callable

import pytest
import requests

from providers.simulator import magic
from providers.simulator.magic import Fate, Status
from tests.providers.simulator import kaleyra_samples, rapidpro_samples, test_imiconnect, test_khoros, test_qiscus
from tests.providers.simulator.breaches import altered
from tests.simulating import Simulator, wait_until

Send = Callable[[Simulator, str], requests.Response]
KHOROS, RAPIDPRO, KALEYRA, QISCUS, IMICONNECT = "khoros", "rapidpro", "kaleyra", "qiscus", "imiconnect"


def khoros(simulator: Simulator, ending: str) -> requests.Response:
    body = altered(test_khoros.EVENT, ("audience", 0, "phoneNumber"), f"+1234567{ending}")
    return test_khoros.post(simulator, body)


def rapidpro(simulator: Simulator, ending: str) -> requests.Response:
    return rapidpro_samples.post(simulator, {"urns": [f"tel:+25078812{ending}"], "text": "hi"})


def kaleyra(simulator: Simulator, ending: str) -> requests.Response:
    return kaleyra_samples.post(simulator, kaleyra_samples.text_request(f"+91981234{ending}"))


def qiscus(simulator: Simulator, ending: str) -> requests.Response:
    body = altered(test_qiscus.SAMPLE, ("phone_number",), f"628152797{ending}")
    return test_qiscus.call(simulator, "client", json=body)


def imiconnect(simulator: Simulator, ending: str) -> requests.Response:
    body = altered(test_imiconnect.SAMPLE, ("destination",), [{"msisdn": [f"+91970355{ending}"]}])
    return test_imiconnect.post(simulator, body)


SENDERS: dict[str, Send] = {
    KHOROS: khoros,
    RAPIDPRO: rapidpro,
    KALEYRA: kaleyra,
    QISCUS: qiscus,
    IMICONNECT: imiconnect,
}
ALL = pytest.mark.parametrize("provider", list(SENDERS))


def outcome(answer: requests.Response) -> tuple[int, str]:
    """HTTP status, and the provider's own code where it has one."""
    body = answer.json() if "json" in answer.headers["Content-Type"] else {}
    items = body.get("response") or [body]
    return answer.status_code, items[0].get("code", "")


ACCEPTED = {
    KHOROS: (200, ""),
    RAPIDPRO: (201, ""),
    KALEYRA: (202, "WA202"),
    QISCUS: (200, ""),
    IMICONNECT: (200, "1001"),
}
REFUSED = {
    KHOROS: (400, ""),
    RAPIDPRO: (400, ""),
    KALEYRA: (400, "WA400"),
    QISCUS: (422, ""),
    IMICONNECT: (200, "7102"),
}
FAILING = {
    KHOROS: (500, ""),
    RAPIDPRO: (500, ""),
    KALEYRA: (500, "WA500"),
    QISCUS: (500, ""),
    IMICONNECT: (200, "7006"),
}
THROTTLED = {
    KHOROS: (429, ""),
    RAPIDPRO: (429, ""),
    KALEYRA: (429, "WA429"),
    QISCUS: (429, ""),
    IMICONNECT: (200, "7020"),
}


@ALL
def test_0001_is_always_refused(simulator: Simulator, provider: str) -> None:
    assert [outcome(SENDERS[provider](simulator, "0001")) for _ in range(2)] == [REFUSED[provider]] * 2
    assert simulator.accepted() == []


@ALL
def test_0007_is_always_a_transient_error(simulator: Simulator, provider: str) -> None:
    assert [outcome(SENDERS[provider](simulator, "0007")) for _ in range(2)] == [FAILING[provider]] * 2
    assert simulator.accepted() == []


@ALL
@pytest.mark.parametrize(("ending", "times"), [("20003", 1), ("10003", 2)])
def test_0003_is_throttled_once_or_twice(simulator: Simulator, provider: str, ending: str, times: int) -> None:
    outcomes = [outcome(SENDERS[provider](simulator, ending)) for _ in range(times + 1)]
    assert outcomes == [THROTTLED[provider]] * times + [ACCEPTED[provider]]
    assert len(simulator.accepted(provider)) == 1


@pytest.mark.parametrize("provider", [KHOROS, RAPIDPRO, KALEYRA, QISCUS])
def test_a_throttled_answer_says_when_to_come_back(simulator: Simulator, provider: str) -> None:
    assert SENDERS[provider](simulator, "20003").headers["Retry-After"] == "1"


@ALL
def test_0004_is_accepted_where_a_receipt_can_tell(simulator: Simulator, provider: str) -> None:
    expected = (400, "") if provider == KHOROS else ACCEPTED[provider]
    assert outcome(SENDERS[provider](simulator, "0004")) == expected


@ALL
def test_0005_is_never_answered_and_not_accepted(
    simulator: Simulator, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = requests.post
    monkeypatch.setattr(requests, "post", lambda *args, **options: send(*args, **{**options, "timeout": 0.3}))
    with pytest.raises(requests.ReadTimeout):
        SENDERS[provider](simulator, "0005")
    wait_until(lambda: len(simulator.received(provider)) == 1)  # the client may have gone before it was heard
    assert simulator.accepted(provider) == []


@ALL
def test_0006_is_accepted_but_the_connection_is_cut(simulator: Simulator, provider: str) -> None:
    with pytest.raises(requests.ConnectionError):
        SENDERS[provider](simulator, "0006")
    assert len(simulator.accepted(provider)) == 1


@ALL
def test_0009_is_accepted(simulator: Simulator, provider: str) -> None:
    assert outcome(SENDERS[provider](simulator, "0009")) == ACCEPTED[provider]


@ALL
def test_0010_is_accepted_with_a_body_that_is_no_json(simulator: Simulator, provider: str) -> None:
    answer = SENDERS[provider](simulator, "0010")
    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert len(simulator.accepted(provider)) == 1


@ALL
def test_0011_is_accepted_but_the_answer_breaks_off(simulator: Simulator, provider: str) -> None:
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        SENDERS[provider](simulator, "0011")
    assert len(simulator.accepted(provider)) == 1


def test_0008_is_a_low_balance_where_that_is_documented(simulator: Simulator) -> None:
    assert outcome(kaleyra(simulator, "0008")) == (400, "E110")
    assert outcome(khoros(simulator, "0008")) == (200, "")


def test_0002_is_slow(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    send = requests.post
    monkeypatch.setattr(requests, "post", lambda *args, **options: send(*args, **{**options, "timeout": 1}))
    with pytest.raises(requests.ReadTimeout):
        kaleyra(simulator, "0002")
    wait_until(lambda: len(simulator.accepted(KALEYRA)) == 1)


def test_the_harshest_recipient_decides_for_a_whole_request(simulator: Simulator) -> None:
    urns = ["tel:+250788120009", "tel:+250788120007", "tel:+250788120001", "tel:+250788123123"]
    answer = rapidpro_samples.post(simulator, {"urns": urns, "text": "hi"})
    words = "Invalid URN: tel:+250788120001. Ensure phone numbers contain country codes."
    assert (answer.status_code, answer.json()) == (400, {"urns": {"2": [words]}})


def test_two_throttled_recipients_of_one_request_are_let_through_together(simulator: Simulator) -> None:
    body = {"urns": ["tel:+250788120003", "tel:+250788110003"], "text": "hi"}
    statuses = [rapidpro_samples.post(simulator, body).status_code for _ in range(4)]
    assert statuses == [429, 429, 201, 429]


def test_the_fates_are_ordered_by_harshness() -> None:
    assert magic.harshest(["+910006", "+910001", "+910008"]) is Fate.REFUSED
    assert magic.harshest(["+910009", "+911234"]) is Fate.FAILS_LATER
    assert magic.harshest([]) is Fate.ORDINARY


def test_every_fate_but_the_ordinary_has_one_number() -> None:
    assert sorted(number.fate for number in magic.MAGIC_NUMBERS) == sorted(set(Fate) - {Fate.ORDINARY})


@pytest.mark.parametrize(
    ("delays", "status"), [(0.1, Status.QUEUED), (0.5, Status.SENT), (1.0, Status.DELIVERED), (9.0, Status.READ)]
)
def test_a_message_moves_on_with_time(delays: float, status: Status) -> None:
    assert magic.status_after("+919812345676", delays) is status
