"""Parameters for tax services that do not exist here: accepted when switched off, refused when switched on."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from portal.wire.commands import Command, ExpandableCommand, Flag, parameter_error


def _refuse_enabled(enabled: bool) -> bool:
    if enabled:
        raise parameter_error(
            "", "Taxes are not computed here. Use tax_rates, default_tax_rates, or tax_amounts of lines."
        )
    return enabled


class SelfIssuer(Command):
    """The account itself; there are no connected accounts."""

    type: Literal["self"]


class AutomaticTax(Command):
    """Can only be switched off."""

    enabled: Annotated[Flag, AfterValidator(_refuse_enabled)]
    liability: SelfIssuer | None = None


class TaxOptions(ExpandableCommand):
    """The tax parameters of invoices, previews and subscriptions."""

    automatic_tax: AutomaticTax | None = None
    issuer: SelfIssuer | None = None
