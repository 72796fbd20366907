"""What customers do with their payment methods in the portal: add one with a mandate, choose one, remove one."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.ledger import locks
from portal.billing.payment_methods import cards, mandates, methods
from portal.billing.payment_methods.mandates import Consent
from portal.billing.payment_methods.params import BillingDetails, CreatePaymentMethod
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Customer, PaymentMethod, Subscription
from portal.providers.interface import GivenMethod, KeptMethod
from portal.seal import Seal

#: The code of the error for a method that can't be removed, as plans are collected by it.
NEEDED = "payment_method_needed"


def add(
    db: Session,
    customer_id: str,
    command: CreatePaymentMethod,
    consent: Consent,
    *,
    replaces: str | None = None,
    default: bool = True,
    seal: Seal,
    now: int,
) -> PaymentMethod:
    """Add a bank account with its mandate, make it what is charged by default, and remove the one it replaces.

    Where the mandate with this reference is there already, another click was faster, and nothing more happens.
    """
    customer = locks.billable_customer(db, customer_id)
    known = mandates.find_by_reference(db, consent.reference) if consent.reference else None
    if known is not None:
        return find_own(db, customer_id, known.payment_method_id)
    method = methods.create(db, command, seal=seal, now=now)
    db.flush()
    methods.attach_to(db, customer, method)
    mandates.give(db, method, consent, now=now)
    if default:
        customer.default_payment_method_id = method.id
    if replaces is not None:
        db.flush()
        _replace(db, customer_id, replaces, method, now)
    return method


def add_card(
    db: Session,
    customer_id: str,
    given: GivenMethod,
    holder: BillingDetails,
    *,
    replaces: str | None = None,
    default: bool = True,
    now: int,
) -> PaymentMethod:
    """Have the provider keep a card, and add it as `keep_card` does."""
    kept = cards.set_up(db, given, now=now)
    return keep_card(db, customer_id, kept, holder, replaces=replaces, default=default, now=now)


def keep_card(
    db: Session,
    customer_id: str,
    kept: KeptMethod,
    holder: BillingDetails,
    *,
    replaces: str | None = None,
    default: bool = True,
    now: int,
) -> PaymentMethod:
    """Add a card as `add` does a bank account. One that is there already with the same month is not added again."""
    customer = locks.billable_customer(db, customer_id)
    known = [each for each in methods.list_for_customer(db, customer_id) if each.provider_ref == kept.ref]
    method = known[0] if known else cards.store(db, kept, holder, now=now)
    if not known:
        db.flush()
        methods.attach_to(db, customer, method)
    if default:
        customer.default_payment_method_id = method.id
    if replaces not in {None, method.id}:
        db.flush()
        _replace(db, customer_id, str(replaces), method, now)
    return method


def _replace(db: Session, customer_id: str, old_id: str, new: PaymentMethod, now: int) -> None:
    """Let plans that are charged by the old method be charged by the new one, and remove the old one."""
    old = find_own(db, customer_id, old_id)
    named = select(Subscription).where(
        Subscription.customer_id == customer_id, Subscription.default_payment_method_id == old_id
    )
    for plan in db.scalars(named.order_by(Subscription.id).with_for_update()):
        plan.default_payment_method_id = new.id
    db.flush()
    methods.detach(db, old, now=now)


def choose(db: Session, customer_id: str, id: str) -> PaymentMethod:
    """Make a method the one that is charged by default. Raises `ResourceMissing` for another customer's."""
    customer = locks.billable_customer(db, customer_id)
    method = find_own(db, customer_id, id)
    customer.default_payment_method_id = method.id
    return method


def remove(db: Session, customer_id: str, id: str, *, now: int) -> PaymentMethod:
    """Detach a method; where it was the default, the newest other one that can be charged takes its place.

    Raises `InvalidRequest` (`NEEDED`) for the only method while plans are collected automatically.
    """
    customer = locks.billable_customer(db, customer_id)
    method = find_own(db, customer_id, id)
    others = [each for each in methods.list_for_customer(db, customer_id) if each.id != id]
    usable = [each for each in others if each.provider is not None or mandates.find_active(db, each.id)]
    if not usable and collects_automatically(db, customer_id):
        raise InvalidRequest("The plans of the customer are collected by this payment method.", code=NEEDED)
    was_default = customer.default_payment_method_id == id
    db.flush()
    methods.detach(db, method, now=now)
    if was_default and usable:
        customer.default_payment_method_id = usable[0].id
    return method


def find_own(db: Session, customer_id: str, id: str) -> PaymentMethod:
    """A method of this customer, read anew. Raises `ResourceMissing` for any other."""
    own = select(PaymentMethod).where(PaymentMethod.id == id, PaymentMethod.customer_id == customer_id)
    found = db.scalars(own, execution_options={"populate_existing": True}).one_or_none()
    if found is None:
        raise ResourceMissing(methods.NOUN, id)
    return found


def collects_automatically(db: Session, customer_id: str) -> bool:
    """Whether a plan of the customer is to be collected without the customer."""
    running = select(Subscription.id).where(
        Subscription.customer_id == customer_id,
        Subscription.collection_method == "charge_automatically",
        Subscription.ended_at.is_(None),
    )
    return db.scalar(running.limit(1)) is not None


def next_reference(db: Session, customer: Customer, visit_id: str) -> str:
    """The reference of the mandate that a visit is shown: another one after each method that it adds."""
    ever = (PaymentMethod.customer_id == customer.id) | (PaymentMethod.detached_from == customer.id)
    known = len(db.scalars(select(PaymentMethod.id).where(ever)).all())
    return mandates.build_reference(customer.invoice_prefix, f"{visit_id}:{known}")
