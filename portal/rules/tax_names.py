"""What taxes and tax numbers are called: by the language that is written in, and the country that gives the number.

Identifiers have the names that the state's own forms give them, such as EIN (US, IRS), ABN (AU, ATO), SIREN (FR,
INSEE), UID (CH, Federal Statistical Office) or Codice fiscale (IT, Agenzia delle Entrate). Names that are no country's
own stand in the catalogues; VAT numbers there have the short names that the European Commission lists for VIES.
"""

from collections.abc import Mapping

from portal import i18n
from portal.i18n import mark as _
from portal.rules.tax_ids import LEGACY_TYPES, country_of_value

#: A name in some languages; "en" is for all others, in the words of their catalogues.
Names = Mapping[str, str]

_VAT_NUMBER: Names = {"en": _("VAT no.")}
_TAX_NUMBER: Names = {"en": _("Tax no.")}
_SWISS_NUMBER: Names = {"en": "UID", "fr": "IDE", "it": "IDI"}
#: Where a language has another name for a country's VAT number than for those of other countries.
_VAT_NUMBER_IN: Mapping[str, Names] = {
    "AT": {"de": "UID-Nr."},
    "ES": {"es": "NIF"},
    "GR": {"el": "ΑΦΜ"},
    "PL": {"pl": "NIP"},
}
#: German has its short name for numbers of the Union alone.
_VAT_NUMBER_ELSEWHERE: Names = {**_VAT_NUMBER, "de": "MwSt-Nr."}

_BY_TYPE: Mapping[str, str | Names] = {
    "ae_trn": {"ar": "الرقم الضريبي", "en": "TRN"},
    "au_abn": "ABN",
    "au_acn": "ACN",
    "au_arn": "ARN",
    "au_wpn": "WPN",
    "bg_uic": {"bg": "ЕИК", "en": "UIC"},
    "br_cnpj": "CNPJ",
    "br_cpf": "CPF",
    "ca_bn": {"en": "BN", "fr": "NE"},
    "ca_gst_hst": {"en": _("GST/HST no."), "fr": "N° TPS/TVH"},
    "ca_pst_bc": {"en": _("PST no. (BC)"), "fr": "N° TVP (C.-B.)"},
    "ca_pst_mb": {"en": _("RST no. (MB)"), "fr": "N° TVD (Man.)"},
    "ca_pst_sk": {"en": _("PST no. (SK)"), "fr": "N° TVP (Sask.)"},
    "ca_qst": {"en": _("QST no."), "fr": "N° TVQ"},
    "ch_uid": _SWISS_NUMBER,
    "ch_vat": _SWISS_NUMBER,
    "cl_tin": "RUT",
    "ci_vat": {"en": "NCC", "fr": "N° CC"},
    "cz_dic": "DIČ",
    "de_stn": _TAX_NUMBER,
    "do_rcn": "RNC",
    "es_cif": "NIF",
    "eu_oss_vat": {"de": "USt-IdNr. (OSS)", "en": _("VAT no. (OSS)"), "fr": "N° TVA (OSS)"},
    "fr_siren": "SIREN",
    "fr_siret": "SIRET",
    "fr_spi": {"en": "SPI", "fr": "N° fiscal (SPI)"},
    "hk_br": {"en": _("BR no."), "zh": "商業登記號碼"},
    "hr_oib": "OIB",
    "hu_tin": {**_TAX_NUMBER, "hu": "Adószám"},
    "ic_nif": "NIF",
    "il_vat": {**_VAT_NUMBER_ELSEWHERE, "he": "עוסק מורשה"},
    "in_gst": "GSTIN",
    "is_kt": "Kennitala",
    "is_vat": {"en": _("VSK no."), "is": "VSK-númer"},
    "it_cf": "Codice fiscale",
    "jp_cn": {"en": _("Corporate no."), "ja": "法人番号"},
    "jp_rn": {"en": _("Foreign registration no."), "ja": "登録国外事業者番号"},
    "jp_trn": {"en": _("Registration no."), "ja": "登録番号"},
    "kr_brn": {"en": "BRN", "ko": "사업자등록번호"},
    "li_uid": _SWISS_NUMBER,
    "md_cf": {"en": _("Fiscal code"), "ro": "Cod fiscal"},
    "my_frp": "FRP",
    "my_sst": _("SST no."),
    "mz_nuit": "NUIT",
    "no_vat": "Org.nr.",
    "no_voec": _("VOEC no."),
    "nz_bn": "NZBN",
    "nz_gst": _("GST no."),
    "pt_nif": "NIF",
    "ro_tin": "CIF",
    "ru_inn": {"en": "INN", "ru": "ИНН"},
    "ru_kpp": {"en": "KPP", "ru": "КПП"},
    "sg_gst": "GST reg. no.",
    "si_tin": {**_TAX_NUMBER, "sl": "Davčna št."},
    "sm_coe": "COE",
    "tr_tin": {**_TAX_NUMBER, "tr": "VKN"},
    "tt_bir": _("BIR no."),
    "tw_vat": {"en": "UBN", "zh": "統一編號"},
    "us_ein": "EIN",
}
#: Registers whose numbers have a name that everybody knows, by country.
_REGISTERS = {"DK": "CVR", "FR": "SIREN", "NL": "KvK", "NO": "Org.nr.", "SE": "Org.nr."}

#: What a rate is called in English where nobody chose another name, by the wire's `tax_type`; and in other languages.
_GENERIC_NAMES = {"vat": "vat", "gst": "gst", "hst": "hst", "pst": "pst", "qst": "qst", "sales_tax": "sales tax"}
_TAXES: Mapping[str, str] = {
    "vat": _("VAT"),
    "gst": _("GST"),
    "hst": _("HST"),
    "pst": _("PST"),
    "qst": _("QST"),
    "sales_tax": _("Sales tax"),
}
#: Germans and Austrians say USt. of their own tax, the Swiss MWST; of other countries' taxes it is MwSt.
_GERMAN_VAT = {"AT": "USt.", "CH": "MWST", "DE": "USt.", "LI": "MWST"}


def number_name(type: str, locale: str, value: str = "") -> str:
    """What stands before a tax number of the wire's `type`; `value` tells whose a VAT number of the Union is."""
    known = _BY_TYPE.get(type)
    if known:
        return _pick({"en": known} if isinstance(known, str) else known, locale)
    if type in LEGACY_TYPES:
        return _pick(_TAX_NUMBER, locale)
    kind = type.partition("_")[2]
    if type == "eu_vat":
        own = _VAT_NUMBER_IN.get(country_of_value(type, value) or "", {})
        return own.get(_language(locale)) or _pick(_VAT_NUMBER, locale)
    named = {"vat": _VAT_NUMBER_ELSEWHERE, "tin": _TAX_NUMBER}.get(kind)
    return _pick(named, locale) if named else kind.upper()


def register_name(country: str | None, number: str) -> str | None:
    """What a register number is called where its bare digits have a name of their own, such as SIREN; else None."""
    return _REGISTERS.get(country or "") if number[:1].isdecimal() else None


def tax_name(display_name: str, tax_type: str | None, locale: str, country: str | None) -> str:
    """The name of a rate: as the merchant wrote it, unless that is the English name that every such rate has.

    `country` is the seller's. A rate whose type nobody gave goes by its name.
    """
    said = display_name.strip().lower()
    type = tax_type or next((type for type, name in _GENERIC_NAMES.items() if name == said), "")
    if _GENERIC_NAMES.get(type) != said:
        return display_name
    language = _language(locale)
    if (type, language) == ("vat", "de"):
        return _GERMAN_VAT.get(country or "", "MwSt.")
    name = _TAXES[type]
    translated = i18n.translate(name, locale)
    return display_name if translated == name else translated


def _pick(names: Names, locale: str) -> str:
    return names.get(_language(locale)) or i18n.translate(names["en"], locale)


def _language(locale: str) -> str:
    return locale.replace("-", "_").split("_")[0].lower()
