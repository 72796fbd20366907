"""Sample merchants in five languages, each with a customer and the lines to bill."""

from dataclasses import dataclass, replace

from portal.documents.parts import Party


@dataclass(frozen=True)
class SampleMerchant:
    """A seller, a buyer, the lines as (description, quantity, price in minor units), and the tax on them."""

    locale: str
    currency: str
    seller: Party
    buyer: Party
    positions: tuple[tuple[str, int, int], ...]
    tax: tuple[str, str]
    memo: str
    footer: str
    method: str
    color: str


_MERCHANTS = (
    SampleMerchant(
        "en",
        "gbp",
        Party(
            name="Harbour Software Ltd",
            line1="4 Quay Street",
            city="Bristol",
            postal_code="BS1 4DJ",
            country="GB",
            email="billing@harbour.example",
            phone="+44 117 496 0123",
            tax_ids=(("VAT no.", "GB980780684"),),
            register_number="01234567",
        ),
        Party(name="Rosen & Daughters", line1="12 Mill Lane", city="Oxford", postal_code="OX1 1AA", country="GB"),
        (("Gold plan", 1, 4900), ("Extra seats", 4, 1200), ("Onboarding workshop", 1, 25000)),
        ("VAT", "20"),
        "Thank you for your business.",
        "Harbour Software Ltd · Registered in England and Wales · Company number 01234567",
        "Visa ending in 4242",
        "#1d4ed8",
    ),
    SampleMerchant(
        "de",
        "eur",
        Party(
            name="Nordlicht Software GmbH",
            line1="Torstraße 12",
            city="Berlin",
            postal_code="10119",
            country="DE",
            email="rechnung@nordlicht.example",
            phone="+49 30 1234567",
            tax_ids=(("USt-IdNr.", "DE136695976"),),
        ),
        Party(
            name="Bäckerei Müller & Söhne OHG",
            line1="Hauptstraße 1",
            city="Leipzig",
            postal_code="04109",
            country="DE",
            tax_ids=(("USt-IdNr.", "DE811907980"),),
        ),
        (("Gold-Abo", 1, 4900), ("Weitere Plätze", 4, 1200), ("Einführung vor Ort", 1, 25000)),
        ("USt.", "19"),
        "Vielen Dank für Ihren Auftrag.\nBei Fragen genügt eine E-Mail.",
        "Geschäftsführerin: Greta Sommer · HRB 12345 B, Amtsgericht Charlottenburg",
        "Visa, endet auf 4242",
        "#0f766e",
    ),
    SampleMerchant(
        "fr",
        "eur",
        Party(
            name="Atelier Lumière SAS",
            line1="8 rue de l’Abbaye",
            city="Paris",
            postal_code="75006",
            country="FR",
            email="factures@lumiere.example",
            tax_ids=(("N° TVA", "FR40303265045"),),
            register_number="303265045",
            register_label="SIREN",
        ),
        Party(name="Librairie du Marché", line1="3 place Bellecour", city="Lyon", postal_code="69002", country="FR"),
        (("Abonnement Or", 1, 4900), ("Postes supplémentaires", 4, 1200), ("Atelier de prise en main", 1, 25000)),
        ("TVA", "20"),
        "Merci de votre confiance.",
        "Atelier Lumière SAS au capital de 10 000 € · RCS Paris 303 265 045",
        "Visa se terminant par 4242",
        "#9d174d",
    ),
    SampleMerchant(
        "ar",
        "aed",
        Party(
            name="شركة النور للبرمجيات",
            line1="شارع الشيخ زايد 12",
            city="دبي",
            country="AE",
            email="billing@alnoor.example",
            phone="+971 4 123 4567",
            tax_ids=(("الرقم الضريبي", "100123456700003"),),
        ),
        Party(name="مؤسسة الأمل", line1="Building 4, Office 12", city="أبو ظبي", country="AE"),
        (("الاشتراك الذهبي", 1, 18000), ("مقاعد إضافية", 4, 4400), ("ورشة تأهيل", 1, 90000)),
        ("ضريبة القيمة المضافة", "5"),
        "شكراً لتعاملكم معنا.",
        "شركة النور للبرمجيات · دبي، الإمارات العربية المتحدة",
        "Visa 4242",
        "#92400e",
    ),
    SampleMerchant(
        "ja",
        "jpy",
        Party(
            name="株式会社みなとソフト",
            line1="海岸通4-1",
            city="横浜市",
            postal_code="231-0002",
            country="JP",
            email="billing@minato.example",
            tax_ids=(("登録番号", "T5835678256246"),),
        ),
        Party(name="有限会社さくら書店", line1="千代田1-1", city="東京都", postal_code="100-0001", country="JP"),
        (("ゴールドプラン", 1, 6800), ("追加シート", 4, 1600), ("導入ワークショップ", 1, 35000)),
        ("消費税", "10"),
        "ご利用ありがとうございます。",
        "株式会社みなとソフト",
        "Visa 4242",
        "#4338ca",
    ),
)
MERCHANTS = {scene.locale: scene for scene in _MERCHANTS}


def merchant_for(locale: str) -> SampleMerchant:
    """The merchant who speaks the language; where none does, the English one writes in it."""
    return MERCHANTS.get(locale) or replace(MERCHANTS["en"], locale=locale)
