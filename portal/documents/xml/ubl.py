"""Writes a trade as UBL 2.1 Invoice or CreditNote, in the profiles Peppol BIS Billing 3.0 and XRechnung 3.0."""

from datetime import date
from typing import Literal
from xml.etree.ElementTree import Element

from portal.documents.xml.elements import ElementBuilder, serialize_tree
from portal.documents.xml.payment_means import awaits_payment, lacks_dutch_means, payment_means_code
from portal.documents.xml.trade import Trade, TradeAddress, TradeCharge, TradeItem, Trader, TradeTax, VatCategory

Profile = Literal["peppol", "xrechnung"]

CUSTOMIZATION_IDS = {
    "peppol": "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0",
    "xrechnung": "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0",
}
PROCESS_ID = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
_NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd"
_ELEMENTS = ElementBuilder(
    {
        "inv": f"{_NAMESPACE}:Invoice-2",
        "cn": f"{_NAMESPACE}:CreditNote-2",
        "cac": f"{_NAMESPACE}:CommonAggregateComponents-2",
        "cbc": f"{_NAMESPACE}:CommonBasicComponents-2",
    }
)
_add, _add_optional = _ELEMENTS.add, _ELEMENTS.add_optional


def xml(trade: Trade, profile: Profile) -> bytes:
    """The document as a file of its own."""
    root = _ELEMENTS.create_root("cn:CreditNote" if trade.credit else "inv:Invoice")
    _add_head(root, trade, profile)
    _add_references(root, trade)
    creditor_id = trade.debit.creditor_id if trade.debit else None
    _fill_trader(_add(root, "cac:AccountingSupplierParty/cac:Party"), trade.seller, creditor_id)
    _fill_trader(_add(root, "cac:AccountingCustomerParty/cac:Party"), trade.buyer)
    _add_delivery(root, trade)
    # XRechnung wants payment means always (BR-DE-1), Dutch rules none rather than undefined ones
    if profile == "xrechnung" or awaits_payment(trade) or not lacks_dutch_means(trade):
        _fill_payment_means(_add(root, "cac:PaymentMeans"), trade)
    _add_optional(root, "cac:PaymentTerms/cbc:Note", trade.terms)
    for charge in trade.charges:
        _fill_charge(_add(root, "cac:AllowanceCharge"), trade, charge)
    taxes = _add(root, "cac:TaxTotal")
    _add_amount(taxes, "cbc:TaxAmount", trade, trade.tax_total)
    for tax in trade.taxes:
        _fill_tax(_add(taxes, "cac:TaxSubtotal"), trade, tax)
    if trade.tax_currency:
        amount, currency = trade.tax_currency.amount, trade.tax_currency.currency
        _add(root, "cac:TaxTotal/cbc:TaxAmount", amount, currencyID=currency)
    _fill_totals(_add(root, "cac:LegalMonetaryTotal"), trade)
    for number, item in enumerate(trade.items, 1):
        _fill_item(_add(root, "cac:CreditNoteLine" if trade.credit else "cac:InvoiceLine"), trade, number, item)
    return serialize_tree(root)


def _add_head(root: Element, trade: Trade, profile: Profile) -> None:
    _add(root, "cbc:CustomizationID", CUSTOMIZATION_IDS[profile])
    _add(root, "cbc:ProfileID", PROCESS_ID)
    _add(root, "cbc:ID", trade.number)
    _add_date(root, "cbc:IssueDate", trade.issued)
    if trade.credit:
        _add(root, "cbc:CreditNoteTypeCode", "381")
    else:
        _add_date(root, "cbc:DueDate", trade.due)
        # Peppol keeps 384 for bills between two Germans
        corrected = trade.corrects and profile == "xrechnung"
        _add(root, "cbc:InvoiceTypeCode", "384" if corrected else "380")
    # UBL holds one note, and may hold each term once only
    _add_optional(root, "cbc:Note", "\n\n".join((*trade.notes, *(text for _subject, text in trade.subject_notes))))
    _add(root, "cbc:DocumentCurrencyCode", trade.currency)
    if trade.tax_currency:
        _add(root, "cbc:TaxCurrencyCode", trade.tax_currency.currency)
    _add_optional(root, "cbc:BuyerReference", trade.buyer_reference)
    _add_period(root, trade.start, trade.end)


def _add_references(root: Element, trade: Trade) -> None:
    _add_optional(root, "cac:OrderReference/cbc:ID", trade.purchase_order)
    if trade.corrects:
        number, issued = trade.corrects
        corrected = _add(root, "cac:BillingReference/cac:InvoiceDocumentReference")
        _add(corrected, "cbc:ID", number)
        _add_date(corrected, "cbc:IssueDate", issued)


def _fill_trader(parent: Element, trader: Trader, creditor_id: str | None = None) -> None:
    if trader.endpoint:
        _add(parent, "cbc:EndpointID", trader.endpoint[1], schemeID=trader.endpoint[0])
    _add_optional(parent, "cac:PartyIdentification/cbc:ID", trader.identifier)
    _add_optional(parent, "cac:PartyIdentification/cbc:ID", creditor_id, schemeID="SEPA")
    _add(parent, "cac:PartyName/cbc:Name", trader.name)
    _fill_address(_add(parent, "cac:PostalAddress"), trader.address)
    remark = trader.register_remark
    for number, scheme in ((trader.vat_id, "VAT"), (remark or trader.tax_number, "TAX" if remark else "FC")):
        if number:
            registered = _add(parent, "cac:PartyTaxScheme")
            _add(registered, "cbc:CompanyID", number)
            _add(registered, "cac:TaxScheme/cbc:ID", scheme)
    legal = _add(parent, "cac:PartyLegalEntity")
    _add(legal, "cbc:RegistrationName", trader.name)
    attributes = {"schemeID": trader.register_scheme} if trader.register_scheme else {}
    _add_optional(legal, "cbc:CompanyID", trader.register_number, **attributes)
    if trader.contact or trader.phone or trader.email:
        contact = _add(parent, "cac:Contact")
        _add_optional(contact, "cbc:Name", trader.contact)
        _add_optional(contact, "cbc:Telephone", trader.phone)
        _add_optional(contact, "cbc:ElectronicMail", trader.email)


def _fill_address(parent: Element, address: TradeAddress) -> None:
    _add_optional(parent, "cbc:StreetName", address.line1)
    _add_optional(parent, "cbc:AdditionalStreetName", address.line2)
    _add_optional(parent, "cbc:CityName", address.city)
    _add_optional(parent, "cbc:PostalZone", address.postal_code)
    _add_optional(parent, "cbc:CountrySubentity", address.state)
    _add_optional(parent, "cac:Country/cbc:IdentificationCode", address.country)


def _add_delivery(root: Element, trade: Trade) -> None:
    if not (trade.delivered or trade.deliver_to):
        return
    parent = _add(root, "cac:Delivery")
    _add_date(parent, "cbc:ActualDeliveryDate", trade.delivered)
    if trade.deliver_to:
        _fill_address(_add(parent, "cac:DeliveryLocation/cac:Address"), trade.deliver_to)


def _fill_payment_means(parent: Element, trade: Trade) -> None:
    _add(parent, "cbc:PaymentMeansCode", payment_means_code(trade))
    if trade.debit:
        mandate = _add(parent, "cac:PaymentMandate")
        _add(mandate, "cbc:ID", trade.debit.mandate)
        _add(mandate, "cac:PayerFinancialAccount/cbc:ID", trade.debit.account)
    if trade.bank:
        _add(parent, "cbc:PaymentID", trade.bank.reference)
        account = _add(parent, "cac:PayeeFinancialAccount")
        _add(account, "cbc:ID", trade.bank.iban)
        _add(account, "cbc:Name", trade.bank.holder)
        _add_optional(account, "cac:FinancialInstitutionBranch/cbc:ID", trade.bank.bic)


def _fill_charge(parent: Element, trade: Trade, charge: TradeCharge) -> None:
    _add(parent, "cbc:ChargeIndicator", "true")
    _add(parent, "cbc:AllowanceChargeReasonCode", "FC")
    _add(parent, "cbc:AllowanceChargeReason", charge.reason)
    _add_amount(parent, "cbc:Amount", trade, charge.amount)
    _fill_category(_add(parent, "cac:TaxCategory"), charge.category)


def _fill_tax(parent: Element, trade: Trade, tax: TradeTax) -> None:
    _add_amount(parent, "cbc:TaxableAmount", trade, tax.taxable)
    _add_amount(parent, "cbc:TaxAmount", trade, tax.amount)
    _fill_category(_add(parent, "cac:TaxCategory"), tax.category, explained=True)


def _fill_category(parent: Element, category: VatCategory, *, explained: bool = False) -> None:
    _add(parent, "cbc:ID", category.code)
    if category.rate is not None:
        _add(parent, "cbc:Percent", f"{category.rate:f}")
    elif explained:
        # XRechnung asks for a rate of each breakdown (BR-DE-14), the standard for none on the lines (BR-O-05)
        _add(parent, "cbc:Percent", "0")
    if explained:
        _add_optional(parent, "cbc:TaxExemptionReasonCode", category.reason_code)
        _add_optional(parent, "cbc:TaxExemptionReason", category.reason)
    _add(parent, "cac:TaxScheme/cbc:ID", "VAT")


def _fill_totals(parent: Element, trade: Trade) -> None:
    _add_amount(parent, "cbc:LineExtensionAmount", trade, trade.net_total)
    _add_amount(parent, "cbc:TaxExclusiveAmount", trade, trade.tax_basis)
    _add_amount(parent, "cbc:TaxInclusiveAmount", trade, trade.total)
    if trade.charges:
        _add_amount(parent, "cbc:ChargeTotalAmount", trade, trade.charge_total)
    _add_amount(parent, "cbc:PrepaidAmount", trade, trade.prepaid_amount)
    _add_amount(parent, "cbc:PayableAmount", trade, trade.remaining)


def _fill_item(parent: Element, trade: Trade, number: int, item: TradeItem) -> None:
    _add(parent, "cbc:ID", str(number))
    quantity = "cbc:CreditedQuantity" if trade.credit else "cbc:InvoicedQuantity"
    _add(parent, quantity, str(item.quantity), unitCode=item.unit)
    _add_amount(parent, "cbc:LineExtensionAmount", trade, item.net)
    _add_period(parent, item.start, item.end)
    if item.allowance:
        allowance = _add(parent, "cac:AllowanceCharge")
        _add(allowance, "cbc:ChargeIndicator", "false")
        _add(allowance, "cbc:AllowanceChargeReasonCode", "95")
        _add_amount(allowance, "cbc:Amount", trade, item.allowance)
    product = _add(parent, "cac:Item")
    _add(product, "cbc:Name", item.name)
    _fill_category(_add(product, "cac:ClassifiedTaxCategory"), item.category)
    _add(parent, "cac:Price/cbc:PriceAmount", f"{item.price:f}", currencyID=trade.currency)


def _add_period(parent: Element, start: date | None, end: date | None) -> None:
    if start and end:
        period = _add(parent, "cac:InvoicePeriod")
        _add_date(period, "cbc:StartDate", start)
        _add_date(period, "cbc:EndDate", end)


def _add_date(parent: Element, name: str, value: date | None) -> None:
    _add_optional(parent, name, value.isoformat() if value else None)


def _add_amount(parent: Element, name: str, trade: Trade, amount: int) -> None:
    _add(parent, name, trade.decimal_text(amount), currencyID=trade.currency)
