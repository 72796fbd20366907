"""Peppol's rules for single countries that sellers meet here, as XPath that must hold.

No package carries the originals. Written after the texts of OpenPeppol's release of May 2025, one line a rule. The
context is the document.
"""

from __future__ import annotations

from lxml import etree

_SPACES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
_SELLER = "/*/cac:AccountingSupplierParty/cac:Party"
_BUYER = "/*/cac:AccountingCustomerParty/cac:Party"
_COUNTRY = "cac:PostalAddress/cac:Country/cbc:IdentificationCode"
_NUMBER = "cac:PartyLegalEntity/cbc:CompanyID"
_REMARK = "cac:PartyTaxScheme[cac:TaxScheme/cbc:ID != 'VAT']/cbc:CompanyID"
_MEANS = "/*/cac:PaymentMeans/cbc:PaymentMeansCode"


def _one_of(path: str, codes: str) -> str:
    return f"contains(' {codes} ', concat(' ', {path}, ' '))"


#: Rule, the seller's country, whether the buyer has to be there too, and what must hold.
_RULES = (
    ("DE-R-002", "DE", True, f"{_SELLER}/cac:Contact"),
    ("DE-R-005", "DE", True, f"{_SELLER}/cac:Contact/cbc:Name"),
    ("DE-R-006", "DE", True, f"{_SELLER}/cac:Contact/cbc:Telephone"),
    ("DE-R-007", "DE", True, f"{_SELLER}/cac:Contact/cbc:ElectronicMail"),
    ("DE-R-008", "DE", True, f"{_BUYER}/cac:PostalAddress/cbc:CityName"),
    ("DE-R-009", "DE", True, f"{_BUYER}/cac:PostalAddress/cbc:PostalZone"),
    ("DE-R-015", "DE", True, "/*/cbc:BuyerReference"),
    ("DK-R-002", "DK", False, f"string({_SELLER}/{_NUMBER})"),
    ("DK-R-014", "DK", False, f"{_SELLER}/{_NUMBER}/@schemeID = '0184'"),
    ("DK-R-005", "DK", True, f"//cbc:CreditNoteTypeCode or {_one_of(_MEANS, '1 10 31 42 48 49 50 58 59 93 97')}"),
    ("DK-R-006", "DK", True, f"not({_one_of(_MEANS, '31 42')}) or //cac:FinancialInstitutionBranch/cbc:ID"),
    ("GR-R-001", "GR", False, "false()"),
    ("IT-R-001", "IT", False, f"not({_SELLER}/{_REMARK}) or string-length({_SELLER}/{_REMARK}) >= 11"),
    ("NL-R-001", "NL", False, "not(//cbc:CreditNoteTypeCode) or /*/cac:BillingReference"),
    ("NL-R-003", "NL", False, f"not({_SELLER}/{_NUMBER}) or {_one_of(f'{_SELLER}/{_NUMBER}/@schemeID', '0106 0190')}"),
    ("NL-R-004", "NL", True, f"{_BUYER}/cac:PostalAddress[cbc:StreetName and cbc:CityName and cbc:PostalZone]"),
    ("NL-R-005", "NL", True, f"not({_BUYER}/{_NUMBER}) or {_one_of(f'{_BUYER}/{_NUMBER}/@schemeID', '0106 0190')}"),
    ("NL-R-008", "NL", True, f"not({_MEANS}) or {_one_of(_MEANS, '30 48 49 57 58 59')}"),
    ("NO-R-002", "NO", False, f"{_SELLER}/{_REMARK} = 'Foretaksregisteret'"),
    ("SE-R-004", "SE", False, f"not({_SELLER}/{_NUMBER}) or string-length({_SELLER}/{_NUMBER}) = 10"),
    ("SE-R-005", "SE", False, f"not({_SELLER}/{_REMARK})"),
)


def broken_rules(content: bytes) -> list[str]:
    """The names of the rules that a Peppol file breaks."""
    root = etree.fromstring(content)
    seller, buyer = (root.xpath(f"string({party}/{_COUNTRY})", namespaces=_SPACES) for party in (_SELLER, _BUYER))
    asked = [
        (name, test) for name, country, both, test in _RULES if seller == country and (buyer == seller or not both)
    ]
    return [name for name, test in asked if not root.xpath(f"boolean({test})", namespaces=_SPACES)]
