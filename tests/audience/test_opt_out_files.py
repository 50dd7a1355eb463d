"""A list of opt-outs in any shape: whom it names is out, and every row is accounted for."""

from pathlib import Path

import pytest

from broadcaster.audience import consent, erasure, opt_out_files
from broadcaster.audience.opt_out_files import Progress
from broadcaster.audience.spreadsheets import UnreadableFile
from broadcaster.models import Channel, Erasure, OptOutSpike, Suppression
from tests.content.conftest import make_channel

pytestmark = pytest.mark.django_db

ANN, BUDI = "+6281211111111", "+6281222222222"


def take(tmp_path: Path, text: str, *, channel: Channel | None = None, dry_run: bool = False) -> Progress:
    path = tmp_path / "stop.csv"
    path.write_text(text, encoding="utf-8")
    plan = opt_out_files.plan(path, path.name, region="ID")
    progress = Progress()
    for progress in opt_out_files.suppressed(plan, channel=channel, reason="List", dry_run=dry_run):
        assert progress.rows == progress.new + progress.known + progress.invalid
    return progress


def out() -> dict[str, str]:
    return dict(Suppression.objects.order_by("address").values_list("address", "reason"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Phone,Name\n0812-1111-1111,Ann\n", {ANN: "List"}),
        ("No. HP;Reason\n081211111111;Asked by mail\n081222222222;\n", {ANN: "Asked by mail", BUDI: "List"}),
        ("081211111111\n081222222222\n", {ANN: "List", BUDI: "List"}),
        ("Customer ID,Phone\nC-1,081211111111\nC-2,\n", {ANN: "List", "C-1": "List", "C-2": "List"}),
        ("address,channel\n+6281211111111,All channels\nC-1,All channels\n", {ANN: "List", "C-1": "List"}),
    ],
)
def test_whom_it_names_is_out(tmp_path: Path, text: str, expected: dict[str, str]) -> None:
    take(tmp_path, text)
    assert out() == expected


def test_each_row_is_accounted_for(tmp_path: Path) -> None:
    consent.suppress([BUDI], channel=None, reason="STOP", source="reply")
    progress = take(tmp_path, "Phone\n081211111111\n+62 812 1111 1111\n081222222222\n12\n6.28E+12\n")
    assert (progress.rows, progress.new, progress.known, progress.invalid) == (5, 1, 2, 2)
    assert [one.row.number for one in progress.refused] == [5, 6]
    assert out() == {ANN: "List", BUDI: "STOP"}


def test_taking_it_twice_changes_nothing(tmp_path: Path) -> None:
    text = "Phone\n081211111111\n081222222222\n"
    assert take(tmp_path, text).new == 2
    before = list(Suppression.objects.values())
    assert take(tmp_path, text).known == 2
    assert list(Suppression.objects.values()) == before


def test_it_concerns_one_channel_or_all(tmp_path: Path) -> None:
    one, other = make_channel(name="One"), make_channel(name="Other")
    take(tmp_path, "Phone\n081211111111\n", channel=one)
    take(tmp_path, "Phone\n081222222222\n")
    assert consent.suppressed([ANN, BUDI], one) == {ANN, BUDI}
    assert consent.suppressed([ANN, BUDI], other) == {BUDI}


def test_it_goes_chunk_by_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opt_out_files, "CHUNK_ROWS", 10)
    progress = take(tmp_path, "Phone\n" + "".join(f"08121111{place:04}\n" for place in range(35)) + "12\n")
    assert (progress.rows, progress.new, progress.invalid) == (36, 35, 1)


def test_a_dry_run_counts_and_writes_nothing(tmp_path: Path) -> None:
    assert take(tmp_path, "Phone\n081211111111\n12\n", dry_run=True).new == 1
    assert not Suppression.objects.exists()


def test_an_erased_person_is_not_stored_again(tmp_path: Path) -> None:
    Erasure.objects.create(digest=erasure.digest_of(ANN))
    assert take(tmp_path, "Phone\n081211111111\n").known == 1
    assert not Suppression.objects.exists()


def test_whom_a_list_names_is_no_part_of_a_spike_any_more(tmp_path: Path) -> None:
    channel = make_channel()
    spike = OptOutSpike.objects.create(channel=channel)
    consent.suppress([ANN, BUDI], channel=channel, reason="Reported", source="receipt", spike=spike)
    take(tmp_path, "Phone\n081211111111\n", channel=channel)
    assert [row.address for row in spike.opt_outs.all()] == [BUDI]
    assert out()[ANN] == "List"


def test_an_identifier_that_no_contact_can_have_is_refused(tmp_path: Path) -> None:
    progress = take(tmp_path, f"Customer ID,Phone\n{'C' * 129},\n,\nC-1,\n")
    assert [one.reason for one in progress.refused] == [opt_out_files.TOO_LONG]
    assert out() == {"C-1": "List"}


def test_a_phone_that_lost_its_country_is_no_identifier(tmp_path: Path) -> None:
    progress = take(tmp_path, "address\n12345\nC-1\n")
    assert (progress.invalid, out()) == (1, {"C-1": "List"})


@pytest.mark.parametrize("text", ["Name,City\nAnn,Bogor\n", "", "Phone\n"])
def test_a_file_in_which_nobody_can_be_found_is_refused_whole(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableFile):
        take(tmp_path, text)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("tel:+6281211111111", ANN),
        ("whatsapp:6281211111111", ANN),
        ("TEL:0812-1111-1111", ANN),
        ("ext:C-1", "C-1"),
        ("ext:10023456", "10023456"),
        ("CUST-0812111111", "CUST-0812111111"),
        ("facebook:123456", "facebook:123456"),
    ],
)
def test_an_address_is_told_by_how_it_is_written(tmp_path: Path, cell: str, expected: str) -> None:
    take(tmp_path, f"address\n{cell}\nC-2\n")
    assert out() == {expected: "List", "C-2": "List"}


@pytest.mark.parametrize(
    "cell", ["+62 812 1111 1111 ext 1", "0812 1111 1111 x1", "+62 812-1111-111O", "tel:12", "whatsapp:Ann", "6.28E+12"]
)
def test_what_reads_like_a_phone_and_is_none_is_no_identifier(tmp_path: Path, cell: str) -> None:
    progress = take(tmp_path, f"address\n{cell}\nC-2\n")
    assert (progress.invalid, out()) == (1, {"C-2": "List"})


@pytest.mark.parametrize("street", ["Jalan Sudirman 5", "J" * 129])
def test_a_street_beside_a_phone_is_no_address_of_that_sort(tmp_path: Path, street: str) -> None:
    take(tmp_path, f"Phone,Address\n081211111111,{street}\n")
    assert out() == {ANN: "List"}


def test_phones_in_a_column_address_beside_identifiers_are_phones(tmp_path: Path) -> None:
    take(tmp_path, "Customer ID,address\nC-9,081211111111\nC-4,081222222222\n")
    assert set(out()) == {ANN, BUDI, "C-9", "C-4"}


@pytest.mark.parametrize(("row", "address"), [("C-1,12", "C-1"), (f"{'C' * 129},081211111111", ANN)])
def test_what_cannot_be_read_is_told_and_the_rest_is_out(tmp_path: Path, row: str, address: str) -> None:
    progress = take(tmp_path, f"Customer ID,Phone\n{row}\n")
    assert (progress.new, progress.invalid, progress.partly, len(progress.refused)) == (1, 0, 1, 1)
    assert out() == {address: "List"}
