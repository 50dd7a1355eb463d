"""Django's model forms by names that need no parameter: they are generic in the stubs only."""

from django import forms
from django.forms.models import BaseInlineFormSet


class ModelForm(forms.ModelForm):  # type: ignore[type-arg]
    """The form of one record."""


class InlineFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """The forms of the records that belong to one."""
