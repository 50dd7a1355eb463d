"""From rows to contacts: who is new, who is known, who is somebody else, and that every row is counted once."""

import pytest

from broadcaster.audience import chunks, consent, importing
from broadcaster.models import AudienceRow, AudienceUpload, Contact, Group, Suppression
from tests.audience.files import contact, counts, finish, load, people, started
from tests.audiences import imported, messy_csv
from tests.content.conftest import make_channel

pytestmark = pytest.mark.django_db
HEADER = "Name,Phone"
ANN = "+628121111111"
BUDI = "+628122222222"


def test_every_row_of_a_messy_file_is_counted_once() -> None:
    upload = imported(messy_csv(50, duplicates=7, junk=10))
    assert counts(upload) == {"new": 50, "duplicate": 7, "invalid": 10}
    assert (upload.state, upload.rows, upload.accepted) == ("imported", 67, 50)
    assert upload.rejected.exclude(reason="").count() == 17


def test_importing_a_file_again_changes_nothing() -> None:
    imported(messy_csv(20, duplicates=2, junk=3))
    before = list(Contact.objects.order_by("pk").values())
    assert counts(imported(messy_csv(20, duplicates=2, junk=3))) == {"unchanged": 20, "duplicate": 2, "invalid": 3}
    assert list(Contact.objects.order_by("pk").values()) == before


def test_columns_are_found_by_their_header_wherever_they_stand() -> None:
    upload = load("Longest header of all,A,Mobile phone,Name", f"first,second,{ANN},Ann")
    assert contact(phone=ANN).name == "Ann"
    row = AudienceRow.objects.get(upload=upload)
    assert row.variables == {"longest_header_of_all": "first", "a": "second"}


def test_a_column_that_is_ignored_leaves_nothing() -> None:
    upload = load("Secret,Phone,Total", f"x,{ANN},5", Secret="ignore")
    assert AudienceRow.objects.get(upload=upload).variables == {"total": "5"}
    assert contact(phone=ANN).fields == {}


def test_a_contact_field_is_kept_and_a_row_value_is_not() -> None:
    upload = load("Phone,City,Total", f"{ANN},Bogor,5", City="field", Total="row")
    assert contact(phone=ANN).fields == {"city": "Bogor"}
    assert AudienceRow.objects.get(upload=upload).variables == {"city": "Bogor", "total": "5"}


def test_a_cell_that_is_filled_updates_the_contact() -> None:
    load("Name,Phone,City", f"Ann,{ANN},Bogor", City="field")
    assert counts(load("Name,Phone,City", f"Ann Lee,{ANN},Medan", City="field")) == {"updated": 1}
    assert (contact(phone=ANN).name, contact(phone=ANN).fields) == ("Ann Lee", {"city": "Medan"})


def test_an_empty_cell_keeps_the_old_value() -> None:
    load("Name,Phone,City,Language", f"Ann,{ANN},Bogor,ind", City="field")
    assert counts(load("Name,Phone,City,Language", f",{ANN},,", City="field")) == {"unchanged": 1}
    ann = contact(phone=ANN)
    assert (ann.name, ann.fields, ann.language) == ("Ann", {"city": "Bogor"}, "ind")


def test_fields_of_earlier_files_stay() -> None:
    load("Phone,City", f"{ANN},Bogor", City="field")
    load("Phone,Shop", f"{ANN},North", Shop="field")
    assert contact(phone=ANN).fields == {"city": "Bogor", "shop": "North"}


@pytest.mark.parametrize(("cell", "language"), [("ind", "ind"), ("ENG", "eng"), ("Indonesian", ""), ("id", "")])
def test_a_language_is_an_iso_639_3_code_or_nothing(cell: str, language: str) -> None:
    load("Phone,Language", f"{ANN},{cell}")
    assert contact(phone=ANN).language == language


def test_names_and_headers_of_any_script() -> None:
    load("الاسم,Phone,城市", f"زينب 😀,{ANN},東京", الاسم="name", 城市="field")
    zainab = contact(phone=ANN)
    assert (zainab.name, zainab.fields) == ("زينب 😀", {"column_3": "東京"})


def test_a_name_longer_than_the_column_is_cut() -> None:
    load(HEADER, f"{'x' * 500},{ANN}")
    assert contact(phone=ANN).name == "x" * 128


class TestIdentifiers:
    HEADER = "Name,Phone,Customer"

    @pytest.fixture
    def known(self) -> tuple[Contact, Contact]:
        ann = Contact.objects.create(phone=ANN, identifier="C-1", name="Ann")
        return ann, Contact.objects.create(phone=BUDI, identifier="C-2", name="Budi")

    def test_a_person_may_have_an_identifier_only(self) -> None:
        assert counts(load(self.HEADER, "Ann,,C-1", "Budi,,C-2", Customer="identifier")) == {"new": 2}
        assert contact(identifier="C-1").phone is None

    def test_an_identifier_finds_the_person_and_the_phone_is_learnt(self, known: tuple[Contact, Contact]) -> None:
        Contact.objects.filter(pk=known[0].pk).update(phone=None)
        assert counts(load(self.HEADER, f"Ann,{ANN},C-1", Customer="identifier")) == {"updated": 1}
        assert contact(identifier="C-1").phone == ANN

    def test_an_identifier_of_somebody_else_is_not_taken_over(self, known: tuple[Contact, Contact]) -> None:
        assert counts(load(self.HEADER, "Citra,+628123333333,C-2", Customer="identifier")) == {"updated": 1}
        assert contact(identifier="C-2").pk == known[1].pk

    def test_phone_and_identifier_of_two_people_go_to_the_phones_owner(self, known: tuple[Contact, Contact]) -> None:
        upload = load(self.HEADER, f"Ann,{ANN},C-2", Customer="identifier")
        assert counts(upload) == {"unchanged": 1}
        assert AudienceRow.objects.get(upload=upload).contact == known[0]
        assert [(one.phone, one.identifier) for one in Contact.objects.order_by("pk")] == [(ANN, "C-1"), (BUDI, "C-2")]

    def test_one_person_by_phone_here_and_by_identifier_there_counts_once(self, known: tuple[Contact, Contact]) -> None:
        upload = load(self.HEADER, f"Ann,{ANN},", "Ann,,C-1", Customer="identifier")
        assert counts(upload) == {"unchanged": 1, "duplicate": 1}
        assert AudienceRow.objects.get(upload=upload).number == 2

    def test_an_identifier_that_is_too_long_is_refused(self) -> None:
        upload = load(self.HEADER, f"Ann,,{'x' * 129}", Customer="identifier")
        assert [row.code for row in upload.rejected.all()] == ["identifier_too_long"]

    def test_a_file_cannot_name_a_whole_group_at_a_provider(self) -> None:
        upload = load(self.HEADER, "All,,group:5f05311e-8f81-4a67-a5b5-1501b6d6496a", Customer="identifier")
        assert [row.code for row in upload.rejected.all()] == ["whole_group"]
        assert Contact.objects.count() == 0

    def test_a_row_without_phone_and_identifier_is_nobody(self) -> None:
        upload = load(self.HEADER, "Ann,,", Customer="identifier")
        assert counts(upload) == {"invalid": 1}
        assert Contact.objects.count() == 0

    def test_a_file_without_phones_needs_identifiers(self) -> None:
        upload = load("Name,Customer ID", "Ann,C-1", "Budi,")
        assert [row.reason for row in upload.rejected.all()] == ["The row has no identifier."]
        assert upload.new == 1

    def test_a_wrong_phone_is_refused_even_with_an_identifier(self) -> None:
        assert counts(load(self.HEADER, "Ann,12,C-1", Customer="identifier")) == {"invalid": 1}


def test_the_first_row_of_a_person_counts() -> None:
    upload = load("Phone,Total", f"{ANN},1", f"{BUDI},2", "0812-1111-111,3")
    assert counts(upload) == {"new": 2, "duplicate": 1}
    assert AudienceRow.objects.get(upload=upload, contact__phone=ANN).variables == {"total": "1"}
    assert [row.number for row in upload.rejected.all()] == [4]


def test_duplicates_are_found_across_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broadcaster.audience.chunks.CHUNK_ROWS", 3)
    upload = load(HEADER, *people(7), *people(4))
    assert counts(upload) == {"new": 7, "duplicate": 4}
    assert AudienceRow.objects.filter(upload=upload).count() == 7


def test_everyone_joins_the_group_once() -> None:
    group = Group.objects.create(name="June")
    load(HEADER, *people(3), group=group)
    load(HEADER, *people(5), group=group)
    assert group.contacts.count() == 5


def test_refused_rows_do_not_join_the_group() -> None:
    group = Group.objects.create(name="June")
    load(HEADER, "Ann,12", group=group)
    assert group.contacts.count() == 0


def test_people_who_opted_out_are_counted_and_stay_in_the_audience() -> None:
    Suppression.objects.create(address=ANN)
    upload = load(HEADER, f"Ann,{ANN}", f"Budi,{BUDI}")
    assert counts(upload) == {"new": 1, "suppressed": 1}
    assert AudienceRow.objects.filter(upload=upload).count() == 2


def test_an_import_revives_nobody_who_opted_out() -> None:
    Suppression.objects.create(address=ANN)
    load(HEADER, f"Ann,{ANN}")
    assert Suppression.objects.filter(address=ANN).exists()


def test_a_row_with_more_cells_than_the_header_keeps_them() -> None:
    upload = load("Name,Phone", f"Ann,{ANN},more")
    assert AudienceRow.objects.get(upload=upload).variables == {"column_3": "more"}


def test_a_refused_row_keeps_its_cells_and_says_why() -> None:
    upload: AudienceUpload = load("Name,Phone,City", 'Ann,"+62 12","Bogor, West"')
    refused = upload.rejected.get()
    assert (refused.number, refused.values) == (2, ["Ann", "+62 12", "Bogor, West"])
    assert refused.reason == "The number is too short: digits or the area code are missing."


class TestWhoOptedOut:
    """An opt-out is a person's, whichever address of theirs it names and whatever a file gives them."""

    def test_a_phone_revives_nobody_whose_identifier_opted_out(self) -> None:
        Contact.objects.create(identifier="C-1")
        Suppression.objects.create(address="C-1")
        upload = load("Name,Identifier,Phone", f"Ann,C-1,{ANN}")
        assert contact(identifier="C-1").phone == ANN
        assert counts(upload) == {"suppressed": 1}

    def test_a_new_contact_is_no_new_person(self) -> None:
        Suppression.objects.create(address="C-1")
        assert counts(load("Name,Identifier,Phone", f"Ann,C-1,{ANN}")) == {"suppressed": 1}

    @pytest.mark.parametrize(("given", "now"), [(f"Ann,C-1,{BUDI}", BUDI), (f"Ann,C-2,{ANN}", "C-2")])
    @pytest.mark.parametrize("everywhere", [True, False])
    def test_an_opt_out_goes_over_to_what_replaces_its_address(self, given: str, now: str, *, everywhere: bool) -> None:
        Contact.objects.create(identifier="C-1", phone=ANN)
        old = {ANN, "C-1"} - set(given.split(","))
        channel = None if everywhere else make_channel()
        consent.suppress(old, channel=channel, reason="STOP", source="reply")
        upload = load("Name,Identifier,Phone", given)
        assert counts(upload) == {"suppressed" if everywhere else "updated": 1}
        rows = Suppression.objects.values_list("address", "channel", "reason", "source")
        assert set(rows) == {(each, channel and channel.pk, "STOP", "reply") for each in {*old, now}}

    def test_an_opt_out_that_stands_already_is_kept(self) -> None:
        Contact.objects.create(identifier="C-1", phone=ANN)
        consent.suppress([ANN, BUDI], channel=None, reason="STOP", source="reply")
        load("Name,Identifier,Phone", f"Ann,C-1,{BUDI}")
        assert Suppression.objects.count() == 2

    def test_a_phone_of_somebody_else_brings_no_opt_out_to_them(self) -> None:
        Contact.objects.create(identifier="C-1", phone=ANN)
        Contact.objects.create(identifier="C-2", phone=BUDI)
        consent.suppress([ANN], channel=None, reason="STOP", source="reply")
        load("Name,Identifier,Phone", f"Budi,C-1,{BUDI}")
        assert [row.address for row in Suppression.objects.all()] == [ANN]


@pytest.mark.parametrize("rows_a_chunk", [2, 10])
def test_who_is_whom_does_not_depend_on_where_a_chunk_ends(rows_a_chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broadcaster.audience.chunks.CHUNK_ROWS", rows_a_chunk)
    upload = load("Phone,Name,Customer", f"{ANN},Ann,", f"{ANN},Ann,C-1", ",Citra,C-1", Customer="identifier")
    assert counts(upload) == {"new": 2, "duplicate": 1}


def test_a_group_that_is_deleted_meanwhile_stops_no_import(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broadcaster.audience.chunks.CHUNK_ROWS", 2)
    group = Group.objects.create(name="June")
    upload = started(HEADER, *people(6), group=group)

    def delete_it_at_first(rows: int) -> None:
        if rows == 2:
            group.delete()

    importing.import_rows(upload.pk, life_s=60, told=delete_it_at_first)
    upload.refresh_from_db()
    assert (upload.state, upload.new, upload.group) == ("imported", 6, None)


def test_a_chunk_of_long_cells_has_fewer_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broadcaster.audience.chunks.CHUNK_BYTES", 5_000)
    upload = started("Phone,Note", *(f"+62812{number:08d},{'x' * 1_000}" for number in range(20)))
    assert {chunk.rows for chunk in chunks.read(upload)} == {5}
    assert counts(finish(upload)) == {"new": 20}
