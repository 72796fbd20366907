"""Parameters of a correction. Not in the reference."""

from typing import Annotated

from portal.billing.ledger.tax_ids import LONGEST_VALUE
from portal.wire.commands import Address, Clearable, Command, ExpandableCommand, Id, Name, text_up_to


class CorrectedTaxId(Command):
    """A tax ID as it is printed; it is not added to the customer."""

    type: Id
    value: Annotated[str, text_up_to(LONGEST_VALUE)]


class CorrectInvoice(ExpandableCommand):
    """What the new invoice says instead; what is not sent stays as it is printed."""

    address: Address | None = None
    name: Name | None = None
    purchase_order: Clearable[Annotated[str, text_up_to(140)]] = None
    tax_id: Clearable[CorrectedTaxId] = None
