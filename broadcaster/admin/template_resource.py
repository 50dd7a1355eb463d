"""Templates as rows of a small file: a row is what a template says in one language, checked as its form is."""

from collections.abc import Iterable, MutableMapping
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import BaseForm
from import_export import resources
from import_export.fields import Field

from broadcaster.admin.exporting import Columns
from broadcaster.admin.small_import import Rows
from broadcaster.admin.spreadsheet_format import Spreadsheet
from broadcaster.admin.template_form import PREFIX, TemplateForm, as_typed, form_class
from broadcaster.content import kinds, values
from broadcaster.models import Template, TemplateTranslation
from broadcaster.models.template import content_kind_choices

Row = MutableMapping[str, Any]

ABOUT = ("name", "kind", "base_language", "language")
CONTENT = tuple(dict.fromkeys(PREFIX + field.name for fields in kinds.FIELDS.values() for field in fields))


class TemplateSpreadsheet(Spreadsheet):
    """A table of templates."""

    columns = (*ABOUT, *CONTENT)
    needed = ("name",)


class ContentColumn(Field):
    """A column that holds one field of the content, as a person types it into the form."""

    def export(self, instance: TemplateTranslation, **kwargs: Any) -> str:
        """What the translation says there; nothing where its kind has no such field."""
        field = _fields_of(instance.template).get(self.column_name)
        return as_typed(field.widget, instance.content.get(field.name)) if field else ""


class TemplateResource(Columns, Rows, resources.ModelResource):
    """A row is a translation, known by the template's name and the language."""

    changes = "broadcaster.change_template"
    refusal = "There is such a template, and you may not change it."
    name = Field(attribute="template__name", column_name="name")
    kind = Field(attribute="template__kind", column_name="kind")
    base_language = Field(attribute="template__base_language", column_name="base_language")
    language = Field(attribute="language", column_name="language")

    class Meta:
        model = TemplateTranslation
        fields = ABOUT
        import_id_fields = ()
        skip_diff = True
        store_row_values = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fields |= {column: ContentColumn(column_name=column) for column in CONTENT}

    def rows_of(self, record: Template) -> Iterable[TemplateTranslation]:
        """The translations; one row without a language where there is none."""
        return list(record.translations.all()) or [TemplateTranslation(template=record, language="")]

    # -- in ----------------------------------------------------------------------------------------------------------

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        """Read the templates that are named, and in which languages each of them is going to be said."""
        super().before_import(dataset, **kwargs)
        rows = [(str(row["name"]), str(row.get("language", "")).lower()) for row in dataset.dict]
        found = Template.objects.filter(name__in={name for name, _ in rows}).prefetch_related("translations")
        self.templates = {template.name: template for template in found}
        self.stored = {(each.name, said.language): said for each in found for said in each.translations.all()}
        self.languages = {*self.stored, *rows}
        self.read: set[tuple[str, str]] = set()
        self.new: set[str] = set()
        self.bases: dict[str, str] = {}

    def before_import_row(self, row: Row, **kwargs: Any) -> None:
        """Bring the row into our form. Raises ValidationError with one sentence."""
        for column in ABOUT:
            row[column] = str(row.get(column) or "")
        row["language"], row["base_language"] = row["language"].lower(), row["base_language"].lower()
        if not row["name"]:
            raise ValidationError("Give the template's name.")
        key = row["name"], row["language"]
        if key in self.read:
            raise ValidationError("An earlier row has the same template and language. Keep one of them.")
        self.read.add(key)
        if not row["language"] and (row["name"] not in self.templates or any(row.get(column) for column in CONTENT)):
            raise ValidationError("Give the language of this row: three small letters, such as eng or ind.")

    def get_instance(self, instance_loader: object, row: Row) -> TemplateTranslation | None:
        """The translation that the row means; without a language it speaks of the template alone."""
        if not row["language"]:
            return TemplateTranslation(template=self.templates[row["name"]], language="")
        return self.stored.get((row["name"], row["language"]))

    def init_instance(self, row: Any = None) -> TemplateTranslation:
        """A new translation, of a new template where there is none of this name."""
        name = row["name"]
        if name not in self.templates:
            self.templates[name] = Template(name=name, kind=_kind(row), base_language=row["language"])
            self.new.add(name)
        return TemplateTranslation(template=self.templates[name], language=row["language"])

    def import_instance(self, instance: TemplateTranslation, row: Row, **kwargs: Any) -> None:
        """Fill in the forms that a person would. Raises ValidationError with their sentences."""
        self.changed = self._describe(instance.template, row)
        if not row["language"]:
            return
        before = instance.content
        form = form_class(instance.template.kind, may_upload=False)(data=_typed(instance, row), instance=instance)
        _check(form)
        if instance.pk is None or not _same(instance.template.kind, before, instance.content):
            self.changed = True
        else:
            instance.content = before  # the same in another shape

    def _describe(self, template: Template, row: Row) -> bool:
        """Say what holds for every language; whether that is a change. Raises ValidationError with one sentence."""
        if row["kind"] and _kind(row) != template.kind:
            raise ValidationError(
                f"{template.name} is of the kind {template.kind}, and stays so. Write that, or nothing."
            )
        base = row["base_language"] or template.base_language
        if self.bases.setdefault(template.name, base) != base:
            raise ValidationError(f"The rows of {template.name} give two base languages. Choose one of them.")
        changed = template.pk is None or base != template.base_language
        if changed:
            given = {"name": template.name, "kind": template.kind, "base_language": base}
            _check(TemplateForm(data=given, instance=template))
        if (changed or row["language"]) and (template.name, base) not in self.languages:
            raise ValidationError(f"There is no translation in the base language, {base}. Add a row for it.")
        return changed

    def skip_row(
        self, instance: TemplateTranslation, original: Any, row: Row, import_validation_errors: Any = None
    ) -> bool:
        """Nothing changes."""
        return not import_validation_errors and not self.changed

    def do_instance_save(self, instance: TemplateTranslation, is_create: bool) -> None:  # noqa: FBT001
        """The template first. Raises ValidationError where it may not be changed."""
        if instance.template.name not in self.new:
            self.check_change()
        instance.template.save()
        if instance.language:
            instance.save()


def _kind(row: Row) -> str:
    """The content kind by its key or its name. Raises ValidationError with one sentence."""
    known = {word.lower(): key for key, label in content_kind_choices() for word in (key, label)}
    if row["kind"].lower() not in known:
        raise ValidationError(f"Give the template's kind: one of {', '.join(dict(content_kind_choices()))}.")
    return known[row["kind"].lower()]


def _fields_of(template: Template) -> dict[str, kinds.ContentField]:
    return {PREFIX + field.name: field for field in kinds.FIELDS[template.kind]}


def _typed(translation: TemplateTranslation, row: Row) -> dict[str, str]:
    """The form as a person would fill it in; a column that the file lacks stays as it is. Raises ValidationError."""
    fields = _fields_of(translation.template)
    foreign = next((column for column in CONTENT if row.get(column) and column not in fields), "")
    if foreign:
        kind = translation.template.kind
        raise ValidationError(f"A template of the kind {kind} has no {foreign}. Empty this cell, or give another kind.")
    stored = {
        column: as_typed(field.widget, translation.content.get(field.name)) or field.default
        for column, field in fields.items()
    }
    return stored | {column: str(row[column]) for column in fields if column in row} | {"language": row["language"]}


def _check(form: BaseForm) -> None:
    """Raises ValidationError with a sentence for each field that cannot be kept."""
    if not form.is_valid():
        raise ValidationError(
            [
                f"{form[name].label}: {sentence}" if name in form.fields else sentence
                for name, sentences in form.errors.items()
                for sentence in sentences
            ]
        )


def _same(kind: str, one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two translations say the same, however they are stored."""
    try:
        return kinds.read(kind, one) == kinds.read(kind, other)
    except values.Unreadable:
        return False
