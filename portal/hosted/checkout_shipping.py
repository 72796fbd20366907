"""How an order is sent, and where to, on a checkout page."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from wtforms import Field

from portal import i18n
from portal.billing.checkout import shipping
from portal.hosted.detail_forms import AddressForm
from portal.hosted.languages import locale, money
from portal.models import CheckoutSession, Customer


def list_known(session: CheckoutSession, customer: Customer | None) -> dict[str, Any]:
    """What the fields start with: the option that is chosen, and where the customer had goods sent to before."""
    option, before = shipping.find_option(session), (customer.shipping if customer else None) or {}
    address = dict(before.get("address") or {})
    countries = shipping.list_countries(session.settings)
    if address.get("country") not in countries:
        address = {"country": countries[0]} if len(countries) == 1 else {}
    return {
        "shipping": {**address, "name": before.get("name")},
        "shipping_rate": option["shipping_rate"] if option else None,
    }


def offer_choices(fields: Mapping[str, Field], session: CheckoutSession) -> None:
    """Let the customer choose from what the session offers."""
    if "shipping_rate" in fields:
        fields["shipping_rate"].choices = [
            (each["shipping_rate"], _name_option(each, session.currency or ""))
            for each in shipping.list_options(session.settings)
        ]
    if "shipping" in fields:
        countries = {"", *shipping.list_countries(session.settings)}
        country = fields["shipping"].form.country
        country.choices = [choice for choice in country.choices if choice[0] in countries]


def check(fields: Mapping[str, Field], billing: AddressForm | None, session: CheckoutSession) -> None:
    """Put an error at each field that lacks, or at the box for an address that is not delivered to."""
    if "shipping" not in fields:
        return
    if billing is None or not _is_same(fields):
        fields["shipping"].form.check_complete()
        return
    for part in fields["shipping"].form:
        part.errors = []
    country = billing.country.data
    if country and country not in shipping.list_countries(session.settings):
        name = i18n.isolate_text(i18n.country_name(country, locale()))
        fields["same"].errors = [_("We don't deliver to %(country)s.", country=name)]


def read(fields: Mapping[str, Field], billing: AddressForm | None, name: str | None) -> dict[str, Any] | None:
    """Who receives it, and where; `name` is who buys."""
    if "shipping" not in fields:
        return None
    if billing is not None and _is_same(fields):
        return {"name": name, "address": billing.postal}
    form = fields["shipping"].form
    return {"name": form["name"].data, "address": form.postal}


def _is_same(fields: Mapping[str, Field]) -> bool:
    return "same" in fields and bool(fields["same"].data)


def _name_option(option: Mapping[str, Any], currency: str) -> str:
    name, price = i18n.isolate_text(option["display_name"]), money(option["shipping_amount"], currency)
    return f"{name}: {i18n.isolate_text(price)}"
