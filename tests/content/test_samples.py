"""Samples: real recipients with what they would get, in their own language."""

import pytest

import providers
from broadcaster.content.preflight import samples
from broadcaster.models import Broadcast, Contact, Group, Suppression
from tests.content.conftest import SEND_AT, Compose, make_channel, make_template


def contents(broadcast: Broadcast) -> list[providers.Content]:
    return [sample.content for sample in samples(broadcast)]


def test_each_person_gets_the_values_of_the_file_and_of_the_contact(compose: Compose) -> None:
    looked_at = samples(compose("@contact.first_name in @fields.city: @row.amount"))
    assert [(each.name, each.address) for each in looked_at] == [
        ("Ann Lee", "+628111111111"),
        ("Budi", "+628122222222"),
    ]
    assert [each.content for each in looked_at] == [
        providers.Text.of("Ann in Bogor: 10"),
        providers.Text.of("Budi in : 20"),
    ]


def test_everybody_gets_their_own_language(compose: Compose) -> None:
    template = make_template(eng={"text": "Hello"}, ind={"text": "Halo"})
    broadcast = compose(template=template)
    assert contents(broadcast) == [providers.Text.of("Hello"), providers.Text.of("Halo", language="ind")]


def test_there_are_no_more_than_asked_for(compose: Compose) -> None:
    assert [each.name for each in samples(compose(), limit=1)] == ["Ann Lee"]


def test_there_are_samples_before_a_channel_is_chosen(compose: Compose) -> None:
    assert len(samples(compose(channel=None))) == 2


def test_people_who_will_be_skipped_are_no_samples(compose: Compose, ann: Contact) -> None:
    without_phone = Contact.objects.create(name="Citra", identifier="c-1")
    Suppression.objects.create(address=ann.address)
    broadcast = compose()
    broadcast.contacts.add(without_phone)
    assert [each.name for each in samples(broadcast)] == ["Budi"]


def test_people_who_opted_out_by_their_identifier_are_no_samples(compose: Compose, ann: Contact) -> None:
    Contact.objects.filter(pk=ann.pk).update(identifier="C-1")
    Suppression.objects.create(address="C-1")
    assert [each.name for each in samples(compose())] == ["Budi"]


def test_others_are_looked_at_where_the_first_will_be_skipped(
    compose: Compose, ann: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("broadcaster.content.samples.SPREAD", 1)
    Suppression.objects.create(address=ann.address)
    assert [each.name for each in samples(compose(), limit=1)] == ["Budi"]


def test_excluded_people_are_no_samples(compose: Compose, ann: Contact) -> None:
    group = Group.objects.create(name="Staff")
    group.contacts.add(ann)
    broadcast = compose()
    broadcast.exclude_groups.add(group)
    assert [each.name for each in samples(broadcast)] == ["Budi"]


def test_a_draft_follows_its_template(compose: Compose) -> None:
    broadcast = compose(
        "Hello", content={"kind": "text", "base_language": "eng", "translations": {"eng": {"text": "Old"}}}
    )
    assert contents(broadcast)[0] == providers.Text.of("Hello")


def test_a_scheduled_broadcast_says_what_was_frozen(compose: Compose) -> None:
    frozen = {"kind": "text", "base_language": "eng", "translations": {"eng": {"text": "Frozen"}}}
    broadcast = compose("Edited", content=frozen, state="scheduled", send_at=SEND_AT)
    assert contents(broadcast)[0] == providers.Text.of("Frozen")


@pytest.mark.parametrize("fields", [{"text": ["no text"]}, {}])
def test_there_are_none_where_nothing_can_be_rendered(compose: Compose, fields: dict[str, object]) -> None:
    template = make_template(eng=fields) if fields else make_template(ind={"text": "Halo"})
    assert samples(compose(template=template)) == []


def test_they_carry_what_the_provider_would_refuse(compose: Compose) -> None:
    broadcast = compose(channel=make_channel("imiconnect"))
    assert [error.field for sample in samples(broadcast) for error in sample.errors] == ["content", "content"]


@pytest.mark.parametrize(("kind", "shown"), [("rapidpro", 3), ("khoros", 2), ("kaleyra", 2)])
def test_what_another_provider_keeps_is_not_shown(compose: Compose, kind: str, shown: int) -> None:
    broadcast = compose("Hello", channel=make_channel(kind))
    broadcast.contacts.add(Contact.objects.create(identifier="contact:09d23a05-47fe-11e4-bfe9-b8f6b119e9ab"))
    assert len(samples(broadcast)) == shown


def test_a_file_is_shown_as_ours_and_held_against_the_providers_rules_as_its_own(compose: Compose) -> None:
    line = "media:6cb25adc-47fe-11e4-bfe9-b8f6b119e9ab"
    template = make_template(eng={"text": "Hello", "attachments": [line]})
    first, *_ = samples(compose(channel=make_channel("rapidpro"), template=template))
    assert first.content == providers.Text.of("Hello", attachments=(line,))
    assert first.errors == ()
