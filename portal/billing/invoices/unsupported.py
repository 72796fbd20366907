"""Parameters for services that do not exist here: accepted when switched off or empty, refused otherwise."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from portal.wire.commands import Clearable, Command, ExpandableCommand, Flag, Id, OnlyEmpty, parameter_error


def _refuse_enabled(enabled: bool) -> bool:
    if enabled:
        raise parameter_error(
            "", "Taxes are not computed here. Use tax_rates, default_tax_rates, or tax_amounts of lines."
        )
    return enabled


class SelfIssuer(Command):
    """The account itself; there are no connected accounts."""

    type: Literal["self"]


#: The issuer within invoice settings; it says nothing new, so it isn't stored.
Issuer = Annotated[SelfIssuer | None, Field(exclude=True)]


class AutomaticTax(Command):
    """Can only be switched off."""

    enabled: Annotated[Flag, AfterValidator(_refuse_enabled)]
    liability: SelfIssuer | None = None


class TaxOptions(ExpandableCommand):
    """The tax parameters of invoices, previews and subscriptions."""

    automatic_tax: AutomaticTax | None = None
    issuer: SelfIssuer | None = None


class PaymentOptions(ExpandableCommand):
    """What an invoice or subscription is charged to, before the customer's default; there are no sources."""

    default_payment_method: Clearable[Id] = None
    default_source: OnlyEmpty = None


class ConnectOptions(ExpandableCommand):
    """For whom and to whom money would go; programs may clear it."""

    on_behalf_of: OnlyEmpty = None
    transfer_data: OnlyEmpty = None
