"""Parameters of portal sessions and their flows."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from portal.billing.configurations.features import ChangeRules
from portal.i18n import SESSION_LOCALES
from portal.wire.commands import (
    Clearable,
    Command,
    ExpandableCommand,
    Flag,
    Id,
    ListCommand,
    ListOf,
    Quantity,
    Timestamp,
    parameter_error,
    text_up_to,
)
from portal.wire.urls import WebOrigin, WebUrl


def _refuse_on(value: bool) -> bool:
    if value:
        raise parameter_error("", "A session can't allow more than its configuration: enabled can only be false.")
    return value


#: A switch that can only be turned off.
OnlyOff = Annotated[Flag, AfterValidator(_refuse_on)]


class HostedConfirmation(Command):
    """A message of the merchant on the last page."""

    custom_message: Annotated[str, text_up_to(500, lines=True)] | None = None


class Redirect(Command):
    return_url: WebUrl


class AfterCompletion(Command):
    """Where the flow leads: a last page, the home page, or back to the merchant."""

    type: Literal["hosted_confirmation", "portal_homepage", "redirect"]
    hosted_confirmation: HostedConfirmation | None = None
    redirect: Redirect | None = None


class CouponOffer(Command):
    coupon: Id


class RetentionData(Command):
    """An offer to stay, shown before the cancellation."""

    type: Literal["coupon_offer"]
    coupon_offer: CouponOffer


class InvoiceCorrectionFlow(Command):
    """Not in the reference."""

    invoice: Id


class QuoteAcceptFlow(Command):
    """A quote that the customer accepts, or declines. Not in the reference."""

    quote: Id


class SubscriptionCancelFlow(Command):
    subscription: Id
    retention: RetentionData | None = None


class SubscriptionCreateFlow(Command):
    """A plan that a customer starts; `price` is selected first. Not in the reference."""

    price: Id | None = None


class SubscriptionPauseFlow(Command):
    subscription: Id


class SubscriptionWithdrawalFlow(Command):
    """Not in the reference."""

    subscription: Id


class SubscriptionUpdateFlow(Command):
    subscription: Id


class ConfirmedItem(Command):
    """The item that changes, and what it changes to."""

    id: Id
    price: Id | None = None
    quantity: Quantity | None = None


class ConfirmedDiscount(Command):
    coupon: Id | None = None
    promotion_code: Id | None = None


class SubscriptionUpdateConfirmFlow(Command):
    """A change that the customer only has to confirm."""

    subscription: Id
    items: ListOf[ConfirmedItem]
    discounts: ListOf[ConfirmedDiscount] = []


class FlowData(Command):
    """The one task of a session; only the branch named like `type` may be sent."""

    type: Literal[
        "customer_update",
        "invoice_correction",
        "payment_method_update",
        "quote_accept",
        "subscription_cancel",
        "subscription_create",
        "subscription_pause",
        "subscription_update",
        "subscription_update_confirm",
        "subscription_withdrawal",
    ]
    after_completion: AfterCompletion | None = None
    invoice_correction: InvoiceCorrectionFlow | None = None
    quote_accept: QuoteAcceptFlow | None = None
    subscription_cancel: SubscriptionCancelFlow | None = None
    subscription_create: SubscriptionCreateFlow | None = None
    subscription_pause: SubscriptionPauseFlow | None = None
    subscription_update: SubscriptionUpdateFlow | None = None
    subscription_update_confirm: SubscriptionUpdateConfirmFlow | None = None
    subscription_withdrawal: SubscriptionWithdrawalFlow | None = None


def _validate_locale(value: str) -> str:
    if value not in SESSION_LOCALES:
        raise parameter_error("", f"Invalid locale: must be one of {', '.join(SESSION_LOCALES)}")
    return value


class CustomerLogin(Command):
    expires_at: Timestamp | None = None


class AfterExpiration(Command):
    """What an expired link offers: the customer can log in by a code and continue."""

    type: Literal["customer_login"]
    customer_login: CustomerLogin | None = None


class EmbedData(Command):
    """The page that shows the portal within it, by its origin, the part that it shows, and its colours.

    Not in the reference.
    """

    origin: WebOrigin
    section: Literal["details", "invoices", "payment_methods", "plans"] | None = None
    theme: Literal["auto", "dark", "light"] = "auto"


class NarrowerFeature(Command):
    """`enabled` can only be false: a session never allows more than its configuration."""

    enabled: OnlyOff | None = None


class NarrowerUpdate(NarrowerFeature):
    """`rules` count besides those of the configuration."""

    rules: ChangeRules | None = None


class NarrowerFeatures(Command):
    """What this session allows less than its configuration. Not in the reference."""

    balance_payout: NarrowerFeature | None = None
    contacts: NarrowerFeature | None = None
    customer_update: NarrowerFeature | None = None
    invoice_correction: NarrowerFeature | None = None
    invoice_history: NarrowerFeature | None = None
    payment_calendar: NarrowerFeature | None = None
    payment_method_update: NarrowerFeature | None = None
    quotes: NarrowerFeature | None = None
    spending: NarrowerFeature | None = None
    subscription_cancel: NarrowerFeature | None = None
    subscription_create: NarrowerFeature | None = None
    subscription_pause: NarrowerFeature | None = None
    subscription_update: NarrowerUpdate | None = None
    subscription_withdrawal: NarrowerFeature | None = None
    visits: NarrowerFeature | None = None


class CreateSession(ExpandableCommand):
    """Without `configuration` the default one applies, without `flow_data` the whole portal is shown.

    `contact` names the person who comes in; without it, it is the customer, who is an owner.
    """

    after_expiration: AfterExpiration | None = None
    customer: Id
    contact: Id | None = None
    configuration: Id | None = None
    embed: EmbedData | None = None
    return_url: WebUrl | None = None
    locale: Clearable[Annotated[str, text_up_to(100), AfterValidator(_validate_locale)]] = None
    on_behalf_of: Id | None = None
    flow_data: FlowData | None = None
    features: NarrowerFeatures | None = None


class ListSessions(ListCommand):
    customer: Id | None = None


class ExpireSession(ExpandableCommand):
    pass
