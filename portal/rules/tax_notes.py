"""Legal notes that an invoice must carry where no tax is charged, in the wording of each language's law.

Reverse charge and its language versions: Directive 2006/112/EC, Article 226 (11a). Supplies within the Union:
Article 138 (1) there; exports: Article 146; exempt supplies: Article 132; supplies outside its scope: Article 44.
Small businesses: the national law of Article 284, as each text names it. Late payment: Directive 2011/7/EU,
France's Code de commerce, Articles L441-9 and D441-5, and Germany's BGB, § 286 (3) and § 288.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class LateNote:
    """A sentence on late payment; `subject` is its code (UNTDID 4451) in e-invoices, where the law has codes."""

    text: str
    subject: str | None = None


_REVERSE_CHARGE = {
    "bg": "Обратно начисляване",
    "cs": "Daň odvede zákazník",
    "da": "Omvendt betalingspligt",
    "de": "Steuerschuldnerschaft des Leistungsempfängers",
    "el": "Αντίστροφη επιβάρυνση",
    "en": "Reverse charge",
    "es": "Inversión del sujeto pasivo",
    "et": "Pöördmaksustamine",
    "fi": "Käännetty verovelvollisuus",
    "fr": "Autoliquidation",
    "hr": "Prijenos porezne obveze",
    "hu": "Fordított adózás",
    "it": "Inversione contabile",
    "lt": "Atvirkštinis apmokestinimas",
    "lv": "Nodokļa apgrieztā maksāšana",
    "nl": "Btw verlegd",
    "pl": "Odwrotne obciążenie",
    "pt": "Autoliquidação",
    "ro": "Taxare inversă",
    "sk": "Prenesenie daňovej povinnosti",
    "sl": "Obrnjena davčna obveznost",
    "sv": "Omvänd betalningsskyldighet",
}
_WITHIN_THE_UNION = {
    "de": "Steuerfreie innergemeinschaftliche Lieferung",
    "en": "Intra-community supply, exempt under Article 138 of Directive 2006/112/EC",
    "es": "Entrega intracomunitaria exenta, artículo 138 de la Directiva 2006/112/CE",
    "fr": "Livraison intracommunautaire exonérée, article 138 de la directive 2006/112/CE",
    "it": "Cessione intracomunitaria non imponibile, articolo 138 della direttiva 2006/112/CE",
    "nl": "Intracommunautaire levering, artikel 138 van Richtlijn 2006/112/EG",
}
_EXPORT = {
    "de": "Steuerfreie Ausfuhrlieferung",
    "en": "Export outside the EU, exempt under Article 146 of Directive 2006/112/EC",
    "es": "Exportación exenta, artículo 146 de la Directiva 2006/112/CE",
    "fr": "Exportation exonérée, article 146 de la directive 2006/112/CE",
    "it": "Esportazione non imponibile, articolo 146 della direttiva 2006/112/CE",
    "nl": "Uitvoer, artikel 146 van Richtlijn 2006/112/EG",
}
_NOT_SUBJECT = {
    "de": "Nicht steuerbar",
    "en": "Not subject to VAT",
    "es": "No sujeto a IVA",
    "fr": "Hors champ d'application de la TVA",
    "it": "Fuori campo IVA",
    "nl": "Buiten de heffing van btw",
}
_EXEMPT = {
    "de": "Umsatzsteuerfrei",
    "en": "Exempt from VAT",
    "es": "Exento de IVA",
    "fr": "Exonéré de TVA",
    "it": "Esente da IVA",
    "nl": "Vrijgesteld van btw",
}
_BY_CATEGORY = {
    "AE": _REVERSE_CHARGE,
    "E": _EXEMPT,
    "G": _EXPORT,
    "K": _WITHIN_THE_UNION,
    "O": _NOT_SUBJECT,
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
    return words.get(locale.split("_")[0].lower(), words["en"]) if words else None


def small_business_note(country: str | None, locale: str) -> str:
    """Why a small business in `country` charges no tax."""
    return _SMALL_BUSINESS.get(country or "") or note_for_category("E", locale) or ""


#: What French bills say, with the codes that French platforms look for (BR-FR-05).
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


def late_payment_notes(seller: str | None, buyer: str | None) -> Sequence[LateNote]:
    """What an invoice between businesses says about late payment, where the seller's law requires it."""
    if seller == "FR":
        return _FRENCH_LATE_NOTES
    return _GERMAN_LATE_NOTES if seller == "DE" and buyer in {"DE", None} else ()
