"""Damaged files, by the hundred: each is imported whole, stops with a sentence, or is refused with one.

Nothing else may happen, in the code below the pages or on them: no other error, no half import, no library's name.
"""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from broadcaster import tasks
from broadcaster.audience import importing, uploads
from broadcaster.audience.spreadsheets import Dialect, UnreadableFile
from broadcaster.models import AudienceUpload
from tests.admin.people import logged_in
from tests.audience.files import finish
from tests.audience.fuzzing import damaged, seeds, told
from tests.audience.matrix.importing import adds_up

pytestmark = pytest.mark.django_db
SENTENCE = re.compile(r"[A-Z“].*[.]", re.DOTALL)
FOREIGN = re.compile(
    r"traceback|openpyxl|expat|zipfile|zlib|codec can|defusedxml|csv\.error|line \d+, column|errno|0x[0-9a-f]{6}",
    re.IGNORECASE,
)
PAGE_SHARE = 6  # a page takes as long as six imports
PERMISSIONS = ("add_broadcast", "change_broadcast", "view_broadcast", "add_audienceupload", "view_audienceupload")


@pytest.fixture(autouse=True)
def own_folder(settings: LazySettings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def mapped(upload: AudienceUpload) -> dict[str, Any]:
    """The guessed columns; where no phone was found, the first is taken for one, as the impatient do."""
    mapping = uploads.guess_mapping(upload)
    if not {column["role"] for column in mapping.values()} & {"phone", "identifier"}:
        mapping[upload.headers[0]] = {**mapping[upload.headers[0]], "role": "phone"}
    return mapping


def received(name: str, content: bytes) -> AudienceUpload | None:
    """The upload, ready for its import; None for a file that was refused with a sentence."""
    try:
        upload = uploads.receive(SimpleUploadedFile(name, content), region="ID")
        uploads.configure(upload, dialect=Dialect(**upload.dialect), mapping=mapped(upload), region="ID")
    except UnreadableFile as refusal:
        assert_plain(refusal.sentence)
        return None
    return upload


def assert_plain(sentence: str) -> None:
    assert SENTENCE.fullmatch(sentence), sentence
    assert not FOREIGN.search(sentence), sentence


def assert_ended(upload: AudienceUpload) -> None:
    """Imported, or failed with a sentence; and every row counted once."""
    assert (upload.state, bool(upload.error)) in {("imported", False), ("failed", True)}
    if upload.error:
        assert_plain(upload.error)
    assert adds_up(upload)


def test_a_damaged_file_is_imported_whole_or_says_why_not(tmp_path: Path) -> None:
    ended = []
    for seed in seeds():
        with told(seed):
            before = AudienceUpload.objects.count()
            if upload := received(*damaged(seed)):
                importing.start(upload)
                assert_ended(finish(upload))
                ended.append(upload.state)
            kept = [path for path in tmp_path.rglob("*") if path.is_file()]
            assert len(kept) == AudienceUpload.objects.count() <= before + 1
    assert "imported" in ended or len(seeds()) < 50


class Forms(HTMLParser):
    """What a browser would post of each form of a page, as its fields stand."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.posts: list[dict[str, str]] = [{}]
        self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "form":
                self.posts.append({})
            case "input":
                self._input(given)
            case "select":
                self._select = given.get("name", "")
            case "option":
                self._option(given)

    def _input(self, given: dict[str, str]) -> None:
        name, kind = given.get("name"), given.get("type")
        if name and (kind not in {"checkbox", "radio"} or "checked" in given):
            self.posts[-1][name] = given.get("value") or ("on" if kind == "checkbox" else "")

    def _option(self, given: dict[str, str]) -> None:
        """The chosen one; a browser takes the first where none is."""
        if self._select and ("selected" in given or self._select not in self.posts[-1]):
            self.posts[-1][self._select] = given.get("value", "")


def shown(response: Any) -> str:
    """The page's text, which never tells what we are made of."""
    assert response.status_code < 500
    page = str(response.content.decode())
    assert not FOREIGN.search(re.sub(r"<(script|style)\b.*?</\1>|nonce=\S+", "", page, flags=re.DOTALL))
    return page


def through_pages(browser: Client, name: str, content: bytes) -> AudienceUpload | None:
    """The file, posted, its columns taken as they are shown, and imported; None for one that was refused."""
    data = {"name": "June", "region": "ID", "file": SimpleUploadedFile(name, content)}
    response = browser.post(reverse("admin:broadcast_new"), data)
    shown(response)
    if response.status_code != 302:
        return None
    address, upload = response.headers["Location"], AudienceUpload.objects.latest("pk")
    page = shown(browser.get(address))
    fields = next((each for each in Forms(page).posts if "headers" in each), {})
    if "phone" not in fields.values():
        fields["role-0"] = "phone"
    shown(browser.post(address, fields))
    tasks.import_upload(upload.pk, resumed=True)
    shown(browser.get(address))
    upload.refresh_from_db()
    return upload


def test_no_page_breaks_over_a_damaged_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "wake_import", lambda pk: None)
    browser = logged_in(*PERMISSIONS)
    states = set()
    for seed in seeds(PAGE_SHARE):
        with told(seed):
            if upload := through_pages(browser, *damaged(seed)):
                states.add(upload.state)
                if upload.state != "uploaded":  # the page said why it cannot be read so
                    assert_ended(upload)
    assert "imported" in states or len(seeds(PAGE_SHARE)) < 10
