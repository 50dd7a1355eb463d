"""What Qiscus says of money: it tells a balance, and what a file would cost, only in its answer to an upload.

    {"broadcast_file_id": 2272837, "current_balance": {"credits": "0", "free_session": 1000, "quota": 857},
     "estimation_charge": {"credit": 0, "free_session": 1, "quota": 0}}

Source: the gist "Send Outbound Message". What the three mean to each other is not documented, so each is looked at by
itself: an account that lacks any of them is not sent to.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any

from providers import parsing
from providers.errors import AnswerUnreadable, ChannelHeld
from providers.outcomes import Balance, Estimate

# (what a file would cost, what is left, how a person calls it): the gist spells the first pair differently.
CHARGES = (
    ("credit", "credits", "credits"),
    ("free_session", "free_session", "free sessions"),
    ("quota", "quota", "quota"),
)
AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?\Z")
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Charge:
    """One of the three: what is needed and what is left, None where Qiscus does not say."""

    name: str
    needed: Decimal | None
    left: Decimal | None

    @property
    def is_enough(self) -> bool:
        """Whether what is left pays for what is needed; what is not told is no obstacle."""
        return self.needed is None or self.left is None or self.needed <= self.left


@dataclass(frozen=True, slots=True)
class Quote:
    """An upload's answer: the file's id, its charges, and when that was."""

    file_id: int
    charges: tuple[Charge, ...]
    at: datetime

    def check(self) -> None:
        """Raise ChannelHeld where the account cannot pay for the file."""
        for charge in self.charges:
            if not charge.is_enough:
                needs = f"{charge.name} {charge.needed} ({charge.left} left)"
                raise ChannelHeld(f"Qiscus would need {needs}; top up the account.", code="balance")

    def balance(self) -> Balance | None:
        """What was left then: nobody can ask for it now."""
        told = [f"{charge.name} {charge.left}" for charge in self.charges if charge.left is not None]
        return Balance(", ".join(told), "left") if told else None

    def estimate(self, asked: int, wanted: int) -> Estimate | None:
        """What `wanted` messages cost, in proportion to the `asked` ones in the file; None where nothing was told."""
        charges = [charge if asked == wanted else _in_proportion(charge, asked, wanted) for charge in self.charges]
        told = [f"{c.name} {c.needed} ({_said(c.left)} left)" for c in charges if c.needed is not None]
        if not told:
            return None
        share = "" if asked == wanted else f", in proportion to {asked} of {wanted} messages"
        return Estimate(all(charge.is_enough for charge in charges), f"Qiscus estimates{share}: {', '.join(told)}.")


def quote(value: Any) -> Quote:
    """What an upload's answer says. Raises AnswerUnreadable where it names no file."""
    file_id = parsing.whole_number(parsing.dig(value, "broadcast_file_id"))
    if file_id is None:
        raise AnswerUnreadable("Qiscus took the file, but gave no file id.")
    charges = tuple(
        Charge(name, _amount(value, "estimation_charge", cost), _amount(value, "current_balance", left))
        for cost, left, name in CHARGES
    )
    return Quote(file_id, charges, datetime.now(UTC))


def _amount(value: Any, *path: str) -> Decimal | None:
    text = parsing.phrase(parsing.dig(value, *path))
    if not AMOUNT.match(text):
        return None
    amount = Decimal(text)
    return amount if amount == amount.to_integral_value() else amount.quantize(CENT)


def _said(amount: Decimal | None) -> str:
    return "unknown" if amount is None else str(amount)


def _in_proportion(charge: Charge, asked: int, wanted: int) -> Charge:
    if charge.needed is None:
        return charge
    return replace(charge, needed=(charge.needed * wanted / asked).to_integral_value(ROUND_CEILING))
