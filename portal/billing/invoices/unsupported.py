"""What programs say of services that this product has none of: taken where it asks for nothing, refused in words."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator

from portal.wire.commands import Command, Expanding, Flag, wrong


def _off(enabled: bool) -> bool:
    if enabled:
        raise wrong("", "Taxes are not computed here. Use tax_rates, default_tax_rates, or tax_amounts of lines.")
    return enabled


class Oneself(Command):
    """The account itself: there are no connected ones."""

    type: Literal["self"]


class AutomaticTax(Command):
    enabled: Annotated[Flag, AfterValidator(_off)]
    liability: Oneself | None = None


class Issued(Expanding):
    """What invoices, their previews and subscriptions take of this kind."""

    automatic_tax: AutomaticTax | None = None
    issuer: Oneself | None = None
