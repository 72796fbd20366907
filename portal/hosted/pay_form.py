"""The form by which a customer pays an open invoice: how much, and by what."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField

from portal import i18n
from portal.billing.intents.by_customers import Wish
from portal.billing.payment_methods.chosen import Payment
from portal.hosted import languages, mandate_words
from portal.hosted.forms import text_field
from portal.hosted.pay_offers import PayOffer
from portal.hosted.ways_form import WaysForm


class PayForm(WaysForm):
    """An amount, and what it is charged to; `for_offer` drops what the offer doesn't have."""

    amount = text_field(_l("Amount"), 30)
    remaining = HiddenField()
    offer: PayOffer

    @classmethod
    def for_offer(cls, offer: PayOffer) -> PayForm:
        """The form of an offer: the whole, by what is charged first."""
        whole = i18n.format_bare_amount(offer.payable.most, offer.payable.currency, languages.locale())
        first = [*(method.id for method in offer.kept), *offer.types][0]
        form = cls(data={"amount": whole, "way": first, "holder": offer.customer.name})
        form.offer_ways(offer.kept, offer.types)
        form.offer = offer
        dropped = [("amount", offer.payable.allows_parts), ("card", "card" in offer.types)]
        for name, stays in [*dropped, *((each, "sepa_debit" in offer.types) for each in ("holder", "iban", "agree"))]:
            if not stays:
                del form[name]
        return form

    def check(self) -> bool:
        """Whether everything is right, and goes together."""
        self.validate()
        self.check_way(self.way.data, self._holder)
        if "amount" in self:
            self._check_amount()
        return not self.errors

    @property
    def wish(self) -> Wish:
        """What the customer wants to pay."""
        shown = self.remaining.data or ""
        return Wish(self._amount or 0, int(shown) if shown.isdecimal() and shown.isascii() else -1, self._payment)

    @property
    def _amount(self) -> int | None:
        if "amount" not in self:
            return self.offer.payable.most
        return i18n.parse_amount(self.amount.data, self.offer.payable.currency, languages.locale())

    @property
    def _holder(self) -> str | None:
        return self.holder.data if "holder" in self else None

    @property
    def _payment(self) -> Payment:
        offer, consent = self.offer, None
        if offer.creditor is not None:
            consent = mandate_words.agreed(offer.creditor, offer.reference, offer.seed, now=offer.now)
        return self.read_payment(self.way.data, offer.kept, self._holder, consent)

    def _check_amount(self) -> None:
        payable = self.offer.payable
        least, most = (
            i18n.isolate_text(i18n.format_money(each, payable.currency, languages.locale()))
            for each in (payable.least, payable.most)
        )
        if self._amount is None or not payable.least <= self._amount <= payable.most:
            self.amount.errors = [_("Enter an amount from %(least)s to %(most)s.", least=least, most=most)]
        elif self._amount < payable.most and self._is_debited:
            self.amount.errors = [_("A part can be paid by card only. By direct debit, pay the whole amount.")]

    @property
    def _is_debited(self) -> bool:
        debited = {"sepa_debit", *(each.id for each in self.offer.kept if each.provider is None)}
        return self.way.data in debited
