"""What calls answer for parameters that the reference documents and this portal doesn't take, and for such values.

`WORDS` is the one table of them: the error message of a call and `docs/parameters.md` are made of it.
"""

from collections.abc import Sequence

_CHARGES = "payments are made at your payment provider and recorded here. Leave it out"
_OTHER_ACCOUNTS = "an API key stands for one merchant, and no money goes to other accounts. Leave it out"
_CUSTOMER = "send the id of the customer as customer"
_METERS = "usage is not metered here. Meter it in your program, and bill it by an invoice item"
_TIERS = "a price has one amount per unit. Make a price for each tier, or send the amount as an invoice item"
_TAX_DETAILS = "taxes are not computed here. Name tax_rates; tax_code keeps the kind of the product"
_COMPUTED_TAX = "taxes are not computed here. The address decides nothing; name tax_rates or default_tax_rates"
_OWN_TAXES = "the taxes of a credit note are computed from its lines. Name their tax_rates"
_PAUSES = "a preview shows what comes without a pause. Plan it in schedule_details[pause_schedules]"
_PREBILLING = "each period is billed when it starts. Bill ahead by an invoice of its own"
_TRIAL_OFFERS = "there are no trial offers for single items. Use trial_end or trial_period_days of the subscription"
_BY_TERMS = "a subscription is billed by periods, never by an amount reached. Leave it out"
_CURRENCIES = "a price has one currency. Make a price for each currency"
_PACKAGES = "packages are not measured here. Keep measures in metadata"
_ITEMIZED = "prorations are always net of discounts here. Send included, or leave it out"
_NO_CHECKS = "nobody is checked and nothing is paid out here, so it has no use. Leave it out"
_NO_STATEMENTS = "what stands on statements of cards is set at the provider. Leave it out"
_NO_PAYMENTS = "no cards or bank accounts are charged here, so it has no use. Leave it out"
_OTHER_SCRIPTS = "names and addresses are kept in one script, as the documents print them. Use name and address"
_OTHER_FILES = "such files are not kept here"

_ONE_TYPE = "there are card and sepa_debit alone, as the account collects by them. Leave it out"
_OTHER_METHODS = "only cards and bank accounts of the SEPA area are charged here. Send card or sepa_debit"
_NO_NUMBERS = "the number of a card never comes here. Send card[token]"
_METHOD_TYPES = (
    "acss_debit affirm afterpay_clearpay alipay alma amazon_pay au_becs_debit bacs_debit bancontact billie bizum"
    " blik boleto cashapp crypto custom customer_balance eps fpx giropay grabpay ideal kakao_pay klarna"
    " konbini kr_card link mb_way mobilepay multibanco naver_pay nz_bank_account oxxo p24 pay_by_bank payco paynow"
    " paypal paypay payto pix promptpay revolut_pay samsung_pay satispay scalapay sequra sofort sunbit swish twint"
    " upi us_bank_account wechat_pay zip"
).split()

_FILES_OF_DISPUTES = "evidence in files is given at your payment provider. Send what can be said in words"
_EVIDENCE_FILES = (
    "appeal cancellation_policy customer_communication customer_signature duplicate_charge_documentation"
    " enhanced_evidence receipt refund_policy service_documentation shipping_documentation uncategorized_file"
).split()
_CARDS_ONLY = "there are no cards and wallets on the page. Leave it out"
_OWN_INVOICES = (
    "invoices of a subscription say what the account and the customer say. Change the subscription afterwards"
)
_FROM_NOW = "a subscription begins as it is bought, or after a trial. Change it afterwards"
_HOSTED = "the page is one of the portal. Send hosted_page, or leave it out"

#: Parameter -> why it isn't taken and what to do instead. A parameter is named by the end of its path, without the
#: numbers of lists; `=` adds a value of it, and a plain `=` stands for each value that is not taken.
WORDS = {
    **dict.fromkeys((*_METHOD_TYPES, "interac_present"), _OTHER_METHODS),
    **dict.fromkeys((f"type={name}" for name in _METHOD_TYPES), _OTHER_METHODS),
    "account_token": "accounts are changed by their parameters. Send these",
    "adaptive_pricing": _CURRENCIES,
    "after_expiration": "a session that has expired leads back by cancel_url. Create another one",
    "allowed_payment_method_types": _ONE_TYPE,
    "application": _OTHER_ACCOUNTS,
    "apple_pay_later": _OTHER_METHODS,
    "application_fee_amount": _OTHER_ACCOUNTS,
    "application_fee_percent": _OTHER_ACCOUNTS,
    "attach_to_self": _OTHER_ACCOUNTS,
    "billing_cycle_anchor.timestamp": "an anchor is now or unchanged here. Send type=now at the time itself",
    "billing_cycle_anchor.type=timestamp": "an anchor is now or unchanged here. Send type=now at the time itself",
    "billing_schedules": _PREBILLING,
    "billing_scheme=tiered": _TIERS,
    "billing_thresholds": _BY_TERMS,
    "branding_settings": "pages have the look of the account. Set settings[branding] of the account",
    "business_profile.annual_revenue": _NO_CHECKS,
    "business_profile.estimated_worker_count": _NO_CHECKS,
    "card": "a card stays as it is. Make another payment method",
    "card.cvc": _NO_NUMBERS,
    "card.networks": "the provider chooses the network. Leave it out",
    "card.number": _NO_NUMBERS,
    "business_profile.mcc": _NO_CHECKS,
    "business_profile.minority_owned_business_designation": _NO_CHECKS,
    "business_profile.monthly_estimated_revenue": _NO_CHECKS,
    "business_profile.product_description": _NO_CHECKS,
    "business_profile.specified_commercial_transactions_act_url": "say it in the footer of your invoices",
    "business_type": _NO_CHECKS,
    "capabilities": _NO_PAYMENTS,
    "cash_balance": "customers can't pay in advance here. Use balance, or balance_transactions",
    "charge": "a payment is known by its payment_intent or payment_record. Send one of these",
    "client_secret": "an API key reads it without its secret. Leave it out",
    "collected_information": "what the customer types is what counts. Change the customer afterwards",
    "company.address_kana": _OTHER_SCRIPTS,
    "company.address_kanji": _OTHER_SCRIPTS,
    "company.administrative_address": _NO_CHECKS,
    "company.directors_provided": _NO_CHECKS,
    "company.directorship_declaration": _NO_CHECKS,
    "company.executives_provided": _NO_CHECKS,
    "company.export_license_id": _NO_CHECKS,
    "company.export_purpose_code": _NO_CHECKS,
    "company.name_kana": _OTHER_SCRIPTS,
    "company.name_kanji": _OTHER_SCRIPTS,
    "company.owners_provided": _NO_CHECKS,
    "company.ownership_declaration": _NO_CHECKS,
    "company.ownership_exemption_reason": _NO_CHECKS,
    "company.physical_address": _NO_CHECKS,
    "company.principal_place_of_business": _NO_CHECKS,
    "company.registration_date": _NO_CHECKS,
    "company.registration_number": "create a tax_id of the account, which documents then name",
    "company.representative_declaration": _NO_CHECKS,
    "company.structure": _NO_CHECKS,
    "company.tax_id": "create a tax_id of the account, which documents then name",
    "company.tax_id_registrar": "create a tax_id of the account, which documents then name",
    "company.vat_id": "create a tax_id of the account, which documents then name",
    "company.verification": _NO_CHECKS,
    "confirmation_token": "there are no such tokens here. Send payment_method or payment_method_data",
    "consent_collection.payment_method_reuse_agreement": "the mandate is the agreement. Leave it out",
    "coupon": "a preview redeems discounts. Send discounts[0][coupon]",
    "currency_options": _CURRENCIES,
    "current_trial": _TRIAL_OFFERS,
    "custom_unit_amount": "a price has a fixed amount. Send the chosen one as an invoice item",
    "customer": "it is named elsewhere: payment methods are attached by the call attach, tax IDs have owner[customer]",
    "customer_account": _CUSTOMER,
    "customer_details.tax": _COMPUTED_TAX,
    "default_payment_method": _CHARGES,
    "default_source": _CHARGES,
    "documents": _NO_CHECKS,
    "end_behavior=none": "a schedule ends by release or cancel. Send one of these",
    "end_behavior=renew": "a schedule ends by release or cancel. Add a phase to go on",
    **dict.fromkeys((f"evidence.{name}" for name in _EVIDENCE_FILES), _FILES_OF_DISPUTES),
    "excluded_payment_method_types": _ONE_TYPE,
    "external_account": _NO_PAYMENTS,
    "flow_directions": _ONE_TYPE,
    "groups": _NO_PAYMENTS,
    "individual": _NO_CHECKS,
    "instructions_email": "the money goes where it came from, so nobody is asked. Leave it out",
    "intended_submission_method": "evidence goes when you hand it in. Leave it out",
    "integration_identifier": "it names a program to the reference. Use metadata",
    "invoicing_rules": "single items have no rules, so there are none to remove. Leave it out",
    "issuer.account": _OTHER_ACCOUNTS,
    "issuer.type=account": "an API key stands for one merchant. Send type=self",
    "liability.account": _OTHER_ACCOUNTS,
    "liability.type=account": "an API key stands for one merchant. Send type=self",
    "line_items": "a session stays as it was created. Expire it and create another one",
    "line_items.metadata": "line items have no metadata. Use those of the session, the link or the price",
    "lines.price": "the price of a line is lines[pricing][price]. Send that one",
    "lines.tax_amounts": _OWN_TAXES,
    "managed_payments": _OTHER_ACCOUNTS,
    "mandate": _CHARGES,
    "meter": _METERS,
    "on_behalf_of": _OTHER_ACCOUNTS,
    "origin_context": _HOSTED,
    "outstanding_usage_through": _METERS,
    "owner.customer_account": "send the id of the customer as owner[customer]",
    "package_dimensions": _PACKAGES,
    "payment.payment_intent": "payments are payment records here. Filter by payment[payment_record]",
    "payment.type=payment_intent": "payments are payment records here. Send payment_record",
    "fr_meal_voucher_conecs": _OTHER_METHODS,
    "parent": _OTHER_ACCOUNTS,
    "payment_behavior=pending_if_incomplete": "it goes with updates of a subscription only",
    "payment_intent": "record the payment by payment_records, and send its id as payment_record",
    "payment_intent_data": "a payment ends in an invoice here. Send invoice_creation[invoice_data]",
    "payment_method": _CHARGES,
    "payment_method_configuration": "name the types themselves, as payment_method_types",
    "payment_method_data": _ONE_TYPE,
    "payment_method_options": _ONE_TYPE,
    "payment_method_types=": "bills are paid from bank accounts and cards; checkout takes customer_balance",
    "permissions": _HOSTED,
    "proration_discounts=itemized": _ITEMIZED,
    "purpose=": _OTHER_FILES,
    "radar_options": "nobody is checked here. Leave it out",
    "redirect_on_completion": _HOSTED,
    "refund": "send refund_amount, or the refund as refunds[0][refund]",
    "refund_application_fee": _OTHER_ACCOUNTS,
    "return_url": _HOSTED,
    "reverse_transfer": _OTHER_ACCOUNTS,
    "saved_payment_method_options": "each purchase asks for the account anew. Leave it out",
    "settings.bacs_debit_payments": _NO_PAYMENTS,
    "settings.card_issuing": _NO_PAYMENTS,
    "settings.card_payments": _NO_PAYMENTS,
    "settings.invoices.hosted_payment_method_save": _NO_PAYMENTS,
    "settings.payments.statement_descriptor": _NO_STATEMENTS,
    "settings.payments.statement_descriptor_kana": _NO_STATEMENTS,
    "settings.payments.statement_descriptor_kanji": _NO_STATEMENTS,
    "settings.payouts": _NO_PAYMENTS,
    "settings.paypay_payments": _NO_PAYMENTS,
    "settings.sepa_debit_payments": _NO_PAYMENTS,
    "settings.treasury": _NO_PAYMENTS,
    "shipping_options": "a session stays as it was created. Expire it and create another one",
    "single_use": "a mandate is for all collections here. Leave it out",
    "source": _CHARGES,
    "subscription_data.billing_cycle_anchor": _FROM_NOW,
    "subscription_data.billing_cycle_anchor_config": _FROM_NOW,
    "subscription_data.invoice_settings.account_tax_ids": _OWN_INVOICES,
    "subscription_data.invoice_settings.custom_fields": _OWN_INVOICES,
    "subscription_data.invoice_settings.description": _OWN_INVOICES,
    "subscription_data.invoice_settings.footer": _OWN_INVOICES,
    "subscription_data.pending_invoice_item_interval": _FROM_NOW,
    "subscription_data.proration_behavior": _FROM_NOW,
    "subscription_details": "this older call has its parts at the top. Send subscription_items and the like",
    "subscription_details.pause": _PAUSES,
    "tax": _COMPUTED_TAX,
    "tax_details": _TAX_DETAILS,
    "tax_rate_data.jurisdiction_level": "say the place in tax_rate_data[jurisdiction]",
    "tiers": _TIERS,
    "tiers_mode": _TIERS,
    "tos_acceptance": _NO_CHECKS,
    "transfer_data": _OTHER_ACCOUNTS,
    "transform_quantity": "quantities are billed as they are. Send the quantity of packages",
    "transform_usage": "quantities are billed as they are. Send the quantity of packages",
    "trial_settings.end_behavior.billing_cycle_anchor": "the first period starts where the trial ends, unless"
    " billing_cycle_anchor names another day. Send that one",
    "ui_mode=": _HOSTED,
    "usage_type=metered": _METERS,
    "validate": _CHARGES,
    "wallet_options": _CARDS_ONLY,
}


def find_key(path: Sequence[str], value: object = None) -> str | None:
    """The key of `WORDS` for a parameter, or with `value` for this value of it; None if there is none.

    `path` is the parameter's name in parts, without the numbers of lists; the longest end of it counts.
    """
    for start in range(len(path)):
        name = ".".join(path[start:])
        for key in [name] if value is None else [f"{name}={value}", f"{name}="]:
            if key in WORDS:
                return key
    return None


def find_words(path: Sequence[str], value: object = None) -> str | None:
    """The words for a parameter, or for a value of it; None if it is just unknown."""
    key = find_key(path, value)
    return None if key is None else WORDS[key]
