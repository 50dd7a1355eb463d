"""Whom a rule fits, shown beside it while somebody builds it."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST

from broadcaster.admin import rule_entry, rule_field
from broadcaster.audience import rules, rules_counts, rules_words
from broadcaster.audience.rules import Unusable

TEMPLATE = "broadcaster/groups/_look.html"
NOTHING_YET = "Add a condition to see whom the rule fits."


@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """The rule that is posted in words, how many it fits and some of them; nothing is kept. Raises PermissionDenied."""
    builds = any(request.user.has_perm(f"broadcaster.{action}_group") for action in ("add", "change"))
    if not (builds and request.user.has_perm("broadcaster.view_contact")):
        raise PermissionDenied
    entry = rule_entry.posted(request.POST, "conditions")
    own = request.GET.get("of", "")
    if not entry.rows:
        return TemplateResponse(request, TEMPLATE, {"problem": NOTHING_YET})
    try:
        rule = rules.parse(entry.read(rule_field.kinds()))
        look = rules_counts.look(rule, of=int(own) if own.isdecimal() else None)
    except Unusable as error:
        return TemplateResponse(request, TEMPLATE, {"problem": error.sentence})
    return TemplateResponse(request, TEMPLATE, {"words": rules_words.in_words(rule), "look": look})
