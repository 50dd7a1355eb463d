"""An operator builds a group by a rule with the keyboard alone, sees whom it fits, and everybody can read the page."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from broadcaster.models import Contact, ContactField, Group
from tests.running import Site

pytestmark = pytest.mark.browser

GRAVE = ("serious", "critical")


@pytest.fixture(autouse=True)
def people(site: Site) -> None:
    ContactField.objects.create(key="city", label="City")
    ContactField.objects.create(key="age", label="Age", kind="number")
    for number, city in enumerate(["Bandung", "Solo", "bandung"]):
        Contact.objects.create(name=f"Person {number}", identifier=f"c{number}", fields={"city": city, "age": number})


@pytest.fixture
def vip() -> Group:
    group = Group.objects.create(name="VIP")
    group.contacts.set(Contact.objects.filter(name="Person 2"))
    return group


def test_a_rule_is_built_by_keyboard_and_shows_whom_it_fits(page: Page, site: Site, vip: Group) -> None:
    page.goto(f"{site.url}/admin/broadcaster/group/add/")
    page.get_by_label("Name").fill("Bandung")
    page.get_by_label("People I add").focus()
    page.keyboard.press("ArrowDown")
    first = page.get_by_role("group", name="Condition").first
    first.get_by_label("What the condition looks at").focus()
    page.keyboard.type("City")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("Bandung")
    expect(page.locator("[data-look]")).to_contain_text("2 people fit at this moment")
    page.get_by_role("button", name="Add a condition", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.type("Group")
    page.keyboard.press("Tab")
    page.keyboard.type("they are not")
    page.keyboard.press("Tab")
    page.keyboard.type("VIP")
    expect(page.locator("[data-look]")).to_contain_text("City is Bandung, but not in group VIP.")
    expect(page.locator("[data-look]")).to_contain_text("1 person fits")
    expect(page.locator("[data-look] li")).to_have_text(["Person 0 c0"])
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
    city = {"of": "field", "key": "city", "is": "equals", "value": "Bandung"}
    assert Group.objects.get(name="Bandung").rule["conditions"] == [city, {"of": "group", "group": vip.pk, "not": True}]


def test_blocks_are_added_and_taken_out(page: Page, site: Site) -> None:
    rule = {"match": "all", "conditions": [{"of": "language", "value": "ind"}]}
    group = Group.objects.create(name="Indonesian", rule=rule)
    page.goto(f"{site.url}/admin/broadcaster/group/{group.pk}/change/")
    page.get_by_role("button", name="Add a block of conditions").click()
    block = page.get_by_role("group", name="Block of conditions")
    block.get_by_label("What the condition looks at").select_option(label="Age")
    block.get_by_label("How it is compared").select_option(label="is from")
    block.get_by_label("Number", exact=True).fill("0")
    block.get_by_label("Largest number").fill("1")
    page.get_by_role("button", name="Take this condition out").first.click()
    expect(page.locator("[data-look]")).to_contain_text("2 people fit")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    group.refresh_from_db()
    between = {"of": "field", "key": "age", "is": "between", "value": 0, "until": 1}
    assert group.rule["conditions"] == [{"match": "any", "conditions": [between]}]


def test_without_our_script_what_stands_in_the_form_is_saved(page: Page, site: Site) -> None:
    rule = {"match": "all", "conditions": [{"of": "language", "value": "ind"}]}
    group = Group.objects.create(name="Indonesian", rule=rule)
    page.route("**/rule*.js", lambda route: route.abort())
    page.goto(f"{site.url}/admin/broadcaster/group/{group.pk}/change/")
    page.get_by_label("Language, three letters").first.fill("jav")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    group.refresh_from_db()
    assert group.rule["conditions"] == [{"of": "language", "value": "jav"}]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_can_be_read_by_everybody(page: Page, site: Site, theme: str, width: int) -> None:
    conditions = [{"of": "language", "value": "ind"}, {"of": "message", "what": "read", "within_days": 30}]
    rule = {"match": "all", "conditions": [*conditions, {"match": "any", "conditions": conditions}]}
    group = Group.objects.create(name="People", rule=rule)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{site.url}/admin/broadcaster/group/{group.pk}/change/")
    page.evaluate(f"document.documentElement.classList.toggle('dark', {str(theme == 'dark').lower()})")
    expect(page.locator("[data-look]")).to_contain_text("0 people fit")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page, context="[data-rule]").response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in GRAVE] == []
