"""What a provider can do; the product switches its features by this and by nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do.

    `max_batch` is recipients a request at most, `default_batch` what is wise. `correlation_bytes` is None where the
    provider has no field for our reference. `recipient_key` says which address it sends to.
    """

    content_kinds: frozenset[str]
    channels: tuple[str, ...]  # what the recipient sees: WhatsApp, SMS, RCS, voice ...
    max_batch: int = 1
    default_batch: int = 1
    batch_within_rate: bool = False  # a request may carry no more recipients than the account's messages a second
    recipient_key: Literal["phone", "phone_or_identifier"] = "phone"
    # Whether it reaches mobile phones only (SMS, RCS), so that a landline never gets what is accepted for it.
    mobile_only: Literal["no", "yes", "by setting"] = "no"
    native_schedule: bool = False
    expiry: bool = False
    priority: bool = False
    correlation_bytes: int | None = None
    receipts: Literal["webhook", "poll", "none"] = "none"
    inbound: bool = False
    balance: bool = False
    estimate: bool = False  # it tells what messages would cost before they are sent
    lookup: bool = False  # it can be asked whether it has a message whose answer was lost
    templates: bool = False  # it lists the account's templates, with their state of approval
    groups: bool = False  # it has groups of its own, and sends to one of them in one post
    media: bool = False  # it takes files first, and messages refer to them by its id
    quick_replies: bool = False  # a text may offer answers to tap
    # What an operator should know before content of a kind goes out, by the kind; it keeps nothing back.
    cautions: Mapping[str, str] = field(default_factory=dict, hash=False)
