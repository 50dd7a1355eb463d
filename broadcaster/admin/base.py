"""What all pages of records share: full width, a count that stays cheap, and words for an empty list."""

from typing import Any

from django.contrib.admin import ShowFacets
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.text import capfirst
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from broadcaster.admin import words

COUNTED_ROWS = 10_000


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # generic only in the stubs
    """Counts no further than `most`, so a page over millions of rows costs the same as one over thousands.

    Rows beyond are reached by search and filters, as nobody leafs through a hundred pages; exports have them all.
    """

    template_name = "admin/pagination_capped.html"
    most = COUNTED_ROWS

    @cached_property
    def count(self) -> int:
        """The rows that can be paged through."""
        return min(self._counted, self.most)

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than pages."""
        return self._counted > self.most

    @cached_property
    def _counted(self) -> int:
        rows = self.object_list
        if isinstance(rows, QuerySet):
            return rows.order_by()[: self.most + 1].count()
        return len(rows)


class RecordList(ChangeList):
    """A page of a list. How many rows there are stands below it, once."""

    @property
    def one(self) -> str:
        """What a row is called within a sentence."""
        return words.in_a_sentence(str(self.opts.verbose_name))

    @property
    def many(self) -> str:
        """What rows are called there."""
        return words.in_a_sentence(str(self.opts.verbose_name_plural))

    def get_results(self, request: HttpRequest) -> None:
        """Read the page; the theme shows the count a second time where the two counts differ."""
        super().get_results(request)
        self.full_result_count = self.result_count


class Admin(ModelAdmin):
    """A list of records and the form of one.

    `empty_title` and `empty_text` greet a person whose list has nothing yet; `empty_button` is also the label of the
    button above a list that is not empty.
    """

    list_fullwidth = True
    list_filter_submit = True
    list_per_page = 50
    paginator: type[Paginator] = CappedPaginator  # type: ignore[type-arg]
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # a count for each choice of a filter would read the whole table
    warn_unsaved_form = True
    compressed_fields = True
    empty_title = ""
    empty_text = ""
    empty_button = ""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The class of the list."""
        return RecordList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, titled by what it holds instead of "Select x to change"."""
        title = {"title": capfirst(str(self.opts.verbose_name_plural))}
        response: HttpResponse = super().changelist_view(request, title | (extra_context or {}))
        return response


class TwoStepAdmin(Admin):
    """Records whose second form depends on what is chosen in the first."""

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One button, since the second step follows by itself."""
        one_button = {"show_save_and_add_another": False, "show_save_and_continue": False}
        response: HttpResponse = super().add_view(request, form_url, one_button | (extra_context or {}))
        return response


class ReadOnlyAdmin(Admin):
    """Records that a machine writes: people look at them."""

    warn_unsaved_form = False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The record; without a history, as nobody changes it."""
        extra = {"show_history": False} | (extra_context or {})
        response: HttpResponse = super().changeform_view(request, object_id, form_url, extra)
        return response

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds one by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody rewrites the record."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody takes a line out of the record."""
        return False
