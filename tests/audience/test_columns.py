"""Headers as operators write them, the roles that are guessed, and the keys that templates use."""

import json
import re
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.audience.columns import ROLES, field_key, field_keys, guess

SYNONYMS: dict[str, dict[str, list[str]]] = json.loads(
    resources.files("broadcaster.audience").joinpath("synonyms.json").read_text(encoding="utf-8")
)
EVERY_SYNONYM = [(role, word) for role, languages in SYNONYMS.items() for words in languages.values() for word in words]


@pytest.mark.parametrize(
    ("headers", "roles"),
    [
        (["Nama", "HP", "Kota"], ["name", "phone", "field"]),
        (["No", "Nama Pelanggan", "No. WA", "Bahasa"], ["field", "name", "phone", "language"]),
        (["Kunden-Nr.", "Vorname", "Telefon"], ["identifier", "name", "phone"]),
        (["NOMBRE COMPLETO", "telefono_movil", "Idioma"], ["name", "phone", "language"]),
        (["Prénom", "N° de téléphone"], ["name", "phone"]),
        (["Nome", "Telemovel", "Língua"], ["name", "phone", "language"]),
        (["नाम", "मोबाइल नंबर"], ["name", "phone"]),
        (["الاسم", "رقم الجوال"], ["name", "phone"]),
        (["姓名", "手机号码(必填)"], ["name", "phone"]),
        (["ФИО", "Моб. тел."], ["name", "phone"]),  # noqa: RUF001
        (["お名前", "携帯電話番号"], ["name", "phone"]),
        (["নাম", "মোবাইল নম্বর"], ["name", "phone"]),
        (["Contact UUID", "Name", "Language", "URN:Tel"], ["identifier", "name", "language", "phone"]),
        (["ＨＰ", "Ｎａｍａ"], ["phone", "name"]),  # noqa: RUF001
        (["Customer phone (home)", "Product name"], ["phone", "field"]),
        (["Email", "Order total"], ["field", "field"]),
    ],
)
def test_roles_are_guessed_by_name(headers: list[str], roles: list[str]) -> None:
    assert guess(headers) == dict(zip(headers, roles, strict=True))


@pytest.mark.parametrize(("role", "word"), EVERY_SYNONYM)
def test_every_synonym_is_understood_in_any_case(role: str, word: str) -> None:
    assert guess([word.upper()]) == {word.upper(): role}


def test_the_synonyms_cover_their_languages_and_claim_no_word_twice() -> None:
    claims = {(word, role) for role, word in EVERY_SYNONYM}
    assert len(claims) == len({word for word, _role in claims})
    assert set(SYNONYMS) == set(ROLES) - {"field"}
    for languages in SYNONYMS.values():
        assert set(languages) == {"en", "id", "es", "fr", "pt", "de", "hi", "ar", "zh", "ru", "ja", "bn", "ur"}


def test_of_several_phone_columns_the_one_with_the_numbers_is_taken() -> None:
    sample = [["", "+6281234567890"], ["+6281234567891", "+6281234567892"]]
    assert guess(["Phone", "WhatsApp"], [*sample, ["n/a", "+6281234567893"]])["WhatsApp"] == "phone"
    assert guess(["Phone", "WhatsApp"])["Phone"] == "phone"


def test_a_phone_column_stays_one_when_the_spreadsheet_spoilt_it() -> None:
    assert guess(["HP", "Order"], [["6.28E+12", "123456789012"]]) == {"HP": "phone", "Order": "field"}


def test_a_header_that_only_mentions_phones_needs_numbers() -> None:
    sample = [["Nokia 3310", "081234567890"], ["Fairphone", "081234567891"]]
    assert guess(["Phone model", "B"], sample) == {"Phone model": "field", "B": "phone"}


@pytest.mark.parametrize(
    "numbers",
    [["+44 20 7946 0000", "+62812-3456-7890"], ["0812 3456 7890", "081234567891"], ["81234567890", "81234567891"]],
    ids=["international", "local", "without the leading zero"],
)
def test_without_a_name_the_values_tell_the_phone_column(numbers: list[str]) -> None:
    sample = [["20250131", "Ann", numbers[0], "199000"], ["20250201", "Bob", numbers[1], "250000"]]
    assert guess(["Column 1", "Column 2", "Column 3", "Column 4"], sample)["Column 3"] == "phone"


def test_the_country_tells_phones_from_other_long_numbers() -> None:
    sample = [["123456789012", "81234567890"], ["123456789013", "81234567891"]]
    assert guess(["A", "B"], sample, "ID") == {"A": "field", "B": "phone"}


def test_a_running_number_identifies_nobody() -> None:
    assert guess(["ID", "HP"], [["1", "0812"], ["2", "0813"], ["3", "0814"]])["ID"] == "field"
    assert guess(["ID", "HP"], [["17", "0812"], ["9", "0813"]])["ID"] == "identifier"


def test_where_nothing_looks_like_a_phone_none_is_guessed() -> None:
    assert guess(["A", "B"], [["x", "12"], [""]]) == {"A": "field", "B": "field"}


@given(st.lists(st.text(), unique=True, max_size=6), st.lists(st.lists(st.text(), max_size=6), max_size=3))
def test_every_header_gets_one_role_and_no_role_twice(headers: list[str], sample: list[list[str]]) -> None:
    roles = guess(headers, sample)
    taken = [role for role in roles.values() if role != "field"]
    assert list(roles) == headers
    assert len(taken) == len(set(taken))
    assert set(taken) < set(ROLES)


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("Order No.", "order_no"),
        ("  E-mail  address ", "e_mail_address"),
        ("Größe", "grosse"),
        ("Łódź øst", "lodz_ost"),
        ("Æble", "aeble"),
        ("2024 total", "field_2024_total"),
        ("__secret__", "secret"),
        ("a" * 35 + " b", "a" * 35),
        ("№ 5", "no_5"),
        ("Город", ""),
        ("!!!", ""),
    ],
)
def test_a_header_becomes_a_key_for_templates(header: str, key: str) -> None:
    assert field_key(header) == key


def test_keys_are_told_apart_and_never_empty() -> None:
    assert field_keys(["City", "city", "CITY 2", "Город", "x" * 40, "x" * 50]) == {
        "City": "city",
        "city": "city_2",
        "CITY 2": "city_2_2",
        "Город": "column_4",
        "x" * 40: "x" * 36,
        "x" * 50: "x" * 34 + "_2",
    }


@given(st.lists(st.text(), unique=True))
def test_any_headers_get_different_valid_keys(headers: list[str]) -> None:
    keys = field_keys(headers)
    assert list(keys) == headers
    assert len(set(keys.values())) == len(headers)
    assert all(re.fullmatch("[a-z][a-z0-9_]{0,35}", key) for key in keys.values())
