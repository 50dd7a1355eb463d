"""Contacts as a program reads and writes them: RapidPro's shapes, statuses and words."""

from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from broadcaster.audience import erasure
from broadcaster.models import AudienceUpload, Broadcast, Contact, ContactField, Erasure, Group, Suppression
from tests.api.calling import Program
from tests.sending.broadcasts import group_of, people

RULE = {"match": "all", "conditions": [{"of": "language", "value": "ind"}]}
KEYS = [
    "uuid", "name", "status", "language", "urns", "groups", "fields", "flow", "created_on", "modified_on",
    "last_seen_on", "notes", "ref", "blocked", "stopped",
]  # fmt: skip
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def fields(db: None) -> None:
    for key, kind in (("city", "text"), ("age", "number"), ("born", "date")):
        ContactField.objects.create(key=key, label=key.capitalize(), kind=kind)


def named(contact: Contact) -> str:
    return f"contacts.json?uuid={contact.uuid}"


def test_a_contact_is_told_as_rapidpro_tells_it(program: Program, fields: None) -> None:
    ann = Contact.objects.create(
        name="Ann", phone="+628123456789", identifier="C-1", language="ind", fields={"city": "Solo", "age": 1e-7}
    )
    group = group_of([ann])
    (told,) = program.get("contacts.json")["results"]
    assert list(told) == KEYS
    assert told == {
        "uuid": str(ann.uuid),
        "name": "Ann",
        "status": "active",
        "language": "ind",
        "urns": ["tel:+628123456789", "ext:C-1"],
        "groups": [{"uuid": str(group.uuid), "name": "Customers"}],
        "fields": {"born": None, "age": "0.0000001", "city": "Solo"},
        "flow": None,
        "created_on": ann.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "modified_on": ann.modified_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "last_seen_on": None,
        "notes": [],
        "ref": None,
        "blocked": False,
        "stopped": False,
    }


def test_whoever_opted_out_of_everything_is_stopped(program: Program) -> None:
    ann = Contact.objects.create(phone="+628123456789", identifier="C-1")
    told = program.get(named(ann))["results"][0]
    assert (told["name"], told["language"], told["status"], told["stopped"]) == (None, None, "active", False)
    Suppression.objects.create(address="C-1", channel=program.token.channel)
    told = program.get(named(ann))["results"][0]
    assert (told["status"], told["stopped"], told["blocked"]) == ("stopped", True, False)


def test_an_opt_out_of_one_channel_stops_nobody(program: Program, channel: Any) -> None:
    ann = Contact.objects.create(phone="+628123456789")
    Suppression.objects.create(address="+628123456789", channel=channel)
    assert program.get(named(ann))["results"][0]["status"] == "active"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "cba"),
        ("reverse=yes", "abc"),
        ("uuid={b}", "b"),
        ("uuid=" + NOBODY, ""),
        ("urn=tel:%2B628123456789", "a"),
        ("urn=whatsapp:628123456789", "a"),
        ("urn=ext:b", "b"),
        ("urn=ext:nobody", ""),
        ("urn=ext:b&uuid={a}", ""),
        ("group=Customers", "ba"),
        ("group={group}", "ba"),
        ("group=customers", ""),
        ("group=Customers&reverse=1", "ab"),
        ("group=Customers&after=2026-01-02", "b"),
        ("group=Customers&after=yesterday", ""),
        ("group=Customers&urn=ext:a", "a"),
        ("group=Indonesian", "cb"),
        ("group=Indonesian&reverse=1&after=2026-01-03", "c"),
        ("after=2026-01-02", "cb"),
        ("before=2026-01-02T00:00:00Z", "ba"),
        ("after=yesterday", ""),
        ("deleted=true", ""),
        ("deleted=0", "cba"),
    ],
)
def test_a_list_has_whom_the_call_asks_for(program: Program, query: str, found: str) -> None:
    made = {
        "a": Contact.objects.create(identifier="a", phone="+628123456789"),
        "b": Contact.objects.create(identifier="b", language="ind"),
        "c": Contact.objects.create(identifier="c", language="ind"),
    }
    for day, contact in enumerate(made.values(), start=1):
        Contact.objects.filter(pk=contact.pk).update(modified_at=f"2026-01-0{day}T00:00:00Z")
    group = group_of([made["a"], made["b"]])
    Group.objects.create(name="Indonesian", rule=RULE)
    uuids = {name: contact.uuid for name, contact in made.items()}
    told = program.get(f"contacts.json?{query.format(group=group.uuid, **uuids)}")
    assert [each["urns"][-1] for each in told["results"]] == [f"ext:{name}" for name in found]


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("uuid=x", "Param 'uuid': x is not a valid UUID."),
        ("uuid=%00", "Param 'uuid': NUL is no character."),
        ("urn=12345", "Invalid URN: 12345"),
        ("urn=%00", "Param 'urn': NUL is no character."),
        ("urn=tel:%ED%A0%80", "Invalid URN: tel:���"),
        ("group=%00", "Param 'group': NUL is no character."),
        ("group=Broken", "Nobody can tell who is in this group. "),
    ],
)
def test_a_crooked_filter_is_refused(program: Program, query: str, detail: str) -> None:
    Group.objects.create(name="Broken", rule={"match": "some"})
    status, told = program.told("GET", f"contacts.json?{query}")
    assert (status, told["detail"][: len(detail)]) == (400, detail)


@pytest.mark.parametrize(
    "query", ["", "group=Customers", "group=Customers&after=2020-01-01", "reverse=1&group=Customers"]
)
def test_every_contact_comes_once_there_and_back(program: Program, query: str) -> None:
    group_of(people(range(300)))
    first = program.get(f"contacts.json?{query}")
    second = program.get(first["next"])
    assert len({each["uuid"] for page in (first, second) for each in page["results"]}) == 300
    assert (len(first["results"]), second["next"]) == (250, None)
    assert program.get(second["previous"])["results"] == first["results"]


def test_who_fits_a_rule_is_not_looked_for_for_ever(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broadcaster.audience.rules_counts.LOOK_S", -1.0)
    monkeypatch.setattr("broadcaster.audience.rules_counts.STEPS", 1)
    Group.objects.create(name="Indonesian", rule=RULE)
    if connection.vendor == "sqlite":
        status, told = program.told("GET", "contacts.json?group=Indonesian")
        assert (status, told["detail"][:11]) == (400, "Looking for")
    assert program.told("GET", "contacts.json")[0] == 200


def test_a_longer_list_takes_no_more_questions(program: Program, fields: None) -> None:
    program.get("contacts.json")
    counts = []
    for numbers in (range(1), range(1, 9)):
        for contact in people(numbers):
            contact.groups.add(*(Group.objects.create(name=f"{name} {contact.pk}") for name in "ab"))
            Suppression.objects.create(address=contact.phone or "")
        with CaptureQueriesContext(connection) as asked:
            told = program.get("contacts.json")["results"]
        counts.append((len(told), len(asked)))
    assert counts[0] == (1, counts[1][1])
    assert counts[1][0] == 9


# -- writing -------------------------------------------------------------------------------------------------------


def test_a_new_contact_is_made_and_told(program: Program, fields: None) -> None:
    group = Group.objects.create(name="Customers")
    body = {
        "name": " Ann ",
        "language": "ind",
        "urns": ["ext:C-1", "tel:+62 812 345 6789"],
        "groups": ["cUSTOMERS", str(group.uuid)],
        "fields": {"city": "Solo", "age": 31, "born": "30/06/1995"},
        "nonsense": {"deep": []},
    }
    status, told = program.told("POST", "contacts.json", body)
    ann = Contact.objects.get()
    assert status == 201, told
    assert told == program.get(named(ann))["results"][0]
    assert (ann.name, ann.phone, ann.identifier) == ("Ann", "+628123456789", "C-1")
    assert ann.fields == {"city": "Solo", "age": 31, "born": "1995-06-30"}
    assert told["fields"] == {"born": "1995-06-30", "age": "31", "city": "Solo"}
    assert list(ann.groups.all()) == [group]
    entry = LogEntry.objects.get()
    assert (entry.user_id, entry.change_message) == (program.token.user_id, "Added by the program Test.")


def test_what_is_given_is_changed_and_nothing_else(program: Program, fields: None) -> None:
    (ann,) = people([100])
    old, new = group_of([ann], "Old"), group_of([], "New")
    Group.objects.create(name="Indonesian", rule=RULE)
    assert program.told("POST", named(ann), {"fields": {"age": "1,5"}})[0] == 400
    status, told = program.told("POST", named(ann), {"fields": {"age": "1.5"}, "language": "ind"})
    assert (status, told["name"], told["groups"][0]["uuid"]) == (200, ann.name, str(old.uuid))
    assert told["fields"] == {"born": None, "age": "1.5", "city": "Solo"}
    told = program.post(named(ann), {"groups": ["New"], "fields": {"age": "", "city": None}, "name": None})
    assert (told["groups"], told["name"]) == ([{"uuid": str(new.uuid), "name": "New"}], None)
    assert set(told["fields"].values()) == {None}
    assert program.post(named(ann), {"groups": []})["groups"] == []
    ann.refresh_from_db()
    assert (ann.fields, ann.language) == ({}, "ind")


def test_what_changes_nothing_leaves_the_time_of_the_last_change(program: Program, fields: None) -> None:
    (ann,) = people([100])
    group_of([ann])
    before = program.get(named(ann))["results"][0]
    body = {"name": ann.name, "fields": {"city": "Solo"}, "groups": ["Customers"], "urns": before["urns"]}
    assert program.post(named(ann), body) == before
    assert program.post(named(ann), {}) == before
    assert program.post(named(ann), {"groups": []})["modified_on"] > before["modified_on"]


def test_a_contact_is_known_by_its_urn_or_made(program: Program) -> None:
    place = f"contacts.json?urn={quote('tel:+62 812-345-6789')}"
    assert program.told("POST", place, {"name": "Ann"})[0] == 201
    status, told = program.told("POST", place, {"name": "Ann II"})
    assert (status, told["name"], told["urns"]) == (200, "Ann II", ["tel:+628123456789"])
    assert program.told("POST", place, {"urns": ["ext:C-1"]}) == (
        400,
        {"urns": ["Field not allowed when using URN in URL"]},
    )
    assert program.told("DELETE", place)[0] == 403
    assert Program(scope="admin", name="other").told("DELETE", place) == (204, None)
    assert not Contact.objects.exists()


def test_an_opt_out_goes_over_to_the_new_address(program: Program) -> None:
    (ann,) = people([100])
    Suppression.objects.create(address=ann.phone or "")
    told = program.post(named(ann), {"urns": ["tel:+628111111111"]})
    assert (told["urns"], told["status"]) == (["tel:+628111111111"], "stopped")
    assert Suppression.objects.filter(address="+628111111111").exists()


def test_nothing_of_somebody_who_was_erased_is_stored(program: Program) -> None:
    Erasure.objects.create(digest=erasure.digest_of("+628123456789"))
    urn = "tel:+628123456789"
    assert program.told("POST", "contacts", {"urns": [urn]}) == (400, {"urns": {"0": [erasure.SENTENCE]}})
    assert program.told("POST", f"contacts?urn={quote(urn)}", {}) == (400, {"detail": erasure.SENTENCE})
    assert not Contact.objects.exists()


def test_deleting_leaves_what_is_known_of_consent(program: Program) -> None:
    admin = Program(scope="admin", name="admin")
    ann, budi = people([100, 101])
    group_of([ann])
    upload = AudienceUpload.objects.create(filename="x.csv")
    upload.audiencerow_set.create(contact=ann, number=1)
    Suppression.objects.create(address=ann.phone or "")
    Broadcast.objects.create(name="Mine").contacts.add(ann)
    assert admin.told("DELETE", named(ann)) == (204, None)
    assert admin.told("DELETE", named(ann)) == (404, {"detail": "Not found."})
    assert list(Contact.objects.all()) == [budi]
    assert Suppression.objects.count() == 1
    assert LogEntry.objects.get().change_message == "Deleted by the program Test."


@pytest.mark.parametrize(
    ("method", "query", "status", "detail"),
    [
        ("DELETE", "", 400, "URL must contain one of the following parameters: urn, uuid"),
        ("DELETE", "?uuid=x", 400, "Param 'uuid': x is not a valid UUID."),
        ("DELETE", "?uuid=", 400, "Param 'uuid':  is not a valid UUID."),
        ("DELETE", "?urn=x", 400, "Invalid URN: x"),
        ("DELETE", "?urn=%00", 400, "Param 'urn': NUL is no character."),
        ("DELETE", "?urn=ext:nobody", 404, "Not found."),
        ("DELETE", f"?uuid={NOBODY}", 404, "Not found."),
        ("POST", f"?uuid={NOBODY}", 404, "Not found."),
        ("POST", "?uuid=x", 400, "Param 'uuid': x is not a valid UUID."),
        ("POST", "?urn=x", 400, "Invalid URN: x"),
        ("POST", f"?uuid={NOBODY}&urn=x", 400, "URL can only contain one of the following parameters: urn, uuid"),
    ],
)
def test_a_contact_that_is_not_named_well_is_refused(
    channel: Any, method: str, query: str, status: int, detail: str
) -> None:
    program = Program(scope="admin")
    assert program.told(method, f"contacts.json{query}", {}) == (status, {"detail": detail})


@pytest.mark.parametrize(("role", "scope"), [("Viewer", "admin"), ("Operator", "read")])
def test_whoever_may_only_look_writes_nothing(channel: Any, role: str, scope: str) -> None:
    program = Program(role=role, scope=scope)
    assert [program.told("GET", place)[0] for place in ("contacts", "groups", "fields", "workspace")] == [200] * 4
    for place in ("contacts", "groups", "fields"):
        assert program.told("POST", place, {})[0] == 403
    assert program.told("DELETE", "contacts?urn=ext:x")[0] == 403
