"""The parameters of the calls that look at a customer's spending and coming payments."""

from portal.wire.commands import Command, Currency


class ListOutlook(Command):
    currency: Currency | None = None
