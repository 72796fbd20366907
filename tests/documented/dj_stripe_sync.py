"""Synchronizes a customer, a subscription, its invoice and its price by dj-stripe, and prints what it stored.

    python dj_stripe_sync.py URL KEY FOLDER

FOLDER is where its database is made. Runs with dj-stripe and its own stripe on the path, apart from the portal.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import django
import stripe
from django.conf import settings
from django.core.management import call_command

APPS = ["django.contrib.auth", "django.contrib.contenttypes", "djstripe"]


def main(url: str, key: str, folder: str) -> None:
    _configure(key, Path(folder))
    stripe.api_base, stripe.api_key = url, key
    from djstripe import models

    made = _make_objects()
    stored = {}
    for name, id in made.items():
        model = getattr(models, name)
        # both ways: the object as it was received, and as the library asks for it by itself
        row = model.sync_from_stripe_data(getattr(stripe, name).retrieve(id))
        stored[name] = model.sync_from_stripe_data(row.api_retrieve()).id
    print(json.dumps({"made": made, "stored": stored, "facts": _list_facts(models)}))


def _configure(key: str, folder: Path) -> None:
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "dj.sqlite3")}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        DJSTRIPE_FOREIGN_KEY_TO_FIELD="id",
        INSTALLED_APPS=APPS,
        # tables are made as the models are now; to go through years of migrations takes minutes
        MIGRATION_MODULES=dict.fromkeys(app.rpartition(".")[2] for app in APPS),
        SECRET_KEY="of this test alone",
        STRIPE_LIVE_MODE=False,
        STRIPE_TEST_SECRET_KEY=key,
        USE_TZ=True,
    )
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)


def _make_objects() -> dict[str, str]:
    customer = stripe.Customer.create(name="Jenny Rosen", email="jenny.rosen@example.com")
    product = stripe.Product.create(name="Gold plan")
    recurring: Any = {"interval": "month"}
    price = stripe.Price.create(product=product.id, unit_amount=2000, currency="eur", recurring=recurring)
    subscription = stripe.Subscription.create(
        customer=customer.id,
        items=[{"price": price.id, "quantity": 2}],
        payment_behavior="default_incomplete",
        payment_settings={"save_default_payment_method": "on_subscription"},
    )
    return {
        "Customer": customer.id,
        "Product": product.id,
        "Price": price.id,
        "Subscription": subscription.id,
        "Invoice": str(subscription.latest_invoice),
    }


def _list_facts(models: Any) -> dict[str, Any]:
    """What dj-stripe says of the objects, by its own rows."""
    subscription, invoice = models.Subscription.objects.get(), models.Invoice.objects.get()
    return {
        "customer": subscription.customer.email,
        "items": [[item.price.unit_amount, item.quantity] for item in subscription.items.all()],
        "product": models.Price.objects.get().product.name,
        "status": subscription.status,
        "invoice": [invoice.customer.id == subscription.customer.id, str(invoice.total), invoice.status],
    }


main(*sys.argv[1:])
