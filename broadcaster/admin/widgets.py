"""The theme's form fields by the widget names of our tables: what adapters and content kinds ask for becomes a form."""

from typing import Any

from django import forms
from unfold import widgets

from broadcaster.audience import phones

LABELLED_SEARCH = forms.Media(js=["broadcaster/search-label.js"])
NO_REGION = ("", "None: numbers need + and a country code")


def line(**attrs: Any) -> forms.Widget:
    """A line of text."""
    widget: forms.Widget = widgets.UnfoldAdminTextInputWidget(attrs=attrs)
    return widget


def text(*, rows: int = 4, **attrs: Any) -> forms.Widget:
    """Several lines of text."""
    widget: forms.Widget = widgets.UnfoldAdminTextareaWidget(attrs={"rows": rows, **attrs})
    return widget


def integer(**attrs: Any) -> forms.Widget:
    """A whole number."""
    widget: forms.Widget = widgets.UnfoldAdminIntegerFieldWidget(attrs=attrs)
    return widget


def choice() -> forms.Widget:
    """One of few."""
    widget: forms.Widget = widgets.UnfoldAdminSelectWidget()
    return widget


def several() -> forms.Widget:
    """Some of a few, as boxes to tick."""
    widget: forms.Widget = widgets.UnfoldAdminCheckboxSelectMultipleWidget()
    return widget


def switch() -> forms.Widget:
    """Yes or no."""
    widget: forms.Widget = widgets.UnfoldBooleanSwitchWidget()
    return widget


def tick() -> forms.Widget:
    """A box to tick."""
    widget: forms.Widget = widgets.UnfoldBooleanWidget()
    return widget


def secret() -> forms.Widget:
    """A secret: what is stored is never rendered, and the browser is asked not to offer one of its own."""
    attrs = {"autocomplete": "new-password", "spellcheck": "false"}
    widget: forms.Widget = widgets.UnfoldAdminPasswordWidget(attrs=attrs, render_value=False)
    return widget


def region_field(**options: Any) -> forms.ChoiceField:
    """A country whose local numbers are understood, or none."""
    return forms.ChoiceField(choices=[NO_REGION, *phones.regions()], required=False, widget=choice(), **options)


class LabelledSelect(widgets.UnfoldAdminSelect2MultipleWidget):
    """Any number of a list, in a box that has the field's name."""

    @property
    def media(self) -> forms.Media:
        """With the script that names the box."""
        media: forms.Media = super().media
        return media + LABELLED_SEARCH


def many() -> forms.Widget:
    """Any number of a list that can be searched."""
    return LabelledSelect()
