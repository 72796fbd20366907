"""Which function builds each mail."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from portal.assembly import Services
from portal.models import Mail
from portal.outbox import (
    alerts,
    billing_alerts,
    cancellation_mails,
    debit_mails,
    document_mails,
    notice_mails,
    payment_mails,
    plan_change_mails,
    quote_mails,
    security_mails,
    start_mails,
    subscription_mails,
    trial_mails,
    withdrawal_mails,
)
from portal.outbox.mail_texts import OutgoingMail

#: What builds each mail; None when nobody is to receive it (any more).
MAIL_BUILDERS: dict[str, Callable[[Services, Session, Mail], OutgoingMail | None]] = {
    "billing_failing": billing_alerts.build_mail,
    "cancellation_received": notice_mails.build_received_mail,
    "cancellation_waiting": notice_mails.build_waiting_mail,
    "contact_changed": security_mails.build_change_mail,
    "contact_invited": security_mails.build_invitation,
    "credit_note": document_mails.build_credit_note_mail,
    "debit_announced": debit_mails.build_announced_mail,
    "debit_failed": debit_mails.build_failed_mail,
    "debits_failing": debit_mails.build_failing_mail,
    "email_changed": security_mails.build_email_changed_mail,
    "email_code": security_mails.build_email_code_mail,
    "invoice": document_mails.build_invoice_mail,
    "login_code": security_mails.build_login_mail,
    "payment_declined": payment_mails.build_declined_mail,
    "payment_reminder": document_mails.build_reminder_mail,
    "payment_to_confirm": payment_mails.build_confirmation_mail,
    "payout_declined": payment_mails.build_kept_credit_mail,
    "payout_requested": payment_mails.build_requested_mail,
    "payment_disputed": payment_mails.build_disputed_mail,
    "payout_waiting": payment_mails.build_waiting_mail,
    "quote": quote_mails.build_quote_mail,
    "receipt": document_mails.build_receipt_mail,
    "recipients_changed": security_mails.build_recipients_mail,
    "refunded": payment_mails.build_refunded_mail,
    "subscription_canceled": cancellation_mails.build_canceled_mail,
    "subscription_changed": plan_change_mails.build_changed_mail,
    "subscription_paused": subscription_mails.build_paused_mail,
    "subscription_started": start_mails.build_started_mail,
    "subscription_withdrawn": withdrawal_mails.build_withdrawn_mail,
    "tax_id_changed": security_mails.build_tax_id_mail,
    "trial_ending": trial_mails.build_trial_mail,
    "webhook_disabled": alerts.build_alert_mail,
    "webhook_failing": alerts.build_alert_mail,
}
