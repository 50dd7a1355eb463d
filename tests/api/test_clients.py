"""RapidPro's own client, unchanged, in its newest and its oldest version, over HTTP: what it can do with us."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from broadcaster.models import Broadcast, Channel, Group, Message
from tests.api.calling import Program
from tests.api.clients.remote import Failed, Remote, oldest
from tests.sending.broadcasts import group_of, people, prepared

URN = "tel:+628123456789"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(params=["newest", "oldest"])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def program(live_server: LiveServer, channel: Channel) -> Program:
    """A program that may do everything, on a channel that its token names."""
    return Program(role="Admin", scope="admin", channel=channel)


@pytest.fixture
def client(live_server: LiveServer, program: Program, version: str, request: pytest.FixtureRequest) -> Iterator[Remote]:
    assert request.config.cache is not None
    folder = oldest(request.config.cache.mkdir("clients")) if version == "oldest" else None
    with Remote(live_server.url, program.key, folder) as running:
        yield running


def one(pages: list[list[Any]]) -> Any:
    """The only row of all pages."""
    ((row,),) = pages
    return row


def failure(client: Remote, method: str, **values: Any) -> Failed:
    with pytest.raises(Failed) as caught:
        client.ask(method, **values)
    return caught.value


@pytest.mark.parametrize("text", ["Hello", {"eng": "Hello", "ind": "Halo"}])
def test_it_makes_a_broadcast(client: Remote, program: Program, text: Any) -> None:
    (known,) = people([100])
    group = group_of([known], "Reporters")
    told = client.ask("create_broadcast", text=text, urns=[URN], contacts=[str(known.uuid)], groups=[str(group.uuid)])
    assert told["text"] == (text if isinstance(text, dict) else {"eng": text})
    assert told["urns"] == [URN]
    assert told["contacts"] == [{"uuid": str(known.uuid), "name": known.name}]
    assert told["groups"] == [{"uuid": str(group.uuid), "name": "Reporters"}]
    assert Broadcast.objects.get().author == program.token.user


def test_it_finds_broadcasts(client: Remote, version: str) -> None:
    first, second = prepared(1), prepared(2)
    key = {"id": first.pk} if version == "oldest" else {"uuid": str(first.uuid)}
    created_on = at(first.created_at)
    assert one(client.ask("get_broadcasts", **key))["created_on"] == created_on
    assert (
        one(client.ask("get_broadcasts", before=at(second.created_at, sooner_s=0.000001)))["created_on"] == created_on
    )
    assert client.ask("get_broadcasts", after="2099-01-01T00:00:00Z") == []


def at(when: datetime, *, sooner_s: float = 0) -> str:
    """A time as clients say it."""
    return (when.astimezone(UTC) - timedelta(seconds=sooner_s)).isoformat()


def test_it_turns_page_after_page(client: Remote) -> None:
    Broadcast.objects.bulk_create(Broadcast(name=str(number), state="cancelled") for number in range(601))
    pages = client.ask("get_broadcasts")
    times = [row["created_on"] for page in pages for row in page]
    assert [len(page) for page in pages] == [250, 250, 101]
    assert times == sorted(times, reverse=True)


def test_it_keeps_contacts(client: Remote) -> None:
    group = client.ask("create_group", name="Reporters")
    made = client.ask("create_contact", name="Ann", language="eng", urns=[URN], groups=[group["uuid"]])
    assert (made["name"], made["language"], made["urns"]) == ("Ann", "eng", [URN])
    assert made["groups"] == [{"uuid": group["uuid"], "name": "Reporters"}]
    assert client.ask("update_contact", contact=made["uuid"], name="Bea")["name"] == "Bea"
    for key in ({"urn": URN}, {"uuid": made["uuid"]}, {"group": "Reporters"}):
        assert one(client.ask("get_contacts", **key))["name"] == "Bea"
    client.ask("delete_contact", contact=made["uuid"])
    assert client.ask("get_contacts", uuid=made["uuid"]) == []


def test_it_keeps_what_fields_say(client: Remote, version: str) -> None:
    older = {"label": "Shoe size", "value_type": "text"}
    field = client.ask("create_field", **(older if version == "oldest" else {"name": "Shoe size", "type": "text"}))
    made = client.ask("create_contact", urns=[URN], fields={field["key"]: "43"})
    assert made["fields"][field["key"]] == "43"
    assert one(client.ask("get_fields", key=field["key"])) == field


def test_it_keeps_groups(client: Remote) -> None:
    made = client.ask("create_group", name="Reporters")
    assert (made["name"], made["count"]) == ("Reporters", 0)
    assert client.ask("update_group", group=made["uuid"], name="Writers")["name"] == "Writers"
    assert one(client.ask("get_groups", name="writers"))["uuid"] == made["uuid"]
    client.ask("delete_group", group=made["uuid"])
    assert not Group.objects.exists()


def test_it_reads_what_became_of_a_broadcast(client: Remote, version: str) -> None:
    broadcast, _other = prepared(2), prepared(3)
    Message.objects.filter(broadcast=broadcast).update(state="delivered", provider_id="x")
    which = {"broadcast": broadcast.pk} if version == "oldest" else {"folder": "sent"}
    (page,) = client.ask("get_messages", **which)
    assert [(row["status"], row["direction"]) for row in page] == [("delivered", "out")] * 2


def test_it_knows_where_it_is(client: Remote) -> None:
    told = client.ask("get_org")
    assert (told["primary_language"], told["anon"], bool(told["name"])) == ("eng", False, True)


def test_what_we_refuse_becomes_its_exceptions(client: Remote) -> None:
    wrong = failure(client, "create_group", name="x" * 65)
    assert (wrong.name, wrong.sentence) == ("TembaBadRequestError", "Ensure this field has no more than 64 characters.")
    assert failure(client, "create_broadcast", text="", urns=[URN]).name == "TembaBadRequestError"
    for kind in ("contact", "group"):
        for method, values in ((f"update_{kind}", {"name": "Ann"}), (f"delete_{kind}", {})):
            assert failure(client, method, **{kind: UNKNOWN}, **values).name == "TembaNoSuchObjectError"
    client.token = "0" * 40
    assert failure(client, "get_groups").name == "TembaTokenError"


def test_a_call_too_many_says_how_long_to_wait(client: Remote, settings: Any) -> None:
    settings.API_CALLS_PER_HOUR = 1
    client.ask("get_groups")
    refused = failure(client, "get_groups")
    assert refused.name == "TembaRateExceededError"
    assert 0 < (refused.retry_after or 0) <= 3600


@pytest.mark.parametrize(("everything", "outcome"), [("1", pytest.fail.Exception), ("0", pytest.skip.Exception)])
def test_without_a_package_index_the_oldest_is_left_out_and_never_in_ci(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, everything: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("BROADCASTER_TEST_ALL", everything)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(outcome, match="rapidpro-python"):
        oldest(tmp_path)
