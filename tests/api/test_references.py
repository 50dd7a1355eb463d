"""The same thing in several spellings, and people who go while a call names them."""

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from broadcaster.audience import erasure
from broadcaster.models import Broadcast, Contact, Erasure, Group
from tests.api.calling import Program
from tests.files import PNG, stored
from tests.sending.broadcasts import group_of, people

URN, OTHER = "tel:+628123456789", "tel:+628123456788"


def test_a_group_may_be_named_in_two_ways(program: Program) -> None:
    group = group_of(people([100]), "Reporters")
    uuid = str(group.uuid)
    given = ["Reporters", "reporters", " REPORTERS", uuid, uuid.upper(), group.uuid.hex]
    told = program.post("broadcasts.json", {"text": "Hello", "groups": given})
    assert (program.status, told["groups"]) == (201, [{"uuid": uuid, "name": "Reporters"}])


def test_a_contact_and_a_file_may_be_named_in_two_ways(program: Program, settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    contact, file = people([100])[0], stored("june.png", PNG)
    given = [str(contact.uuid), str(contact.uuid).upper()]
    body = {"text": "Hello", "contacts": given, "attachments": [str(file.uuid), file.uuid.hex]}
    told = program.post("broadcasts.json", body)
    assert "No such object" not in str(told)


@pytest.mark.parametrize("name", ["İstanbul", "Straße", "ΣΑΣ"])
def test_a_name_as_it_is_written_is_always_found(program: Program, name: str) -> None:
    group_of(people([100]), name)
    told = program.post("broadcasts.json", {"text": "Hello", "groups": [name]})
    assert program.status == 201, told


def test_a_contact_at_two_urns_is_told_once(program: Program) -> None:
    Contact.objects.create(phone="+628123456789", identifier="C-1")
    told = program.post("broadcasts.json", {"text": "Hello", "urns": [URN, "ext:C-1"]})
    assert (program.status, told["urns"]) == (201, [URN])
    assert len(Broadcast.objects.get().by_urn) == 1


def test_who_is_erased_while_a_call_waits_is_not_stored_again(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait() -> None:
        Erasure.objects.create(digest=erasure.digest_of("+628123456789"))

    monkeypatch.setattr("broadcaster.audience.staging.one_at_a_time", wait)
    told = program.told("POST", "broadcasts.json", {"text": "Hello", "urns": [OTHER, OTHER, URN]})
    assert told == (400, {"urns": {"2": [erasure.SENTENCE]}})
    assert (Contact.objects.count(), Broadcast.objects.count(), Group.objects.count()) == (0, 0, 0)
