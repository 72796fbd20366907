"""UBL 2.1 Invoice and CreditNote, as Peppol BIS Billing 3.0 and XRechnung 3.0 profile them."""

from __future__ import annotations

from datetime import date
from typing import Literal
from xml.etree.ElementTree import Element

from portal.documents.xml.cii import means
from portal.documents.xml.elements import Names, written
from portal.documents.xml.trade import Address, Category, Charge, Item, Tax, Trade, Trader

Profile = Literal["peppol", "xrechnung"]

CUSTOMIZATIONS = {
    "peppol": "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0",
    "xrechnung": "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0",
}
PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
_SPACE = "urn:oasis:names:specification:ubl:schema:xsd"
_N = Names(
    {
        "inv": f"{_SPACE}:Invoice-2",
        "cn": f"{_SPACE}:CreditNote-2",
        "cac": f"{_SPACE}:CommonAggregateComponents-2",
        "cbc": f"{_SPACE}:CommonBasicComponents-2",
    }
)
_add, _say = _N.add, _N.say


def xml(trade: Trade, profile: Profile) -> bytes:
    """The document as a file of its own."""
    root = _N.root("cn:CreditNote" if trade.credit else "inv:Invoice")
    _head(root, trade, profile)
    _references(root, trade)
    _trader(_add(root, "cac:AccountingSupplierParty/cac:Party"), trade.seller)
    _trader(_add(root, "cac:AccountingCustomerParty/cac:Party"), trade.buyer)
    _delivery(root, trade)
    _means(_add(root, "cac:PaymentMeans"), trade)
    for charge in trade.charges:
        _charge(_add(root, "cac:AllowanceCharge"), trade, charge)
    taxes = _add(root, "cac:TaxTotal")
    _amount(taxes, "cbc:TaxAmount", trade, trade.tax_total)
    for tax in trade.taxes:
        _tax(_add(taxes, "cac:TaxSubtotal"), trade, tax)
    if trade.tax_currency:
        amount, currency = trade.tax_currency.amount, trade.tax_currency.currency
        _add(root, "cac:TaxTotal/cbc:TaxAmount", amount, currencyID=currency)
    _sums(_add(root, "cac:LegalMonetaryTotal"), trade)
    for number, item in enumerate(trade.items, 1):
        _item(_add(root, "cac:CreditNoteLine" if trade.credit else "cac:InvoiceLine"), trade, number, item)
    return written(root)


def _head(root: Element, trade: Trade, profile: Profile) -> None:
    _add(root, "cbc:CustomizationID", CUSTOMIZATIONS[profile])
    _add(root, "cbc:ProfileID", PROCESS)
    _add(root, "cbc:ID", trade.number)
    _date(root, "cbc:IssueDate", trade.issued)
    if trade.credit:
        _add(root, "cbc:CreditNoteTypeCode", "381")
    else:
        _date(root, "cbc:DueDate", trade.due)
        # Peppol keeps 384 for bills between two Germans
        corrected = trade.corrects and profile == "xrechnung"
        _add(root, "cbc:InvoiceTypeCode", "384" if corrected else "380")
    # UBL holds one note, and may hold each term once only
    _say(root, "cbc:Note", "\n\n".join(trade.notes))
    _add(root, "cbc:DocumentCurrencyCode", trade.currency)
    if trade.tax_currency:
        _add(root, "cbc:TaxCurrencyCode", trade.tax_currency.currency)
    _say(root, "cbc:BuyerReference", trade.buyer_reference)
    _period(root, trade.start, trade.end)


def _references(root: Element, trade: Trade) -> None:
    _say(root, "cac:OrderReference/cbc:ID", trade.purchase_order)
    if trade.corrects:
        number, issued = trade.corrects
        corrected = _add(root, "cac:BillingReference/cac:InvoiceDocumentReference")
        _add(corrected, "cbc:ID", number)
        _date(corrected, "cbc:IssueDate", issued)


def _trader(parent: Element, trader: Trader) -> None:
    if trader.endpoint:
        _add(parent, "cbc:EndpointID", trader.endpoint[1], schemeID=trader.endpoint[0])
    _add(parent, "cac:PartyName/cbc:Name", trader.name)
    _address(_add(parent, "cac:PostalAddress"), trader.address)
    for number, scheme in ((trader.vat_id, "VAT"), (trader.tax_number, "FC")):
        if number:
            registered = _add(parent, "cac:PartyTaxScheme")
            _add(registered, "cbc:CompanyID", number)
            _add(registered, "cac:TaxScheme/cbc:ID", scheme)
    legal = _add(parent, "cac:PartyLegalEntity")
    _add(legal, "cbc:RegistrationName", trader.name)
    _say(legal, "cbc:CompanyID", trader.register_number)
    if trader.contact or trader.phone or trader.email:
        contact = _add(parent, "cac:Contact")
        _say(contact, "cbc:Name", trader.contact)
        _say(contact, "cbc:Telephone", trader.phone)
        _say(contact, "cbc:ElectronicMail", trader.email)


def _address(parent: Element, address: Address) -> None:
    _say(parent, "cbc:StreetName", address.line1)
    _say(parent, "cbc:AdditionalStreetName", address.line2)
    _say(parent, "cbc:CityName", address.city)
    _say(parent, "cbc:PostalZone", address.postal_code)
    _say(parent, "cbc:CountrySubentity", address.state)
    _say(parent, "cac:Country/cbc:IdentificationCode", address.country)


def _delivery(root: Element, trade: Trade) -> None:
    if not (trade.delivered or trade.deliver_to):
        return
    parent = _add(root, "cac:Delivery")
    _date(parent, "cbc:ActualDeliveryDate", trade.delivered)
    if trade.deliver_to:
        _address(_add(parent, "cac:DeliveryLocation/cac:Address"), trade.deliver_to)


def _means(parent: Element, trade: Trade) -> None:
    _add(parent, "cbc:PaymentMeansCode", means(trade))
    if trade.bank:
        _add(parent, "cbc:PaymentID", trade.bank.reference)
        account = _add(parent, "cac:PayeeFinancialAccount")
        _add(account, "cbc:ID", trade.bank.iban)
        _add(account, "cbc:Name", trade.bank.holder)
        _say(account, "cac:FinancialInstitutionBranch/cbc:ID", trade.bank.bic)


def _charge(parent: Element, trade: Trade, charge: Charge) -> None:
    _add(parent, "cbc:ChargeIndicator", "true")
    _add(parent, "cbc:AllowanceChargeReasonCode", "FC")
    _add(parent, "cbc:AllowanceChargeReason", charge.reason)
    _amount(parent, "cbc:Amount", trade, charge.amount)
    _category(_add(parent, "cac:TaxCategory"), charge.category)


def _tax(parent: Element, trade: Trade, tax: Tax) -> None:
    _amount(parent, "cbc:TaxableAmount", trade, tax.taxable)
    _amount(parent, "cbc:TaxAmount", trade, tax.amount)
    _category(_add(parent, "cac:TaxCategory"), tax.category, explained=True)


def _category(parent: Element, category: Category, *, explained: bool = False) -> None:
    _add(parent, "cbc:ID", category.code)
    if category.rate is not None:
        _add(parent, "cbc:Percent", f"{category.rate:f}")
    if explained:
        _say(parent, "cbc:TaxExemptionReasonCode", category.reason_code)
        _say(parent, "cbc:TaxExemptionReason", category.reason)
    _add(parent, "cac:TaxScheme/cbc:ID", "VAT")


def _sums(parent: Element, trade: Trade) -> None:
    _amount(parent, "cbc:LineExtensionAmount", trade, trade.net)
    _amount(parent, "cbc:TaxExclusiveAmount", trade, trade.basis)
    _amount(parent, "cbc:TaxInclusiveAmount", trade, trade.total)
    if trade.charges:
        _amount(parent, "cbc:ChargeTotalAmount", trade, trade.charged)
    _amount(parent, "cbc:PrepaidAmount", trade, trade.prepaid)
    _amount(parent, "cbc:PayableAmount", trade, trade.remaining)


def _item(parent: Element, trade: Trade, number: int, item: Item) -> None:
    _add(parent, "cbc:ID", str(number))
    quantity = "cbc:CreditedQuantity" if trade.credit else "cbc:InvoicedQuantity"
    _add(parent, quantity, str(item.quantity), unitCode=item.unit)
    _amount(parent, "cbc:LineExtensionAmount", trade, item.net)
    _period(parent, item.start, item.end)
    if item.allowance:
        allowance = _add(parent, "cac:AllowanceCharge")
        _add(allowance, "cbc:ChargeIndicator", "false")
        _add(allowance, "cbc:AllowanceChargeReasonCode", "95")
        _amount(allowance, "cbc:Amount", trade, item.allowance)
    product = _add(parent, "cac:Item")
    _add(product, "cbc:Name", item.name)
    _category(_add(product, "cac:ClassifiedTaxCategory"), item.category)
    _add(parent, "cac:Price/cbc:PriceAmount", f"{item.price:f}", currencyID=trade.currency)


def _period(parent: Element, start: date | None, end: date | None) -> None:
    if start and end:
        period = _add(parent, "cac:InvoicePeriod")
        _date(period, "cbc:StartDate", start)
        _date(period, "cbc:EndDate", end)


def _date(parent: Element, name: str, value: date | None) -> None:
    _say(parent, name, value.isoformat() if value else None)


def _amount(parent: Element, name: str, trade: Trade, amount: int) -> None:
    _add(parent, name, trade.major(amount), currencyID=trade.currency)
