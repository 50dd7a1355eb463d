"""People are erased from their contact's page, come back in no way, and only with a reason by a person."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from broadcaster.audience import erasure
from broadcaster.models import Contact, Erasure, Revival
from tests.admin.people import logged_in, messages_of, text_of
from tests.content.conftest import make_upload

pytestmark = pytest.mark.django_db

ANN = "+6281234567890"
LIST = reverse("admin:broadcaster_erasure_changelist")
REVIVE = reverse("admin:broadcaster_erasure_revive")
ADD = reverse("admin:broadcaster_contact_add")


@pytest.fixture
def admin() -> Client:
    return logged_in("view_contact", "change_contact", "view_erasure", "add_erasure", "delete_erasure")


@pytest.fixture
def ann() -> Contact:
    return Contact.objects.create(name="Ann Lee", phone=ANN)


def page_of(contact: Contact) -> str:
    return reverse("admin:broadcaster_contact_erase", args=[contact.pk])


class TestErasing:
    def test_it_needs_its_permission(self, ann: Contact) -> None:
        person = logged_in("view_contact", "change_contact", "delete_contact")
        assert [person.get(page_of(ann)).status_code, person.post(page_of(ann), {"reason": "x"}).status_code] == [
            403,
            403,
        ]
        assert page_of(ann) not in text_of(person.get(reverse("admin:broadcaster_contact_change", args=[ann.pk])))
        assert Contact.objects.exists()

    def test_the_contact_leads_there(self, admin: Client, ann: Contact) -> None:
        assert page_of(ann) in text_of(admin.get(reverse("admin:broadcaster_contact_change", args=[ann.pk])))

    def test_the_page_says_what_goes_and_what_stays(self, admin: Client, ann: Contact) -> None:
        make_upload(ann)
        html = text_of(admin.get(page_of(ann)))
        assert "Erase Ann Lee?" in html
        assert "1 uploaded file with this person" in html
        assert "keyed hash" in html
        assert "answered is kept, encrypted, for up to 48 hours" in html
        assert Contact.objects.exists()

    def test_the_person_is_erased_with_a_reason(self, admin: Client, ann: Contact) -> None:
        assert admin.post(page_of(ann), {"reason": ""}).status_code == 400
        said = messages_of(admin.post(page_of(ann), {"reason": "Letter of 3 May"}, follow=True))
        assert "Erased." in said
        assert not Contact.objects.exists()
        row = Erasure.objects.get()
        assert row.reason == "Letter of 3 May"
        assert row.author is not None

    def test_why_it_must_wait_is_said(self, admin: Client, ann: Contact) -> None:
        make_upload(ann, state="importing")
        response = admin.post(page_of(ann), {"reason": "x"})
        assert "A file with this person is being imported." in text_of(response)
        assert Contact.objects.exists()

    def test_who_is_gone_is_gone(self, admin: Client, ann: Contact) -> None:
        admin.post(page_of(ann), {"reason": "x"})
        assert admin.get(page_of(ann)).status_code == 404


class TestComingBack:
    @pytest.fixture(autouse=True)
    def erased(self) -> None:
        Erasure.objects.create(digest=erasure.digest_of(ANN), reason="Letter")
        Erasure.objects.create(digest=erasure.digest_of("C-1"), reason="Letter")

    @pytest.mark.parametrize("given", [{"phone": "+62 812 3456 7890"}, {"identifier": "C-1"}])
    def test_the_form_refuses_the_address(self, given: dict[str, str]) -> None:
        response = logged_in("add_contact", "view_contact").post(ADD, {"name": "Ann", **given})
        assert "This person was erased on request." in text_of(response)
        assert not Contact.objects.exists()

    def test_a_small_file_refuses_the_row(self) -> None:
        file = SimpleUploadedFile("a.csv", b"name,phone\nAnn,+6281234567890\n")
        person = logged_in("add_contact", "change_contact", "view_contact")
        response = person.post(reverse("admin:broadcaster_contact_import"), {"import_file": file, "format": "0"})
        assert "This person was erased on request." in text_of(response)
        assert not Contact.objects.exists()

    def test_the_list_tells_why_but_not_who(self, admin: Client) -> None:
        html = text_of(admin.get(LIST))
        assert "Letter" in html
        assert REVIVE in html
        assert "81234567890" not in html

    def test_a_person_takes_it_back_by_typing_the_address(self, admin: Client) -> None:
        said = messages_of(admin.post(REVIVE, {"address": "+62 812 3456 7890", "reason": "Asked again"}, follow=True))
        assert f"{ANN} can be stored and written to again." in said
        assert erasure.erased([ANN, "C-1"]) == {"C-1"}
        revival = Revival.objects.get()
        assert (revival.address, revival.reason, revival.opted_out_source) == (ANN, "Asked again", "erasure")

    @pytest.mark.parametrize(
        "given", [{"address": ANN}, {"address": "+628999", "reason": "x"}, {"address": "erased", "reason": "x"}]
    )
    def test_without_a_reason_or_an_erased_address_nothing_happens(self, admin: Client, given: dict[str, str]) -> None:
        assert admin.post(REVIVE, given).status_code == 400
        assert Erasure.objects.count() == 2

    def test_it_needs_its_permission(self) -> None:
        person = logged_in("view_erasure", "add_erasure")
        assert person.post(REVIVE, {"address": ANN, "reason": "x"}).status_code == 403
        assert REVIVE not in text_of(person.get(LIST))
