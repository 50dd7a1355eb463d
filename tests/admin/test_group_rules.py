"""A group by a rule, in its form: what is posted becomes the rule, and what cannot be one is said beside its row."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from broadcaster.models import AudienceUpload, Contact, ContactField, Group, Membership
from tests.admin.people import logged_in, messages_of, text_of
from tests.sending.broadcasts import composed

pytestmark = pytest.mark.django_db

NOT = {"not": True}
ADD = reverse("admin:broadcaster_group_add")
PREVIEW = reverse("admin:broadcaster_group_preview")
IND = {"match": "all", "conditions": [{"of": "language", "value": "ind"}]}


@pytest.fixture
def operator() -> Client:
    return logged_in("view_contact", *(f"{verb}_group" for verb in ("view", "add", "change", "delete")))


@pytest.fixture(autouse=True)
def fields() -> None:
    for key, label, kind in (("city", "City", "text"), ("age", "Age", "number"), ("born", "Born", "date")):
        ContactField.objects.create(key=key, label=label, kind=kind)


@pytest.fixture
def vip() -> Group:
    group = Group.objects.create(name="VIP")
    Membership.objects.create(group=group, contact=Contact.objects.create(name="Ann", identifier="a", language="ind"))
    return group


def page(group: Group, name: str = "change") -> str:
    return reverse(f"admin:broadcaster_group_{name}", args=[group.pk])


def typed(*rows: dict[str, str], match: str = "all", **more: Any) -> dict[str, Any]:
    """A form with these rows; a row's item is its place, unless it says another."""
    data = {"name": "People", "sort": "rule", "conditions-match": match, "conditions-item": [], **more}
    for place, row in enumerate(rows, start=1):
        item = row.get("item", str(place))
        data["conditions-item"].append(item)
        data |= {f"conditions-{item}-{key}": value for key, value in row.items() if key != "item"}
    return data


def field(key: str, how: str, value: str = "", **more: str) -> dict[str, str]:
    return {"what": f"field:{key}", "how": how, "value": value, **more}


def of_field(key: str, test: str, **more: Any) -> dict[str, Any]:
    return {"of": "field", "key": key, "is": test, **more}


def kept(operator: Client, *rows: dict[str, str]) -> Any:
    """The conditions of the group that the form makes."""
    response = operator.post(ADD, typed(*rows))
    assert response.status_code == 302, text_of(response)
    return Group.objects.get(name="People").rule["conditions"]


ROWS: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "text": (field("city", "!equals", " Solo "), of_field("city", "equals", value="Solo", **NOT)),
    "number": (field("age", "<", "1,250.5"), of_field("age", "<", value=1250.5)),
    "small number": (field("age", "<", "0.00001"), of_field("age", "<", value=0.00001)),
    "negative number": (
        field("age", "between", "-0.00002", until="1"),
        of_field("age", "between", value=-2e-5, until=1),
    ),
    "between": (field("age", "between", "18", until="30"), of_field("age", "between", value=18, until=30)),
    "date": (field("born", "after", "2000-01-31"), of_field("born", "after", value="2000-01-31")),
    "days": (field("born", "within_days", days="7"), of_field("born", "within_days", value=7)),
    "known": (field("city", "is_set", "left over"), of_field("city", "is_set")),
    "language": ({"what": "language", "how": "!is", "value": "IND"}, {"of": "language", "value": "ind", "not": True}),
    "language known": ({"what": "language", "how": "known"}, {"of": "language", "value": "", "not": True}),
    "language unknown": ({"what": "language", "how": "!known"}, {"of": "language", "value": "", "not": False}),
    "message": ({"what": "message", "how": "read", "days": "30"}, {"of": "message", "what": "read", "within_days": 30}),
    "message ever": ({"what": "message", "how": "!read"}, {"of": "message", "what": "read", "not": True}),
    "added": (
        {"what": "created", "how": "before", "value": "2026-01-01"},
        {"of": "created", "is": "before", "value": "2026-01-01"},
    ),
    "added lately": (
        {"what": "created", "how": "within_days", "days": "3"},
        {"of": "created", "is": "within_days", "value": 3},
    ),
}


@pytest.mark.parametrize(("row", "condition"), ROWS.values(), ids=ROWS)
def test_a_row_is_a_condition_and_comes_back_as_it_was_typed(
    operator: Client, row: dict[str, str], condition: dict[str, Any]
) -> None:
    assert kept(operator, row) == [condition]
    group = Group.objects.get(name="People")
    html = text_of(operator.get(page(group)))
    Group.objects.update(rule=IND)
    operator.post(page(group), {"name": "People", "sort": "rule", **posted_of(html)})
    group.refresh_from_db()
    assert group.rule["conditions"] == [condition]


def posted_of(html: str) -> dict[str, Any]:
    """What a browser would post of the only row that the page draws."""
    names: dict[str, Any] = {}
    row = html.split('data-row="1"')[1].partition("data-remove")[0]
    for part in row.split("<select ")[1:]:
        name = part.split('name="')[1].split('"')[0]
        chosen = part.split("</select>")[0].split("<option value=")
        names[name] = next((each.split('"')[1] for each in chosen if " selected" in each.split(">")[0]), "")
    for part in row.split("<input ")[1:]:
        values = part.split('value="')
        names[part.split('name="')[1].split('"')[0]] = values[1].split('"')[0] if len(values) > 1 else ""
    return {"conditions-match": "all", **{name: value.replace("&lt;", "<") for name, value in names.items()}}


def test_a_block_and_a_group(operator: Client, vip: Group) -> None:
    block = {"item": "2", "what": "block", "how": "!", "match": "any"}
    inner = {"item": "2.3", "what": "group", "how": "!in", "group": str(vip.pk)}
    conditions = kept(operator, field("city", "is_set"), block, inner)
    group = {"of": "group", "group": vip.pk, "not": True}
    assert conditions[1] == {"match": "any", "conditions": [group], "not": True}
    assert "not (not in group VIP)" in text_of(operator.get(reverse("admin:broadcaster_group_changelist")))


REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "a number in words": (field("age", "=", "ten"), "Write a number of at most 15 digits"),
    "a text for a number": (field("age", "equals", "10"), "This field holds number. Choose how it is compared."),
    "no date": (field("born", "before", "yesterday"), "Write a date as 2026-06-30."),
    "no days": (field("born", "within_days", days="0"), "Write a number of days"),
    "nothing typed": (field("city", "equals"), "Write what the field is compared with"),
    "no language": ({"what": "language", "how": "is"}, "Write the language as three small letters"),
    "no group": ({"what": "group", "how": "in"}, "Choose a group."),
    "an empty block": ({"what": "block", "match": "all"}, "Add at least one condition to this block"),
    "nothing we know": ({"what": "weather", "how": "is"}, "Choose what the condition looks at."),
}


@pytest.mark.parametrize(("row", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_is_said_beside_the_row_and_nothing_is_kept(
    operator: Client, row: dict[str, str], sentence: str
) -> None:
    html = text_of(operator.post(ADD, typed(field("city", "equals", "Bandung"), row)))
    assert f'<p class="rule-error">{sentence}' in html
    assert html.count("rule-error") == 1
    assert 'value="Bandung"' in html
    assert not Group.objects.exists()


def test_rows_for_which_nothing_was_chosen_are_none(operator: Client) -> None:
    assert len(kept(operator, field("city", "is_set"), {"item": "blank", "what": ""})) == 1


def test_a_rule_needs_a_condition(operator: Client) -> None:
    assert "Add at least one condition." in text_of(operator.post(ADD, typed()))


def test_a_rule_that_comes_back_to_its_group_is_refused(operator: Client) -> None:
    first = Group.objects.create(name="First", rule=IND)
    second = Group.objects.create(
        name="Second", rule={"match": "all", "conditions": [{"of": "group", "group": first.pk}]}
    )
    data = typed({"what": "group", "how": "in", "group": str(second.pk)})
    assert "comes back to the group itself" in text_of(operator.post(page(first), data))
    first.refresh_from_db()
    assert first.rule == IND


def test_nobody_is_added_by_hand_where_a_rule_says_who_fits(operator: Client, vip: Group) -> None:
    data = typed(field("city", "is_set"), add_contacts=[vip.contacts.get().pk])
    assert "nobody can be added by hand" in text_of(operator.post(ADD, data))
    group = Group.objects.create(name="By rule", rule=IND)
    operator.post(page(group), {"name": "By rule", "add_contacts": [vip.contacts.get().pk]})
    assert not group.contacts.exists()


def test_a_list_with_people_stays_a_list(operator: Client, vip: Group) -> None:
    html = text_of(operator.post(page(vip), typed(field("city", "is_set"))))
    assert "so it stays a list" in html
    vip.refresh_from_db()
    assert vip.rule == {}


@pytest.mark.parametrize(("state", "stays"), [("uploaded", True), ("importing", True), ("cancelled", False)])
def test_a_list_that_a_file_is_to_fill_stays_a_list(operator: Client, state: str, *, stays: bool) -> None:
    group = Group.objects.create(name="June")
    AudienceUpload.objects.create(filename="june.csv", group=group, state=state)
    html = text_of(operator.post(page(group), typed(field("city", "is_set"))))
    group.refresh_from_db()
    assert ("The people of the file june.csv are to join this group" in html, group.rule == {}) == (stays, stays)


def test_a_group_by_rule_becomes_an_empty_list_again(operator: Client) -> None:
    group = Group.objects.create(name="By rule", rule=IND, counted=5)
    operator.post(page(group), {"name": "By rule", "sort": "list"})
    group.refresh_from_db()
    assert (group.rule, group.counted) == ({}, None)


def test_renaming_keeps_the_rule_and_its_count(operator: Client) -> None:
    group = Group.objects.create(name="By rule", rule=IND, counted=5)
    operator.post(page(group), {"name": "Named anew"})
    group.refresh_from_db()
    assert (group.name, group.rule, group.counted) == ("Named anew", IND, 5)


@pytest.mark.parametrize("side", ["groups", "exclude_groups"])
def test_a_new_rule_of_a_group_that_something_goes_by_is_told(operator: Client, side: str) -> None:
    inner = Group.objects.create(name="Inner", rule=IND)
    outer = Group.objects.create(
        name="Outer", rule={"match": "all", "conditions": [{"of": "group", "group": inner.pk}]}
    )
    broadcast = composed(1, name="Summer sale")
    getattr(broadcast, side).add(outer)
    assert "Summer sale" not in text_of(operator.get(page(inner)))
    type(broadcast).objects.update(state="scheduled", send_at="2030-01-01T09:00Z")
    assert "Summer sale" in text_of(operator.get(page(inner)))
    response = operator.post(page(inner), typed(field("city", "is_set"), name="Inner"), follow=True)
    assert "The new rule counts for Summer sale" in messages_of(response)


def test_a_group_that_a_rule_names_is_not_deleted(operator: Client, vip: Group) -> None:
    rule = {"match": "any", "conditions": [{"of": "group", "group": vip.pk, "not": True}]}
    user = Group.objects.create(name="Others", rule=rule)
    assert "The rule of the group Others names VIP." in text_of(operator.get(page(vip, "delete")))
    operator.post(page(vip, "delete"), {"post": "yes"})
    assert Group.objects.filter(pk=vip.pk).exists()
    both = {"action": "delete_selected", "_selected_action": [vip.pk, user.pk], "post": "yes"}
    operator.post(reverse("admin:broadcaster_group_changelist"), both)
    assert not Group.objects.exists()


def test_a_group_that_is_about_to_be_used_is_not_deleted(operator: Client) -> None:
    broadcast = composed(1, name="Summer sale")
    group = broadcast.groups.get()
    type(broadcast).objects.update(state="scheduled", send_at="2030-01-01T09:00Z")
    assert "The broadcast Summer sale is scheduled and uses it." in text_of(operator.get(page(group, "delete")))


def test_a_viewer_reads_the_rule_in_words(vip: Group) -> None:
    group = Group.objects.create(name="By rule", rule=IND)
    html = text_of(logged_in("view_group").get(page(group)))
    assert "Language is ind" in html
    assert "conditions-item" not in html


class TestPreview:
    def test_it_says_whom_the_rule_fits_and_keeps_nothing(self, operator: Client, vip: Group) -> None:
        html = text_of(operator.post(PREVIEW, typed({"what": "language", "how": "is", "value": "ind"})))
        assert "Language is ind." in html
        assert "<strong>1 person fits</strong>" in html
        assert "Ann" in html
        assert Group.objects.count() == 1

    def test_what_is_not_complete_is_said(self, operator: Client) -> None:
        assert "Choose a group." in text_of(operator.post(PREVIEW, typed({"what": "group", "how": "in"})))
        assert "Add a condition" in text_of(operator.post(PREVIEW, typed()))

    def test_a_way_back_to_the_group_is_said(self, operator: Client, vip: Group) -> None:
        user = Group.objects.create(
            name="User", rule={"match": "all", "conditions": [{"of": "group", "group": vip.pk}]}
        )
        data = typed({"what": "group", "how": "in", "group": str(user.pk)})
        assert "by way of User" in text_of(operator.post(f"{PREVIEW}?of={vip.pk}", data))

    @pytest.mark.parametrize("permissions", [["view_contact", "view_group"], ["change_group"], []])
    def test_only_who_builds_groups_and_sees_contacts_may_look(self, permissions: list[str]) -> None:
        assert logged_in(*permissions).post(PREVIEW, typed()).status_code == 403

    def test_a_link_does_nothing(self, operator: Client) -> None:
        assert operator.get(PREVIEW).status_code == 405
