"""Legal notes that an invoice must carry where no tax is charged, in the wording of each language's law.

Reverse charge and its language versions: Directive 2006/112/EC, Article 226 (11a). Supplies within the Union:
Article 138 (1) there; exports: Article 146; exempt supplies: Article 132; supplies outside its scope: Article 44.
Small businesses: the national law of Article 284, as each text names it. Late payment: Directive 2011/7/EU,
France's Code de commerce, Articles L441-9 and D441-5, and Germany's BGB, § 286 (3) and § 288.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from portal import i18n
from portal.i18n import mark as _


@dataclass(frozen=True)
class LateNote:
    """A sentence on late payment; `subject` is its code (UNTDID 4451) in e-invoices, where the law has codes."""

    text: str
    subject: str | None = None


#: The catalogues have each law's own wording in its language.
_BY_CATEGORY = {
    "AE": _("Reverse charge"),
    "E": _("Exempt from VAT"),
    "G": _("Export outside the EU, exempt under Article 146 of Directive 2006/112/EC"),
    "K": _("Intra-community supply, exempt under Article 138 of Directive 2006/112/EC"),
    "O": _("Not subject to VAT"),
}
#: By the seller's country, in the language of its law, which an invoice has to quote.
_SMALL_BUSINESS = {
    "AT": "Umsatzsteuerbefreit – Kleinunternehmer gemäß § 6 Abs. 1 Z 27 UStG",
    "BE": "Petite entreprise soumise au régime de la franchise de taxe – TVA non applicable",
    "DE": "Kein Ausweis von Umsatzsteuer, da Kleinunternehmer gemäß § 19 UStG",
    "FR": "TVA non applicable, art. 293 B du CGI",
    "NL": "Factuur vrijgesteld van btw op grond van artikel 25 Wet OB",
    "PT": "IVA – regime de isenção (artigo 53.º do CIVA)",
}


def note_for_category(code: str, locale: str) -> str | None:
    """Why there is no tax, for a category of UNCL5305; None for those that need no reason (`S`, `Z`)."""
    words = _BY_CATEGORY.get(code)
    return i18n.translate(words, locale) if words else None


def small_business_note(country: str | None, locale: str) -> str:
    """Why a small business in `country` charges no tax."""
    return _SMALL_BUSINESS.get(country or "") or note_for_category("E", locale) or ""


#: What French bills to professionals say (L441-9), with the codes that French platforms look for (BR-FR-05).
_FRENCH_LAW = {
    "PMD": _("Late payment between businesses: interest at three times the French statutory rate."),
    "PMT": _("Late payment between businesses: a fixed sum of €40 for recovery costs."),
    "AAB": _("No discount for early payment."),
}
#: What German bills have to say to consumers, who are in default by it (§ 286 (3) BGB); businesses are without.
_GERMAN_LAW = _(
    "You are in default at the latest 30 days after this invoice is due and has reached you (§ 286 (3) BGB); "
    "interest under § 288 BGB is owed from then on."
)
#: What both laws were given as on documents of the first design, in their own language whatever the document's is.
_FRENCH_LATE_NOTES = (
    LateNote(
        "En cas de retard de paiement, une pénalité égale à trois fois le taux d'intérêt légal est exigible.", "PMD"
    ),
    LateNote("Une indemnité forfaitaire de 40 € pour frais de recouvrement est due en cas de retard.", "PMT"),
    LateNote("Pas d'escompte pour paiement anticipé.", "AAB"),
)
_GERMAN_LATE_NOTES = (
    LateNote(
        "Sie kommen spätestens 30 Tage nach Fälligkeit und Zugang dieser Rechnung in Verzug (§ 286 Abs. 3 BGB); "
        "dann fallen Verzugszinsen nach § 288 BGB an."
    ),
)


def french_late_notes(locale: str) -> Sequence[LateNote]:
    """What every invoice of a French seller says of late payment between businesses."""
    return tuple(LateNote(i18n.translate(words, locale), subject) for subject, words in _FRENCH_LAW.items())


def german_late_notes(locale: str) -> Sequence[LateNote]:
    """What a German seller has to tell a consumer of late payment."""
    return (LateNote(i18n.translate(_GERMAN_LAW, locale)),)


def first_late_notes(seller: str | None, buyer: str | None) -> Sequence[LateNote]:
    """What documents of the first design say to businesses."""
    if seller == "FR":
        return _FRENCH_LATE_NOTES
    return _GERMAN_LATE_NOTES if seller == "DE" and buyer in {"DE", None} else ()
