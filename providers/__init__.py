"""The public face of the providers: everything that the rest of the project may import."""

from providers.capabilities import Capabilities
from providers.client import Client
from providers.config import ConfigField
from providers.errors import ConfigurationError, InvalidSignature, ProviderError, Throttled
from providers.languages import three_letters
from providers.limits import has_emoji
from providers.listings import Approval, ListedGroup, ListedTemplate, filled
from providers.messages import (
    CONTENT_KINDS,
    Button,
    Content,
    Event,
    Flow,
    Media,
    OutboundMessage,
    Recipient,
    TemplateMessage,
    Text,
    Translation,
    VoiceCall,
)
from providers.outcomes import (
    Balance,
    DeliveryStatus,
    Estimate,
    Exchange,
    FieldError,
    Health,
    Outcome,
    ReceiptEvent,
    SendResult,
)
from providers.registry import client_class, connect, kinds

__all__ = [
    "CONTENT_KINDS",
    "Approval",
    "Balance",
    "Button",
    "Capabilities",
    "Client",
    "ConfigField",
    "ConfigurationError",
    "Content",
    "DeliveryStatus",
    "Estimate",
    "Event",
    "Exchange",
    "FieldError",
    "Flow",
    "Health",
    "InvalidSignature",
    "ListedGroup",
    "ListedTemplate",
    "Media",
    "OutboundMessage",
    "Outcome",
    "ProviderError",
    "ReceiptEvent",
    "Recipient",
    "SendResult",
    "TemplateMessage",
    "Text",
    "Throttled",
    "Translation",
    "VoiceCall",
    "client_class",
    "connect",
    "filled",
    "has_emoji",
    "kinds",
    "three_letters",
]
