"""The public face of the providers: everything that the rest of the project may import."""

from providers.client import Capabilities, Client
from providers.config import ConfigField
from providers.errors import ConfigurationError, InvalidSignature, ProviderError, Throttled
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
    "Balance",
    "Button",
    "Capabilities",
    "Client",
    "ConfigField",
    "ConfigurationError",
    "Content",
    "DeliveryStatus",
    "Event",
    "Exchange",
    "FieldError",
    "Flow",
    "Health",
    "InvalidSignature",
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
    "kinds",
]
