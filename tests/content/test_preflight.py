"""Pre-flight: each thing that would go wrong is said once, in one sentence, at the step where it can be mended."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from broadcaster.audience import segments
from broadcaster.content import media
from broadcaster.content.preflight import Problem, problems
from broadcaster.content.samples import CHECKED
from broadcaster.models import Broadcast, Channel, Contact, Group, Suppression
from tests.content.conftest import SEND_AT, Compose, make_channel, make_template, make_upload
from tests.files import stored


def sentences(broadcast: Broadcast, *, blocking: bool = True) -> list[str]:
    return [problem.sentence for problem in problems(broadcast) if problem.blocking is blocking]


def the_one(broadcast: Broadcast) -> Problem:
    (problem,) = problems(broadcast)
    return problem


def test_a_complete_draft_has_no_problem(compose: Compose) -> None:
    assert problems(compose("Hello @contact.name: @row.amount")) == []


def test_an_empty_draft_lacks_everything(db: None) -> None:
    found = problems(Broadcast.objects.create(name="Empty"))
    assert [(problem.step, problem.field, problem.blocking) for problem in found] == [
        ("message", "channel", True),
        ("message", "template", True),
        ("audience", "groups", True),
    ]


# -- the channel


def test_a_disabled_channel_blocks(compose: Compose) -> None:
    problem = the_one(compose(channel=make_channel(enabled=False)))
    assert problem == Problem("message", "channel", "WhatsApp is disabled. Enable it, or choose another channel.")


@pytest.mark.parametrize(
    ("until", "words"),
    [(None, "until a person releases it: Low balance."), (SEND_AT, "until 2030-01-01 09:00 UTC: Low balance.")],
)
def test_a_held_channel_is_a_warning(compose: Compose, until: datetime | None, words: str) -> None:
    problem = the_one(compose(channel=make_channel(hold_reason="Low balance.", hold_until=until)))
    assert not problem.blocking
    assert words in problem.sentence


def test_a_hold_that_is_over_is_none(compose: Compose) -> None:
    over = datetime(2020, 1, 1, tzinfo=UTC)
    assert problems(compose(channel=make_channel(hold_reason="Limit.", hold_until=over))) == []


def test_a_channel_whose_provider_is_gone_blocks(compose: Compose) -> None:
    assert "WhatsApp cannot be used: There is no provider" in the_one(compose(channel=make_channel("gone"))).sentence


def test_a_channel_that_cannot_carry_the_content_names_those_that_can(compose: Compose) -> None:
    make_channel("khoros", "RCS")
    make_channel("kaleyra", "Retired", enabled=False)
    voice = make_channel("imiconnect", "Calls")
    problem = the_one(compose(channel=voice))
    assert problem.sentence == "Calls cannot send content of the kind Text. These channels can: RCS."
    assert (problem.field, problem.blocking) == ("channel", True)


def test_where_no_channel_can_carry_the_content_the_template_must_change(compose: Compose) -> None:
    template = make_template("voice", eng={"flow_id": "184"})
    assert "None of your channels can; use another template." in the_one(compose(template=template)).sentence


# -- the message


def test_the_base_language_must_be_there(compose: Compose) -> None:
    template = make_template(ind={"text": "Halo"})
    assert the_one(compose(template=template)).sentence == (
        "The template has no translation in its base language, eng. Add one."
    )


def test_every_translation_must_be_whole(compose: Compose) -> None:
    template = make_template(eng={"text": "Hello"}, ind={"text": "@contact.age"})
    assert the_one(compose(template=template)).sentence.startswith("Text (ind): There is no @contact.age")


def test_a_placeholder_without_a_column_names_it_and_the_columns(compose: Compose) -> None:
    problem = the_one(compose("Pay @row.total, @row.amount"))
    assert problem.blocking
    assert "@row.total, but june.csv has no such column; it has: amount, city." in problem.sentence


def test_a_file_without_usable_columns_says_so(compose: Compose, ann: Contact) -> None:
    upload = make_upload(ann)
    upload.mapping = {"Phone": {"role": "phone"}}
    assert "none of its columns can be used" in the_one(compose("@row.amount", upload=upload)).sentence


def test_a_placeholder_of_a_file_needs_a_file(compose: Compose, ann: Contact) -> None:
    broadcast = compose("Pay @row.amount", upload=None)
    broadcast.contacts.add(ann)
    assert "@row.amount, but no file is chosen" in the_one(broadcast).sentence


def test_a_placeholder_may_be_filled_for_everybody(compose: Compose) -> None:
    draft = compose("@row.event: @row.amount", content={"variables": {"event": "Tea"}})
    assert problems(draft) == []
    draft.content = {"variables": {"event": "Tea", "amount": "7"}}
    draft.upload = None
    assert [problem.field for problem in problems(draft)] == ["groups"]


def test_a_value_that_some_lack_is_a_warning_with_an_example(compose: Compose) -> None:
    problem = the_one(compose("Hello @fields.city"))
    assert not problem.blocking
    assert problem.sentence == ("@fields.city stays empty for 1 of the 2 recipients looked at, such as +628122222222.")


def test_an_empty_cell_is_no_value(compose: Compose) -> None:
    assert sentences(compose("In @row.city"), blocking=False) == [
        "@row.city stays empty for 1 of the 2 recipients looked at, such as +628122222222."
    ]


def test_a_field_that_the_file_brings_but_leaves_empty_is_not_called_unknown(compose: Compose, budi: Contact) -> None:
    Contact.objects.update(fields={})
    assert sentences(compose("@fields.city", upload=make_upload(budi)), blocking=False) == [
        "@fields.city stays empty for 1 of the 1 recipients looked at, such as +628122222222."
    ]


def test_a_field_that_nobody_has_is_a_warning(compose: Compose) -> None:
    assert sentences(compose("@fields.street"), blocking=False) == [
        "No contact has a field street, so @fields.street stays empty for everybody."
    ]


def test_a_function_of_rapidpro_is_a_warning(compose: Compose) -> None:
    problem = the_one(compose("Hello @(upper(contact.name))"))
    assert problem.sentence.startswith("@(upper(contact.name)) is not a placeholder here")
    assert not problem.blocking


def test_what_was_frozen_is_checked_once_it_is_scheduled(compose: Compose) -> None:
    frozen = {"kind": "text", "base_language": "eng", "translations": {"eng": {"text": "@row.gone"}}}
    broadcast = compose("Hello", content=frozen, state="scheduled", send_at=SEND_AT)
    assert "@row.gone" in the_one(broadcast).sentence


# -- the audience


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": "uploaded"}, "The columns of june.csv are not confirmed yet."),
        ({"state": "cancelled"}, "The import of june.csv was cancelled. Upload the file again"),
        ({"state": "undoing"}, "june.csv was taken back."),
        ({"state": "undone"}, "june.csv was taken back."),
        ({"state": "importing"}, "june.csv is still being imported (1 rows so far)."),
        ({"state": "failed", "error": "The disk is full."}, "june.csv could not be imported: The disk is full."),
        ({"state": "failed"}, "june.csv could not be imported: upload it again."),
    ],
)
def test_an_upload_must_be_imported(compose: Compose, ann: Contact, fields: dict[str, Any], words: str) -> None:
    problem = the_one(compose(upload=make_upload(ann, **fields)))
    assert problem.sentence.startswith(words)
    assert (problem.step, problem.field, problem.blocking) == ("audience", "upload", True)


def test_a_file_whose_columns_are_not_confirmed_is_one_problem_only(compose: Compose, ann: Contact) -> None:
    upload = make_upload(ann, state="uploaded")
    upload.mapping = {}
    assert the_one(compose("Pay @row.amount", upload=upload)).field == "upload"


def test_an_audience_must_be_chosen(compose: Compose) -> None:
    problem = the_one(compose(upload=None))
    assert problem == Problem("audience", "groups", "Choose an audience: a file, groups or single contacts.")


def test_an_empty_group_is_no_audience(compose: Compose) -> None:
    broadcast = compose(upload=None)
    broadcast.groups.add(Group.objects.create(name="Nobody"))
    assert the_one(broadcast).sentence == "Nobody is in this audience, or everybody in it is excluded."


def test_everybody_opted_out_blocks(compose: Compose, ann: Contact, budi: Contact) -> None:
    for contact in (ann, budi):
        Suppression.objects.create(address=contact.address)
    assert the_one(compose()).sentence == "Everyone in this audience has opted out (2)."


def test_one_who_has_not_opted_out_is_an_audience_however_far_down(
    compose: Compose, ann: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    Suppression.objects.create(address=ann.address)
    monkeypatch.setattr(segments, "FIRST", 1)
    assert not [problem for problem in problems(compose()) if problem.step == "audience"]


def test_people_without_a_phone_are_no_audience_for_a_phone_channel(compose: Compose) -> None:
    broadcast = compose(upload=None)
    broadcast.contacts.add(Contact.objects.create(name="Citra", identifier="c-1"))
    problem = the_one(broadcast)
    assert problem.blocking
    assert "can be reached on WhatsApp: no phone, or opted out." in problem.sentence


FLOW = {"body": "Hi", "cta": "Open", "flow_id": "1", "screen": "START"}


def test_what_the_provider_would_refuse_is_said_once_with_an_example(compose: Compose) -> None:
    problem = the_one(compose(template=make_template("flow", eng=FLOW | {"header": "x" * 60 + "@row.amount"})))
    assert problem.sentence.startswith("For Ann Lee: ")
    assert (problem.step, problem.field, problem.blocking) == ("message", "template", True)


def test_what_would_be_refused_for_some_keeps_nobody_else_from_it(compose: Compose) -> None:
    problem = the_one(compose(template=make_template("flow", eng=FLOW | {"header": "x" * 54 + "@contact.name"})))
    assert problem.sentence == "For Ann Lee: The header has 61 characters; at most 60 are allowed."
    assert (problem.step, problem.field, problem.blocking) == ("message", "template", False)


def test_recipients_are_not_looked_at_while_something_else_blocks(compose: Compose) -> None:
    found = problems(compose("@fields.street", channel=make_channel(enabled=False)))
    assert [problem.field for problem in found] == ["channel"]


def test_looking_changes_nothing(compose: Compose) -> None:
    broadcast = compose()
    problems(broadcast)
    assert Broadcast.objects.get() == broadcast
    assert Broadcast.objects.get().content == {}
    assert Channel.objects.count() == 1


def test_a_long_audience_that_only_begins_with_unreachable_people_is_a_warning(compose: Compose, ann: Contact) -> None:
    broadcast = compose(upload=None)
    nameless = Contact.objects.bulk_create(Contact(identifier=f"c-{number}") for number in range(CHECKED + 1))
    broadcast.contacts.set(nameless)
    problem = the_one(broadcast)
    assert "None of the first 1000 recipients can be reached" in problem.sentence
    assert not problem.blocking


# -- quick replies


def test_quick_replies_go_only_through_a_channel_that_sends_them(compose: Compose) -> None:
    template = make_template(eng={"text": "Tea?", "quick_replies": ["Yes", "No"]})
    sms = compose(template=template, channel=make_channel("khoros", name="SMS"))
    refusal = "SMS sends no quick replies. Choose {}, or take the quick replies out of the template."
    assert refusal.format("another template") in sentences(sms)
    sms.channel = make_channel("rapidpro", name="Workspace")
    assert sentences(sms) == []
    sms.channel = Channel.objects.get(name="SMS")
    assert refusal.format("a channel that does, such as Workspace") in sentences(sms)


# -- files


@pytest.mark.parametrize(("kind", "is_refused"), [("rapidpro", False), ("khoros", True), ("kaleyra", True)])
def test_files_go_only_through_a_channel_that_takes_them(
    compose: Compose,
    kind: str,
    is_refused: bool,  # noqa: FBT001
    tmp_path: Path,
    settings: Settings,
) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"
    make_channel("rapidpro", "Workspace")
    content = {"text": "Halo", "attachments": [media.reference(stored().uuid)]}
    template = make_template(eng={"text": "Hello"}, zul=content)  # that nobody of the first recipients speaks
    found = sentences(compose(channel=make_channel(kind, "SMS"), template=template))
    refusal = "SMS takes no uploaded files. Choose a channel that does, such as Workspace, or take the files out"
    assert [sentence.startswith(refusal) for sentence in found] == ([True] if is_refused else [])


def test_a_file_that_was_deleted_blocks(compose: Compose) -> None:
    line = media.reference("6cb25adc-47fe-11e4-bfe9-b8f6b119e9ab")
    template = make_template(eng={"text": "Hello", "attachments": [line]})
    (sentence,) = sentences(compose(channel=make_channel("rapidpro", "SMS"), template=template))
    assert sentence.startswith("A file that the template carries was deleted.")
