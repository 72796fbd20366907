"""How a purchase is sent, and where to: the options of a page, what the chosen one costs, and the address."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from portal import i18n
from portal.billing.catalogue import shipping_rates
from portal.billing.checkout import line_items
from portal.billing.checkout.field_params import LinkShippingOption, ShippingOption
from portal.errors import InvalidRequest, params_within
from portal.models import CheckoutSession
from portal.rules.statuses import CheckoutMode
from portal.wire.commands import Shipping, parse_command

MOST_OPTIONS = 5
#: What the reference knows as a country unknown: it may be named, and nobody can choose it.
NO_COUNTRY = "ZZ"


def build_options(
    db: Session,
    sent: Sequence[ShippingOption | LinkShippingOption],
    mode: CheckoutMode,
    currency: str | None,
    *,
    now: int,
) -> list[dict[str, Any]]:
    """The options as they are kept. Raises `InvalidRequest` for rates that can't be used, and outside of payments."""
    if sent and mode != "payment":
        raise InvalidRequest("You can only send shipping_options in payment mode.", param="shipping_options")
    if len(sent) > MOST_OPTIONS:
        raise InvalidRequest(f"There can be at most {MOST_OPTIONS} shipping options.", param="shipping_options")
    found: list[dict[str, Any]] = []
    for at, each in enumerate(sent):
        param = f"shipping_options[{at}]"
        cost = each if isinstance(each, ShippingOption) else ShippingOption(shipping_rate=each.shipping_rate)
        rate = shipping_rates.find_or_create(db, cost, param, now=now)
        if rate.id in {other["shipping_rate"] for other in found}:
            raise InvalidRequest("Each shipping option has a rate of its own.", param=param)
        amount = shipping_rates.amount_in_currency(rate, currency or "", param)
        found.append({"shipping_rate": rate.id, "shipping_amount": amount, "display_name": rate.display_name})
    return found


def refuse_no_country(settings: Mapping[str, Any], mode: CheckoutMode) -> None:
    """Raises `InvalidRequest` for an address that nobody could give, or that nothing is sent to."""
    asked = settings.get("shipping_address_collection")
    if not asked:
        return
    if mode == "setup":
        raise InvalidRequest("A session in setup mode sells nothing.", param="shipping_address_collection")
    param = "shipping_address_collection[allowed_countries]"
    known = {code for code, _name in i18n.list_countries("en")}
    if known.isdisjoint(asked["allowed_countries"]):
        raise InvalidRequest("Name the countries that you deliver to.", param=param)
    for at, code in enumerate(asked["allowed_countries"]):
        if code not in known | {NO_COUNTRY}:
            raise InvalidRequest(f"Country '{code}' is unknown.", param=f"{param}[{at}]", code="country_code_invalid")


def list_options(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The options that the settings of a session or a link offer."""
    return settings.get("shipping_options") or []


def list_countries(settings: Mapping[str, Any]) -> list[str]:
    """The countries that are delivered to; none where no address is asked for."""
    return (settings.get("shipping_address_collection") or {}).get("allowed_countries") or []


def find_option(session: CheckoutSession) -> dict[str, Any] | None:
    """The chosen option, which is the first one at first; None without any."""
    options = list_options(session.settings)
    chosen = session.settings.get("shipping_rate")
    return next((each for each in options if each["shipping_rate"] == chosen), next(iter(options), None))


def choose(session: CheckoutSession, rate: str | None) -> None:
    """Choose the option of this rate; any other one changes nothing."""
    if rate in {each["shipping_rate"] for each in list_options(session.settings)}:
        session.settings = {**session.settings, "shipping_rate": rate}


def find_rates(session: CheckoutSession) -> list[dict[str, Any]]:
    """The tax rates of shipping: those that all chosen lines share; none where they differ."""
    chosen = [line["tax_rates"] for line in line_items.list_chosen(session.lines)]
    return chosen[0] if chosen and all(rates == chosen[0] for rates in chosen) else []


def cost(session: CheckoutSession) -> dict[str, Any] | None:
    """What an invoice keeps of the chosen option: the amount that the page has shown, whatever became of its rate."""
    option = find_option(session)
    if option is None:
        return None
    kept = {name: option[name] for name in ("display_name", "shipping_rate")}
    return {"amount": option["shipping_amount"], **kept}


def invoice_params(session: CheckoutSession) -> dict[str, Any]:
    """What the invoice is told of it: the rates of the taxes on its cost, and where to."""
    found: dict[str, Any] = {}
    if find_option(session) and (rates := find_rates(session)):
        found["default_tax_rates"] = [rate["id"] for rate in rates]
    if details := (session.collected or {}).get("shipping_details"):
        found["shipping_details"] = details
    return found


def check_details(session: CheckoutSession, details: dict[str, Any] | None) -> dict[str, Any] | None:
    """Who receives it, and where, if the page asks. Raises `InvalidRequest` for another country, or where it lacks."""
    countries = list_countries(session.settings)
    if not countries:
        return None
    if details is None or details["address"]["country"] not in countries:
        raise InvalidRequest("This is no address that is delivered to.", param="shipping")
    with params_within("shipping"):
        return parse_command(Shipping, details).model_dump()
