"""Parameters of promotion codes, and of what a discount is put on."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from portal.billing.discounts.coupons import RedemptionLimit
from portal.billing.discounts.discounts import DiscountSources
from portal.wire.commands import (
    MAX_AMOUNT,
    Clearable,
    Command,
    Currency,
    ExpandableCommand,
    Flag,
    Id,
    ListCommand,
    Metadata,
    Timestamp,
    TimestampFilter,
    integer_between,
    parameter_error,
    text_up_to,
)


def _parse_code(value: str) -> str:
    if not (value.isascii() and value.isalnum()):
        raise parameter_error("", "A code has letters and digits only.")
    return value


PromotionCodeText = Annotated[str, text_up_to(500), AfterValidator(_parse_code)]
MinimumAmount = Annotated[int, integer_between(1, MAX_AMOUNT)]


class Promotion(Command):
    type: Literal["coupon"]
    coupon: Id


class MinimumAmountOption(Command):
    minimum_amount: MinimumAmount


class RestrictionChanges(Command):
    """Minimum amounts in further currencies, all that can change."""

    currency_options: dict[Currency, MinimumAmountOption] = {}


class Restrictions(RestrictionChanges):
    """Who may use a code: first purchases, or from a minimum amount on."""

    first_time_transaction: Flag = False
    minimum_amount: MinimumAmount | None = None
    minimum_amount_currency: Currency | None = None


class UpdatePromotionCode(ExpandableCommand):
    active: Flag | None = None
    metadata: Metadata = {}
    restrictions: RestrictionChanges | None = None


class CreatePromotionCode(ExpandableCommand):
    active: Flag = True
    code: PromotionCodeText | None = None
    coupon: Id | None = None
    customer: Id | None = None
    expires_at: Timestamp | None = None
    max_redemptions: RedemptionLimit | None = None
    metadata: Metadata = {}
    promotion: Promotion | None = None
    restrictions: Restrictions | None = None


class ListPromotionCodes(ListCommand):
    active: Flag | None = None
    code: PromotionCodeText | None = None
    coupon: Id | None = None
    created: TimestampFilter = None
    customer: Id | None = None


class SingleDiscountParams(ExpandableCommand):
    """The older parameters: either one sets a single discount, and `""` removes it."""

    coupon: Clearable[Id] = None
    promotion_code: Clearable[Id] = None


class DiscountParams(SingleDiscountParams):
    """The newer parameter `discounts`, and the older ones."""

    discounts: DiscountSources = []
