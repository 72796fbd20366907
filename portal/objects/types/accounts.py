"""The merchant's account."""

from __future__ import annotations

from portal.objects.accounts import BUSINESS_PROFILE, COMPANY, CONTROLLER, PAYMENT_SETTINGS, STATEMENT_DESCRIPTORS
from portal.objects.types.shared import ADDRESS
from portal.rules import mails
from portal.rules.events import SWITCHES
from portal.wire.schemas import BOOLEAN, INTEGER, NULL, STRING, Schema, array, hash_of, listed, maybe, words


def _nulls(keys: object) -> dict[str, Schema]:
    return dict.fromkeys(keys, NULL)  # type: ignore[call-overload, no-any-return]


_TEXT = maybe(STRING)
_PROFILE = ("mcc", "name", "product_description", "support_email", "support_phone", "support_url", "url")
_BRANDING = ("icon", "logo", "primary_color", "secondary_color")

TYPES: dict[str, dict[str, Schema]] = {
    "account": {
        "business_profile": hash_of(
            **{**_nulls(BUSINESS_PROFILE), **dict.fromkeys(_PROFILE, _TEXT), "support_address": maybe(ADDRESS)}
        ),
        "charges_enabled": BOOLEAN,
        "company": hash_of(
            **{**_nulls(COMPANY), **dict.fromkeys(("name", "phone", "tax_id_registrar"), _TEXT), "address": ADDRESS}
        ),
        "controller": hash_of(**_nulls(CONTROLLER), type=words("account")),
        "details_submitted": BOOLEAN,
        "external_accounts": listed(NULL),
        "payouts_enabled": BOOLEAN,
        "settings": hash_of(
            **_nulls(PAYMENT_SETTINGS),
            billing=hash_of(
                mode=words("automatic", "mirror"),
                overdue_days=maybe(INTEGER),
                overdue_subscriptions=STRING,
                upcoming_days=INTEGER,
            ),
            branding=hash_of(**dict.fromkeys(_BRANDING, _TEXT)),
            dashboard=hash_of(display_name=_TEXT, timezone=STRING),
            emails=hash_of(
                **dict.fromkeys(mails.SWITCHES, BOOLEAN),
                payment_reminders=hash_of(**dict.fromkeys(mails.REMINDERS, array(INTEGER))),
            ),
            invoices=hash_of(
                bank_transfer=maybe(hash_of(bic=_TEXT, holder=_TEXT, iban=_TEXT)),
                e_invoices=hash_of(
                    **dict.fromkeys(("contact", "endpoint", "register_number", "tax_currency"), _TEXT),
                    formats=array(words("factur_x", "peppol", "xrechnung")),
                    reverse_charge=maybe(words("goods", "services")),
                    untaxed=maybe(words("exempt", "export", "not_subject", "small_business", "zero_rated")),
                ),
                default_account_tax_ids=maybe(array(STRING)),
                footer=_TEXT,
                hosted_payment_method_save=NULL,
                numbering=hash_of(prefix=STRING, scheme=words("account", "customer")),
            ),
            payments=hash_of(**_nulls(STATEMENT_DESCRIPTORS)),
            portal=hash_of(default_locale=_TEXT, events=hash_of(**dict.fromkeys(SWITCHES, BOOLEAN))),
            quotes=hash_of(description=_TEXT, footer=_TEXT, header=_TEXT),
        ),
        "type": words("standard"),
    }
}
