"""Groups in rules: smart ones within smart ones, circles, deleted ones, and which groups use one."""

from typing import Any

import pytest

from broadcaster.audience import rules, rules_groups, rules_words
from broadcaster.audience.rules import Rule, Unusable
from broadcaster.models import Contact, ContactField, Group, Membership

pytestmark = pytest.mark.django_db

INDONESIAN: dict[str, Any] = {"of": "language", "value": "ind"}


def rule(*conditions: dict[str, Any], match: str = "all") -> dict[str, Any]:
    return {"match": match, "conditions": list(conditions)}


def within(group: Group, **more: Any) -> dict[str, Any]:
    return {"of": "group", "group": group.pk, **more}


def smart(name: str, *conditions: dict[str, Any]) -> Group:
    return Group.objects.create(name=name, rule=rule(*conditions))


def chain(length: int) -> Group:
    """The last of so many smart groups that each use the one before."""
    group = smart("0", INDONESIAN)
    for number in range(1, length):
        group = smart(str(number), within(group))
    return group


@pytest.fixture(autouse=True)
def people() -> None:
    for name, language in (("Ann", "ind"), ("Budi", "jav"), ("Citra", "ind")):
        Contact.objects.create(name=name, identifier=name, language=language)


@pytest.fixture
def vip() -> Group:
    group = Group.objects.create(name="VIP")
    Membership.objects.create(group=group, contact=Contact.objects.get(name="Ann"))
    return group


def names(group: Group) -> list[str]:
    return sorted(rules_groups.members(group).values_list("name", flat=True))


def refusal(given: dict[str, Any], of: Group | None = None) -> str:
    with pytest.raises(Unusable) as refused:
        rules_groups.check(rules.parse(given), of=of.pk if of else None)
    return refused.value.sentence


def test_a_smart_group_within_another(vip: Group) -> None:
    indonesian = smart("Indonesian", INDONESIAN)
    assert names(smart("Both", within(indonesian), within(vip, **{"not": True}))) == ["Citra"]


@pytest.mark.parametrize("negated", [False, True])
def test_nobody_can_tell_who_is_in_a_group_by_one_that_was_deleted(vip: Group, *, negated: bool) -> None:
    user = smart("User", within(vip, **{"not": negated}))
    vip.delete()
    with pytest.raises(Unusable, match="User: A group in the rule was deleted"):
        rules_groups.members(user)


def test_a_rule_must_not_name_its_own_group(vip: Group) -> None:
    assert "names the group itself" in refusal(rule(within(vip)), of=vip)


def test_a_rule_must_not_come_back_by_way_of_others(vip: Group) -> None:
    last = smart("Last", within(smart("Between", within(vip))))
    assert "by way of Between" in refusal(rule(within(last)), of=vip)


def test_a_circle_that_is_there_all_the_same_is_said_and_does_no_harm() -> None:
    first, second = smart("First", INDONESIAN), smart("Second", INDONESIAN)
    Group.objects.filter(pk=first.pk).update(rule=rule(within(second)))
    Group.objects.filter(pk=second.pk).update(rule=rule(within(first)))
    first.refresh_from_db()
    with pytest.raises(Unusable, match="First: The rule comes back"):
        rules_groups.members(first)


def test_rules_lead_only_so_far() -> None:
    assert names(chain(rules_groups.DEEPEST + 1)) == ["Ann", "Citra"]
    assert "Use fewer groups" in refusal(rule(within(smart("More", within(Group.objects.get(name="5"))))))


def test_rules_that_multiply_are_refused() -> None:
    group = smart("0", *[INDONESIAN] * 20)
    for number in range(1, 4):
        group = smart(str(number), *[within(group)] * 20)
    assert "more than 200 conditions" in refusal(rule(within(group)))


def test_a_rule_names_only_groups_that_there_are(vip: Group) -> None:
    condition = within(vip)
    vip.delete()
    assert "gone" in refusal(rule(condition))


def test_who_uses_a_group(vip: Group) -> None:
    user = smart("User", rule(within(vip, **{"not": True}), match="any"))
    smart("Another", INDONESIAN)
    Group.objects.create(name="Broken", rule={"match": "some"})
    assert rules_groups.users_of([vip]) == {vip: [user]}
    assert rules_groups.users_of([vip, user]) == {}


def test_a_rule_that_cannot_be_used_still_uses_the_groups_in_it(vip: Group) -> None:
    block = {"match": "some", "conditions": [within(vip), {"of": "weather"}]}
    broken = smart("Broken", block)
    assert rules_groups.users_of([vip]) == {vip: [broken]}


def test_a_rule_that_makes_those_that_use_it_too_deep_is_refused(vip: Group) -> None:
    group = smart("0", within(vip))
    for number in range(1, rules_groups.DEEPEST + 1):
        group = smart(str(number), within(group))
    inner = smart("Inner", INDONESIAN)
    assert "could not be used. 4: Rules lead" in refusal(rule(within(inner)), of=vip)


def test_a_rule_that_makes_those_that_use_it_too_large_is_refused(vip: Group) -> None:
    smart("Many", *[within(vip)] * 20)
    assert "more than 200 conditions" in refusal(rule(*[INDONESIAN] * 10), of=vip)
    rules_groups.check(rules.parse(rule(*[INDONESIAN] * 9)), of=vip.pk)


def test_a_user_that_could_not_be_used_before_stands_in_no_way(vip: Group) -> None:
    smart("Broken", within(vip), {"of": "weather"})
    rules_groups.check(rules.parse(rule(INDONESIAN)), of=vip.pk)


def words(*conditions: dict[str, Any], match: str = "all") -> str:
    return rules_words.in_words(rules.parse(rule(*conditions, match=match)))


def test_a_rule_in_words(vip: Group) -> None:
    ContactField.objects.create(key="city", label="City")
    city = {"of": "field", "key": "city", "is": "equals", "value": "Bandung"}
    read = {"of": "message", "what": "read", "within_days": 30}
    assert words(city, read, within(vip, **{"not": True})) == (
        "City is Bandung, and a message was read in the last 30 days, but not in group VIP"
    )


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ({"of": "field", "key": "x", "is": "is_set", "not": True}, "X is not known"),
        ({"of": "field", "key": "x", "is": "between", "value": 1, "until": 2.5}, "X is from 1 to 2.5"),
        ({"of": "field", "key": "x", "is": "within_days", "value": 1}, "X is in the last day"),
        ({"of": "language", "value": "", "not": True}, "Language is not unknown"),
        ({"of": "group", "group": 99}, "In a group that was deleted"),
        ({"of": "message", "what": "failed", "not": True}, "No message failed"),
        ({"of": "created", "is": "after", "value": "2026-01-01"}, "Added after 2026-01-01"),
        (rule(INDONESIAN, INDONESIAN, match="any") | {"not": True}, "Not (language is ind, or language is ind)"),
    ],
)
def test_a_condition_in_words(condition: dict[str, Any], sentence: str) -> None:
    assert words(condition) == sentence


def test_a_rule_without_groups_asks_nothing(django_assert_num_queries: Any) -> None:
    parsed = rules.parse(rule(INDONESIAN))
    assert isinstance(parsed, Rule)
    with django_assert_num_queries(0):
        rules_groups.check(parsed, of=None)
