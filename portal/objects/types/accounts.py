"""JSON schemas of the account's values."""

from portal.objects.accounts import (
    BUSINESS_PROFILE,
    COMPANY,
    CONTROLLER,
    PAYMENT_SETTINGS,
    PREFIXES,
    STATEMENT_DESCRIPTORS,
)
from portal.objects.types.shared import ADDRESS
from portal.rules import mails
from portal.rules.events import EVENT_SWITCHES
from portal.wire.schemas import BOOLEAN, INTEGER, NULL, STRING, Schema, array_of, enum_of, hash_of, list_object, or_null


def _null_schemas(keys: object) -> dict[str, Schema]:
    return dict.fromkeys(keys, NULL)  # type: ignore[call-overload, no-any-return]


_TEXT = or_null(STRING)
_PROFILE_TEXTS = ("mcc", "name", "product_description", "support_email", "support_phone", "support_url", "url")
_BRANDING_TEXTS = ("icon", "logo", "primary_color", "secondary_color")

ACCOUNT: dict[str, Schema] = {
    "business_profile": hash_of(
        **{
            **_null_schemas(BUSINESS_PROFILE),
            **dict.fromkeys(_PROFILE_TEXTS, _TEXT),
            "support_address": or_null(ADDRESS),
        }
    ),
    "charges_enabled": BOOLEAN,
    "company": hash_of(
        **{
            **_null_schemas(COMPANY),
            **dict.fromkeys(("name", "phone", "tax_id_registrar"), _TEXT),
            "address": ADDRESS,
        }
    ),
    "controller": hash_of(**_null_schemas(CONTROLLER), type=enum_of("account")),
    "details_submitted": BOOLEAN,
    "external_accounts": list_object(NULL),
    "payouts_enabled": BOOLEAN,
    "settings": hash_of(
        **_null_schemas(PAYMENT_SETTINGS),
        card_payments=hash_of(decline_on=NULL, **_null_schemas(PREFIXES)),
        bank=hash_of(ibans=array_of(STRING), underpayment_tolerance=INTEGER),
        billing=hash_of(
            mode=enum_of("automatic", "mirror"),
            overdue_days=or_null(INTEGER),
            overdue_subscriptions=STRING,
            upcoming_days=INTEGER,
        ),
        branding=hash_of(**dict.fromkeys(_BRANDING_TEXTS, _TEXT)),
        collection=hash_of(
            format=enum_of("pain.008.001.02", "pain.008.001.08"),
            lead_days=INTEGER,
            on_exhausted=enum_of("cancel", "leave", "mark_unpaid"),
            prenotification_days=INTEGER,
            retry_days=array_of(INTEGER),
            settles_after_days=or_null(INTEGER),
        ),
        dashboard=hash_of(display_name=_TEXT, timezone=STRING),
        direct_debit=hash_of(**dict.fromkeys(("bic", "creditor_id", "creditor_name", "iban"), _TEXT)),
        emails=hash_of(
            **dict.fromkeys(mails.MAIL_SWITCHES, BOOLEAN),
            payment_reminders=hash_of(**dict.fromkeys(mails.DEFAULT_REMINDERS, array_of(INTEGER))),
        ),
        invoices=hash_of(
            bank_transfer=or_null(hash_of(bic=_TEXT, holder=_TEXT, iban=_TEXT)),
            e_invoices=hash_of(
                **dict.fromkeys(("contact", "endpoint", "register_number", "tax_currency"), _TEXT),
                formats=array_of(enum_of("factur_x", "peppol", "xrechnung")),
                reverse_charge=or_null(enum_of("goods", "services")),
                untaxed=or_null(enum_of("exempt", "export", "not_subject", "small_business", "zero_rated")),
            ),
            default_account_tax_ids=or_null(array_of(STRING)),
            footer=_TEXT,
            hosted_payment_method_save=NULL,
            numbering=hash_of(prefix=STRING, scheme=enum_of("account", "customer")),
            tax_rounding=enum_of("per_invoice", "per_line"),
        ),
        payments=hash_of(
            **_null_schemas(STATEMENT_DESCRIPTORS),
            partial=hash_of(enabled=BOOLEAN, minimum=INTEGER),
            provider=or_null(enum_of("sandbox", "stripe")),
        ),
        portal=hash_of(default_locale=_TEXT, events=hash_of(**dict.fromkeys(EVENT_SWITCHES, BOOLEAN)), host=_TEXT),
        quotes=hash_of(description=_TEXT, footer=_TEXT, header=_TEXT),
    ),
    "type": enum_of("standard"),
}
