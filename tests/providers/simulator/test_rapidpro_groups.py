"""RapidPro's door, about people: groups and contacts that it keeps, broadcasts to them, folders, and the workspace."""

from typing import Any

import pytest
import requests

from tests.providers.simulator.rapidpro_samples import TOKEN, create, get, post
from tests.simulating import Simulator, wait_until

REPORTERS = "5f05311e-8f81-4a67-a5b5-1501b6d6496a"
FARMERS = "0ac92789-89d6-466a-9b11-95b0be73c683"
GIVES_UP = "2b52d7bb-3a9f-4a1b-9d1c-0a7f4c1e0009"
CONTACT = "09d23a05-47fe-11e4-bfe9-b8f6b119e9ab"
PHONE = "tel:+250788123121"


def listed(simulator: Simulator, endpoint: str, **query: object) -> list[Any]:
    answer = get(simulator, endpoint, **query)
    assert answer.status_code == 200, answer.text
    results: list[Any] = answer.json()["results"]
    return results


def send(simulator: Simulator, **recipients: list[str]) -> dict[str, Any]:
    """A broadcast, as it was answered."""
    answer = post(simulator, {"text": "hello", **recipients})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_groups_are_listed_as_upstream_lists_them(simulator: Simulator) -> None:
    first, *others = listed(simulator, "groups")
    shown = {"uuid": REPORTERS, "name": "Reporters", "query": None, "status": "ready", "system": False, "count": 3}
    assert first == shown
    assert {frozenset(each) for each in others} == {frozenset(shown)}
    assert [each["name"] for each in others if each["system"]] == ["Open Tickets"]


@pytest.mark.parametrize("query", [{"uuid": REPORTERS}, {"name": "reporters"}], ids=str)
def test_one_group_is_found(simulator: Simulator, query: dict[str, str]) -> None:
    assert [each["uuid"] for each in listed(simulator, "groups", **query)] == [REPORTERS]


def test_an_unknown_group_is_not_found(simulator: Simulator) -> None:
    assert listed(simulator, "groups", uuid=CONTACT) == []


REFUSED: dict[str, tuple[str, dict[str, str], str]] = {
    "two filters of groups": (
        *("groups", {"uuid": REPORTERS, "name": "x"}),
        "You may only specify one of the uuid, name parameters",
    ),
    "a UUID that is none": ("groups", {"uuid": "x"}, "Param 'uuid': x is not a valid UUID."),
    "two filters of messages": (
        *("messages", {"folder": "sent", "broadcast": "1"}),
        "You may only specify one of the contact, folder, label, broadcast parameters",
    ),
}


@pytest.mark.parametrize(("endpoint", "query", "detail"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_filter_is_refused(simulator: Simulator, endpoint: str, query: dict[str, str], detail: str) -> None:
    answer = get(simulator, endpoint, **query)
    assert (answer.status_code, answer.json()) == (400, {"detail": detail})


def test_the_members_of_a_group_have_a_message_each(simulator: Simulator) -> None:
    broadcast = send(simulator, groups=[REPORTERS])
    assert broadcast["groups"] == [{"uuid": REPORTERS, "name": "Reporters"}]
    messages = listed(simulator, "messages", broadcast=broadcast["id"])
    assert sorted(each["urn"] for each in messages) == [f"tel:+2507881231{number}" for number in (21, 22, 23)]
    assert len({each["id"] for each in messages} | {each["contact"]["uuid"] for each in messages}) == 6
    assert [row["address"] for row in simulator.accepted("rapidpro")] == [REPORTERS]


def test_a_large_group_is_paged_through(simulator: Simulator) -> None:
    send(simulator, groups=[FARMERS])
    later = create(simulator)["id"]
    first = get(simulator, "messages").json()
    second = requests.get(first["next"], headers=TOKEN, timeout=10).json()
    assert [len(page["results"]) for page in (first, second)] == [250, 51]
    assert first["results"][0]["broadcast"] == later
    ids = [each["id"] for page in (first, second) for each in page["results"]]
    assert len(set(ids)) == 301


def test_a_group_may_be_named_in_any_case(simulator: Simulator) -> None:
    assert send(simulator, groups=["REPORTERS"])["groups"][0]["uuid"] == REPORTERS


def test_a_group_that_was_never_listed_is_refused(simulator: Simulator) -> None:
    answer = post(simulator, {"text": "hi", "groups": [REPORTERS, CONTACT]})
    assert (answer.status_code, answer.json()) == (400, {"groups": [f"No such object: {CONTACT}"]})


def test_a_contact_has_a_message_to_the_urn_that_it_has(simulator: Simulator) -> None:
    broadcast = send(simulator, contacts=[CONTACT])
    [message] = listed(simulator, "messages", broadcast=broadcast["id"])
    assert message["contact"]["uuid"] == CONTACT
    assert message["urn"].startswith("tel:+25079")


def test_a_refused_contact_is_named(simulator: Simulator) -> None:
    gone = f"{CONTACT[:-4]}0001"
    answer = post(simulator, {"text": "hi", "urns": [PHONE, f"{PHONE[:-4]}0001"], "contacts": [gone]})
    urn = {"1": [f"Invalid URN: {PHONE[:-4]}0001. Ensure phone numbers contain country codes."]}
    assert (answer.status_code, answer.json()) == (400, {"urns": urn, "contacts": [f"No such object: {gone}"]})


def test_a_broadcast_that_is_given_up_has_no_messages_and_fails(simulator: Simulator) -> None:
    simulator.configure(receipt_delay_ms=50)
    broadcast = send(simulator, groups=[GIVES_UP])["id"]
    assert listed(simulator, "messages", broadcast=broadcast) == []
    wait_until(lambda: listed(simulator, "broadcasts", id=broadcast)[0]["status"] == "failed")


def words(simulator: Simulator, folder: str) -> dict[str, str]:
    """Each message of a folder by its URN."""
    return {each["urn"]: each["status"] for each in listed(simulator, "messages", folder=folder)}


def test_folders_hold_what_their_names_say(simulator: Simulator) -> None:
    simulator.configure(receipt_delay_ms=100)
    create(simulator, PHONE, "tel:+250788123123", "tel:+250788120009")
    wait_until(lambda: words(simulator, "sent") == {PHONE: "delivered", "tel:+250788123123": "read"})
    assert words(simulator, "failed") == {"tel:+250788120009": "failed"}
    simulator.configure(receipt_delay_ms=600_000)
    create(simulator, PHONE)
    assert words(simulator, "OUTBOX")[PHONE] == "queued"


@pytest.mark.parametrize("folder", ["inbox", "flows", "archived", "attic"])
def test_other_folders_are_empty(simulator: Simulator, folder: str) -> None:
    create(simulator)
    assert listed(simulator, "messages", folder=folder) == []


def test_a_folder_is_paged_through_without_what_lies_between(simulator: Simulator) -> None:
    simulator.configure(receipt_delay_ms=0)
    for _ in range(3):
        create(simulator, "tel:+250788120009", *(f"tel:+2507881{number:03d}55" for number in range(99)))
    first = get(simulator, "messages", folder="sent").json()
    second = requests.get(first["next"], headers=TOKEN, timeout=10).json()
    assert [len(page["results"]) for page in (first, second)] == [250, 47]
    assert len(listed(simulator, "messages", folder="failed")) == 3


def test_a_message_names_its_broadcast_by_the_number(simulator: Simulator) -> None:
    broadcast = create(simulator)["id"]
    assert [each["broadcast"] for each in listed(simulator, "messages")] == [broadcast]


CREDITS = [("0123", {"used": -1, "remaining": -1}), ("credits1", {"used": 121433, "remaining": 3452})]


@pytest.mark.parametrize(("token", "counted"), CREDITS)
def test_the_workspace_counts_credits_in_old_installations_alone(
    simulator: Simulator, token: str, counted: dict[str, int]
) -> None:
    url = f"{simulator.url}/rapidpro/api/v2/workspace.json"
    shown = requests.get(url, headers={"Authorization": f"Token {token}"}, timeout=10).json()
    assert (shown["name"], shown["credits"]) == ("TextIt", counted)


@pytest.mark.parametrize("endpoint", ["groups", "workspace"])
def test_nobody_looks_without_a_token(simulator: Simulator, endpoint: str) -> None:
    answer = requests.get(f"{simulator.url}/rapidpro/api/v2/{endpoint}.json", timeout=10)
    assert (answer.status_code, answer.json()) == (403, {"detail": "Authentication credentials were not provided."})
