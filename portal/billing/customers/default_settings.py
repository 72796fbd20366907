"""What a customer's invoices start with: how they look, and what they are charged by."""

from sqlalchemy.orm import Session

from portal.billing.accounts import rendering_templates
from portal.billing.customers.params import CustomerInvoiceSettings
from portal.billing.payment_methods import methods
from portal.db import find_row
from portal.models import Customer, PaymentMethod
from portal.wire.hashes import merge_hashes


def apply(db: Session, customer: Customer, settings: CustomerInvoiceSettings) -> None:
    """Set what was sent. Raises `InvalidRequest` for another customer's payment method, or an unusable template."""
    sent = settings.model_dump(exclude_unset=True)
    _refuse_unusable_template(db, settings)
    if "default_payment_method" in sent:
        _choose_method(db, customer, settings.default_payment_method)
        # one that an import knew of stood for it
        sent["default_payment_method"] = None
    customer.invoice_settings = merge_hashes(customer.invoice_settings, sent)


def attach_method(db: Session, customer: Customer, id: str) -> None:
    """Give a payment method to a new customer. Raises `InvalidRequest` for one that is in use or was detached."""
    method = find_row(db, PaymentMethod, id, noun=methods.NOUN, param="payment_method")
    methods.attach_to(db, customer, method)


def _refuse_unusable_template(db: Session, settings: CustomerInvoiceSettings) -> None:
    options = settings.rendering_options
    if options and options.template:
        rendering_templates.find_usable(db, options.template, param="invoice_settings[rendering_options][template]")


def _choose_method(db: Session, customer: Customer, id: str | None) -> None:
    if id is not None:
        methods.find_usable(db, id, customer.id, "invoice_settings[default_payment_method]")
    customer.default_payment_method_id = id
