"""Channels as programs see them: what a broadcast needs to know of each, and nothing of its account."""

import json

from django.db import connection
from django.test.utils import CaptureQueriesContext

import providers
from broadcaster.models import Channel
from tests.api.calling import Program
from tests.content.conftest import make_channel


def test_a_channel_says_what_it_can_do(program: Program, channel: Channel) -> None:
    (told,) = program.get("channels.json")["results"]
    told.pop("created_on")
    capabilities = told.pop("capabilities")
    assert told == {
        "uuid": str(channel.uuid),
        "name": channel.name,
        "kind": "rapidpro",
        "provider": "RapidPro / TextIt",
        "enabled": True,
        "held": None,
        "content_kinds": ["text"],
        "rate_per_second": channel.rate_per_second,
    }
    assert (capabilities["media"], capabilities["quick_replies"], capabilities["receipts"]) == (True, True, "poll")


def test_no_channel_tells_anything_of_its_account(program: Program) -> None:
    account = {"config": {"base_url": "https://hidden-host"}, "secrets": {"api_token": "hidden-secret"}}
    for kind in providers.kinds():
        make_channel(kind, kind, receipts_token=f"hidden-{kind}", poll_cursor="hidden-cursor", **account)
    Channel.objects.update(balance="hidden-balance", check_sentence="hidden-check", templates_problem="hidden-problem")
    program.get("channels.json")
    assert len(program.last.json()["results"]) == len(providers.kinds()) + 1
    assert b"hidden" not in program.last.content
    item = program.last.json()["results"][0]
    assert not {"config", "secrets", "receipts_token", "id"} & item.keys()


def test_a_channel_that_is_held_says_why_and_until_when(program: Program, channel: Channel) -> None:
    Channel.objects.update(hold_reason="No credit.", hold_until="2099-01-01T00:00:00Z")
    (told,) = program.get("channels.json")["results"]
    assert told["held"] == {"reason": "No credit.", "until": "2099-01-01T00:00:00.000000Z"}
    Channel.objects.update(hold_until="2020-01-01T00:00:00Z")
    assert program.get("channels.json")["results"][0]["held"] is None


def test_a_channel_whose_provider_is_gone_is_still_listed(program: Program) -> None:
    Channel.objects.update(kind="gone")
    (told,) = program.get("channels.json")["results"]
    assert (told["provider"], told["content_kinds"], told["capabilities"]) == ("", [], None)


def test_a_channel_is_found_by_uuid_and_by_name(program: Program, channel: Channel) -> None:
    other = make_channel("khoros", "SMS")
    for query, found in ((f"uuid={channel.uuid}", channel), ("name=sms", other)):
        assert [each["name"] for each in program.get(f"channels?{query}")["results"]] == [found.name]
    refusal = {"detail": "You may only specify one of the uuid, name parameters"}
    assert program.told("GET", f"channels?name=SMS&uuid={other.uuid}") == (400, refusal)


def test_more_channels_take_no_more_questions(program: Program) -> None:
    counts = []
    program.get("channels.json")
    for number in (1, 9):
        for each in range(number):
            make_channel("khoros", f"SMS {number} {each}")
        with CaptureQueriesContext(connection) as asked:
            assert json.dumps(program.get("channels.json"))
        counts.append(len(asked))
    assert counts[0] == counts[1]
