"""Types of payment methods: those that are offered here, and those that only the reference knows."""

from collections.abc import Mapping

#: What an account can be paid by from here, as far as it is set up.
OURS = ("card", "customer_balance", "sepa_debit")
#: What is kept of a configuration, and never offered here.
OTHERS = tuple(
    "acss_debit affirm afterpay_clearpay alipay alma amazon_pay apple_pay au_becs_debit bacs_debit bancontact billie"
    " bizum blik boleto cartes_bancaires cashapp crypto eps fpx giropay google_pay grabpay ideal jcb kakao_pay klarna"
    " konbini kr_card link mb_way mobilepay multibanco naver_pay nz_bank_account oxxo p24 pay_by_bank payco paynow"
    " paypal paypay payto pix promptpay revolut_pay samsung_pay satispay scalapay sequra sofort sunbit swish twint upi"
    " us_bank_account wechat_pay zip".split()
)


def is_on(type: str, preferences: Mapping[str, str]) -> bool:
    """Whether a type is wanted by preferences (`on`, `off`, `none`); without one, those that are offered here are."""
    preference = preferences.get(type, "none")
    return preference == "on" or (preference == "none" and type in OURS)
