"""Media: files come in by what they are, go out only to who may see them, and stay while a message carries them."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from broadcaster.content import media
from broadcaster.content.rendering import freeze
from broadcaster.models import Broadcast, MediaFile
from tests.admin.people import logged_in, text_of
from tests.content.conftest import make_channel, make_template
from tests.files import PDF, PNG, stored

pytestmark = pytest.mark.django_db
LIST = reverse("admin:broadcaster_mediafile_changelist")
ADD = reverse("admin:broadcaster_mediafile_add")
ALL = ("view_mediafile", "add_mediafile", "delete_mediafile")


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Settings) -> Path:
    settings.MEDIA_ROOT = tmp_path / "files"
    return tmp_path / "files"


@pytest.fixture
def operator() -> Client:
    return logged_in(*ALL)


def post(client: Client, content: bytes, name: str = "june.png", content_type: str = "image/png") -> Any:
    file = SimpleUploadedFile(name, content, content_type)
    return client.post(ADD, {"upload": file}, follow=True)


def content_url(file: MediaFile) -> str:
    return reverse("admin:mediafile_content", args=[file.pk])


def carried(file: MediaFile, name: str = "Invitation") -> Any:
    return make_template(name=name, eng={"text": "Come", "attachments": [media.reference(file.uuid)]})


# -- in


def test_a_file_is_known_by_its_bytes_not_by_what_the_browser_says(operator: Client) -> None:
    post(operator, PDF, "letter.png", "image/png")
    file = MediaFile.objects.get()
    assert (file.name, file.content_type, file.size) == ("letter.png.pdf", "application/pdf", len(PDF))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"<script>alert(1)</script>", "This is no image, audio, video or PDF file."), (b"", "The file is empty.")],
)
def test_what_messages_cannot_carry_is_refused(operator: Client, content: bytes, sentence: str, root: Path) -> None:
    assert sentence in text_of(post(operator, content))
    assert not MediaFile.objects.exists()
    assert not list(root.rglob("*"))


def test_a_form_without_a_file_says_so(operator: Client) -> None:
    assert "This field is required." in text_of(operator.post(ADD))


def test_a_file_is_never_another_one(operator: Client) -> None:
    file = stored()
    page = operator.post(reverse("admin:broadcaster_mediafile_change", args=[file.pk]), {"name": "x"})
    assert page.status_code == 403


def test_an_upload_needs_its_permission() -> None:
    assert logged_in("view_mediafile").get(ADD).status_code == 403


# -- out


def test_a_file_is_saved_rather_than_opened(operator: Client) -> None:
    response = operator.get(content_url(stored("june (1).png")))
    assert b"".join(response.streaming_content) == PNG  # type: ignore[attr-defined]
    headers = response.headers
    assert headers["Content-Disposition"] == 'attachment; filename="june (1).png"'
    assert (headers["Content-Type"], headers["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "private" in headers["Cache-Control"]


def test_nobody_gets_a_file_without_a_login_or_the_permission() -> None:
    file = stored()
    assert "/login/" in Client().get(content_url(file)).headers["Location"]
    assert logged_in("view_template").get(content_url(file)).status_code == 403


def test_a_file_that_the_disk_has_lost_is_not_found(operator: Client) -> None:
    file = stored()
    file.file.delete(save=False)
    assert operator.get(content_url(file)).status_code == 404


# -- the pages


def test_the_list_shows_kind_size_and_who_carries_it(operator: Client) -> None:
    carried(stored())
    stored("spare.pdf", PDF)
    page = text_of(operator.get(LIST))
    assert all(word in page for word in ("june.png", "Image", "Invitation", "spare.pdf", "PDF", "bytes"))


def test_the_list_costs_the_same_whatever_it_holds(operator: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        carried(stored(f"{number}.png"), f"Template {number}")
    with django_assert_max_num_queries(12):
        operator.get(LIST)


def test_a_picture_is_shown_and_a_document_is_offered(operator: Client) -> None:
    picture, letter = stored(), stored("letter.pdf", PDF)
    pages = [operator.get(reverse("admin:broadcaster_mediafile_change", args=[file.pk])) for file in (picture, letter)]
    assert [f'<img src="{content_url(picture)}"' in text_of(page) for page in pages] == [True, False]
    assert f'href="{content_url(letter)}"' in text_of(pages[1])


def test_an_empty_list_says_what_the_files_are_for(operator: Client) -> None:
    assert "No files yet" in text_of(operator.get(LIST))


# -- deleting


def delete(client: Client, file: MediaFile) -> str:
    url = reverse("admin:broadcaster_mediafile_delete", args=[file.pk])
    return text_of(client.post(url, {"post": "yes"}, follow=True))


def test_a_deleted_file_leaves_the_disk(operator: Client, root: Path, django_capture_on_commit_callbacks: Any) -> None:
    file = stored()
    with django_capture_on_commit_callbacks(execute=True):
        delete(operator, file)
    assert not MediaFile.objects.exists()
    assert [path for path in root.rglob("*") if path.is_file()] == []


def test_several_are_deleted_with_their_files(
    operator: Client, root: Path, django_capture_on_commit_callbacks: Any
) -> None:
    chosen = [stored().pk, stored("other.png").pk]
    with django_capture_on_commit_callbacks(execute=True):
        operator.post(LIST, {"action": "delete_selected", "_selected_action": chosen, "post": "yes"})
    assert [path for path in root.rglob("*") if path.is_file()] == []


def test_a_file_that_a_template_carries_stays_and_the_template_is_named(operator: Client, root: Path) -> None:
    file = stored()
    carried(file)
    page = delete(operator, file)
    assert "This file stays, because messages carry it." in page
    assert "Invitation</a>" in page
    assert Path(file.file.path).is_file()


def test_a_file_that_a_scheduled_broadcast_carries_stays(operator: Client) -> None:
    file = stored()
    template = carried(file)
    fields = {"state": "scheduled", "content": freeze(template), "send_at": "2030-01-01T00:00Z"}
    Broadcast.objects.create(name="June", channel=make_channel(), **fields)
    template.delete()
    assert "June</a>" in delete(operator, file)
    assert MediaFile.objects.exists()
