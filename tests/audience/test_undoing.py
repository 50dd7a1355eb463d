"""Taking an import back: its new people go as far as nothing else needs them, and everything else stays."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from broadcaster import tasks
from broadcaster.audience import consent, undoing, uses
from broadcaster.models import (
    AudienceRow,
    AudienceUpload,
    Broadcast,
    Contact,
    Group,
    Membership,
    Message,
    RejectedRow,
    Suppression,
)
from tests.audience.files import load, people, started
from tests.content.conftest import make_channel, make_template
from tests.queued import queued

pytestmark = pytest.mark.django_db
HEADER = "Name,Phone"


def taken_back(upload: AudienceUpload) -> AudienceUpload:
    """Start it and let a worker do it, to the end."""
    undoing.start(upload)
    while undoing.remove_rows(upload.pk, life_s=60, resumed=True):
        pass
    upload.refresh_from_db()
    return upload


def first() -> Contact:
    return Contact.objects.order_by("pk")[0]


def test_the_people_of_the_file_are_gone_and_counted() -> None:
    Contact.objects.create(phone="+62812999999999")
    upload = taken_back(load(HEADER, *people(3)))
    assert (upload.state, upload.removed, upload.new) == ("undone", 3, 3)
    assert (Contact.objects.count(), AudienceRow.objects.count()) == (1, 0)


def test_refused_rows_go_too_and_stay_counted() -> None:
    other = load(HEADER, "Budi,12")
    upload = taken_back(load(HEADER, *people(1), "Ann,12", *people(1)))
    assert list(RejectedRow.objects.values_list("upload", flat=True)) == [other.pk]
    assert (upload.invalid, upload.duplicate, upload.rows) == (1, 1, 3)


def test_refused_rows_go_some_at_a_time_and_before_the_people_by_whom_an_erasure_finds_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(undoing, "ROWS", 2)
    upload = load(HEADER, *people(1), *people(1), "Ann,12", "Ann,12")
    undoing.start(upload)
    seen = []
    while undoing.remove_rows(upload.pk, life_s=0, resumed=True):
        seen.append((RejectedRow.objects.count(), AudienceRow.objects.count()))
    assert seen == [(1, 1), (0, 1), (0, 0)]


def test_many_rows_go_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "ROWS", 3)
    upload = load(HEADER, *people(10), group=Group.objects.create(name="June"))
    undoing.start(upload)
    turns = 1
    while undoing.remove_rows(upload.pk, life_s=0, resumed=True):
        turns += 1
    upload.refresh_from_db()
    assert (turns, upload.state, upload.removed, Membership.objects.count()) == (5, "undone", 10, 0)


def test_whoever_was_known_before_stays_and_keeps_what_the_file_wrote() -> None:
    Contact.objects.create(phone="+6281200000001", name="Ann")
    upload = taken_back(load(HEADER, *people(2)))
    assert (upload.removed, Contact.objects.get().name) == (1, "Person 1")


def message_to(contact: Contact) -> None:
    broadcast = Broadcast.objects.create(name="May", channel=make_channel(), template=make_template(eng={"text": "Hi"}))
    batch = broadcast.batches.create(number=1, size=1, not_before=timezone.now())
    Message.objects.create(broadcast=broadcast, batch=batch, seq=1, contact=contact, address=contact.address)


def choose(contact: Contact) -> None:
    Broadcast.objects.create(name="May").contacts.add(contact)


def edit(contact: Contact) -> None:
    contact.name = "Ann Lee"
    contact.save()


USES: dict[str, Callable[[Contact], object]] = {
    "A message was sent to them, or is on its way.": message_to,
    "They are also in another file.": lambda _: load(HEADER, *people(1)),
    "They are in another group.": lambda contact: contact.groups.add(Group.objects.create(name="Others")),
    "A broadcast names them one by one.": choose,
    "Somebody has changed them since.": edit,
}


@pytest.mark.parametrize("reason", USES)
@pytest.mark.parametrize("into_group", [True, False])
def test_whoever_something_else_needs_stays_and_the_page_can_say_why(reason: str, *, into_group: bool) -> None:
    upload = load(HEADER, *people(3), group=Group.objects.create(name="June") if into_group else None)
    used = first()
    USES[reason](used)
    assert undoing.look(upload) == undoing.Outlook(2, {reason: 1}, people=3)
    assert taken_back(upload).removed == 2
    assert list(Contact.objects.all()) == [used]


def test_no_kind_of_use_is_forgotten() -> None:
    asked = {"message", "audiencerow", "membership", "broadcast_contacts"}
    related = {relation.related_model._meta.db_table for relation in Contact._meta.related_objects}
    tables = related | {Broadcast.contacts.through._meta.db_table}
    tables -= {Broadcast._meta.db_table, Group._meta.db_table}
    assert tables == {f"broadcaster_{name}" for name in asked}


def test_a_look_at_very_many_people_ends_in_time_and_says_how_far_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    upload = load(HEADER, *people(5))
    monkeypatch.setattr(undoing, "ROWS", 2)
    assert undoing.look(upload) == undoing.Outlook(5, people=5)
    monkeypatch.setattr("broadcaster.audience.undoing.time.monotonic", iter([0.0, 0.0, 3.0]).__next__)
    assert undoing.look(upload) == undoing.Outlook(2, people=2, is_whole=False)


def test_who_joined_leaves_the_group_and_who_was_in_it_stays() -> None:
    group = Group.objects.create(name="June")
    load(HEADER, *people(1), group=group)
    Contact.objects.create(phone="+6281200000002")
    taken_back(load(HEADER, *people(3), group=group))
    assert [contact.phone for contact in group.contacts.all()] == ["+6281200000001"]
    assert Contact.objects.count() == 2


def test_a_group_that_is_gone_meanwhile_holds_nobody_and_another_still_does() -> None:
    group = Group.objects.create(name="June")
    upload = load(HEADER, *people(2), group=group)
    Group.objects.create(name="Others").contacts.add(first())
    group.delete()
    upload.refresh_from_db()
    assert taken_back(upload).removed == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("into_group", [True, False])
def test_the_same_file_twice_can_be_taken_back_twice_in_any_order(order: tuple[int, int], *, into_group: bool) -> None:
    group = Group.objects.create(name="June") if into_group else None
    uploads = [load(HEADER, *people(3), group=group) for _ in range(2)]
    taken_back(uploads[order[0]])
    assert Contact.objects.count() == 3
    assert Membership.objects.count() == (3 if into_group else 0)
    taken_back(uploads[order[1]])
    assert (Contact.objects.count(), Membership.objects.count()) == (0, 0)


def test_an_opt_out_outlives_whoever_the_file_made() -> None:
    upload = load(HEADER, *people(1))
    consent.suppress(["+6281200000001"], channel=None, reason="STOP", source="reply")
    assert taken_back(upload).removed == 1
    assert Suppression.objects.count() == 1


def test_the_file_leaves_the_disk() -> None:
    upload = load(HEADER, *people(1))
    path = Path(upload.file.path)
    assert path.exists()
    taken_back(upload)
    assert (path.exists(), upload.file.name) == (False, "")


def test_its_drafts_lose_the_file() -> None:
    upload = load(HEADER, *people(1))
    draft = Broadcast.objects.create(name="June", upload=upload)
    assert list(uses.drafts(upload)) == [draft]
    taken_back(upload)
    draft.refresh_from_db()
    assert (draft.upload, draft.state) == (None, "draft")


@pytest.mark.parametrize("state", ["scheduled", "sending", "completed"])
def test_a_file_that_a_broadcast_uses_stays(state: str) -> None:
    upload = load(HEADER, *people(1))
    Broadcast.objects.create(name="A draft", upload=upload)
    Broadcast.objects.create(name="June", upload=upload, state=state, send_at=timezone.now(), channel=make_channel())
    with pytest.raises(undoing.StillUsed, match=r"people of this file: “June”\. Delete it first"):
        undoing.start(upload)
    upload.refresh_from_db()
    assert (upload.state, Broadcast.objects.filter(upload=upload).count()) == ("imported", 2)


def test_a_file_from_before_that_was_noted_stays() -> None:
    upload = load(HEADER, *people(2))
    AudienceUpload.objects.update(headers=[])
    AudienceRow.objects.update(is_new=False)
    upload.refresh_from_db()
    with pytest.raises(undoing.StillUsed, match="before this program noted what a file made"):
        undoing.start(upload)
    assert (undoing.why_not(upload) != "", AudienceRow.objects.count()) == (True, 2)


@pytest.mark.parametrize(
    ("state", "sentence"),
    [("uploaded", "Nothing"), ("importing", "Cancel the import"), ("undoing", "being taken"), ("undone", "was taken")],
)
def test_only_an_import_that_ended_is_taken_back(state: str, sentence: str) -> None:
    upload = started(HEADER, *people(1))
    AudienceUpload.objects.update(state=state)
    upload.refresh_from_db()
    with pytest.raises(undoing.StillUsed, match=sentence):
        undoing.start(upload)


def test_one_worker_at_a_time_takes_back_and_another_follows_where_it_fell_silent() -> None:
    upload = load(HEADER, *people(2))
    undoing.start(upload)
    assert undoing.stalled() == [upload.pk]
    AudienceUpload.objects.update(touched_at=timezone.now())
    assert (undoing.stalled(), undoing.remove_rows(upload.pk, life_s=60), Contact.objects.count()) == ([], False, 2)
    AudienceUpload.objects.update(touched_at=timezone.now() - timedelta(minutes=2))
    assert undoing.stalled() == [upload.pk]
    undoing.remove_rows(upload.pk, life_s=60)
    assert Contact.objects.count() == 0


def test_the_tick_revives_it_and_a_long_one_goes_on_in_the_next_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "ROWS", 2)
    monkeypatch.setattr(tasks, "TASK_LIFE_S", 0)
    upload = load(HEADER, *people(3))
    undoing.start(upload)
    tasks.tick()
    assert ("take_back_upload", (upload.pk,)) in queued()
    tasks.take_back_upload(upload.pk)
    assert ("take_back_upload", (upload.pk, True)) in queued()
    tasks.take_back_upload(upload.pk, resumed=True)
    tasks.take_back_upload(upload.pk, resumed=True)
    assert Contact.objects.count() == 0
