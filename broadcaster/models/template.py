"""A template: what is said, in each language, with placeholders for what differs from person to person."""

import uuid

from django.db import models

import providers


def content_kind_choices() -> list[tuple[str, str]]:
    """The kinds of content that any provider can carry."""
    return [(kind, content.label) for kind, content in providers.CONTENT_KINDS.items()]


class Template(models.Model):
    """A message with one translation a language; its kind decides which channels can send it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField("content", max_length=20, choices=content_kind_choices, default="text")
    base_language = models.CharField(
        max_length=3, default="eng", help_text="ISO 639-3; used for everyone whose language has no translation."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    modified_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class TemplateTranslation(models.Model):
    """The content in one language: the fields of the content kind, with placeholders such as `@contact.name`."""

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="translations")
    language = models.CharField(max_length=3, default="eng")
    content = models.JSONField(default=dict)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["template", "language"],
                name="translation_language_once",
                violation_error_message="This language has a translation already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} ({self.language})"
