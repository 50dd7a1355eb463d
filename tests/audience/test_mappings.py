"""What a file's columns are said to hold: whole and known before an import follows it, whoever said it."""

from typing import Any

import pytest

from broadcaster.audience import mappings
from broadcaster.audience.spreadsheets import UnreadableFile
from broadcaster.models import ContactField

pytestmark = pytest.mark.django_db
HEADERS = ["Phone", "City", "Total"]
PHONE = {"Phone": {"role": "phone"}}


def field(key: str = "city", **more: Any) -> dict[str, Any]:
    return {"role": "field", "key": key, **more}


class TestChecked:
    def test_what_is_not_said_is_filled_in(self) -> None:
        given = PHONE | {"City": {"role": "field"}, "Gone": {"role": "name"}}
        assert mappings.checked(HEADERS, given) == {
            "Phone": {"role": "phone", "key": "phone"},
            "City": {"role": "field", "key": "city", "kind": "text"},
            "Total": {"role": "ignore", "key": "total"},
        }

    def test_a_known_field_lends_its_kind(self) -> None:
        ContactField.objects.create(key="joined", label="Joined", kind="date")
        assert mappings.checked(HEADERS, PHONE | {"City": field("joined")})["City"]["kind"] == "date"

    def test_a_known_number_may_be_written_either_way(self) -> None:
        ContactField.objects.create(key="total", label="Total", kind="number")
        given = PHONE | {"Total": field("total", kind="number_comma")}
        assert mappings.checked(HEADERS, given)["Total"]["kind"] == "number_comma"

    def test_only_fields_have_a_kind(self) -> None:
        given = PHONE | {"Total": {"role": "row", "key": "total", "kind": "number"}}
        assert mappings.checked(HEADERS, given)["Total"] == {"role": "row", "key": "total"}

    @pytest.mark.parametrize(
        ("column", "sentence"),
        [
            ({"role": "owner"}, "Nobody knows what “City” holds. Say one of: phone, name"),
            ({"role": ["field"]}, "Nobody knows what “City” holds"),
            ({}, "Nobody knows what “City” holds"),
            ("field", "Nobody knows what “City” holds"),
            (field(kind="colour"), "“City” is of a kind that nobody knows. Say one of: text, number"),
            (field(kind={"a": 1}), "“City” is of a kind that nobody knows"),
            (field(kind=""), "“City” is of a kind that nobody knows"),
            (field("Stadt"), "“City” has a key that templates cannot use. Write a small letter"),
            (field("x" * 37), "“City” has a key that templates cannot use"),
            (field("city\n"), "“City” has a key that templates cannot use"),
            (field("__proto__"), "“City” has a key that templates cannot use"),
            ({"role": "row", "key": "$.a"}, "“City” has a key that templates cannot use"),
            ({"role": "field", "key": 7}, "“City” has a key that templates cannot use"),
        ],
    )
    def test_a_hostile_column_is_refused(self, column: Any, sentence: str) -> None:
        with pytest.raises(UnreadableFile, match=sentence):
            mappings.checked(HEADERS, PHONE | {"City": column})

    @pytest.mark.parametrize("second", [field(), {"role": "row", "key": "city"}], ids=["field", "row"])
    def test_two_columns_do_not_go_to_one_key(self, second: dict[str, str]) -> None:
        with pytest.raises(UnreadableFile, match="“City” and “Total” both go to “city”"):
            mappings.checked(HEADERS, PHONE | {"City": field(), "Total": second})

    def test_a_known_field_stays_what_it_is(self) -> None:
        ContactField.objects.create(key="city", label="City", kind="text")
        with pytest.raises(UnreadableFile, match="The contact field “city” is known as text"):
            mappings.checked(HEADERS, PHONE | {"City": field(kind="date")})


class TestKeepFields:
    def keep(self, **columns: dict[str, str]) -> list[tuple[str, str, str]]:
        mappings.keep_fields(columns)
        return list(ContactField.objects.order_by("key").values_list("key", "label", "kind"))

    def test_a_field_is_named_like_its_column(self) -> None:
        columns = {"Total": field("total", kind="number_comma"), "Born": field("born", kind="date_month_first")}
        assert self.keep(**columns) == [("born", "Born", "date"), ("total", "Total", "number")]

    def test_a_known_field_keeps_its_name_and_kind(self) -> None:
        ContactField.objects.create(key="city", label="Town", kind="date")
        assert self.keep(City=field(kind="text")) == [("city", "Town", "date")]

    def test_a_placeholder_is_no_name(self) -> None:
        mappings.keep_fields({"@fields.home_town": field("home_town", kind="text")})
        assert ContactField.objects.get().label == "Home town"

    def test_what_is_no_field_makes_none(self) -> None:
        assert self.keep(Total={"role": "row", "key": "total"}, Phone={"role": "phone", "key": "phone"}) == []

    def test_any_number_of_fields_is_one_statement(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(1):
            mappings.keep_fields({f"C{number}": field(f"c{number}", kind="text") for number in range(50)})


class TestGuessed:
    def test_a_placeholder_says_what_its_column_holds(self) -> None:
        ContactField.objects.create(key="joined", label="Joined", kind="date")
        headers = ["Phone", "@contact.first_name", "@fields.joined", "@Fields.Town", "@row.phone", "@row.2"]
        assert list(mappings.guessed(headers, [], "").values()) == [
            {"role": "phone", "key": "phone_2"},
            {"role": "name", "key": "first_name"},
            {"role": "field", "key": "joined", "kind": "date"},
            {"role": "field", "key": "town", "kind": "text"},
            {"role": "row", "key": "phone"},
            {"role": "row", "key": "row_2"},
        ]


class TestSaid:
    KEPT = {
        "No. HP": {"role": "phone", "key": "no_hp"},
        "WA": {"role": "row", "key": "wa"},
        "City": {"role": "row", "key": "city"},
    }

    def test_what_was_guessed_stays_where_nothing_is_said(self) -> None:
        assert mappings.said(self.KEPT, {}) == self.KEPT

    def test_what_was_guessed_gives_way(self) -> None:
        assert mappings.said(self.KEPT, {"WA": {"role": "phone"}}) == self.KEPT | {
            "No. HP": {"role": "row", "key": "no_hp"},
            "WA": {"role": "phone"},
        }

    def test_the_keys_of_what_was_guessed_make_room(self) -> None:
        told = mappings.said(self.KEPT, {"WA": field("city")})
        assert [told["WA"], told["City"]] == [field("city"), {"role": "row", "key": "city_2"}]

    @pytest.mark.parametrize("junk", [None, "phone", 5, [], {"role": []}, {"role": "row", "key": {}}])
    def test_junk_is_left_to_the_check(self, junk: Any) -> None:
        assert mappings.said(self.KEPT, {"WA": junk})["WA"] == junk

    def test_a_column_that_is_not_there_is_refused(self) -> None:
        with pytest.raises(UnreadableFile, match="no column “Phone”; it has: No"):
            mappings.said(self.KEPT, {"Phone": {"role": "phone"}})
