"""`payment_settings` of invoices and subscriptions: kept and shown, as nothing is charged here."""

from typing import Any, Literal

from portal.billing.invoices.payment_method_options import InvoiceMethodOptions, SubscriptionMethodOptions
from portal.wire.commands import Clearable, Command, Id, ListOf

PaymentMethodType = Literal[
    "ach_credit_transfer",
    "ach_debit",
    "acss_debit",
    "affirm",
    "alipay",
    "amazon_pay",
    "au_becs_debit",
    "bacs_debit",
    "bancontact",
    "billie",
    "blik",
    "boleto",
    "card",
    "cashapp",
    "crypto",
    "custom",
    "customer_balance",
    "eps",
    "fpx",
    "giropay",
    "grabpay",
    "ideal",
    "jp_credit_transfer",
    "kakao_pay",
    "klarna",
    "konbini",
    "kr_card",
    "link",
    "mb_way",
    "multibanco",
    "naver_pay",
    "nz_bank_account",
    "p24",
    "pay_by_bank",
    "payco",
    "paynow",
    "paypal",
    "payto",
    "pix",
    "promptpay",
    "revolut_pay",
    "satispay",
    "sepa_credit_transfer",
    "sepa_debit",
    "sequra",
    "sofort",
    "swish",
    "twint",
    "upi",
    "us_bank_account",
    "wechat_pay",
]


class InvoicePaymentSettings(Command):
    """What the payment provider is to know of an invoice's payment."""

    default_mandate: Clearable[Id] = None
    payment_method_options: InvoiceMethodOptions | None = None
    payment_method_types: ListOf[PaymentMethodType] = []


class SubscriptionPaymentSettings(Command):
    """What the payment provider is to know of a subscription; its invoices start with it."""

    payment_method_options: SubscriptionMethodOptions | None = None
    payment_method_types: ListOf[PaymentMethodType] = []
    save_default_payment_method: Literal["off", "on_subscription"] | None = None


def merge_settings(
    stored: dict[str, Any] | None, sent: InvoicePaymentSettings | SubscriptionPaymentSettings | None
) -> dict[str, Any] | None:
    """The stored settings with the sent ones on top; an empty list of types and cleared values are None."""
    if sent is None:
        return stored
    after = dict(stored or {})
    for name in sent.model_fields_set - {"payment_method_options"}:
        after[name] = getattr(sent, name) or None
    if sent.payment_method_options is not None:
        options = sent.payment_method_options.model_dump()
        changed = {name: options[name] for name in sent.payment_method_options.model_fields_set}
        after["payment_method_options"] = {**options, **(after.get("payment_method_options") or {}), **changed}
    return after


def settings_for_invoice(kept: dict[str, Any] | None) -> dict[str, Any] | None:
    """The settings that an invoice of a subscription with these settings starts with."""
    if not kept:
        return None
    options = kept.get("payment_method_options")
    return {
        "payment_method_options": options and _options_for_invoice(options),
        "payment_method_types": kept.get("payment_method_types"),
    }


def _options_for_invoice(options: dict[str, Any]) -> dict[str, Any]:
    """The options without those that only a subscription has, in the form that an invoice shows."""
    shown = InvoiceMethodOptions().model_dump()
    for name, value in options.items():
        if value is not None:
            known = _INVOICE_FORMS[name]
            shown[name] = {key: value.get(key) for key in known}
    return shown


def _list_keys(annotation: Any) -> tuple[str, ...]:
    """The keys of the command within an optional annotation."""
    [command] = [each for each in annotation.__args__ if each is not type(None)]
    return tuple(getattr(command, "model_fields", ()))


_INVOICE_FORMS = {name: _list_keys(field.annotation) for name, field in InvoiceMethodOptions.model_fields.items()}
