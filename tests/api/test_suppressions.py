"""Who must not be written to, as programs add, list and take back opt-outs."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from broadcaster.audience import consent, erasure
from broadcaster.models import Channel, Contact, Erasure, Revival, Suppression
from tests.api.calling import Program

PHONE, URN = "+628123456789", "tel:+628123456789"
QUERY = "tel:%2B628123456789"
UUID = "0199b0a2-0000-7000-8000-000000000000"


@pytest.fixture
def admin(channel: Channel) -> Program:
    """A program that may take opt-outs back."""
    return Program(role="Admin", scope="admin")


def out(*addresses: str, channel: Channel | None = None, source: str = "person") -> None:
    """Let these be out."""
    consent.suppress(addresses, channel=channel, reason="They asked.", source=source)


class TestAdded:
    def test_people_opt_out_whether_they_are_known_or_not(self, program: Program) -> None:
        out("C-1")
        told = program.post("suppressions.json", {"urns": ["tel:+62 812-3456-789", "ext:C-1", URN], "reason": "STOP"})
        assert program.status == 201
        assert told == {"channel": None, "reason": "STOP", "added": [URN], "known": ["ext:C-1"], "erased": []}
        new, was = Suppression.objects.get(address=PHONE), Suppression.objects.get(address="C-1")
        assert (new.reason, new.source, new.channel) == ("STOP", "api", None)
        assert (was.reason, was.source) == ("They asked.", "person")
        assert Contact.objects.count() == 0

    @pytest.mark.parametrize("name", ["uuid", "name"])
    def test_they_may_opt_out_of_one_channel(self, program: Program, channel: Channel, name: str) -> None:
        told = program.post("suppressions", {"urns": [URN], "channel": str(getattr(channel, name))})
        assert told["channel"] == {"uuid": str(channel.uuid), "name": channel.name}
        assert consent.suppressed([PHONE], channel) == {PHONE}
        assert Suppression.objects.get().channel == channel

    def test_what_only_the_provider_reported_is_confirmed(self, program: Program, channel: Channel) -> None:
        out(PHONE, channel=channel, source=consent.REPORTED)
        told = program.post("suppressions", {"urns": [URN], "channel": channel.name, "reason": "Wrote to us"})
        assert told["known"] == [URN]
        assert (Suppression.objects.get().source, Suppression.objects.get().reason) == ("api", "Wrote to us")

    def test_who_was_erased_is_not_stored_again(self, program: Program) -> None:
        Erasure.objects.create(digest=erasure.digest_of(PHONE))
        told = program.post("suppressions", {"urns": [URN, "ext:C-2"]})
        assert (told["added"], told["known"], told["erased"]) == (["ext:C-2"], [], [URN])
        assert [row.address for row in Suppression.objects.all()] == ["C-2"]

    def test_who_is_erased_at_this_moment_is_not_stored_again(
        self, program: Program, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def wait() -> None:
            Erasure.objects.create(digest=erasure.digest_of(PHONE))

        monkeypatch.setattr("broadcaster.audience.staging.one_at_a_time", wait)
        assert program.post("suppressions", {"urns": [URN]})["erased"] == [URN]
        assert Suppression.objects.count() == 0

    def test_a_channel_whose_name_differs_by_capitals_is_another(self, program: Program, channel: Channel) -> None:
        names = ["Shop", "shop"]
        made = [Channel.objects.create(name=name, kind=channel.kind) for name in names]
        for names_now in (names, names[::-1]):
            told = [program.post("suppressions", {"urns": [URN], "channel": name})["channel"] for name in names_now]
            assert [each["name"] for each in told] == names_now
        assert program.told("POST", "suppressions", {"urns": [URN], "channel": "SHOP"})[0] == 400
        assert [row["channel"]["uuid"] for row in program.get("suppressions?channel=Shop")["results"]] == [
            str(made[0].uuid)
        ]

    def test_it_is_on_record_who_did_so_without_an_address(self, program: Program) -> None:
        for _ in range(2):
            program.post("suppressions", {"urns": [URN]})
        record = LogEntry.objects.get()
        assert (record.user, record.get_change_message()) == (program.token.user, "A program added 1 new.")
        assert PHONE not in record.object_repr

    @pytest.mark.parametrize(
        ("body", "refusal"),
        [
            ({}, {"urns": ["This field is required."]}),
            ({"urns": []}, {"urns": ["Say who has opted out: up to 100 URNs."]}),
            ({"urns": None}, {"urns": ["This field may not be null."]}),
            ({"urns": URN}, {"urns": ['Expected a list of items but got type "str".']}),
            ({"urns": [URN] * 101}, {"urns": ["Ensure this field has no more than 100 elements."]}),
            (
                {"urns": [URN, "tel:0812"]},
                {"urns": {"1": ["Invalid URN: tel:0812. Ensure phone numbers contain country codes."]}},
            ),
            ({"urns": [[URN]]}, {"urns": {"0": ["Not a valid string."]}}),
            ({"urns": [URN], "channel": "Nobody's"}, {"channel": ["No such object: Nobody's"]}),
            ({"urns": [URN], "channel": UUID}, {"channel": [f"No such object: {UUID}"]}),
            ({"urns": [URN], "channel": {"uuid": UUID}}, {"channel": ["Not a valid string."]}),
            ({"urns": [URN], "reason": "x" * 201}, {"reason": ["Ensure this field has no more than 200 characters."]}),
            ({"urns": [URN], "reason": []}, {"reason": ["Not a valid string."]}),
            ([], {"non_field_errors": ["Request body should be a single JSON object"]}),
        ],
    )
    def test_what_cannot_stand_is_said_beside_its_field(self, program: Program, body: Any, refusal: Any) -> None:
        assert program.told("POST", "suppressions", body) == (400, refusal)
        assert Suppression.objects.count() == 0


class TestListed:
    def test_an_opt_out_is_told_whole(self, program: Program, channel: Channel) -> None:
        out(PHONE, channel=channel)
        kept = Suppression.objects.get()
        assert program.get("suppressions.json")["results"] == [
            {
                "urn": URN,
                "channel": {"uuid": str(channel.uuid), "name": channel.name},
                "reason": "They asked.",
                "origin": "person",
                "created_on": kept.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            }
        ]

    def test_pages_lead_there_and_back(self, program: Program) -> None:
        out(*(f"C-{number:03d}" for number in range(600)))
        addresses = [f"ext:{row.address}" for row in Suppression.objects.order_by("-pk")]
        pages = [program.get("suppressions?after=2020-01-01")]
        while pages[-1]["next"]:
            pages.append(program.get(pages[-1]["next"]))
        assert [row["urn"] for page in pages for row in page["results"]] == addresses
        back = program.get(pages[2]["previous"])
        assert (back["results"], "after=2020-01-01" in back["next"]) == (pages[1]["results"], True)
        assert program.get(back["previous"])["previous"] is None

    def test_a_cursor_of_another_list_is_none(self, program: Program) -> None:
        cursor = "cD0yMDI2LTAxLTAxJmk9MQ=="  # p=2026-01-01&i=1
        assert program.told("GET", f"suppressions?cursor={cursor}") == (404, {"detail": "Invalid cursor"})

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            (f"urn={QUERY}", 2), ("urn=tel:%2B62%20812-3456-789", 2), ("urn=ext:C-1", 1), ("urn=ext:C-2", 0),
            ("address=%2B62%20812%203456%20789", 2), ("address=C-1", 1), ("channel=rapidpro", 1),
            (f"channel={UUID}", 0), ("channel=x", 0), (f"channel=rapidpro&urn={QUERY}", 1), ("before=2020-01-01", 0),
            ("after=2020-01-01", 3), ("after=x", 0),
        ],
    )  # fmt: skip
    def test_the_list_is_narrowed(self, program: Program, channel: Channel, query: str, found: int) -> None:
        Channel.objects.update(name="rapidpro")
        out(PHONE, "C-1")
        out(PHONE, channel=channel)
        assert len(program.get(f"suppressions?{query}")["results"]) == found

    @pytest.mark.parametrize(
        ("query", "detail"),
        [
            ("urn=0812", "Invalid URN: 0812. Ensure phone numbers contain country codes."),
            ("urn=%00", "Param 'urn': NUL is no character."),
            ("address=%00", "Param 'address': NUL is no character."),
            ("channel=%00", "Param 'channel': NUL is no character."),
        ],
    )
    def test_a_crooked_parameter_is_refused(self, program: Program, query: str, detail: str) -> None:
        assert program.told("GET", f"suppressions?{query}") == (400, {"detail": detail})

    @pytest.mark.parametrize("query", ["urn=%ED%A0%80", "address=%ED%A0%80", "channel=%FF", "address=" + "9" * 5000])
    def test_junk_is_answered(self, program: Program, query: str) -> None:
        assert program.told("GET", f"suppressions?{query}")[0] in {200, 400}

    def test_a_longer_list_takes_no_more_questions(self, program: Program, channel: Channel) -> None:
        counts = []
        program.get("suppressions")  # which notes that the token is used
        for number in (1, 9):
            out(*(f"C-{number}-{each}" for each in range(number)), channel=channel)
            with CaptureQueriesContext(connection) as asked:
                program.get("suppressions")
            counts.append(len(asked))
        assert counts[0] == counts[1]


class TestTakenBack:
    def test_an_opt_out_is_taken_back_on_record(self, admin: Program, channel: Channel) -> None:
        out(PHONE, "C-1")
        out(PHONE, channel=channel)
        assert admin.told("DELETE", f"suppressions.json?urn={QUERY}&reason=Signed%20up") == (204, None)
        assert [row.address for row in Suppression.objects.all()] == ["C-1"]
        assert {(row.address, row.reason, row.author) for row in Revival.objects.all()} == {
            (PHONE, "Signed up", admin.token.user)
        }
        assert Revival.objects.count() == 2

    def test_that_of_one_channel_alone_may_be(self, admin: Program, channel: Channel) -> None:
        out(PHONE)
        out(PHONE, channel=channel)
        query = f"suppressions?urn={QUERY}&reason=x&channel={channel.uuid}"
        assert [admin.told("DELETE", query)[0] for _ in range(2)] == [204, 404]
        assert Suppression.objects.get().channel is None

    @pytest.mark.parametrize(
        ("query", "refusal"),
        [
            ("", {"urn": ["This field is required."], "reason": ["This field is required."]}),
            (f"urn={QUERY}", {"reason": ["This field is required."]}),
            (f"urn={QUERY}&reason=%20", {"reason": ["This field may not be blank."]}),
            (f"urn={QUERY}&reason=%00", {"reason": ["Null characters are not allowed."]}),
            (f"urn={QUERY}&reason=x&channel=%00", {"channel": ["Null characters are not allowed."]}),
            (f"urn={QUERY}&reason=x&channel=y", {"channel": ["No such object: y"]}),
            ("urn=x&reason=x", {"urn": ["Invalid URN: x. Ensure phone numbers contain country codes."]}),
        ],
    )
    def test_it_says_whose_and_why(self, admin: Program, query: str, refusal: Any) -> None:
        out(PHONE)
        assert admin.told("DELETE", f"suppressions?{query}") == (400, refusal)
        assert Suppression.objects.exists()

    def test_who_was_erased_is_taken_back_elsewhere(self, admin: Program) -> None:
        Erasure.objects.create(digest=erasure.digest_of(PHONE))
        assert admin.told("DELETE", f"suppressions?urn={QUERY}&reason=x") == (409, {"detail": erasure.SENTENCE})
        assert admin.told("DELETE", "suppressions?urn=ext:C-1&reason=x") == (404, {"detail": "Not found."})


@pytest.mark.parametrize(
    ("method", "role", "scope", "status"),
    [
        ("GET", "Viewer", "read", 200), ("POST", "Viewer", "admin", 403), ("POST", "Operator", "read", 403),
        ("POST", "Operator", "send", 400), ("DELETE", "Operator", "admin", 403), ("DELETE", "Admin", "send", 403),
        ("DELETE", "Admin", "admin", 400), ("PUT", "Admin", "admin", 405),
    ],
)  # fmt: skip
def test_a_program_may_what_its_user_may(channel: Channel, method: str, role: str, scope: str, status: int) -> None:
    assert Program(role=role, scope=scope).told(method, "suppressions", {})[0] == status
