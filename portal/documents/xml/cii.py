"""Writes a trade as Cross Industry Invoice (UN/CEFACT D22B), as in Factur-X 1.09 and ZUGFeRD, profile EN 16931."""

from datetime import date
from xml.etree.ElementTree import Element

from portal.documents.xml.elements import ElementBuilder, serialize_tree
from portal.documents.xml.payment_means import payment_means_code
from portal.documents.xml.trade import Trade, TradeAddress, TradeCharge, TradeItem, Trader, TradeTax, VatCategory

PROFILE_ID = "urn:cen.eu:en16931:2017"
_NAMESPACE = "urn:un:unece:uncefact:data:standard"
_ELEMENTS = ElementBuilder(
    {
        "rsm": f"{_NAMESPACE}:CrossIndustryInvoice:100",
        "ram": f"{_NAMESPACE}:ReusableAggregateBusinessInformationEntity:100",
        "udt": f"{_NAMESPACE}:UnqualifiedDataType:100",
        "qdt": f"{_NAMESPACE}:QualifiedDataType:100",
    }
)
_add, _add_optional = _ELEMENTS.add, _ELEMENTS.add_optional


def xml(trade: Trade) -> bytes:
    """The document as `factur-x.xml`."""
    root = _ELEMENTS.create_root("rsm:CrossIndustryInvoice")
    context = _add(root, "rsm:ExchangedDocumentContext")
    _add_optional(context, "ram:BusinessProcessSpecifiedDocumentContextParameter/ram:ID", trade.process)
    _add(context, "ram:GuidelineSpecifiedDocumentContextParameter/ram:ID", PROFILE_ID)
    document = _add(root, "rsm:ExchangedDocument")
    _add(document, "ram:ID", trade.number)
    _add(document, "ram:TypeCode", "381" if trade.credit else "384" if trade.corrects else "380")
    _add_date(_add(document, "ram:IssueDateTime"), trade.issued)
    for text in trade.notes:
        _add(document, "ram:IncludedNote/ram:Content", text)
    for subject, text in trade.subject_notes:
        note = _add(document, "ram:IncludedNote")
        _add(note, "ram:Content", text)
        _add(note, "ram:SubjectCode", subject)
    transaction = _add(root, "rsm:SupplyChainTradeTransaction")
    for number, item in enumerate(trade.items, 1):
        _fill_item(_add(transaction, "ram:IncludedSupplyChainTradeLineItem"), trade, number, item)
    _fill_agreement(_add(transaction, "ram:ApplicableHeaderTradeAgreement"), trade)
    _fill_delivery(_add(transaction, "ram:ApplicableHeaderTradeDelivery"), trade)
    _fill_settlement(_add(transaction, "ram:ApplicableHeaderTradeSettlement"), trade)
    return serialize_tree(root)


def _fill_item(parent: Element, trade: Trade, number: int, item: TradeItem) -> None:
    _add(parent, "ram:AssociatedDocumentLineDocument/ram:LineID", str(number))
    _add(parent, "ram:SpecifiedTradeProduct/ram:Name", item.name)
    price = _add(parent, "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice")
    _add(price, "ram:ChargeAmount", f"{item.price:f}")
    _add(parent, "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity", str(item.quantity), unitCode=item.unit)
    settlement = _add(parent, "ram:SpecifiedLineTradeSettlement")
    _fill_category(_add(settlement, "ram:ApplicableTradeTax"), item.category)
    _add_period(settlement, item.start, item.end)
    if item.allowance:
        allowance = _add(settlement, "ram:SpecifiedTradeAllowanceCharge")
        _add(allowance, "ram:ChargeIndicator/udt:Indicator", "false")
        _add(allowance, "ram:ActualAmount", trade.decimal_text(item.allowance))
        _add(allowance, "ram:ReasonCode", "95")
    sums = _add(settlement, "ram:SpecifiedTradeSettlementLineMonetarySummation")
    _add(sums, "ram:LineTotalAmount", trade.decimal_text(item.net))


def _fill_agreement(parent: Element, trade: Trade) -> None:
    _add_optional(parent, "ram:BuyerReference", trade.buyer_reference)
    _fill_trader(_add(parent, "ram:SellerTradeParty"), trade.seller)
    _fill_trader(_add(parent, "ram:BuyerTradeParty"), trade.buyer)
    _add_optional(parent, "ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID", trade.purchase_order)


def _fill_trader(parent: Element, trader: Trader) -> None:
    _add_optional(parent, "ram:ID", trader.identifier)
    _add(parent, "ram:Name", trader.name)
    scheme = {"schemeID": trader.register_scheme} if trader.register_scheme else {}
    _add_optional(parent, "ram:SpecifiedLegalOrganization/ram:ID", trader.register_number, **scheme)
    if trader.contact or trader.phone or trader.email:
        contact = _add(parent, "ram:DefinedTradeContact")
        _add_optional(contact, "ram:PersonName", trader.contact)
        _add_optional(contact, "ram:TelephoneUniversalCommunication/ram:CompleteNumber", trader.phone)
        _add_optional(contact, "ram:EmailURIUniversalCommunication/ram:URIID", trader.email)
    _fill_address(_add(parent, "ram:PostalTradeAddress"), trader.address)
    if trader.endpoint:
        _add(parent, "ram:URIUniversalCommunication/ram:URIID", trader.endpoint[1], schemeID=trader.endpoint[0])
    _add_optional(parent, "ram:SpecifiedTaxRegistration/ram:ID", trader.vat_id, schemeID="VA")
    _add_optional(parent, "ram:SpecifiedTaxRegistration/ram:ID", trader.tax_number, schemeID="FC")


def _fill_address(parent: Element, address: TradeAddress) -> None:
    _add_optional(parent, "ram:PostcodeCode", address.postal_code)
    _add_optional(parent, "ram:LineOne", address.line1)
    _add_optional(parent, "ram:LineTwo", address.line2)
    _add_optional(parent, "ram:CityName", address.city)
    _add_optional(parent, "ram:CountryID", address.country)
    _add_optional(parent, "ram:CountrySubDivisionName", address.state)


def _fill_delivery(parent: Element, trade: Trade) -> None:
    place = trade.deliver_to
    if not (place or trade.delivered):
        # the schema asks for the element, and Factur-X for one that is not empty
        place = TradeAddress(country=trade.buyer.address.country)
    if place:
        _fill_address(_add(parent, "ram:ShipToTradeParty/ram:PostalTradeAddress"), place)
    if trade.delivered:
        _add_date(_add(parent, "ram:ActualDeliverySupplyChainEvent/ram:OccurrenceDateTime"), trade.delivered)


def _fill_settlement(parent: Element, trade: Trade) -> None:
    if trade.debit:
        _add(parent, "ram:CreditorReferenceID", trade.debit.creditor_id)
    if trade.bank:
        _add(parent, "ram:PaymentReference", trade.bank.reference)
    if trade.tax_currency:
        _add(parent, "ram:TaxCurrencyCode", trade.tax_currency.currency)
    _add(parent, "ram:InvoiceCurrencyCode", trade.currency)
    _fill_payment_means(_add(parent, "ram:SpecifiedTradeSettlementPaymentMeans"), trade)
    for tax in trade.taxes:
        _fill_tax(_add(parent, "ram:ApplicableTradeTax"), trade, tax)
    _add_period(parent, trade.start, trade.end)
    for charge in trade.charges:
        _fill_charge(_add(parent, "ram:SpecifiedTradeAllowanceCharge"), trade, charge)
    _add_terms(parent, trade)
    _fill_totals(_add(parent, "ram:SpecifiedTradeSettlementHeaderMonetarySummation"), trade)
    if trade.corrects:
        number, issued = trade.corrects
        corrected = _add(parent, "ram:InvoiceReferencedDocument")
        _add(corrected, "ram:IssuerAssignedID", number)
        text = issued.strftime("%Y%m%d")
        _add(corrected, "ram:FormattedIssueDateTime/qdt:DateTimeString", text, format="102")


def _add_terms(parent: Element, trade: Trade) -> None:
    if not (trade.due or trade.debit):
        return
    terms = _add(parent, "ram:SpecifiedTradePaymentTerms")
    _add_optional(terms, "ram:Description", trade.terms)
    if trade.due:
        _add_date(_add(terms, "ram:DueDateDateTime"), trade.due)
    if trade.debit:
        _add(terms, "ram:DirectDebitMandateID", trade.debit.mandate)


def _fill_payment_means(parent: Element, trade: Trade) -> None:
    _add(parent, "ram:TypeCode", payment_means_code(trade))
    if trade.debit:
        _add(parent, "ram:PayerPartyDebtorFinancialAccount/ram:IBANID", trade.debit.account)
    if trade.bank:
        account = _add(parent, "ram:PayeePartyCreditorFinancialAccount")
        _add(account, "ram:IBANID", trade.bank.iban)
        _add(account, "ram:AccountName", trade.bank.holder)
        _add_optional(parent, "ram:PayeeSpecifiedCreditorFinancialInstitution/ram:BICID", trade.bank.bic)


def _fill_tax(parent: Element, trade: Trade, tax: TradeTax) -> None:
    _add(parent, "ram:CalculatedAmount", trade.decimal_text(tax.amount))
    _add(parent, "ram:TypeCode", "VAT")
    _add_optional(parent, "ram:ExemptionReason", tax.category.reason)
    _add(parent, "ram:BasisAmount", trade.decimal_text(tax.taxable))
    _add(parent, "ram:CategoryCode", tax.category.code)
    _add_optional(parent, "ram:ExemptionReasonCode", tax.category.reason_code)
    if tax.category.rate is not None:
        _add(parent, "ram:RateApplicablePercent", f"{tax.category.rate:f}")


def _fill_charge(parent: Element, trade: Trade, charge: TradeCharge) -> None:
    _add(parent, "ram:ChargeIndicator/udt:Indicator", "true")
    _add(parent, "ram:ActualAmount", trade.decimal_text(charge.amount))
    _add(parent, "ram:ReasonCode", "FC")
    _add(parent, "ram:Reason", charge.reason)
    _fill_category(_add(parent, "ram:CategoryTradeTax"), charge.category)


def _fill_category(parent: Element, category: VatCategory) -> None:
    _add(parent, "ram:TypeCode", "VAT")
    _add(parent, "ram:CategoryCode", category.code)
    if category.rate is not None:
        _add(parent, "ram:RateApplicablePercent", f"{category.rate:f}")


def _fill_totals(parent: Element, trade: Trade) -> None:
    _add(parent, "ram:LineTotalAmount", trade.decimal_text(trade.net_total))
    _add(parent, "ram:ChargeTotalAmount", trade.decimal_text(trade.charge_total))
    _add(parent, "ram:AllowanceTotalAmount", trade.decimal_text(0))
    _add(parent, "ram:TaxBasisTotalAmount", trade.decimal_text(trade.tax_basis))
    _add(parent, "ram:TaxTotalAmount", trade.decimal_text(trade.tax_total), currencyID=trade.currency)
    if trade.tax_currency:
        _add(parent, "ram:TaxTotalAmount", trade.tax_currency.amount, currencyID=trade.tax_currency.currency)
    _add(parent, "ram:GrandTotalAmount", trade.decimal_text(trade.total))
    _add(parent, "ram:TotalPrepaidAmount", trade.decimal_text(trade.prepaid_amount))
    _add(parent, "ram:DuePayableAmount", trade.decimal_text(trade.remaining))


def _add_period(parent: Element, start: date | None, end: date | None) -> None:
    if start and end:
        period = _add(parent, "ram:BillingSpecifiedPeriod")
        _add_date(_add(period, "ram:StartDateTime"), start)
        _add_date(_add(period, "ram:EndDateTime"), end)


def _add_date(parent: Element, value: date) -> None:
    _add(parent, "udt:DateTimeString", value.strftime("%Y%m%d"), format="102")
