"""Files: what is taken in and under which name, who uses one, and how a reference becomes a provider's id."""

import re
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from pytest_django.fixtures import Settings

from broadcaster.content import media
from broadcaster.content.rendering import freeze
from broadcaster.models import Broadcast
from tests.content.conftest import make_channel, make_template
from tests.files import PDF, PNG, stored

HTML = b"<!doctype html><script>alert(1)</script>"
KEY = "6cb25adc-47fe-11e4-bfe9-b8f6b119e9ab"


@pytest.fixture(autouse=True)
def files(tmp_path: Path, settings: Settings) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.mark.parametrize(
    ("content", "limit", "sentence"),
    [(b"", 100, media.NO_FILE), (PNG, 10, media.TOO_LARGE), (HTML, 100, media.WRONG_TYPE)],
)
def test_what_cannot_be_sent_is_refused(
    content: bytes, limit: int, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "LIMIT_BYTES", limit)
    with pytest.raises(media.Refused, match=sentence):
        media.taken(ContentFile(content, name="june.png"))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("june.png", "june.png"),
        ("June.PNG", "June.PNG"),
        ("june.html", "june.html.png"),
        ("../../etc/june.png", "june.png"),
        ("C:\\pictures\\june.png", "june.png"),
        ('a"b\r\nc;d.png', "a b c d.png"),
        ("Größe 5 (neu).png", "Größe 5 (neu).png"),
        (".png", "png.png"),
        ("", "file.png"),
        (f"{'x' * 200}.png", f"{'x' * 124}.png"),
    ],
)
def test_a_name_is_plain_and_ends_as_its_type_does(name: str, kept: str) -> None:
    assert media.taken(ContentFile(PNG), name=name).name == kept


@pytest.mark.django_db
def test_a_file_is_kept_whole_under_a_name_of_ours() -> None:
    file = stored("report.exe", PDF)
    with file.file.open() as opened:
        assert opened.read() == PDF
    assert (file.content_type, file.size) == ("application/pdf", len(PDF))
    name = Path(file.file.path).name
    assert re.fullmatch("[0-9a-f]{32}", name)


@pytest.mark.django_db
def test_who_uses_a_file_is_found_in_any_language() -> None:
    file, other = stored(), stored("other.png")
    line = media.reference(file.uuid)
    used = make_template(eng={"text": "Hello"}, ind={"text": "Halo", "attachments": [line]})
    make_template(name="Other", eng={"attachments": [media.reference(other.uuid)]})
    assert list(media.templates_with([file])) == [used]
    assert list(media.templates_with([])) == []


@pytest.mark.django_db
@pytest.mark.parametrize(("state", "is_used"), [("scheduled", True), ("paused", True), ("completed", False)])
def test_a_confirmed_broadcast_needs_its_file_until_it_is_over(state: str, is_used: bool) -> None:  # noqa: FBT001
    file = stored()
    template = make_template(eng={"attachments": [media.reference(file.uuid)]})
    fields = {"state": state, "content": freeze(template), "send_at": "2030-01-01T00:00Z"}
    broadcast = Broadcast.objects.create(name="June", channel=make_channel(), **fields)
    assert list(media.broadcasts_with([file])) == ([broadcast] if is_used else [])


FROZEN = {
    "kind": "text",
    "base_language": "eng",
    "translations": {
        "eng": {"text": f"media:{KEY}", "attachments": ["https://example.com/a.png", f"media:{KEY}"]},
        "ind": {"text": "Halo", "attachments": f"media:{KEY}\n@row.file"},
    },
}


def test_references_are_found_once_each() -> None:
    assert media.referenced(FROZEN) == [KEY]


def test_an_id_takes_the_place_of_the_reference_and_of_nothing_else() -> None:
    translations = media.with_ids(FROZEN, {KEY: "id-1"})["translations"]
    assert translations["eng"] == {"text": f"media:{KEY}", "attachments": ["https://example.com/a.png", "id-1"]}
    assert translations["ind"]["attachments"] == ["id-1", "@row.file"]


def test_a_file_without_an_id_is_not_sent_by_its_name() -> None:
    with pytest.raises(KeyError):
        media.with_ids(FROZEN, {})


@pytest.mark.parametrize("line", ["media:", "media:x", f"media:{KEY}x", f"x media:{KEY}", KEY])
def test_a_line_that_names_no_file_stays(line: str) -> None:
    assert media.key_of(line) == ""


@pytest.mark.parametrize("frozen", [{}, {"kind": "voice", "translations": {"eng": {"flow_id": "1"}}}])
def test_content_without_attachments_is_left_alone(frozen: media.Frozen) -> None:
    assert (media.referenced(frozen), media.with_ids(frozen, {})) == ([], frozen)


def test_unreadable_attachments_name_nothing() -> None:
    frozen = {"kind": "text", "translations": {"eng": {"attachments": 5}}}
    assert media.referenced(frozen) == []


@pytest.mark.django_db
def test_a_deleted_file_is_missing() -> None:
    assert media.missing(FROZEN) == [KEY]
