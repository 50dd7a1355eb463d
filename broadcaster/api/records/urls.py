"""Their addresses."""

from django.urls import URLPattern

from broadcaster.api.addresses import UUID, resource
from broadcaster.api.records import moves
from broadcaster.api.records.messages import Messages
from broadcaster.api.records.recipients import Recipients
from broadcaster.api.records.report import OneReport

ONE = rf"broadcasts/{UUID}"

addresses: list[URLPattern] = [
    resource("messages", Messages),
    resource(ONE, moves.OneBroadcast, "broadcast"),
    resource(f"{ONE}/recipients", Recipients, "broadcast_recipients"),
    resource(f"{ONE}/report", OneReport, "broadcast_report"),
    resource(f"{ONE}/pause", moves.Pause, "broadcast_pause"),
    resource(f"{ONE}/resume", moves.Resume, "broadcast_resume"),
    resource(f"{ONE}/cancel", moves.Cancel, "broadcast_cancel"),
    resource(f"{ONE}/resend_failed", moves.ResendFailed, "broadcast_resend_failed"),
]
