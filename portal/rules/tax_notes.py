"""Legal notes that an invoice must carry where no tax is charged, in the wording of each language's law.

Reverse charge and its language versions: Directive 2006/112/EC, Article 226 (11a). Supplies within the Union:
Article 138 (1) there; exports: Article 146; exempt supplies: Article 132; supplies outside its scope: Article 44.
Small businesses: the national law of Article 284, as each text names it. Late payment: Directive 2011/7/EU,
France's Code de commerce, Articles L441-9 and D441-5, and Germany's BGB, § 286 (3) and § 288.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class LateNote:
    """A sentence on late payment; `subject` is its code (UNTDID 4451) in e-invoices, where the law has codes."""

    text: str
    subject: str | None = None


_REVERSE_CHARGE = {
    "ar": "الاحتساب العكسي: يسدد المستلم ضريبة القيمة المضافة",
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
    "ar": "توريد داخل الاتحاد الأوروبي، معفى بموجب المادة 138 من التوجيه 2006/112/EC",
    "de": "Steuerfreie innergemeinschaftliche Lieferung",
    "en": "Intra-community supply, exempt under Article 138 of Directive 2006/112/EC",
    "es": "Entrega intracomunitaria exenta, artículo 138 de la Directiva 2006/112/CE",
    "fr": "Livraison intracommunautaire exonérée, article 138 de la directive 2006/112/CE",
    "it": "Cessione intracomunitaria non imponibile, articolo 138 della direttiva 2006/112/CE",
    "nl": "Intracommunautaire levering, artikel 138 van Richtlijn 2006/112/EG",
}
_EXPORT = {
    "ar": "تصدير خارج الاتحاد الأوروبي، معفى بموجب المادة 146 من التوجيه 2006/112/EC",
    "de": "Steuerfreie Ausfuhrlieferung",
    "en": "Export outside the EU, exempt under Article 146 of Directive 2006/112/EC",
    "es": "Exportación exenta, artículo 146 de la Directiva 2006/112/CE",
    "fr": "Exportation exonérée, article 146 de la directive 2006/112/CE",
    "it": "Esportazione non imponibile, articolo 146 della direttiva 2006/112/CE",
    "nl": "Uitvoer, artikel 146 van Richtlijn 2006/112/EG",
}
_NOT_SUBJECT = {
    "ar": "غير خاضع لضريبة القيمة المضافة",
    "de": "Nicht steuerbar",
    "en": "Not subject to VAT",
    "es": "No sujeto a IVA",
    "fr": "Hors champ d’application de la TVA",
    "it": "Fuori campo IVA",
    "nl": "Buiten de heffing van btw",
}
_EXEMPT = {
    "ar": "معفى من ضريبة القيمة المضافة",
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
    return _pick(words, locale) if words else None


def small_business_note(country: str | None, locale: str) -> str:
    """Why a small business in `country` charges no tax."""
    return _SMALL_BUSINESS.get(country or "") or note_for_category("E", locale) or ""


#: What French bills to professionals say (L441-9), with the codes that French platforms look for (BR-FR-05).
_FRENCH_LAW = {
    "PMD": {
        "ar": "التأخر في السداد بين المهنيين: فائدة تعادل ثلاثة أمثال السعر القانوني الفرنسي.",
        "de": "Zahlungsverzug unter Unternehmen: Zinsen zum Dreifachen des französischen gesetzlichen Zinssatzes.",
        "en": "Late payment between businesses: interest at three times the French statutory rate.",
        "fr": "Retard de paiement entre professionnels : pénalité égale à trois fois le taux d’intérêt légal.",
    },
    "PMT": {
        "ar": "التأخر في السداد بين المهنيين: تعويض ثابت قدره 40 يورو عن تكاليف التحصيل.",
        "de": "Zahlungsverzug unter Unternehmen: Pauschale von 40 € für Beitreibungskosten.",
        "en": "Late payment between businesses: a fixed sum of €40 for recovery costs.",
        "fr": "Retard de paiement entre professionnels : indemnité forfaitaire de 40 € pour frais de recouvrement.",
    },
    "AAB": {
        "ar": "لا خصم على السداد المبكر.",
        "de": "Kein Skonto bei vorzeitiger Zahlung.",
        "en": "No discount for early payment.",
        "fr": "Pas d’escompte pour paiement anticipé.",
    },
}
#: What German bills have to say to consumers, who are in default by it (§ 286 (3) BGB); businesses are without.
_GERMAN_LAW = {
    "ar": "يُعد التأخر في السداد قائماً بعد 30 يوماً على الأكثر من تاريخ الاستحقاق واستلام هذه الفاتورة (§ 286 (3) BGB)؛ "
    "وعندئذٍ تُستحق فوائد التأخير وفق § 288 BGB.",
    "de": "Sie kommen spätestens 30 Tage nach Fälligkeit und Zugang dieser Rechnung in Verzug (§ 286 Abs. 3 BGB); "
    "dann fallen Verzugszinsen nach § 288 BGB an.",
    "en": "You are in default at the latest 30 days after this invoice is due and has reached you (§ 286 (3) BGB); "
    "interest under § 288 BGB is owed from then on.",
    "fr": "Vous êtes en demeure au plus tard 30 jours après l’échéance et la réception de cette facture "
    "(§ 286, al. 3 BGB) ; des intérêts de retard sont alors dus selon le § 288 BGB.",
}
#: What both laws were given as on documents of the first design, in their own language whatever the document's is.
_FRENCH_LATE_NOTES = (
    LateNote(
        "En cas de retard de paiement, une pénalité égale à trois fois le taux d'intérêt légal est exigible.", "PMD"
    ),
    LateNote("Une indemnité forfaitaire de 40 € pour frais de recouvrement est due en cas de retard.", "PMT"),
    LateNote("Pas d'escompte pour paiement anticipé.", "AAB"),
)
_GERMAN_LATE_NOTES = (LateNote(_GERMAN_LAW["de"]),)


def french_late_notes(locale: str) -> Sequence[LateNote]:
    """What every invoice of a French seller says of late payment between businesses."""
    return tuple(LateNote(_pick(words, locale), subject) for subject, words in _FRENCH_LAW.items())


def german_late_notes(locale: str) -> Sequence[LateNote]:
    """What a German seller has to tell a consumer of late payment."""
    return (LateNote(_pick(_GERMAN_LAW, locale)),)


def first_late_notes(seller: str | None, buyer: str | None) -> Sequence[LateNote]:
    """What documents of the first design say to businesses."""
    if seller == "FR":
        return _FRENCH_LATE_NOTES
    return _GERMAN_LATE_NOTES if seller == "DE" and buyer in {"DE", None} else ()


def _pick(words: Mapping[str, str], locale: str) -> str:
    return words.get(locale.split("_")[0].lower(), words["en"])
