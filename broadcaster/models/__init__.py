"""The tables. The database is the truth; the queue only wakes workers up."""

from broadcaster.models.account import ListedGroup, ListedTemplate, MediaFile
from broadcaster.models.api import ApiToken, IdempotentCall
from broadcaster.models.broadcast import COUNTED_STATES, Batch, Broadcast, Resending
from broadcaster.models.channel import Channel, ChannelUsage
from broadcaster.models.consent import Erasure, OptOutSpike, Revival, Suppression
from broadcaster.models.contact import Contact, ContactField, Group, Membership
from broadcaster.models.message import Message, ProviderCall
from broadcaster.models.receipt import Receipt
from broadcaster.models.template import Template, TemplateTranslation
from broadcaster.models.upload import AudienceRow, AudienceUpload, RejectedRow
from broadcaster.models.webhook import Event, Webhook, WebhookDelivery

__all__ = [
    "COUNTED_STATES",
    "ApiToken",
    "AudienceRow",
    "AudienceUpload",
    "Batch",
    "Broadcast",
    "Channel",
    "ChannelUsage",
    "Contact",
    "ContactField",
    "Erasure",
    "Event",
    "Group",
    "IdempotentCall",
    "ListedGroup",
    "ListedTemplate",
    "MediaFile",
    "Membership",
    "Message",
    "OptOutSpike",
    "ProviderCall",
    "Receipt",
    "RejectedRow",
    "Resending",
    "Revival",
    "Suppression",
    "Template",
    "TemplateTranslation",
    "Webhook",
    "WebhookDelivery",
]
