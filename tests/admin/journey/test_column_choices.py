"""What an operator chooses for a column: a known field or a new one, how cells are read, all other columns at once."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from broadcaster.models import AudienceUpload, ContactField, Group
from tests.admin.journey.column_page import column, columns, form
from tests.admin.journey.conftest import FRAGMENT, Draft, address, upload_of, words
from tests.audience.test_opendocument import document, row, save, text

DATED = "Phone;Name;Amount\n0812-3456-7890;Ann;1/2/2026\n0812-3456-7891;Budi;soon\n"


@pytest.fixture
def amount(db: None) -> ContactField:
    return ContactField.objects.create(key="amount", label="Amount due", kind="number")


def changed(browser: Client, broadcast: Any, *roles: str, **fields: Any) -> Any:
    """The page after a change of the form."""
    return browser.post(address("columns", broadcast), form(*roles, **fields), headers=FRAGMENT)


class TestKinds:
    def test_the_first_values_show_how_they_are_read(self, browser: Client, with_file: Draft) -> None:
        page = words(changed(browser, with_file(DATED), "phone", "name", "field", kind_2="date"))
        assert '1/2/2026 <span class="good">→ 2026-02-01</span>' in page
        assert '<span class="refusal">“soon” is not a date.' in page

    def test_month_first_is_another_date(self, browser: Client, with_file: Draft) -> None:
        page = words(changed(browser, with_file(DATED), "phone", "name", "field", kind_2="date_month_first"))
        assert "→ 2026-01-02" in page

    def test_a_number_is_shown_as_it_is_kept(self, browser: Client, with_file: Draft) -> None:
        broadcast = with_file("Phone;Name;Amount\n0812-3456-7890;Ann;1.234,56\n")
        page = words(changed(browser, broadcast, "phone", "name", "field", kind_2="number_comma"))
        assert "→ 1234.56" in page

    def test_a_cell_that_clears_is_explained(self, browser: Client, with_file: Draft) -> None:
        broadcast = with_file("Phone;Name;Amount\n0812-3456-7890;Ann;--\n")
        page = words(changed(browser, broadcast, "phone", "name", "field", kind_2="date"))
        assert "→ clears the old value" in page
        assert "An empty cell keeps what is known of a person; <code>--</code> clears it." in page

    def test_the_import_keeps_it_and_makes_the_field(self, browser: Client, with_file: Draft, woken: list[int]) -> None:
        broadcast = with_file()
        posted = form("phone", "name", "field", field_2="Total Due", kind_2="number_comma")
        assert browser.post(address("columns", broadcast), posted).status_code == 302
        expected = {"role": "field", "key": "total_due", "kind": "number_comma"}
        assert upload_of(broadcast).mapping["Amount"] == expected
        field = ContactField.objects.get()
        assert (field.key, field.label, field.kind) == ("total_due", "Amount", "number")

    def test_a_refused_import_makes_no_field(self, browser: Client, with_file: Draft, woken: list[int]) -> None:
        assert browser.post(address("columns", with_file()), form("name", "ignore", "field")).status_code == 400
        assert not ContactField.objects.exists()

    def test_an_unknown_kind_is_text(self, browser: Client, with_file: Draft) -> None:
        assert column(changed(browser, with_file(), "phone", "name", "field", kind_2="colour"), 2).kind == "text"

    def test_what_was_chosen_outlives_a_while_as_another_role(self, browser: Client, with_file: Draft) -> None:
        broadcast = with_file(DATED)
        page = words(changed(browser, broadcast, "phone", "name", "row", field_2="due", kind_2="date"))
        assert '<input type="hidden" name="field-2" value="due">' in page
        assert '<input type="hidden" name="kind-2" value="date">' in page


class TestOtherReadings:
    def test_a_reading_that_fails_forgets_nothing(self, browser: Client, with_file: Draft) -> None:
        broadcast = with_file("Phone;Name;Amount\n0812-3456-7890;Zo\u0081;10\n".encode())
        failed = changed(browser, broadcast, "phone", "ignore", "field", field_2="due", encoding="utf-16-le")
        assert failed.status_code == 400
        posted = {"delimiter": ";", "encoding": "utf-8", "region": "ID", "header_row": "on"}
        before = posted | {"before": failed.context["before"]}
        fragment = browser.post(address("columns", broadcast), before, headers=FRAGMENT)
        assert columns(fragment) == {"Phone": "phone", "Name": "ignore", "Amount": "field"}
        assert column(fragment, 2).field == "due"

    @pytest.mark.parametrize(
        "junk", ["", "[", "[" * 100_000, "7", '["Phone"]', '{"Phone": 7}', '{"Phone": {"role": ["field"], "kind": {}}}']
    )
    def test_what_no_browser_sends_does_no_harm(self, browser: Client, with_file: Draft, junk: str) -> None:
        posted = form() | {"headers": junk, "before": junk}
        assert browser.post(address("columns", with_file()), posted, headers=FRAGMENT).status_code == 200


class TestKnownFields:
    def test_they_are_offered(self, browser: Client, with_file: Draft, amount: ContactField) -> None:
        page = words(browser.get(address("columns", with_file())))
        assert '<datalist id="fields"><option value="amount">Amount due</option></datalist>' in page

    def test_they_lend_their_kind(self, browser: Client, with_file: Draft, amount: ContactField) -> None:
        third = column(changed(browser, with_file(), "phone", "name", "field"), 2)
        assert (third.kind, third.problem) == ("number", "")
        assert list(third.kinds) == ["number", "number_comma"]

    def test_a_column_of_any_name_can_fill_one(
        self, browser: Client, with_file: Draft, woken: list[int], amount: ContactField
    ) -> None:
        broadcast = with_file("Phone;Name;Jumlah\n0812-3456-7890;Ann;10\n")
        headers = ["Phone", "Name", "Jumlah"]
        browser.post(address("columns", broadcast), form("phone", "name", "field", headers=headers, field_2="amount"))
        assert upload_of(broadcast).mapping["Jumlah"] == {"role": "field", "key": "amount", "kind": "number"}
        assert ContactField.objects.get().label == "Amount due"

    def test_another_kind_is_refused_with_a_sentence(
        self, browser: Client, with_file: Draft, woken: list[int], amount: ContactField
    ) -> None:
        broadcast = with_file()
        response = browser.post(address("columns", broadcast), form("phone", "name", "field", kind_2="date"))
        assert response.status_code == 400
        assert "The contact field “amount” is known as a number. Read the column so" in words(response)
        assert (column(response, 2).kind, woken) == ("number", [])


class TestKeys:
    def test_two_columns_do_not_fill_one_field(self, browser: Client, with_file: Draft, woken: list[int]) -> None:
        posted = form("phone", "field", "field", field_1="city", field_2="City")
        fragment = browser.post(address("columns", broadcast := with_file()), posted, headers=FRAGMENT)
        assert "“Name” and “Amount” both go to “city”." in column(fragment, 2).problem
        assert browser.post(address("columns", broadcast), posted).status_code == 400
        assert (upload_of(broadcast).state, woken) == (AudienceUpload.State.UPLOADED, [])

    def test_a_column_for_this_broadcast_makes_room(self, browser: Client, with_file: Draft) -> None:
        fragment = changed(browser, with_file(), "phone", "field", "row", field_1="amount")
        assert (column(fragment, 1).placeholder, column(fragment, 2).placeholder) == ("@fields.amount", "@row.amount_2")

    def test_a_name_that_templates_cannot_use_is_said(
        self, browser: Client, with_file: Draft, woken: list[int]
    ) -> None:
        response = browser.post(address("columns", with_file()), form("phone", "name", "field", field_2="Город"))
        assert "A contact field needs a short name of Latin letters and digits" in words(response)
        assert (column(response, 2).field, woken) == ("amount", [])


class TestAllAtOnce:
    WIDE = "Phone;" + ";".join(f"C{place}" for place in range(1, 500)) + "\n0812-3456-7890;" + "x;" * 498 + "x\n"
    HEADERS = ["Phone", *(f"C{place}" for place in range(1, 500))]

    def test_it_is_offered_where_there_are_many(self, browser: Client, with_file: Draft) -> None:
        assert "columns at once" not in words(browser.get(address("columns", with_file())))
        assert "The other 499 columns at once" in words(browser.get(address("columns", with_file(self.WIDE))))

    def test_the_widest_file_can_be_kept_whole(self, browser: Client, with_file: Draft, woken: list[int]) -> None:
        broadcast = with_file(self.WIDE)
        fields = {f"{name}_{place}": text for place in range(500) for name, text in (("field", ""), ("kind", "text"))}
        posted = form("phone", *["field"] * 499, headers=self.HEADERS, **fields)
        assert browser.post(address("columns", broadcast), posted).status_code == 302
        assert ContactField.objects.count() == 499


class TestGroups:
    @pytest.fixture
    def smart(self, db: None) -> Group:
        return Group.objects.create(name="Late payers", rule={"all": []})

    def test_only_lists_of_people_are_offered(self, browser: Client, with_file: Draft, smart: Group) -> None:
        Group.objects.create(name="Customers")
        page = words(browser.get(address("columns", with_file())))
        assert '<datalist id="groups"><option value="Customers"></option></datalist>' in page

    def test_one_with_a_rule_is_refused(
        self, browser: Client, with_file: Draft, woken: list[int], smart: Group
    ) -> None:
        broadcast = with_file()
        assert changed(browser, broadcast, group="late payers").context["form"].errors["group"]
        response = browser.post(address("columns", broadcast), form(group="late  PAYERS"))
        assert response.status_code == 400
        assert "A rule says who is in “Late payers”, so nobody can be added to it." in words(response)
        assert (columns(response)["Phone"], woken) == ("phone", [])


def test_a_long_group_name_hides_no_columns(browser: Client, with_file: Draft) -> None:
    fragment = changed(browser, with_file(), group="x" * 65)
    assert "at most 64 characters" in words(fragment)
    assert columns(fragment)["Phone"] == "phone"


def test_a_first_row_that_is_data_is_said(browser: Client, with_file: Draft) -> None:
    page = words(browser.get(address("columns", with_file("0812-3456-7890;Ann\n0812-3456-7891;Budi\n"))))
    assert "<strong>The first row is data.</strong> It looks like somebody's row" in page
    assert "Tick the box if it does name them." in page


def test_a_first_row_of_names_says_where_people_begin(browser: Client, with_file: Draft) -> None:
    assert "People begin in row 2." in words(browser.get(address("columns", with_file())))


def test_an_opendocument_file_is_read_by_sheet(browser: Client, with_file: Draft, tmp_path: Path) -> None:
    inner = row(text("Phone"), text("Name")) + row(text("0812-3456-7890"), text("Ann"))
    path = save(tmp_path, document(("People", inner), ("Old people", inner)))
    broadcast = with_file(path.read_bytes(), "june.ods")
    page = words(browser.get(address("columns", broadcast)))
    assert '<option value="People" selected>People</option>' in page
    assert 'name="delimiter"' not in page
    posted = form("phone", "name", headers=["Phone", "Name"], sheet="Old people")
    assert 'value="Old people" selected' in words(browser.post(address("columns", broadcast), posted, headers=FRAGMENT))
