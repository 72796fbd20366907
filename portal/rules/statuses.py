"""The words of each status, written once: columns, rules and parameters share these types, so mypy finds a typo.

In the database they are plain text.
"""

from typing import Literal

BankStatementStatus = Literal["complete", "processing"]
BankTransactionStatus = Literal["assigned", "pending", "reversed", "set_aside", "waiting"]
CheckoutMode = Literal["payment", "setup", "subscription"]
CheckoutPaymentStatus = Literal["no_payment_required", "paid", "unpaid"]
CheckoutStatus = Literal["complete", "expired", "open"]
CreditNoteStatus = Literal["issued", "void"]
InvoiceStatus = Literal["draft", "open", "paid", "uncollectible", "void"]
InvoicePaymentStatus = Literal["canceled", "open", "paid"]
QuoteStatus = Literal["accepted", "canceled", "draft", "open"]
RenderingTemplateStatus = Literal["active", "archived"]
ScheduleStatus = Literal["active", "canceled", "completed", "not_started", "released"]
SubscriptionStatus = Literal[
    "active", "canceled", "incomplete", "incomplete_expired", "past_due", "paused", "trialing", "unpaid"
]
TestClockStatus = Literal["advancing", "internal_failure", "ready"]
WebhookDeliveryStatus = Literal["failed", "pending", "succeeded"]
WebhookEndpointStatus = Literal["disabled", "enabled"]
