"""The sample file of a template: downloaded, filled in and uploaded it needs no explaining."""

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from broadcaster.content import preflight
from broadcaster.models import AudienceUpload, Broadcast, Contact, ContactField, Template
from tests.admin.journey.conftest import OPERATOR, address, person, words
from tests.audience.files import finish
from tests.content.conftest import make_channel, make_template

TEXT = "Hi @contact.first_name, @row.order_no for @fields.city comes on @fields.due: @row.amount"
HEADERS = ["Phone", "@contact.name", "@row.order_no", "@fields.city", "@fields.due", "@row.amount"]
PEOPLE = (
    ["0812-3456-7890", "Ann Lee", "A-1", "Bogor", "2026-03-01", "Rp 10"],
    ["0812-3456-7891", "Budi", "A-2", "Solo", "1/4/2026", "Rp 20"],
)


@pytest.fixture
def browser(client: Client, db: None) -> Client:
    client.force_login(person(*OPERATOR, "view_template"))
    return client


@pytest.fixture
def template(db: None) -> Template:
    return make_template(eng={"text": TEXT})


def sample(browser: Client, template: Template) -> Any:
    return browser.get(reverse("admin:template_sample", args=[template.pk]))


def columns(response: Any) -> list[str]:
    sheet = load_workbook(BytesIO(response.content)).worksheets[0]
    return [str(cell.value) for cell in sheet[1]]


def filled(response: Any) -> bytes:
    book, file = load_workbook(BytesIO(response.content)), BytesIO()
    for row in PEOPLE:
        book.worksheets[0].append(row)
    book.save(file)
    return file.getvalue()


def uploaded(browser: Client, content: bytes) -> Broadcast:
    """The file on the audience page, and Import on the next one, with nothing changed there."""
    file = SimpleUploadedFile("people.xlsx", content)
    browser.post(address("new"), {"name": "June", "file": file, "region": "ID"})
    broadcast = Broadcast.objects.get()
    page = browser.get(address("columns", broadcast))
    reading, form = page.context["reading"], page.context["form"]
    posted = {f"role-{column.place}": column.role for column in reading.columns}
    posted |= {f"field-{column.place}": column.field for column in reading.columns}
    posted |= {"headers": reading.headers_json, "sheet": form["sheet"].value(), "region": "ID", "header_row": "on"}
    assert browser.post(address("columns", broadcast), posted).status_code == 302
    return broadcast


def test_its_columns_are_the_placeholders(browser: Client, template: Template) -> None:
    response = sample(browser, template)
    assert columns(response) == HEADERS
    assert response.headers["Content-Disposition"] == 'attachment; filename="Reminder_people.xlsx"'


def test_filled_in_and_uploaded_it_passes_untouched(
    browser: Client, template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("broadcaster.tasks.wake_import", lambda pk: None)
    ContactField.objects.create(key="due", label="Due on", kind="date")
    broadcast = uploaded(browser, filled(sample(browser, template)))
    upload = finish(AudienceUpload.objects.get())
    assert (upload.state, upload.new, upload.rejected.count()) == ("imported", 2, 0)
    ann, budi = Contact.objects.order_by("phone")
    assert (ann.name, ann.fields, budi.fields["due"]) == (
        "Ann Lee",
        {"city": "Bogor", "due": "2026-03-01"},
        "2026-04-01",
    )
    Broadcast.objects.filter(pk=broadcast.pk).update(template=template, channel=make_channel())
    assert preflight.problems(Broadcast.objects.get()) == []


def test_several_languages_ask_for_everybodys_own(browser: Client, db: None) -> None:
    template = make_template(eng={"text": "Hello @contact"}, ind={"text": "Halo @contact.name, @contact.phone"})
    assert columns(sample(browser, template)) == ["Phone", "@contact.name", "@contact.language"]


def test_a_field_serves_as_the_files_column_as_well(browser: Client, db: None) -> None:
    template = make_template(eng={"text": "@row.city @fields.city"})
    assert columns(sample(browser, template)) == ["Phone", "@fields.city"]


def test_phone_cells_keep_their_zero(browser: Client, template: Template) -> None:
    sheet = load_workbook(BytesIO(sample(browser, template).content)).worksheets[0]
    assert {sheet.column_dimensions[letter].number_format for letter in "ABCDEF"} == {"@"}


def test_a_template_that_cannot_be_read_says_so(browser: Client, db: None) -> None:
    template = make_template("template", eng={"name": "x", "language": "id", "variables": {"a": "b"}})
    response = sample(browser, template)
    assert response.headers["Location"] == reverse("admin:broadcaster_template_change", args=[template.pk])
    assert "Reminder has no sample file" in str(list(response.wsgi_request._messages))


def test_a_kind_that_is_gone_is_said(browser: Client, template: Template) -> None:
    Template.objects.filter(pk=template.pk).update(kind="fax")
    response = sample(browser, template)
    assert response.headers["Location"] == reverse("admin:broadcaster_template_change", args=[template.pk])
    assert "Nothing here knows the kind “fax” any more." in str(list(response.wsgi_request._messages))
    assert browser.get(response.headers["Location"]).status_code == 200


def test_it_needs_the_right_to_see_templates(client: Client, template: Template) -> None:
    client.force_login(person(*OPERATOR))
    assert sample(client, template).status_code == 403
    assert "Sample file for" not in words(client.get(address("new")))


def test_it_is_offered_where_a_file_is_chosen(browser: Client, template: Template) -> None:
    assert f'<a href="{reverse("admin:template_sample", args=[template.pk])}">' in words(browser.get(address("new")))
