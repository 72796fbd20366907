"""The words of a SEPA mandate, as a customer reads and agrees to them, in the language of the page."""

from flask import request
from flask_babel import gettext as _

from portal import i18n
from portal.billing.payment_methods.mandates import Consent
from portal.hosted import languages
from portal.rules.creditors import Creditor


def list_facts(creditor: Creditor, reference: str) -> list[tuple[str, str]]:
    """Whom the mandate is for, under which number, and its reference: names and values."""
    return [
        (_("Creditor"), creditor.name),
        (_("Creditor identifier"), creditor.creditor_id),
        (_("Mandate reference"), reference),
        (_("Kind of payment"), _("Recurring, SEPA Core Direct Debit")),
    ]


def list_paragraphs(creditor: Creditor) -> list[str]:
    """The text of the scheme: who is authorised to do what, and the right to a refund."""
    name = i18n.isolate_text(creditor.name)
    return [
        _(
            "By signing this mandate form, you authorise (A) %(creditor)s to send instructions to your bank to debit"
            " your account and (B) your bank to debit your account in accordance with the instructions from"
            " %(creditor)s.",
            creditor=name,
        ),
        _(
            "As part of your rights, you are entitled to a refund from your bank under the terms and conditions of"
            " your agreement with your bank. A refund must be claimed within 8 weeks starting from the date on which"
            " your account was debited. Your rights are explained in a statement that you can obtain from your bank."
        ),
    ]


def whole_text(creditor: Creditor, reference: str) -> str:
    """All of it as it is kept with the mandate."""
    facts = [f"{name}: {value}" for name, value in list_facts(creditor, reference)]
    return "\n\n".join(["\n".join(facts), *list_paragraphs(creditor)])


def agreed(creditor: Creditor, reference: str, session_id: str, *, now: int) -> Consent:
    """That the customer agrees by this request to the words that the page of this session has shown."""
    return Consent(_describe_browser(now), reference, whole_text(creditor, reference), languages.locale(), session_id)


def _describe_browser(now: int) -> dict[str, object]:
    """How the customer agreed: the wire's hash."""
    online = {"ip_address": request.remote_addr, "user_agent": request.user_agent.string[:1000]}
    return {"type": "online", "accepted_at": now, "online": online}
