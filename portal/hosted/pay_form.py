"""The form by which a customer pays an open invoice: how much, and by what."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField

from portal import i18n
from portal.billing.intents.by_customers import Wish
from portal.billing.payment_methods.chosen import Payment
from portal.hosted import languages, mandate_words
from portal.hosted.forms import text_field
from portal.hosted.pay_offers import PayOffer
from portal.hosted.ways_form import WaysForm
from portal.models.document_days import day_on

_NEXT, _ALL, _OTHER = "next", "all", "other"
#: Of an amount in minor units.
_MOST_DIGITS = 15


class PayForm(WaysForm):
    """An amount, and what it is charged to; `for_offer` drops what the offer doesn't have."""

    part = RadioField(_l("How much do you want to pay?"), validate_choice=False)
    amount = text_field(_l("Amount"), 30)
    remaining = HiddenField()
    offer: PayOffer

    @classmethod
    def for_offer(cls, offer: PayOffer) -> PayForm:
        """The form of an offer: the whole, by what is charged first."""
        whole = i18n.format_bare_amount(offer.payable.most, offer.payable.currency, languages.locale())
        first = [*(method.id for method in offer.kept), *offer.types][0]
        form = cls(data={"amount": whole, "part": _NEXT, "way": first, "holder": offer.customer.name})
        form.part.choices = _list_parts(offer)
        form.offer_ways(offer.kept, offer.types)
        form.offer = offer
        in_parts = offer.payable.has_next
        dropped = [("part", in_parts), ("amount", offer.payable.allows_parts), *offer.card_fields.items()]
        for name, stays in [*dropped, *((each, "sepa_debit" in offer.types) for each in ("holder", "iban", "agree"))]:
            if not stays:
                del form[name]
        return form

    def check(self) -> bool:
        """Whether everything is right, and goes together."""
        self.validate()
        self.check_way(self.way.data, self._holder)
        if "amount" in self and self._is_typed:
            self._check_amount()
        return not self.errors

    @property
    def wish(self) -> Wish:
        """What the customer wants to pay."""
        shown = self.remaining.data or ""
        remaining = int(shown) if shown.isdecimal() and len(shown) <= _MOST_DIGITS else -1
        return Wish(self._amount or 0, remaining, self._payment)

    @property
    def _amount(self) -> int | None:
        payable = self.offer.payable
        if "part" in self and not self._is_typed:
            return payable.most if self.part.data == _ALL else payable.next
        if "amount" not in self:
            return payable.most
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

    @property
    def _is_typed(self) -> bool:
        """Whether the customer names an amount, instead of choosing one."""
        return "part" not in self or ("amount" in self and self.part.data == _OTHER)


def _list_parts(offer: PayOffer) -> list[tuple[str, str]]:
    """The next part, or all that remains; another amount where the merchant takes any."""
    payable, invoice = offer.payable, offer.invoice
    due = i18n.format_day(day_on(invoice, invoice.due_date or offer.now), languages.locale())
    amounts = {_NEXT: payable.next or 0, _ALL: payable.most}
    shown = {part: i18n.format_money(each, payable.currency, languages.locale()) for part, each in amounts.items()}
    texts = [
        (_NEXT, _("%(amount)s, due on %(date)s", amount=i18n.isolate_text(shown[_NEXT]), date=due)),
        (_ALL, _("%(amount)s, all that remains", amount=i18n.isolate_text(shown[_ALL]))),
    ]
    return [*texts, (_OTHER, _("Another amount"))] if payable.allows_parts else texts
