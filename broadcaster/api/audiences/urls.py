"""Their addresses."""

from django.urls import URLPattern

from broadcaster.api.addresses import UUID, resource
from broadcaster.api.audiences.rejected import Rejected
from broadcaster.api.audiences.suppressions import Suppressions
from broadcaster.api.audiences.upload_actions import Cancel, Undo
from broadcaster.api.audiences.uploads import Upload, Uploads

addresses: list[URLPattern] = [
    resource("uploads", Uploads),
    resource(f"uploads/{UUID}", Upload, "upload"),
    resource(f"uploads/{UUID}/rejected", Rejected, "upload_rejected"),
    resource(f"uploads/{UUID}/cancel", Cancel, "upload_cancel"),
    resource(f"uploads/{UUID}/undo", Undo, "upload_undo"),
    resource("suppressions", Suppressions),
]
