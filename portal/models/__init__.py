"""The database tables. Columns are named as on the wire; moments are epoch seconds, amounts are in minor units.

Callers import every class from here: `from portal.models import Customer`.
"""
# mypy: implicit-reexport
# ruff: noqa: F401

from portal.models import derived
from portal.models.accounts import Account, ApiKey, Host, IdempotencyKey, RateCount, Tenant
from portal.models.bank import BankAllocation, BankStatement, BankTransaction
from portal.models.base import Base, TenantOwned
from portal.models.catalogue import Price, Product, ShippingRate, TaxRate
from portal.models.checkout import CheckoutSession, PaymentLink
from portal.models.customers import BalanceTransaction, Contact, Customer, TaxId
from portal.models.direct_debits import DirectDebit, DirectDebitFile
from portal.models.discounts import Coupon, Discount, PromotionCode
from portal.models.events import AuditEntry, Event, Journal
from portal.models.failed_steps import FailedStep
from portal.models.files import File, FileContent, FileLink
from portal.models.invoices import (
    CreditNote,
    CreditNoteLine,
    Invoice,
    InvoiceItem,
    InvoiceLine,
    InvoiceSequence,
    StoredDocument,
)
from portal.models.mails import LoginCode, Mail
from portal.models.payment_methods import Mandate, PaymentMethod, PaymentMethodConfiguration, SetupIntent
from portal.models.payments import CreditTransferFile, Dispute, InvoicePayment, PaymentIntent, PaymentRecord, Refund
from portal.models.portals import (
    CancellationNotice,
    Configuration,
    EmailChange,
    FeedbackOption,
    PlanCancellation,
    PlanWithdrawal,
    PortalSession,
    RetentionOffer,
)
from portal.models.quotes import Quote, QuoteLine
from portal.models.rendering_templates import RenderingTemplate, RenderingTemplateVersion
from portal.models.schedules import SubscriptionSchedule
from portal.models.subscriptions import Subscription, SubscriptionItem
from portal.models.test_clocks import TestClock
from portal.models.webhooks import WebhookDelivery, WebhookEndpoint, WebhookQueue
from portal.models.workers import Worker

derived.register()
