"""Cross Industry Invoice (UN/CEFACT D22B), as Factur-X 1.09 and ZUGFeRD hold it in profile EN 16931."""

from __future__ import annotations

from datetime import date
from xml.etree.ElementTree import Element

from portal.documents.xml.elements import Names, written
from portal.documents.xml.trade import Address, Category, Charge, Item, Tax, Trade, Trader

PROFILE = "urn:cen.eu:en16931:2017"
_SPACE = "urn:un:unece:uncefact:data:standard"
_N = Names(
    {
        "rsm": f"{_SPACE}:CrossIndustryInvoice:100",
        "ram": f"{_SPACE}:ReusableAggregateBusinessInformationEntity:100",
        "udt": f"{_SPACE}:UnqualifiedDataType:100",
        "qdt": f"{_SPACE}:QualifiedDataType:100",
    }
)
_add, _say = _N.add, _N.say


def xml(trade: Trade) -> bytes:
    """The document as `factur-x.xml`."""
    root = _N.root("rsm:CrossIndustryInvoice")
    _add(root, "rsm:ExchangedDocumentContext/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID", PROFILE)
    document = _add(root, "rsm:ExchangedDocument")
    _add(document, "ram:ID", trade.number)
    _add(document, "ram:TypeCode", "381" if trade.credit else "384" if trade.corrects else "380")
    _date(_add(document, "ram:IssueDateTime"), trade.issued)
    for note in trade.notes:
        _add(document, "ram:IncludedNote/ram:Content", note)
    transaction = _add(root, "rsm:SupplyChainTradeTransaction")
    for number, item in enumerate(trade.items, 1):
        _item(_add(transaction, "ram:IncludedSupplyChainTradeLineItem"), trade, number, item)
    _agreement(_add(transaction, "ram:ApplicableHeaderTradeAgreement"), trade)
    _delivery(_add(transaction, "ram:ApplicableHeaderTradeDelivery"), trade)
    _settlement(_add(transaction, "ram:ApplicableHeaderTradeSettlement"), trade)
    return written(root)


def _item(parent: Element, trade: Trade, number: int, item: Item) -> None:
    _add(parent, "ram:AssociatedDocumentLineDocument/ram:LineID", str(number))
    _add(parent, "ram:SpecifiedTradeProduct/ram:Name", item.name)
    price = _add(parent, "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice")
    _add(price, "ram:ChargeAmount", f"{item.price:f}")
    _add(parent, "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity", str(item.quantity), unitCode=item.unit)
    settlement = _add(parent, "ram:SpecifiedLineTradeSettlement")
    _category(_add(settlement, "ram:ApplicableTradeTax"), item.category)
    _period(settlement, item.start, item.end)
    if item.allowance:
        allowance = _add(settlement, "ram:SpecifiedTradeAllowanceCharge")
        _add(allowance, "ram:ChargeIndicator/udt:Indicator", "false")
        _add(allowance, "ram:ActualAmount", trade.major(item.allowance))
        _add(allowance, "ram:ReasonCode", "95")
    sums = _add(settlement, "ram:SpecifiedTradeSettlementLineMonetarySummation")
    _add(sums, "ram:LineTotalAmount", trade.major(item.net))


def _agreement(parent: Element, trade: Trade) -> None:
    _say(parent, "ram:BuyerReference", trade.buyer_reference)
    _trader(_add(parent, "ram:SellerTradeParty"), trade.seller)
    _trader(_add(parent, "ram:BuyerTradeParty"), trade.buyer)
    _say(parent, "ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID", trade.purchase_order)


def _trader(parent: Element, trader: Trader) -> None:
    _add(parent, "ram:Name", trader.name)
    _say(parent, "ram:SpecifiedLegalOrganization/ram:ID", trader.register_number)
    if trader.contact or trader.phone or trader.email:
        contact = _add(parent, "ram:DefinedTradeContact")
        _say(contact, "ram:PersonName", trader.contact)
        _say(contact, "ram:TelephoneUniversalCommunication/ram:CompleteNumber", trader.phone)
        _say(contact, "ram:EmailURIUniversalCommunication/ram:URIID", trader.email)
    _address(_add(parent, "ram:PostalTradeAddress"), trader.address)
    if trader.endpoint:
        _add(parent, "ram:URIUniversalCommunication/ram:URIID", trader.endpoint[1], schemeID=trader.endpoint[0])
    _say(parent, "ram:SpecifiedTaxRegistration/ram:ID", trader.vat_id, schemeID="VA")
    _say(parent, "ram:SpecifiedTaxRegistration/ram:ID", trader.tax_number, schemeID="FC")


def _address(parent: Element, address: Address) -> None:
    _say(parent, "ram:PostcodeCode", address.postal_code)
    _say(parent, "ram:LineOne", address.line1)
    _say(parent, "ram:LineTwo", address.line2)
    _say(parent, "ram:CityName", address.city)
    _say(parent, "ram:CountryID", address.country)
    _say(parent, "ram:CountrySubDivisionName", address.state)


def _delivery(parent: Element, trade: Trade) -> None:
    if trade.deliver_to:
        _address(_add(parent, "ram:ShipToTradeParty/ram:PostalTradeAddress"), trade.deliver_to)
    if trade.delivered:
        _date(_add(parent, "ram:ActualDeliverySupplyChainEvent/ram:OccurrenceDateTime"), trade.delivered)


def _settlement(parent: Element, trade: Trade) -> None:
    if trade.bank:
        _add(parent, "ram:PaymentReference", trade.bank.reference)
    if trade.tax_currency:
        _add(parent, "ram:TaxCurrencyCode", trade.tax_currency.currency)
    _add(parent, "ram:InvoiceCurrencyCode", trade.currency)
    _means(_add(parent, "ram:SpecifiedTradeSettlementPaymentMeans"), trade)
    for tax in trade.taxes:
        _tax(_add(parent, "ram:ApplicableTradeTax"), trade, tax)
    _period(parent, trade.start, trade.end)
    for charge in trade.charges:
        _charge(_add(parent, "ram:SpecifiedTradeAllowanceCharge"), trade, charge)
    if trade.due:
        _date(_add(parent, "ram:SpecifiedTradePaymentTerms/ram:DueDateDateTime"), trade.due)
    _sums(_add(parent, "ram:SpecifiedTradeSettlementHeaderMonetarySummation"), trade)
    if trade.corrects:
        number, issued = trade.corrects
        corrected = _add(parent, "ram:InvoiceReferencedDocument")
        _add(corrected, "ram:IssuerAssignedID", number)
        text = issued.strftime("%Y%m%d")
        _add(corrected, "ram:FormattedIssueDateTime/qdt:DateTimeString", text, format="102")


def _means(parent: Element, trade: Trade) -> None:
    _add(parent, "ram:TypeCode", means(trade))
    if trade.bank:
        account = _add(parent, "ram:PayeePartyCreditorFinancialAccount")
        _add(account, "ram:IBANID", trade.bank.iban)
        _add(account, "ram:AccountName", trade.bank.holder)
        _say(parent, "ram:PayeeSpecifiedCreditorFinancialInstitution/ram:BICID", trade.bank.bic)


def means(trade: Trade) -> str:
    """The way of paying by UNCL4461: SEPA transfer, another transfer, or not defined here."""
    if not trade.bank:
        return "1"
    return "58" if trade.currency == "EUR" else "30"


def _tax(parent: Element, trade: Trade, tax: Tax) -> None:
    _add(parent, "ram:CalculatedAmount", trade.major(tax.amount))
    _add(parent, "ram:TypeCode", "VAT")
    _say(parent, "ram:ExemptionReason", tax.category.reason)
    _add(parent, "ram:BasisAmount", trade.major(tax.taxable))
    _add(parent, "ram:CategoryCode", tax.category.code)
    _say(parent, "ram:ExemptionReasonCode", tax.category.reason_code)
    if tax.category.rate is not None:
        _add(parent, "ram:RateApplicablePercent", f"{tax.category.rate:f}")


def _charge(parent: Element, trade: Trade, charge: Charge) -> None:
    _add(parent, "ram:ChargeIndicator/udt:Indicator", "true")
    _add(parent, "ram:ActualAmount", trade.major(charge.amount))
    _add(parent, "ram:ReasonCode", "FC")
    _add(parent, "ram:Reason", charge.reason)
    _category(_add(parent, "ram:CategoryTradeTax"), charge.category)


def _category(parent: Element, category: Category) -> None:
    _add(parent, "ram:TypeCode", "VAT")
    _add(parent, "ram:CategoryCode", category.code)
    if category.rate is not None:
        _add(parent, "ram:RateApplicablePercent", f"{category.rate:f}")


def _sums(parent: Element, trade: Trade) -> None:
    _add(parent, "ram:LineTotalAmount", trade.major(trade.net))
    _add(parent, "ram:ChargeTotalAmount", trade.major(trade.charged))
    _add(parent, "ram:AllowanceTotalAmount", trade.major(0))
    _add(parent, "ram:TaxBasisTotalAmount", trade.major(trade.basis))
    _add(parent, "ram:TaxTotalAmount", trade.major(trade.tax_total), currencyID=trade.currency)
    if trade.tax_currency:
        _add(parent, "ram:TaxTotalAmount", trade.tax_currency.amount, currencyID=trade.tax_currency.currency)
    _add(parent, "ram:GrandTotalAmount", trade.major(trade.total))
    _add(parent, "ram:TotalPrepaidAmount", trade.major(trade.prepaid))
    _add(parent, "ram:DuePayableAmount", trade.major(trade.remaining))


def _period(parent: Element, start: date | None, end: date | None) -> None:
    if start and end:
        period = _add(parent, "ram:BillingSpecifiedPeriod")
        _date(_add(period, "ram:StartDateTime"), start)
        _date(_add(period, "ram:EndDateTime"), end)


def _date(parent: Element, value: date) -> None:
    _add(parent, "udt:DateTimeString", value.strftime("%Y%m%d"), format="102")
