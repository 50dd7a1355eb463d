"""Erasing a person on request, from the contact's page: it says what goes and what stays, and asks for a reason."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse

from broadcaster.admin import asking
from broadcaster.admin.asking import ReasonForm
from broadcaster.models import AudienceUpload, Contact, Message
from broadcaster.reports import retention
from broadcaster.sending import erasing

URL_NAME = "broadcaster_contact_erase"
HASHED = (
    "The address is kept as a keyed hash that tells nobody who it was. So it is refused, whatever file it comes back "
    "with, and nobody writes to it."
)
ANSWER_HOURS = retention.ANSWERS_KEPT // timedelta(hours=1)
WARNING = "This cannot be undone. It is for people who ask to be forgotten; whoever only wants no messages opts out."


class ErasureForm(ReasonForm):
    """Why, in words that do not name the person again."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = "Such as “asked by letter of 3 May”. It stays on record, so name nobody."


class Erasing:
    """A part of the contacts' Admin: the page that erases, and the way to it."""

    admin_site: admin.AdminSite
    change_form_outer_before_template = "broadcaster/records/contact_erase.html"

    def get_urls(self) -> list[URLPattern]:
        """And the page that asks."""
        view = self.admin_site.admin_view(self.erase_view)
        return [path("<int:pk>/erase/", view, name=URL_NAME), *super().get_urls()]  # type: ignore[misc]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The contact, with the way to erase it for those who may."""
        extra = {"may_erase": may_erase(request)} | (extra_context or {})
        response: HttpResponse = super().change_view(request, object_id, form_url, extra)  # type: ignore[misc]
        return response

    def erase_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, then erase. Raises PermissionDenied, Http404."""
        if not may_erase(request):
            raise PermissionDenied
        contact = get_object_or_404(Contact, pk=pk)
        form = ErasureForm(request.POST or None)
        if form.is_valid() and self._erase(request, contact, form):
            return HttpResponseRedirect(reverse("admin:broadcaster_contact_changelist"))
        return asking.page(
            request,
            self.admin_site,
            form,
            question=f"Erase {contact}?",
            points=points_of(contact),
            warning=WARNING,
            button="Erase for good",
            back=reverse("admin:broadcaster_contact_change", args=[pk]),
        )

    def _erase(self, request: HttpRequest, contact: Contact, form: ErasureForm) -> bool:
        person = request.user if isinstance(request.user, User) else None
        try:
            erasing.erase(contact, author=person, reason=form.cleaned_data["reason"])
        except erasing.NotNow as refusal:
            form.add_error(None, refusal.sentence)
            return False
        except Contact.DoesNotExist:
            messages.info(request, "This person has been erased already.")
        else:
            messages.success(request, "Erased. This address is neither written to nor stored again.")
        return True


def may_erase(request: HttpRequest) -> bool:
    """Whether this person may erase people."""
    return bool(request.user.has_perm("broadcaster.add_erasure"))


def points_of(contact: Contact) -> list[str]:
    """What goes and what stays, with numbers."""
    sent = Message.objects.filter(contact=contact).count()
    files = AudienceUpload.objects.filter(audiencerow__contact=contact).count()
    messages_stay = f"{counted(sent, 'message')} in the log and every total stay, without address and variables."
    files_go = f"The server loses {counted(files, 'uploaded file')} with this person; the others in it stay contacts."
    return [
        "Name, phone, identifier, language, fields, groups and what files said of this person are deleted.",
        *([messages_stay] if sent else []),
        *([files_go] if files else []),
        "Messages that wait are skipped. One that a worker is posting at this moment may still arrive.",
        HASHED,
        f"Raw reports of providers are kept for up to {settings.RECEIPT_DAYS} days, and then go.",
        f"What programs were answered is kept, encrypted, for up to {ANSWER_HOURS} hours, and then goes.",
    ]


def counted(number: int, what: str) -> str:
    """A number of things, in words."""
    return f"{intcomma(number)} {what}{'' if number == 1 else 's'}"
