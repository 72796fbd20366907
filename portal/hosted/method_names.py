"""Payment methods in a few words, where one of them is chosen, and why one was refused."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from portal import i18n
from portal.hosted.method_cards import BRANDS
from portal.models import PaymentMethod


def name_method(method: PaymentMethod) -> str:
    """`Visa ending in 4242`, or `Bank account ending in 3000`."""
    last4 = i18n.isolate_text(str(method.details["last4"]))
    if method.type == "card":
        brand = BRANDS.get(method.details["brand"]) or _("Card")
        words: str = _("%(brand)s ending in %(last4)s", brand=brand, last4=last4)
    else:
        words = _("Bank account ending in %(last4)s", last4=last4)
    return words


def name_way(type: str, *, is_other: bool) -> str:
    """A way to pay; `is_other` where kept methods are offered beside it."""
    words: dict[str, str] = {
        "card": _("Another card") if is_other else _("Card"),
        "customer_balance": _("Bank transfer, by the invoice"),
        "sepa_debit": _("SEPA direct debit from another account") if is_other else _("SEPA direct debit"),
    }
    return words[type]


def explain_refusal(error: Mapping[str, Any] | None) -> str:
    """Why a payment was refused, by the wire's hash of it."""
    code, decline = (error or {}).get("code"), (error or {}).get("decline_code")
    words: dict[str | None, str] = {
        "card_declined": _("Your card was declined."),
        "expired_card": _("Your card has expired."),
        "insufficient_funds": _("Your card was declined, as there is not enough money."),
        "payment_intent_authentication_failure": _("You have not confirmed the payment."),
    }
    return words.get(decline) or words.get(code) or _("The payment was refused.")
