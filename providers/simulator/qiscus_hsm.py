"""Qiscus' list of WhatsApp templates ("HSM"), as public programs read it.

No page of Qiscus documents it. The fields are those that two Odoo modules and a Node program on GitHub read, the query
what they send: `page`, `limit`, `approved`, `channel_id`. An approval is 0 pending, 1 approved, -1 rejected.
"""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from providers.simulator.qiscus_words import check_credentials, failure, whole
from providers.simulator.replies import Refused, Reply

NAMESPACE = "6616bb93_d895_41e7_8bbe_2c528219e56e"
_PENDING, _APPROVED, _REJECTED = 0, 1, -1


def _details(number: int, language: str, content: str, **changes: object) -> dict[str, object]:
    usual = {"approval_status": _APPROVED, "rejection_reason": None, "header_type": "text", "header_content": ""}
    common = {"id": number, "language": language, "content": content, "header_default_value": None, "footer": ""}
    return {**common, **usual, **changes}


def _template(number: int, name: str, category: str, *details: dict[str, object]) -> dict[str, Any]:
    common = {"id": number, "name": name, "namespace": NAMESPACE, "category": category}
    return {**common, "hsm_details": list(details)}


TEMPLATES: tuple[Mapping[str, Any], ...] = (
    _template(
        191,
        "invoice_update",
        "UTILITY",
        _details(172, "id", "Halo {{1}}, tagihan Anda sebesar {{2}}."),
        _details(173, "en", "Hello {{1}}, your invoice is {{2}}."),
    ),
    _template(
        192,
        "harvest_photo",
        "MARKETING",
        _details(174, "en", "Dear {{1}}, look at this.", header_type="image"),
    ),
    _template(
        193,
        "order_ready",
        "UTILITY",
        _details(175, "en", "Order {{1}} is ready.", approval_status=_PENDING, header_content="For {{1}}"),
    ),
    _template(
        194,
        "flash_sale",
        "MARKETING",
        _details(176, "en", "Buy now!", approval_status=_REJECTED, rejection_reason="It promises too much."),
    ),
)


async def index(request: web.Request) -> web.StreamResponse:
    """GET `?page=1&limit=10&approved=true&channel_id=534`: templates with their languages; all states if not asked."""
    check_credentials(request)
    page, limit = whole(request, "page", 1), whole(request, "limit", 10)
    approved = request.query.get("approved", "")
    if approved not in {"", "true", "false"} or not request.query.get("channel_id", "0").isdecimal():
        raise Refused(failure(400, "approved must be true or false, and channel_id an integer"))
    found = [template for template in TEMPLATES if approved != "true" or _is_approved(template)]
    shown = found[(page - 1) * limit : page * limit]
    return Reply(200, {"data": {"hsm_templates": shown}, "meta": {"total": len(found)}, "status": 200}).response()


async def show(request: web.Request) -> web.StreamResponse:
    """GET `/show/<id>`: one template."""
    check_credentials(request)
    wanted = request.match_info["template_id"]
    template = next((each for each in TEMPLATES if str(each["id"]) == wanted), None)
    if template is None:
        raise Refused(failure(404, "hsm template is not found"))
    return Reply(200, {"data": {"hsm_template": template}, "status": 200}).response()


def _is_approved(template: Mapping[str, Any]) -> bool:
    return all(details["approval_status"] == _APPROVED for details in template["hsm_details"])
