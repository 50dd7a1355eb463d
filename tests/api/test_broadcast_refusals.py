"""What a new broadcast is refused with: the bodies that RapidPro's own serializers gave, byte for byte."""

from typing import Any

import pytest

from broadcaster.audience import erasure
from broadcaster.models import Broadcast, Contact, Erasure
from tests.api.calling import Program

URN = "tel:+628123456789"
MANY = [f"tel:+62812345{number:04d}" for number in range(101)]
TEXT: dict[str, Any] = {"text": "Hello"}

REFUSALS: dict[str, tuple[Any, Any]] = {
    "a list": ([], {"non_field_errors": ["Request body should be a single JSON object"]}),
    "a text": ("x", {"non_field_errors": ["Request body should be a single JSON object"]}),
    "a null": ("null", {"non_field_errors": ["Request body should be a single JSON object"]}),
    "nothing": ({}, {"non_field_errors": ["Must provide either text or attachments."]}),
    "no body": (None, {"non_field_errors": ["Must provide either text or attachments."]}),
    "nobody": (TEXT, {"non_field_errors": ["Must provide either urns, contacts or groups."]}),
    "empty lists": (
        TEXT | {"urns": [], "contacts": [], "groups": []},
        {"non_field_errors": ["Must provide either urns, contacts or groups."]},
    ),
    "blank": ({"text": "", "urns": [URN]}, {"text": {"eng": ["This field may not be blank."]}}),
    "null": ({"text": None, "urns": [URN]}, {"text": ["This field may not be null."]}),
    "a number": (
        {"text": 5, "urns": [URN]},
        {"text": ['Expected a dictionary of items but got type "int".']},
    ),
    "texts as a list": (
        {"text": ["Hello"], "urns": [URN]},
        {"text": ['Expected a dictionary of items but got type "list".']},
    ),
    "no translation": ({"text": {}, "urns": [URN]}, {"text": ["This dictionary may not be empty."]}),
    "two letters": (
        {"text": {"en": "Hello"}, "urns": [URN]},
        {"text": {"en": ["Not an allowed ISO 639-3 language code."]}},
    ),
    "too long": (
        {"text": "x" * 4097, "urns": [URN]},
        {"text": {"eng": ["Ensure this field has no more than 4096 characters."]}},
    ),
    "a local number": (
        TEXT | {"urns": ["0788123123"]},
        {"urns": {"0": ["Invalid URN: 0788123123. Ensure phone numbers contain country codes."]}},
    ),
    "a local number with its scheme": (
        TEXT | {"urns": [URN, "tel:0788123123"]},
        {"urns": {"1": ["Invalid URN: tel:0788123123. Ensure phone numbers contain country codes."]}},
    ),
    "urns as a text": (TEXT | {"urns": "x"}, {"urns": ['Expected a list of items but got type "str".']}),
    "urns as null": (TEXT | {"urns": None}, {"urns": ["This field may not be null."]}),
    "a hundred and one": (TEXT | {"urns": MANY}, {"urns": ["Ensure this field has no more than 100 elements."]}),
    "many contacts": (TEXT | {"contacts": MANY}, {"contacts": ["Ensure this field has no more than 100 elements."]}),
    "many groups": (TEXT | {"groups": MANY}, {"groups": ["Ensure this field has no more than 100 elements."]}),
    "a strange contact": (TEXT | {"contacts": ["x"]}, {"contacts": ["No such object: x"]}),
    "a strange group": (TEXT | {"groups": ["Nobody"]}, {"groups": ["No such object: Nobody"]}),
    "an object": (TEXT | {"contacts": [{"uuid": "x"}]}, {"contacts": ["Must be a string or integer"]}),
    "another base language": (
        {"text": {"eng": "Hello"}, "urns": [URN], "base_language": "fra"},
        {"non_field_errors": ["No text translation provided in base language."]},
    ),
    "a long base language": (
        TEXT | {"urns": [URN], "base_language": "engl"},
        {
            "base_language": [
                "Ensure this field has no more than 3 characters.",
                "Not an allowed ISO 639-3 language code.",
            ]
        },
    ),
}


@pytest.mark.parametrize(("body", "refusal"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_broadcast_is_refused_in_the_words_that_clients_know(program: Program, body: Any, refusal: Any) -> None:
    content = f'"{body}"' if body == "x" else body
    assert program.told("POST", "broadcasts.json", content) == (400, refusal)
    assert [Broadcast.objects.count(), Contact.objects.count()] == [0, 0]


def test_nothing_of_somebody_who_was_erased_is_stored(program: Program) -> None:
    Erasure.objects.create(digest=erasure.digest_of("+628123456789"))
    assert program.told("POST", "broadcasts.json", TEXT | {"urns": [URN]}) == (400, {"urns": {"0": [erasure.SENTENCE]}})
    assert Contact.objects.count() == 0


def test_what_cannot_be_sent_is_said_beside_its_field(program: Program) -> None:
    told = program.post("broadcasts.json", {"text": "Hello @contact.shoe", "urns": [URN]})
    assert (program.status, list(told)) == (400, ["text"])
    assert "@contact.shoe" in told["text"][0]
    assert [Broadcast.objects.count(), Contact.objects.count()] == [0, 0]
