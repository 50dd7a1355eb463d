"""What is wrong with a contact, said in RapidPro's words; nothing that a program sends is ever an error of ours."""

from typing import Any

import pytest

from broadcaster.models import Contact, ContactField, Group
from tests.api.calling import Program
from tests.api.test_contacts import RULE

URN = "ext:C-1"
BASE: dict[str, Any] = {"urns": [URN]}
NO_URN = "A contact has a phone or an identifier. Give a URN such as tel:+628123456789 or ext:C-1042."
HUGE = "9" * 4000
DEEP: Any = "x"
for _ in range(50):
    DEEP = [{"x": DEEP}]

REFUSALS: dict[str, tuple[Any, Any]] = {
    "a list": ([], {"non_field_errors": ["Request body should be a single JSON object"]}),
    "a number": (5, {"non_field_errors": ["Request body should be a single JSON object"]}),
    "null": ("null", {"non_field_errors": ["No data provided"]}),
    "nothing": ({}, {"urns": [NO_URN]}),
    "no urns": ({"urns": []}, {"urns": [NO_URN]}),
    "urns as null": ({"urns": None}, {"urns": ["This field may not be null."]}),
    "urns as a text": ({"urns": URN}, {"urns": ['Expected a list of items but got type "str".']}),
    "urns as an object": ({"urns": {"0": URN}}, {"urns": ['Expected a list of items but got type "dict".']}),
    "a local number": (
        {"urns": ["0788123123"]},
        {"urns": {"0": ["Invalid URN: 0788123123. Ensure phone numbers contain country codes."]}},
    ),
    "a number as a urn": (
        {"urns": [5]},
        {"urns": {"0": ["Invalid URN: 5. Ensure phone numbers contain country codes."]}},
    ),
    "an object as a urn": ({"urns": [{}]}, {"urns": {"0": ["Not a valid string."]}}),
    "a long identifier": (
        {"urns": ["ext:" + "x" * 129]},
        {"urns": {"0": [f"Invalid URN: ext:{'x' * 129}. Ensure phone numbers contain country codes."]}},
    ),
    "two phones": (
        {"urns": ["tel:+628111111111", "whatsapp:628222222222"]},
        {"urns": ["A contact has one phone. Leave the other one out."]},
    ),
    "two identifiers": (
        {"urns": ["ext:a", "ext:b"]},
        {"urns": ["A contact has one identifier. Leave the other one out."]},
    ),
    "somebody's urn": ({"urns": [URN, "ext:taken"][1:]}, {"urns": {"0": ["URN is in use by another contact."]}}),
    "two of two people": (
        {"urns": ["tel:+628123456789", "ext:taken"]},
        {"urns": {"0": ["URN is in use by another contact."], "1": ["URN is in use by another contact."]}},
    ),
    "many urns": (
        {"urns": [f"ext:{number}" for number in range(101)]},
        {"urns": ["Ensure this field has no more than 100 elements."]},
    ),
    "a long name": (BASE | {"name": "x" * 65}, {"name": ["Ensure this field has no more than 64 characters."]}),
    "a blank name": (BASE | {"name": " "}, {"name": ["This field may not be blank."]}),
    "a list as a name": (BASE | {"name": ["x"]}, {"name": ["Not a valid string."]}),
    "true as a name": (BASE | {"name": True}, {"name": ["Not a valid string."]}),
    "a deep name": (BASE | {"name": DEEP}, {"name": ["Not a valid string."]}),
    "no language": (BASE | {"language": "x1z"}, {"language": ["Not a valid ISO639-3 language code."]}),
    "a short language": (BASE | {"language": "en"}, {"language": ["Ensure this field has at least 3 characters."]}),
    "a long language": (
        BASE | {"language": "engl"},
        {"language": ["Ensure this field has no more than 3 characters."]},
    ),
    "a strange group": (BASE | {"groups": ["Nobody"]}, {"groups": ["No such object: Nobody"]}),
    "a group as an object": (BASE | {"groups": [{"uuid": "x"}]}, {"groups": ["Must be a string or integer"]}),
    "a huge number as a group": (BASE | {"groups": [int(HUGE)]}, {"groups": [f"No such object: {HUGE}"]}),
    "groups as null": (BASE | {"groups": None}, {"groups": ["This field may not be null."]}),
    "many groups": (
        BASE | {"groups": ["VIP"] * 101},
        {"groups": ["Ensure this field has no more than 100 elements."]},
    ),
    "a group by a rule": (
        BASE | {"groups": ["indonesian"]},
        {"groups": ["A rule says who is in Indonesian, so nobody can be added to it. Leave it out."]},
    ),
    "a strange field": (BASE | {"fields": {"x": "1"}}, {"fields": ["Invalid contact field key: x"]}),
    "a field without a name": (BASE | {"fields": {"": "1"}}, {"fields": ["Invalid contact field key: "]}),
    "fields as a list": (
        BASE | {"fields": ["city"]},
        {"fields": ['Expected a dictionary of items but got type "list".']},
    ),
    "fields as null": (BASE | {"fields": None}, {"fields": ["This field may not be null."]}),
    "many fields": (
        BASE | {"fields": {f"x{number}": 1 for number in range(101)}},
        {"fields": ["Ensure this field has no more than 100 elements."]},
    ),
    "an object as a value": (BASE | {"fields": {"city": {}}}, {"fields": {"city": ["Not a valid string."]}}),
    "a deep value": (BASE | {"fields": {"city": DEEP}}, {"fields": {"city": ["Not a valid string."]}}),
    "no number": (
        BASE | {"fields": {"age": "old"}},
        {"fields": {"age": ["“old” is not a number. Write it as 1234.56, without words or currency."]}},
    ),
    "a huge number": (
        BASE | {"fields": {"age": int(HUGE)}},
        {"fields": {"age": [f"“{'9' * 39}…” has more than 15 digits. Keep it as text."]}},
    ),
    "a number beyond all": (
        '{"urns": ["ext:C-1"], "fields": {"age": 1e999}}',
        {"fields": {"age": ["“inf” is not a number. Write it as 1234.56, without words or currency."]}},
    ),
    "no date": (
        BASE | {"fields": {"born": "2026-02-30"}},
        {"fields": {"born": ["There is no such date as “2026-02-30”, read with the day first."]}},
    ),
}  # fmt: skip


@pytest.fixture
def there(channel: Any) -> None:
    """What the refusals are about."""
    for key, kind in (("city", "text"), ("age", "number"), ("born", "date")):
        ContactField.objects.create(key=key, label=key.capitalize(), kind=kind)
    Contact.objects.create(identifier="taken")
    Contact.objects.create(phone="+628123456789")
    Group.objects.create(name="VIP")
    Group.objects.create(name="Indonesian", rule=RULE)


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize(("body", "refusal"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_contact_is_refused_in_the_words_that_clients_know(program: Program, body: Any, refusal: Any) -> None:
    assert program.told("POST", "contacts.json", body) == (400, refusal)
    assert Contact.objects.count() == 2


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize(
    "body",
    [
        '{"name": "\\u0000"}', '{"name": "\\ud800"}', '{"fields": {"\\u0000": 1}}', '{"fields": {"city": "\\udfff"}}',
        '{"urns": ["ext:\\u0000"]}', '{"groups": ["\\u0000"]}', '{"fields": {"age": NaN}}', "[" * 100_000, "{",
        '{"name": ' + "9" * 5000 + "}", b"\xff\xfe", '{"fields": ' + '{"x":' * 5000 + "1" + "}" * 5001,
    ],
)  # fmt: skip
def test_a_body_that_is_none_is_refused(program: Program, body: Any) -> None:
    status, told = program.told("POST", "contacts.json", body)
    assert status == 400, told
    assert Contact.objects.count() == 2


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize("body", [{"urns": []}, {"urns": ["tel:+628123456789"]}, {"groups": ["Indonesian"]}])
def test_a_contact_that_is_there_is_not_changed_by_half(program: Program, body: dict[str, Any]) -> None:
    taken = Contact.objects.get(identifier="taken")
    assert program.told("POST", f"contacts?uuid={taken.uuid}", {"name": "New"} | body)[0] == 400
    taken.refresh_from_db()
    assert (taken.name, taken.identifier) == ("", "taken")


@pytest.mark.usefixtures("there")
def test_what_somebody_else_does_at_the_same_moment_is_told(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broadcaster.api.people.contact_form.urns.find", lambda urns: {})
    status, told = program.told("POST", "contacts", {"urns": ["ext:taken"]})
    assert (status, told) == (409, {"detail": "Somebody changed the same at this moment. Make the call again."})
