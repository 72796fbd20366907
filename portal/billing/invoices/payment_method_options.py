"""Options of single payment methods, kept for the payment provider, as nothing is charged here."""

from typing import Annotated, Literal

from pydantic import PlainValidator

from portal.wire.commands import (
    Address,
    Clearable,
    Command,
    Country,
    Flag,
    Label,
    ListOf,
    PositiveAmount,
    Timestamp,
    integer_between,
    parameter_error,
    schema_override,
)

AmountType = Literal["fixed", "maximum"]
Verification = Literal["automatic", "instant", "microdeposits"]
Count = Annotated[int, integer_between(1, 999_999_999)]


class DebitMandate(Command):
    transaction_type: Literal["business", "personal"] | None = None


class AcssDebit(Command):
    mandate_options: DebitMandate | None = None
    verification_method: Verification | None = None


class Bancontact(Command):
    preferred_language: Literal["de", "en", "fr", "nl"] | None = None


class CompanyDetails(Command):
    registered_address: Clearable[Address] = None
    registered_name: Label | None = None
    registration_number: Label | None = None
    registration_type: Clearable[
        Literal[
            "ch_ein",
            "de_hrb",
            "dk_cvr",
            "es_cif",
            "fi_tunnus",
            "fr_siren",
            "fr_siret",
            "it_rea",
            "nl_kvk",
            "no_org_number",
            "no_pno",
            "se_org_number",
            "se_pno",
            "uk_crn",
        ]
    ] = None
    vat: Label | None = None


class Billie(Command):
    company_details: Clearable[CompanyDetails] = None


class InvoiceBillie(Billie):
    reference: Label | None = None


class BlikMandate(Command):
    expires_at: Timestamp | None = None


class Blik(Command):
    mandate_options: BlikMandate | None = None


def _refuse_options(value: object) -> dict[str, str]:
    if value != {}:
        raise parameter_error("", "It has no options.")
    return {}


#: A payment method without options.
NoOptions = Annotated[dict[str, str], PlainValidator(_refuse_options), schema_override(type="object", maxProperties=0)]


class AmountMandate(Command):
    amount: PositiveAmount | None = None
    amount_type: AmountType | None = None
    description: Label | None = None


class InstallmentPlan(Command):
    """Over how many months the amount is paid."""

    count: Count | None = None
    interval: Literal["month"] | None = None
    type: Literal["bonus", "fixed_count", "revolving"]


class Installments(Command):
    enabled: Flag | None = None
    plan: Clearable[InstallmentPlan] = None


class InvoiceCard(Command):
    installments: Installments | None = None
    request_three_d_secure: Literal["any", "automatic", "challenge"] | None = None


class Card(Command):
    mandate_options: AmountMandate | None = None
    network: (
        Literal[
            "amex",
            "cartes_bancaires",
            "diners",
            "discover",
            "eftpos_au",
            "girocard",
            "interac",
            "jcb",
            "link",
            "mastercard",
            "unionpay",
            "unknown",
            "visa",
        ]
        | None
    ) = None
    request_three_d_secure: Literal["any", "automatic", "challenge"] | None = None


class EuBankTransfer(Command):
    country: Country


class BankTransfer(Command):
    eu_bank_transfer: EuBankTransfer | None = None
    type: Label | None = None


class CustomerBalance(Command):
    bank_transfer: BankTransfer | None = None
    funding_type: Label | None = None


class PaytoMandate(Command):
    amount: PositiveAmount | None = None
    purpose: (
        Literal[
            "dependant_support",
            "government",
            "loan",
            "mortgage",
            "other",
            "pension",
            "personal",
            "retail",
            "salary",
            "tax",
            "utility",
        ]
        | None
    ) = None


class Payto(Command):
    mandate_options: PaytoMandate | None = None


class InvoicePix(Command):
    amount_includes_iof: Literal["always", "never"] | None = None
    expires_after_seconds: Count | None = None


class PixMandate(Command):
    amount: PositiveAmount | None = None
    amount_includes_iof: Literal["always", "never"] | None = None
    end_date: Label | None = None
    payment_schedule: Literal["halfyearly", "monthly", "quarterly", "weekly", "yearly"] | None = None


class Pix(Command):
    expires_after_seconds: Count | None = None
    mandate_options: PixMandate | None = None


class UpiMandate(AmountMandate):
    end_date: Timestamp | None = None


class Upi(Command):
    mandate_options: UpiMandate | None = None


class AccountFilters(Command):
    account_subcategories: ListOf[Literal["checking", "savings"]] = []


class FinancialConnections(Command):
    filters: AccountFilters | None = None
    permissions: ListOf[Literal["balances", "ownership", "payment_method", "transactions"]] = []
    prefetch: ListOf[Literal["balances", "ownership", "transactions"]] = []


class UsBankAccount(Command):
    financial_connections: FinancialConnections | None = None
    verification_method: Verification | None = None


class SharedOptions(Command):
    """Options of the methods that invoices and subscriptions describe alike."""

    acss_debit: Clearable[AcssDebit] = None
    bancontact: Clearable[Bancontact] = None
    customer_balance: Clearable[CustomerBalance] = None
    konbini: Clearable[NoOptions] = None
    payto: Clearable[Payto] = None
    sepa_debit: Clearable[NoOptions] = None
    upi: Clearable[Upi] = None
    us_bank_account: Clearable[UsBankAccount] = None


class InvoiceMethodOptions(SharedOptions):
    billie: Clearable[InvoiceBillie] = None
    blik: Clearable[NoOptions] = None
    card: Clearable[InvoiceCard] = None
    pix: Clearable[InvoicePix] = None


class SubscriptionMethodOptions(SharedOptions):
    billie: Clearable[Billie] = None
    blik: Clearable[Blik] = None
    card: Clearable[Card] = None
    pix: Clearable[Pix] = None
