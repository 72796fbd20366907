"""Parameters of what a page asks beyond who buys: the merchant's own fields, and how and where to goods are sent."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from portal.billing.catalogue.shipping_rates import ShippingCostParams
from portal.wire.commands import Command, Country, Flag, Id, ListOf, integer_between, parameter_error, text_up_to

#: The most characters of an answer.
LONGEST_ANSWER = 255


def _parse_key(value: str) -> str:
    if not value.replace("_", "").replace("-", "").isalnum() or not value.isascii():
        raise parameter_error("", "Invalid string: use only letters, digits, - and _")
    return value


Length = Annotated[int, integer_between(0, LONGEST_ANSWER)]
Answer = Annotated[str, text_up_to(LONGEST_ANSWER)]


class FieldLabel(Command):
    custom: Annotated[str, text_up_to(100)]
    type: Literal["custom"]


class FieldOption(Command):
    """An answer to choose: what customers read, and what the session says."""

    label: Annotated[str, text_up_to(100)]
    value: Annotated[str, text_up_to(100), AfterValidator(_parse_key)]


class DropdownField(Command):
    default_value: Answer | None = None
    options: ListOf[FieldOption]


class TypedField(Command):
    """How long an answer is, in characters."""

    default_value: Answer | None = None
    maximum_length: Length | None = None
    minimum_length: Length | None = None


class PageField(Command):
    """A question of the merchant's own."""

    dropdown: DropdownField | None = None
    key: Annotated[str, text_up_to(200), AfterValidator(_parse_key)]
    label: FieldLabel
    numeric: TypedField | None = None
    optional: Flag = False
    text: TypedField | None = None
    type: Literal["dropdown", "numeric", "text"]


class ShippingAddressCollection(Command):
    """The countries that are delivered to."""

    allowed_countries: ListOf[Country]


class ShippingOption(ShippingCostParams):
    """A way to send it: an existing rate, or the data of a new one."""


class LinkShippingOption(Command):
    shipping_rate: Id
