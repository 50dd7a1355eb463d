"""The CSV file that goes to Qiscus: its columns, and that what stands in it arrives as it was written."""

import json

import pytest

from providers import Media, Recipient, TemplateMessage
from tests.providers.samples import PHONE, message, post
from tests.providers.test_qiscus_bulk import DIGITS, LAUNCHED, UPLOADED, parts, qiscus, rows, to

IMAGE = Media("image", "https://example.org/a.png")
# label -> separator, header row of the settings, template's header, file
FILES: dict[str, tuple[str, str, Media | None, list[list[str]]]] = {
    "as in Qiscus' help": (
        ";",
        "",
        None,
        [["phone_number", "customer_name", "body_variable1", "body_variable2"], [DIGITS, "Nur", "a", "b"]],
    ),
    "with a header": (
        ",",
        "",
        IMAGE,
        [
            ["phone_number", "customer_name", "header_variable", "body_variable1", "body_variable2"],
            [DIGITS, "Nur", "https://example.org/a.png", "a", "b"],
        ],
    ),
    "numbers in another order": (
        ",",
        "body_variable2,header_variable,body_variable1,phone_number",
        IMAGE,
        [
            ["body_variable2", "header_variable", "body_variable1", "phone_number"],
            ["b", "https://example.org/a.png", "a", DIGITS],
        ],
    ),
    "numbers that begin at two": (
        ",",
        "phone_number,body_variable2,body_variable10",
        None,
        [["phone_number", "body_variable2", "body_variable10"], [DIGITS, "a", "b"]],
    ),
    "names of their own": (
        ",",
        "name,phone_number,amount,city",
        None,
        [["name", "phone_number", "amount", "city"], ["Nur", DIGITS, "a", "b"]],
    ),
    "more room than variables": (
        ";",
        "phone_number; amount ;city;more",
        None,
        [["phone_number", "amount", "city", "more"], [DIGITS, "a", "b", ""]],
    ),
    "the separator in a name": (
        ",",
        'phone_number,"amount, in Rp.","the ""city"""',
        None,
        [["phone_number", "amount, in Rp.", 'the "city"'], [DIGITS, "a", "b"]],
    ),
    "the other separator in a name": (
        ";",
        "phone_number;amount, in Rp.;city",
        None,
        [["phone_number", "amount, in Rp.", "city"], [DIGITS, "a", "b"]],
    ),
}


@pytest.mark.parametrize(("separator", "row", "header", "file"), FILES.values(), ids=FILES)
def test_file(separator: str, row: str, header: Media | None, file: list[list[str]]) -> None:
    outgoing = message(TemplateMessage("n", "id", ("a", "b"), template_id=172, header=header))
    _, [upload, launch] = post(qiscus(separator=separator, csv_header=row), [outgoing], UPLOADED, LAUNCHED)
    assert rows(upload, separator) == file
    assert parts(upload)['name="separator"'] == json.loads(launch.body)["separator"] == separator


# What a spreadsheet would take for a formula is a formula only there; a person must read what was written.
AWKWARD = ["a,b;c", 'say "hi"', "two\nlines", "two\r\nlines", "=1+1", "+62", "-5", "@home", " x ", "", "\t", "नमस्ते 👋"]


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("value", AWKWARD)
def test_variable_arrives_unchanged(value: str, separator: str) -> None:
    _, [upload, _] = post(qiscus(separator=separator), [to(0, value, "end")], UPLOADED, LAUNCHED)
    assert rows(upload, separator)[1] == [DIGITS, "Nur", value, "end"]


def test_name_of_a_recipient_without_one_is_left_empty() -> None:
    outgoing = to(0, "a", recipient=Recipient(PHONE))
    _, [upload, _] = post(qiscus(), [outgoing], UPLOADED, LAUNCHED)
    assert rows(upload)[1] == [DIGITS, "", "a"]
