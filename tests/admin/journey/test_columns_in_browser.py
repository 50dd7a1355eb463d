"""The columns page in a real browser: each change shows at once, and takes nothing away from who is at the keyboard."""

import pytest
from playwright.sync_api import Page, Route, expect

from broadcaster.models import AudienceUpload, ContactField
from tests.admin.journey.conftest import Draft, address, upload_of
from tests.admin.journey.test_in_browser import page

__all__ = ["page"]
pytestmark = pytest.mark.browser

CSV = "Phone;Name;Amount;Since\n0812-3456-7890;Zoë;1.234,56;1/2/2026\n0812-3456-7891;Budi;20;3/2/2026\n"
WIDE = "Phone;" + ";".join(f"Answer {place}" for place in range(1, 60)) + "\n0812-3456-7890;" + "x;" * 58 + "x\n"


@pytest.fixture
def opened(page: Page, with_file: Draft) -> Page:
    """The page of a file whose amount is kept."""
    page.goto(address("columns", with_file(CSV)))
    page.get_by_label("Amount", exact=True).select_option("field")
    expect(page.locator("#field-2")).to_be_visible()
    return page


def test_each_choice_shows_in_the_first_values(opened: Page) -> None:
    first = opened.locator(".column").nth(2)
    opened.locator("#kind-2").select_option("number_comma")
    expect(first).to_contain_text("1.234,56 → 1234.56")
    opened.locator("#kind-2").select_option("date")
    expect(first).to_contain_text("“1.234,56” is not a date")
    opened.get_by_label("Country of local numbers").select_option("")
    expect(opened.locator(".column").nth(0).locator(".refusal").first).to_be_visible()
    expect(opened.locator("#kind-2")).to_have_value("date")


def test_the_way_the_file_is_read_shows_in_the_columns(opened: Page) -> None:
    opened.get_by_label("Encoding").select_option("cp1252")
    expect(opened.locator("#first-rows")).to_contain_text("Ã")
    expect(opened.locator("#field-2")).to_be_visible()
    opened.get_by_label("The first row names the columns").uncheck()
    expect(opened.get_by_text("The first row is data.")).to_be_visible()
    expect(opened.get_by_label("Column 1", exact=True)).to_be_visible()
    opened.get_by_label("The first row names the columns").check()
    opened.get_by_label("Separator").select_option(",")
    expect(opened.locator("#columns")).to_contain_text("What its 2 columns hold")
    opened.get_by_label("Separator").select_option(";")
    expect(opened.locator("#field-2")).to_be_visible()


def test_a_column_goes_to_a_known_field_by_keyboard_alone(page: Page, with_file: Draft, woken: list[int]) -> None:
    ContactField.objects.create(key="joined", label="Customer since", kind="date")
    broadcast = with_file(CSV)
    page.goto(address("columns", broadcast))
    page.get_by_label("Since", exact=True).focus()
    page.keyboard.type("Contact", delay=150)  # as people do, so that answers come between the letters
    expect(page.locator("#field-3")).to_be_visible()
    expect(page.get_by_label("Since", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("joined")
    page.keyboard.press("Tab")
    expect(page.locator(".column").nth(3)).to_contain_text("→ 2026-02-01")
    expect(page.locator("#kind-3")).to_be_focused()
    page.get_by_role("button", name="Import").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("!document.querySelector('#columns')")
    assert upload_of(broadcast).mapping["Since"] == {"role": "field", "key": "joined", "kind": "date"}


def test_enter_in_a_name_shows_the_field_and_imports_nothing(opened: Page) -> None:
    opened.locator("#field-2").fill("Total due")
    opened.keyboard.press("Enter")
    expect(opened.get_by_text("@fields.total_due")).to_be_visible()
    expect(opened.locator("#field-2")).to_be_focused()
    assert AudienceUpload.objects.get().state == "uploaded"


def test_an_answer_takes_no_letters_away(opened: Page) -> None:
    held: list[Route] = []
    opened.route("**/columns/", lambda route: held.append(route))  # noqa: PLW0108  Playwright marks its handlers
    opened.locator("#kind-2").select_option("number_comma")
    opened.locator("[name=group]").press_sequentially("June cust")
    assert len(held) == 1
    with opened.expect_response("**/columns/"):
        held.pop().continue_()
    opened.unroute("**/columns/")
    opened.keyboard.type("omers")
    expect(opened.locator("[name=group]")).to_have_value("June customers")
    opened.keyboard.press("Tab")
    expect(opened.locator(".column").nth(2)).to_contain_text("→ 1234.56")
    expect(opened.locator("[name=group]")).to_have_value("June customers")


def test_many_columns_are_found_and_changed_at_once(page: Page, with_file: Draft) -> None:
    page.goto(address("columns", with_file(WIDE)))
    page.get_by_role("button", name="Ignore", exact=True).click()
    expect(page.locator("#role-30")).to_have_value("ignore")
    page.get_by_label("Find a column").fill("answer 41")
    expect(page.locator(".column:visible")).to_have_count(1)
    page.keyboard.press("Enter")
    page.locator("#role-41").focus()
    page.locator("#role-41").select_option("row")
    expect(page.get_by_text("@row.answer_41")).to_be_visible()
    expect(page.locator(".column:visible")).to_have_count(1)
    expect(page.get_by_role("button", name="Import")).to_be_in_viewport()


@pytest.mark.parametrize("then", ["Import at once", "another choice"])
def test_a_choice_for_all_columns_stands_before_its_answer(
    page: Page, with_file: Draft, woken: list[int], then: str
) -> None:
    held: list[Route] = []
    broadcast = with_file(WIDE)
    page.goto(address("columns", broadcast))
    page.route("**/columns/", lambda route: held.append(route), times=1)  # noqa: PLW0108  a method cannot be a handler
    page.get_by_role("button", name="Ignore", exact=True).click()
    if then == "another choice":
        page.locator("#role-3").select_option("row")
        expect(page.get_by_text("@row.answer_3", exact=True)).to_be_visible()
    page.get_by_role("button", name="Import").click()
    page.wait_for_function("!document.querySelector('#columns')")
    roles = {header: column["role"] for header, column in upload_of(broadcast).mapping.items()}
    dropped = 59 if then == "Import at once" else 58
    assert (roles["Phone"], list(roles.values()).count("ignore"), len(held)) == ("phone", dropped, 1)
