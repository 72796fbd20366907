"""Payment method configurations: which types of payment methods the portal and the checkout offer."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import create_model
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.db import find_row, lock_and_refresh
from portal.errors import InvalidRequest
from portal.models import PaymentMethodConfiguration
from portal.rules.payment_method_types import OTHERS, OURS, is_on
from portal.wire.commands import Command, ExpandableCommand, Flag, ListCommand, text_up_to

NOUN = "payment method configuration"


class DisplayPreference(Command):
    preference: Literal["none", "off", "on"] | None = None


class TypeChoice(Command):
    """Whether a type is offered."""

    display_preference: DisplayPreference | None = None


class _Fields(ExpandableCommand):
    name: Annotated[str, text_up_to(100)] | None = None


_TYPES: Any = dict.fromkeys(sorted((*OURS, *OTHERS)), (TypeChoice | None, None))


class CreatePaymentMethodConfiguration(create_model("_Types", __base__=_Fields, **_TYPES)):  # type: ignore[misc]
    """What is not named is offered where the account has it."""


class UpdatePaymentMethodConfiguration(CreatePaymentMethodConfiguration):
    active: Flag | None = None


class ListPaymentMethodConfigurations(ListCommand):
    active: Flag | None = None


def create(db: Session, command: CreatePaymentMethodConfiguration, *, now: int) -> PaymentMethodConfiguration:
    """Create a configuration, which counts where it is named."""
    made = PaymentMethodConfiguration(
        id=ids.new("payment_method_configuration"),
        created=now,
        name=command.name or "Payment methods",
        active=True,
        preferences=_list_preferences(command),
    )
    db.add(made)
    return made


def update(
    db: Session, row: PaymentMethodConfiguration, command: UpdatePaymentMethodConfiguration, *, now: int
) -> PaymentMethodConfiguration:
    """Change what was sent; pages of the portal follow at once, checkout sessions that are open stay as they are."""
    lock_and_refresh(db, row, noun=NOUN)
    row.preferences = row.preferences | _list_preferences(command)
    row.name = command.name or row.name
    row.active = row.active if command.active is None else command.active
    return row


def refuse_unusable(db: Session, id: str, param: str) -> None:
    """Raises `ResourceMissing` for an unknown configuration, `InvalidRequest` for one that is not active."""
    if not find_row(db, PaymentMethodConfiguration, id, noun=NOUN, param=param).active:
        raise InvalidRequest("This payment method configuration is not active.", param=param)


def list_offered(db: Session, id: str, types: Sequence[str]) -> tuple[str, ...]:
    """Those of the types that a configuration offers."""
    preferences = find_row(db, PaymentMethodConfiguration, id, noun=NOUN).preferences
    return tuple(each for each in types if is_on(each, preferences))


def find_named(features: Mapping[str, Any]) -> str | None:
    """The configuration that features of the portal name for payment methods; None for none."""
    named: str | None = features.get("payment_method_update", {}).get("payment_method_configuration")
    return named


def restrict(db: Session, types: Sequence[str], features: Mapping[str, Any]) -> tuple[str, ...]:
    """Those of the types that customers may add by these features of the portal."""
    named = find_named(features)
    if named is None:
        return tuple(types)
    mine = PaymentMethodConfiguration.id == named
    preferences = db.scalar(select(PaymentMethodConfiguration.preferences).where(mine))
    # before there were any here, programs could name one of another system
    return tuple(each for each in types if preferences is None or is_on(each, preferences))


def _list_preferences(command: CreatePaymentMethodConfiguration) -> dict[str, str]:
    choices = command.sent_values(*_TYPES)
    return {
        type: choice.display_preference.preference or "none"
        for type, choice in choices.items()
        if choice is not None and choice.display_preference is not None
    }
