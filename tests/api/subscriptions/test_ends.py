"""An end at a date: each period is billed for the time until then, in previews, on updates and by schedules."""

from __future__ import annotations

from typing import Any

import pytest

from portal import clock
from tests.clients import Api
from tests.factories import Factories
from tests.passing import pass_time

DAY = clock.DAY
JUNE = 1811808000  # 1 June 2027, 00:00 UTC
JULY, AUGUST = JUNE + 30 * DAY, JUNE + 61 * DAY
BY_INVOICE = {"collection_method": "send_invoice", "days_until_due": 14}


def june(day: int) -> int:
    """Midnight at the beginning of a day of June; later days are those of July."""
    return JUNE + (day - 1) * DAY


@pytest.fixture
def begin(api: Api, make: Factories) -> Any:
    """`begin(3000, cancel_at=…)` is a subscription from 1 June on, monthly and billed by invoice."""

    def begin(*amounts: int, customer: str | None = None, currency: str = "eur", **sent: Any) -> Any:
        items = [{"price": make.price(unit_amount=amount, currency=currency).id} for amount in amounts]
        with clock.hold_at(JUNE):
            who = customer or make.customer().id
            how = {} if "collection_method" in sent else BY_INVOICE
            return api.post("subscriptions", **{"customer": who, "items": items, **how, **sent})

    return begin


def at(api: Api, moment: int, subscription: Any, **sent: Any) -> Any:
    with clock.hold_at(moment):
        return api.post(f"subscriptions/{subscription['id']}", **sent)


def bills(api: Api, subscription: Any) -> list[int]:
    """The totals of its bills, the oldest first."""
    found = api.get("invoices", subscription=subscription["id"], limit=100)["data"]
    return [invoice["total"] for invoice in reversed(found)]


def waiting(api: Api, subscription: Any) -> list[int]:
    found = api.get("invoiceitems", customer=subscription["customer"], pending=True, limit=100)["data"]
    return [item["amount"] for item in found]


def spend(api: Api, make: Factories, subscription: Any, until: int) -> int:
    """What is billed in all by a moment, with what still waits."""
    pass_time(make, until)
    return sum(bills(api, subscription)) + sum(waiting(api, subscription))


# --- a new subscription ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behavior", "billed"), [("create_prorations", 1500), ("always_invoice", 1500), ("none", 3000)]
)
def test_an_end_within_the_first_period(api: Api, make: Factories, begin: Any, behavior: str, billed: int) -> None:
    subscription = begin(3000, cancel_at=june(16), proration_behavior=behavior)
    [line] = api.get(f"invoices/{subscription['latest_invoice']}/lines")["data"]
    assert (line["amount"], line["proration"]) == (billed, billed == 1500)
    ends = june(16) if billed == 1500 else JULY
    assert (line["period"]["start"], line["period"]["end"]) == (JUNE, ends)
    assert (subscription["current_period_end"], subscription["cancel_at"]) == (ends, june(16))
    assert subscription["items"]["data"][0]["billed_until"] == ends
    assert spend(api, make, subscription, AUGUST) == billed
    ended = api.get(f"subscriptions/{subscription['id']}")
    assert (ended["status"], ended["ended_at"]) == ("canceled", june(16))


@pytest.mark.parametrize("behavior", ["create_prorations", "none"])
def test_an_end_within_a_later_period_is_always_prorated(api: Api, make: Factories, begin: Any, behavior: str) -> None:
    subscription = begin(3100, cancel_at=JULY + 10 * DAY, proration_behavior=behavior)
    assert subscription["current_period_end"] == JULY
    with clock.hold_at(june(5)):
        preview = api.post("invoices/create_preview", subscription=subscription["id"])
    assert (preview["total"], preview["lines"]["data"][0]["period"]["end"]) == (1000, JULY + 10 * DAY)
    assert spend(api, make, subscription, AUGUST) == 4100
    assert bills(api, subscription) == [3100, 1000]


def test_the_rest_of_the_words_for_an_end_bill_whole_periods(api: Api, make: Factories, begin: Any) -> None:
    for sent in (
        {"cancel_at": "min_period_end"},
        {"cancel_at": "max_period_end"},
        {"cancel_at_period_end": True},
        {"cancel_at": JULY},
    ):
        subscription = begin(3000, **sent)
        assert subscription["cancel_at"] == subscription["current_period_end"] == JULY
        assert spend(api, make, subscription, AUGUST) == 3000


def test_nothing_is_billed_when_a_trial_ends_with_all(api: Api, make: Factories, begin: Any) -> None:
    for end in (june(11), june(8)):
        subscription = begin(3000, trial_end=june(11), cancel_at=end)
        assert subscription["current_period_end"] == june(11)
        assert spend(api, make, subscription, AUGUST) == 0
    after = begin(3000, trial_end=june(11), cancel_at=june(16))
    assert spend(api, make, after, AUGUST) == 500
    assert bills(api, after) == [0, 500]


def test_an_end_within_a_first_period_up_to_an_anchor(api: Api, make: Factories, begin: Any) -> None:
    for behavior, billed in (("create_prorations", 500), ("none", 0)):
        anchored = {"billing_cycle_anchor": june(16), "cancel_at": june(6), "proration_behavior": behavior}
        subscription = begin(3100, **anchored)  # the whole period is that from 16 May to 16 June
        assert spend(api, make, subscription, AUGUST) == billed


@pytest.mark.parametrize(("currency", "amount", "billed"), [("jpy", 1001, 501), ("kwd", 10001, 5001), ("eur", 1, 1)])
def test_currencies_without_and_with_decimals(
    api: Api, make: Factories, begin: Any, currency: str, amount: int, billed: int
) -> None:
    subscription = begin(amount, currency=currency, cancel_at=june(16))
    assert spend(api, make, subscription, AUGUST) == billed


def test_quantities_items_taxes_and_percentages(api: Api, make: Factories, begin: Any) -> None:
    added, within = make.tax_rate(percentage="20"), make.tax_rate(percentage="20", inclusive=True)
    half = make.coupon(percent_off="50", duration="forever")
    items = [
        {"price": make.price(unit_amount=1000).id, "quantity": 3, "tax_rates": [added.id]},
        {"price": make.price(unit_amount=2400).id, "quantity": 1, "tax_rates": [within.id]},
    ]
    subscription = begin(items=items, cancel_at=june(16), discounts=[{"coupon": half.id}])
    first = api.get(f"invoices/{subscription['latest_invoice']}")
    assert [line["amount"] for line in first["lines"]["data"]] == [1500, 1200]
    assert (first["total_excluding_tax"], first["total"]) == (750 + 500, 750 + 150 + 600)


# --- an end that is said, moved or taken away later --------------------------------------------------------


@pytest.mark.parametrize(
    ("behavior", "at_once", "pends", "in_all"),
    [
        ("always_invoice", [3000, -1500], [], 1500),
        ("create_prorations", [3000], [-1500], 1500),
        ("none", [3000], [], 3000),
    ],
)
def test_an_end_said_within_the_period(
    api: Api, make: Factories, begin: Any, behavior: str, at_once: list[int], pends: list[int], in_all: int
) -> None:
    subscription = begin(3000)
    change = {"cancel_at": june(16), "proration_behavior": behavior}
    with clock.hold_at(june(5)):
        details = {"subscription": subscription["id"], "subscription_details": change}
        shown = api.post("invoices/create_preview", **details) if in_all == 1500 else None
    changed = at(api, june(5), subscription, **change)
    assert (bills(api, subscription), waiting(api, subscription)) == (at_once, pends)
    assert changed["current_period_end"] == (june(16) if in_all == 1500 else JULY)
    assert spend(api, make, subscription, AUGUST) == in_all
    if shown:
        assert (shown["total"], bills(api, subscription)) == (-1500, [3000, -1500])
        [line] = shown["lines"]["data"]
        assert (line["period"]["start"], line["period"]["end"]) == (june(16), JULY)
        assert (line["proration"], line["description"][:14]) == (True, "Unused time on")


@pytest.mark.parametrize("mode", ["flexible", "classic"])
@pytest.mark.parametrize(
    ("moves", "in_all"),
    [
        ([(5, 16), (6, 21)], 2000),
        ([(5, 16), (6, 11)], 1000),
        ([(5, 16), (6, 11), (7, 26), (8, 13)], 1200),
        ([(5, 16), (6, None), (7, 16), (8, None)], 3000 + 3100),
        ([(5, 41), (6, 21)], 2000),
        ([(5, 16), (6, 41)], 3000 + 1000),
        ([(5, 16), (6, 31)], 3000),
    ],
)
def test_an_end_that_moves_bills_no_time_twice(
    api: Api, make: Factories, begin: Any, mode: str, moves: list[tuple[int, int | None]], in_all: int
) -> None:
    """31.00 a month is 1.00 a day in July; in June it is 30.00."""
    subscription = begin(3000, billing_mode={"type": mode})
    for day, end in moves:
        behavior = ("create_prorations", "always_invoice")[day % 2]
        at(api, june(day), subscription, cancel_at=june(end) if end else "", proration_behavior=behavior)
    dearer = {"id": subscription["items"]["data"][0]["id"], "price": make.price(unit_amount=3100).id}
    at(api, june(9), subscription, items=[dearer], proration_behavior="none")
    assert spend(api, make, subscription, AUGUST - DAY) == in_all


def test_an_end_taken_away_with_none_leaves_the_time_free(api: Api, make: Factories, begin: Any) -> None:
    subscription = begin(3000, cancel_at=june(16))
    kept = at(api, june(5), subscription, cancel_at="", proration_behavior="none")
    assert kept["current_period_end"] == JULY
    assert spend(api, make, subscription, JULY - 1) == 1500
    assert spend(api, make, subscription, JULY) == 1500 + 3000


def test_an_end_moved_earlier_with_none_and_taken_away(api: Api, make: Factories, begin: Any) -> None:
    subscription = begin(3000, cancel_at=june(16))
    earlier = at(api, june(5), subscription, cancel_at=june(11), proration_behavior="none")
    assert (earlier["cancel_at"], earlier["current_period_end"]) == (june(11), june(16))
    kept = at(api, june(6), subscription, cancel_at="")
    assert (waiting(api, subscription), kept["current_period_end"]) == ([1500], JULY)
    assert spend(api, make, subscription, JULY) == 6000


def test_the_same_end_said_again_changes_nothing(api: Api, begin: Any) -> None:
    subscription = begin(3000)
    at(api, june(5), subscription, cancel_at=june(16), proration_behavior="none")
    at(api, june(6), subscription, cancel_at=june(16))
    assert waiting(api, subscription) == []


def test_the_end_of_the_period_is_that_of_the_shortened_one(api: Api, make: Factories, begin: Any) -> None:
    subscription = begin(3000, cancel_at=june(16))
    at_end = at(api, june(5), subscription, cancel_at_period_end=True)
    assert (at_end["cancel_at"], waiting(api, subscription)) == (june(16), [])
    kept = at(api, june(6), subscription, cancel_at_period_end=False)
    assert (kept["cancel_at"], kept["current_period_end"], waiting(api, subscription)) == (None, JULY, [1500])
    assert spend(api, make, subscription, JULY) == 6000


def test_a_credit_gives_back_what_was_billed_with_its_discount_and_tax(api: Api, make: Factories, begin: Any) -> None:
    """A coupon for one bill halved it, so that half of the price is given back."""
    rate, other = make.tax_rate(percentage="10"), make.tax_rate(percentage="20")
    once = make.coupon(percent_off="50", duration="once")
    subscription = begin(3000, default_tax_rates=[rate.id], discounts=[{"coupon": once.id}])
    pass_time(make, june(2))
    at(api, june(3), subscription, default_tax_rates=[other.id])
    changed = at(api, june(5), subscription, cancel_at=june(16), proration_behavior="always_invoice")
    credit = api.get(f"invoices/{changed['latest_invoice']}")
    assert (credit["subtotal"], credit["total"]) == (-750, -825)
    named = credit["lines"]["data"][0]["proration_details"]["credited_items"]
    assert named["invoice"] == subscription["latest_invoice"]


def test_an_amount_off_lowers_each_bill_by_itself(api: Api, make: Factories, begin: Any) -> None:
    off = make.coupon(amount_off=700, currency="eur", duration="forever")
    subscription = begin(3100, cancel_at=JULY + 10 * DAY, discounts=[{"coupon": off.id}])
    assert spend(api, make, subscription, AUGUST) == 2400 + 300


def test_collected_automatically_a_longer_period_is_to_be_paid(api: Api, begin: Any) -> None:
    subscription = begin(3000, cancel_at=june(16), collection_method="charge_automatically")
    with clock.hold_at(JUNE):
        api.post(f"invoices/{subscription['latest_invoice']}/pay", paid_out_of_band=True)
    path = f"subscriptions/{subscription['id']}"
    sent: Any = {"cancel_at": "", "proration_behavior": "always_invoice"}
    with clock.hold_at(june(5)):
        refused = api.error("POST", path, 402, **sent, payment_behavior="error_if_incomplete")
        assert refused["type"] == "card_error"
        wrong = api.error("POST", path, **sent, payment_behavior="pending_if_incomplete")
        assert wrong["param"] == "cancel_at"
        assert api.get(path)["current_period_end"] == june(16)
        changed = api.post(path, **sent)
    assert (changed["status"], changed["current_period_end"]) == ("past_due", JULY)
    assert api.get(f"invoices/{changed['latest_invoice']}")["total"] == 1500


# --- changes within a shortened period ----------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["flexible", "classic"])
@pytest.mark.parametrize("said_later", [False, True])
def test_an_upgrade_is_billed_until_the_end(api: Api, make: Factories, begin: Any, mode: str, said_later: bool) -> None:
    own = {"billing_mode": {"type": mode}}
    subscription = begin(3000, **own, **({} if said_later else {"cancel_at": june(16)}))
    if said_later:
        at(api, june(2), subscription, cancel_at=june(16), proration_behavior="always_invoice")
    dearer = {"id": subscription["items"]["data"][0]["id"], "price": make.price(unit_amount=6000).id}
    at(api, june(6), subscription, items=[dearer])
    assert waiting(api, subscription) == [2000, -1000]
    assert spend(api, make, subscription, AUGUST) == 500 + 2000


@pytest.mark.parametrize("mode", ["flexible", "classic"])
def test_an_upgrade_together_with_the_end(api: Api, make: Factories, begin: Any, mode: str) -> None:
    subscription = begin(3000, billing_mode={"type": mode})
    item = {"id": subscription["items"]["data"][0]["id"], "quantity": 2}
    at(api, june(6), subscription, items=[item], cancel_at=june(16), proration_behavior="always_invoice")
    assert bills(api, subscription) == [3000, -1500 - 1000 + 2000]
    assert spend(api, make, subscription, AUGUST) == 500 + 2000


@pytest.mark.parametrize("mode", ["flexible", "classic"])
@pytest.mark.parametrize("said_later", [False, True])
def test_canceling_now_gives_back_no_time_that_was_never_billed(
    api: Api, begin: Any, mode: str, said_later: bool
) -> None:
    subscription = begin(3000, billing_mode={"type": mode}, **({} if said_later else {"cancel_at": june(16)}))
    if said_later:
        at(api, june(2), subscription, cancel_at=june(16), proration_behavior="always_invoice")
    with clock.hold_at(june(6)):
        api.delete(f"subscriptions/{subscription['id']}", prorate=True, invoice_now=True)
    assert (sum(bills(api, subscription)), bills(api, subscription)[-1]) == (500, -1000)


def test_a_new_anchor_and_another_interval_keep_the_end(api: Api, make: Factories, begin: Any) -> None:
    yearly = make.price(unit_amount=36500, recurring={"interval": "year"})
    for change in ({"billing_cycle_anchor": "now"}, {"price": yearly.id}):
        subscription = begin(3000, cancel_at=june(21))
        sent: Any = change
        if "price" in change:
            sent = {"items": [{"id": subscription["items"]["data"][0]["id"], **change}]}
        changed = at(api, june(11), subscription, **sent)
        assert changed["current_period_end"] == june(21)
        # from 11 June a year has 366 days, a month has 30
        last = 1000 if "price" not in change else 997
        assert spend(api, make, subscription, AUGUST) == 1000 + last


def test_a_pause_gives_back_what_was_billed_and_resumes_until_the_end(api: Api, make: Factories, begin: Any) -> None:
    subscription = begin(3000, cancel_at=june(21))
    path = f"subscriptions/{subscription['id']}"
    with clock.hold_at(june(6)):
        api.post(f"{path}/pause", invoicing_behavior="invoice")
    assert bills(api, subscription) == [2000, -1500]
    at(api, june(8), subscription, cancel_at=june(16))
    assert waiting(api, subscription) == []
    with clock.hold_at(june(11)):
        resumed = api.post(f"{path}/resume", billing_cycle_anchor="unchanged")
    assert (resumed["current_period_end"], waiting(api, subscription)) == (june(16), [500])
    assert spend(api, make, subscription, AUGUST) == 1000


def test_paused_collection_bills_the_same(api: Api, make: Factories, begin: Any) -> None:
    subscription = begin(3100, cancel_at=JULY + 10 * DAY)
    at(api, june(5), subscription, pause_collection={"behavior": "keep_as_draft"})
    assert spend(api, make, subscription, AUGUST) == 4100


def test_a_change_that_waits_for_its_payment_gives_way_to_an_end(api: Api, begin: Any) -> None:
    subscription = begin(3000, collection_method="charge_automatically")
    with clock.hold_at(JUNE):
        api.post(f"invoices/{subscription['latest_invoice']}/pay", paid_out_of_band=True)
    change = {
        "items": [{"id": subscription["items"]["data"][0]["id"], "quantity": 2}],
        "payment_behavior": "pending_if_incomplete",
        "proration_behavior": "always_invoice",
    }
    held = at(api, june(6), subscription, **change)
    assert held["pending_update"]
    ending = at(api, june(6) + 9, subscription, cancel_at=june(16))
    assert (ending["pending_update"], waiting(api, subscription)) == (None, [-1500])
    assert api.get(f"invoices/{held['latest_invoice']}")["status"] == "void"


# --- changes until an end that is not prorated ---------------------------------------------------------------


@pytest.mark.parametrize("mode", ["flexible", "classic"])
@pytest.mark.parametrize("said_later", [False, True])
def test_an_upgrade_is_billed_until_an_end_without_prorations(
    api: Api, make: Factories, begin: Any, mode: str, said_later: bool
) -> None:
    free: dict[str, Any] = {"cancel_at": june(16), "proration_behavior": "none"}
    subscription = begin(3000, billing_mode={"type": mode}, **({} if said_later else free))
    if said_later:
        at(api, june(2), subscription, **free)
    dearer = {"id": subscription["items"]["data"][0]["id"], "price": make.price(unit_amount=6000).id}
    change: dict[str, Any] = {"items": [dearer], "proration_behavior": "always_invoice"}
    with clock.hold_at(june(6)):
        asked = {"subscription": subscription["id"], "subscription_details": change}
        shown = api.post("invoices/create_preview", **asked)
    changed = at(api, june(6), subscription, **change)
    made = api.get(f"invoices/{changed['latest_invoice']}")
    assert ([line["amount"] for line in made["lines"]["data"]], shown["total"]) == ([-1000, 2000], 1000)
    assert {line["period"]["end"] for line in made["lines"]["data"]} == {june(16)}
    assert changed["current_period_end"] == JULY
    assert spend(api, make, subscription, AUGUST) == 3000 + 1000


@pytest.mark.parametrize("mode", ["flexible", "classic"])
def test_canceling_before_an_end_without_prorations_gives_back_the_time_until_then(
    api: Api, begin: Any, mode: str
) -> None:
    subscription = begin(3000, billing_mode={"type": mode}, cancel_at=june(16), proration_behavior="none")
    with clock.hold_at(june(6)):
        api.delete(f"subscriptions/{subscription['id']}", prorate=True, invoice_now=True)
    assert bills(api, subscription) == [3000, -1000]


@pytest.mark.parametrize("mode", ["flexible", "classic"])
def test_an_upgrade_goes_on_where_such_an_end_is_taken_away(api: Api, make: Factories, begin: Any, mode: str) -> None:
    subscription = begin(3000, cancel_at=june(16), proration_behavior="none", billing_mode={"type": mode})
    dearer = {"id": subscription["items"]["data"][0]["id"], "price": make.price(unit_amount=6000).id}
    at(api, june(6), subscription, items=[dearer], proration_behavior="always_invoice")
    at(api, june(8), subscription, cancel_at="", proration_behavior="always_invoice")
    assert bills(api, subscription) == [3000, 1000, 1500]
    with clock.hold_at(june(11)):
        api.delete(f"subscriptions/{subscription['id']}", prorate=True, invoice_now=True)
    assert bills(api, subscription)[-1] == -4000


# --- an end that is set and taken away comes out at nothing -----------------------------------------------------


@pytest.mark.parametrize("mode", ["flexible", "classic"])
@pytest.mark.parametrize("by_period_end", [False, True])
def test_time_is_charged_back_at_what_was_given_for_it(
    api: Api, make: Factories, begin: Any, mode: str, by_period_end: bool
) -> None:
    """A coupon for the first bill, and a tax rate that has changed since."""
    once = make.coupon(percent_off="50", duration="once")
    rate, other = make.tax_rate(percentage="10"), make.tax_rate(percentage="20")
    own = {"default_tax_rates": [rate.id], "billing_mode": {"type": mode}}
    subscription = begin(3000, discounts=[{"coupon": once.id}], **own)
    pass_time(make, june(2))
    at(api, june(5), subscription, cancel_at=june(16), proration_behavior="always_invoice")
    at(api, june(6), subscription, default_tax_rates=[other.id])
    if by_period_end:
        at(api, june(7), subscription, cancel_at_period_end=True)
    taken_away: dict[str, Any] = {"cancel_at_period_end": False} if by_period_end else {"cancel_at": ""}
    with clock.hold_at(june(8)):
        details = {**taken_away, "proration_behavior": "always_invoice"}
        shown = api.post("invoices/create_preview", subscription=subscription["id"], subscription_details=details)
    at(api, june(8), subscription, proration_behavior="always_invoice", **taken_away)
    first, credit, charge = bills(api, subscription)
    assert (first, credit + charge, shown["total"]) == (1650, 0, charge)
    assert mode == "classic" or credit == -825


def test_each_stretch_is_charged_back_at_its_own(api: Api, make: Factories, begin: Any) -> None:
    """Half of the price until 1 July; what an end adds for the first time costs today's price."""
    once = make.coupon(percent_off="50", duration="once")
    subscription = begin(3000, cancel_at=june(16), discounts=[{"coupon": once.id}])
    pass_time(make, june(2))
    now: dict[str, Any] = {"proration_behavior": "always_invoice"}
    for day, end in ((3, june(11)), (4, june(14)), (5, june(21)), (6, "")):
        at(api, june(day), subscription, cancel_at=end, **now)
    assert bills(api, subscription) == [750, -250, 150, 100 + 500, 1000]


def test_voided_time_stays_unbilled(api: Api, make: Factories, begin: Any) -> None:
    subscription = begin(3000)
    with clock.hold_at(june(2)):
        first = f"invoices/{subscription['latest_invoice']}"
        api.post(f"{first}/finalize")
        api.post(f"{first}/void")
    at(api, june(5), subscription, cancel_at=june(16))
    kept = at(api, june(6), subscription, cancel_at="")
    assert (kept["current_period_end"], kept["cancel_at"], waiting(api, subscription)) == (JULY, None, [])
    ended = at(api, june(7), subscription, cancel_at=june(16))
    assert ended["cancel_at"] == june(16)
    pass_time(make, june(17))
    assert api.get(f"subscriptions/{subscription['id']}")["ended_at"] == june(16)
    assert waiting(api, subscription) == []


def test_free_time_stays_free(api: Api, begin: Any) -> None:
    subscription = begin(3000, cancel_at=june(16))
    at(api, june(5), subscription, cancel_at="", proration_behavior="none")
    for day, end in ((6, june(21)), (7, "")):
        at(api, june(day), subscription, cancel_at=end)
    at(api, june(8), subscription, cancel_at=june(16), proration_behavior="none")
    at(api, june(9), subscription, cancel_at="")
    assert waiting(api, subscription) == []


def test_what_changed_since_costs_what_it_costs_now(api: Api, begin: Any) -> None:
    subscription = begin(3000)
    item = {"id": subscription["items"]["data"][0]["id"], "quantity": 2}
    at(api, june(5), subscription, cancel_at=june(16))
    at(api, june(6), subscription, items=[item])
    at(api, june(7), subscription, cancel_at="")
    assert sorted(waiting(api, subscription)) == [-1500, -1000, 2000, 3000]


@pytest.mark.parametrize("moved_to", [11, 21])
def test_a_change_is_not_forgotten_where_the_end_moves_with_none(
    api: Api, make: Factories, begin: Any, moved_to: int
) -> None:
    """One piece becomes two on 5 June; the end, said and moved without prorations, is gone on 7 June."""
    subscription = begin(3000)
    item = {"id": subscription["items"]["data"][0]["id"], "quantity": 2}
    at(api, june(4), subscription, cancel_at=june(16), proration_behavior="none")
    at(api, june(5), subscription, items=[item])
    at(api, june(6), subscription, cancel_at=june(moved_to), proration_behavior="none")
    at(api, june(7), subscription, cancel_at="")
    # 26 days of one piece more; where the end went on, the five days up to it are free
    worth = 2600 if moved_to == 11 else 2100
    assert sum(waiting(api, subscription)) == worth
    assert spend(api, make, subscription, JULY) == 3000 + worth + 6000


@pytest.mark.parametrize("mode", ["flexible", "classic"])
@pytest.mark.parametrize("moved_to", [None, 17, 27])
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"quantity": 2}, 3000 + 2200),  # a piece more for 22 days
        ({"added": 4500}, 3000 + 3300),
        ({"removed": 1500}, 4500 - 1100),
    ],
)
def test_a_change_survives_an_end_that_moves_with_prorations(
    api: Api, make: Factories, begin: Any, change: dict[str, int], expected: int, moved_to: int | None, mode: str
) -> None:
    """It is charged until an end said with `none` first; that end moves, and is gone two days later."""
    amounts = (3000, 1500) if "removed" in change else (3000,)
    subscription = begin(*amounts, billing_mode={"type": mode})
    at(api, june(8), subscription, cancel_at=june(25), proration_behavior="none")
    first, second = (*subscription["items"]["data"], None)[:2]
    items: list[Any] = {
        "quantity": lambda: [{"id": first["id"], "quantity": 2}],
        "added": lambda: [{"price": make.price(unit_amount=4500).id}],
        "removed": lambda: [{"id": second["id"], "deleted": True}],
    }[next(iter(change))]()
    at(api, june(9), subscription, items=items, proration_behavior="always_invoice")
    if moved_to:
        at(api, june(10), subscription, cancel_at=june(moved_to), proration_behavior="always_invoice")
    at(api, june(12), subscription, cancel_at="", proration_behavior="always_invoice")
    assert sum(bills(api, subscription)) + sum(waiting(api, subscription)) == expected


@pytest.mark.parametrize("behavior", ["create_prorations", "always_invoice"])
def test_a_discount_sent_with_an_end_lowers_the_time_that_is_added(
    api: Api, make: Factories, begin: Any, behavior: str
) -> None:
    subscription, half = begin(3000, cancel_at=june(16)), make.coupon(percent_off="50").id
    at(api, june(5), subscription, cancel_at="", discounts=[{"coupon": half}], proration_behavior=behavior)
    assert sum(bills(api, subscription)) + sum(waiting(api, subscription)) == 1500 + 750


def test_each_part_of_the_time_is_charged_back_at_its_own_worth(api: Api, make: Factories, begin: Any) -> None:
    """Half price until 16 June, the whole one until 26 June; what was given back is added for five days only."""
    once = make.coupon(percent_off="50", duration="once").id
    subscription = begin(3000, discounts=[{"coupon": once}], cancel_at=june(16))
    for day, end in ((4, 26), (5, 11), (6, 16)):
        at(api, june(day), subscription, cancel_at=june(end))
    assert waiting(api, subscription) == [250, -1250, 1000]


def test_of_two_credits_of_one_second_the_one_that_waits_is_the_newest(api: Api, make: Factories, begin: Any) -> None:
    """Billed upgrade and downgrade with an end in one second: what the end gave back is 10 days of 200."""
    subscription = begin(6000, discounts=[{"coupon": make.coupon(percent_off="10").id}])
    item = {"id": subscription["items"]["data"][0]["id"]}
    at(api, june(3), subscription, discounts="")
    at(api, june(6), subscription, items=[{**item, "quantity": 3}], proration_behavior="always_invoice")
    at(api, june(6), subscription, items=[{**item, "quantity": 1}], cancel_at=june(21))
    at(api, june(8), subscription, cancel_at=june(11))
    at(api, june(9), subscription, cancel_at="")
    # five days at 180, the rest at 200
    assert sum(bills(api, subscription)) + sum(waiting(api, subscription)) == 900 + 25 * 200


@pytest.mark.parametrize("mode", ["flexible", "classic"])
def test_a_credit_that_no_longer_counts_is_not_charged_back(api: Api, begin: Any, mode: str) -> None:
    """The merchant deletes what the end gave back: the first bill still holds for all of June."""
    subscription = begin(3000, billing_mode={"type": mode})
    at(api, june(5), subscription, cancel_at=june(16))
    [credit] = api.get("invoiceitems", customer=subscription["customer"], pending=True)["data"]
    with clock.hold_at(june(6)):
        api.delete(f"invoiceitems/{credit['id']}")
    at(api, june(7), subscription, cancel_at="")
    assert waiting(api, subscription) == []


def test_a_change_that_was_taken_back_costs_nothing(api: Api, begin: Any) -> None:
    subscription = begin(3000)
    item = {"id": subscription["items"]["data"][0]["id"]}
    at(api, june(4), subscription, cancel_at=june(16), proration_behavior="none")
    for quantity in (2, 1):
        at(api, june(5), subscription, items=[{**item, "quantity": quantity}])
    at(api, june(7), subscription, cancel_at="")
    assert sum(waiting(api, subscription)) == 0


# --- previews ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("behavior", ["create_prorations", "always_invoice", "none"])
def test_a_preview_of_a_new_subscription_is_its_first_bill(
    api: Api, make: Factories, begin: Any, behavior: str
) -> None:
    details = {"cancel_at": june(16), "proration_behavior": behavior}
    items = [{"price": make.price(unit_amount=3000).id}]
    with clock.hold_at(JUNE):
        shown = api.post(
            "invoices/create_preview", customer=make.customer().id, subscription_details={"items": items, **details}
        )
    subscription = begin(items=items, **details)
    assert shown["total"] == api.get(f"invoices/{subscription['latest_invoice']}")["total"]


def test_a_preview_of_an_end_taken_away_is_the_next_bill(api: Api, make: Factories, begin: Any) -> None:
    subscription = begin(3100, cancel_at=june(16))
    change = {"cancel_at": ""}
    with clock.hold_at(june(5)):
        shown = api.post("invoices/create_preview", subscription=subscription["id"], subscription_details=change)
    at(api, june(5), subscription, **change)
    pass_time(make, JULY)
    assert (shown["total"], bills(api, subscription)) == (1550 + 3100, [1550, 4650])


# --- schedules --------------------------------------------------------------------------------------------------


def scheduled(api: Api, make: Factories, *phases: dict[str, Any], **sent: Any) -> Any:
    """A schedule from 1 June on that ends with a cancellation."""
    price = make.price(unit_amount=3100).id
    settings = {"collection_method": "send_invoice", "invoice_settings": {"days_until_due": 14}}
    own = {"customer": make.customer().id, "default_settings": settings, "end_behavior": "cancel", "start_date": "now"}
    with clock.hold_at(JUNE):
        items = [{"items": [{"price": price}], **each} for each in phases]
        return api.post("subscription_schedules", **{**own, "phases": items, **sent}, expand=["subscription"])


@pytest.mark.parametrize(
    ("phases", "expected"),
    [
        ([{"end_date": JULY + 10 * DAY}], [3100, 1000]),
        ([{"end_date": JULY}, {"end_date": JULY + 10 * DAY}], [3100, 1000]),
        ([{"end_date": june(16)}], [1550]),
        ([{"end_date": june(16), "proration_behavior": "none"}], [3100]),
        ([{"end_date": JULY}], [3100]),
        ([{"end_date": june(11)}, {"end_date": june(16), "proration_behavior": "always_invoice"}], [3100, -1550]),
        ([{"end_date": june(11)}, {"end_date": june(16)}], [3100, -1550]),
        ([{"end_date": june(11)}, {"end_date": june(16), "proration_behavior": "none"}], [3100]),
        ([{"end_date": june(11), "trial": True}, {"end_date": june(16)}], [0, 517]),
        ([{"end_date": june(11), "trial": True}], [0]),
        ([{"end_date": june(11)}, {"end_date": june(16), "billing_cycle_anchor": "phase_start"}], [3100, -2067 + 517]),
    ],
)
def test_a_schedule_that_ends_with_a_cancellation(
    api: Api, make: Factories, phases: list[dict[str, Any]], expected: list[int]
) -> None:
    subscription = scheduled(api, make, *phases)["subscription"]
    pass_time(make, AUGUST)
    assert bills(api, subscription) == expected
    assert waiting(api, subscription) == []


def test_a_phase_that_changes_its_end(api: Api, make: Factories) -> None:
    schedule = scheduled(api, make, {"end_date": JULY + 10 * DAY})
    subscription, path = schedule["subscription"], f"subscription_schedules/{schedule['id']}"
    items = [{"price": subscription["items"]["data"][0]["price"]["id"]}]

    def phases_until(end: int) -> list[dict[str, Any]]:
        return [{"items": items, "start_date": JUNE, "end_date": end}]

    with clock.hold_at(june(5)):
        details = {"phases": phases_until(june(16)), "proration_behavior": "always_invoice", "end_behavior": "cancel"}
        shown = api.post("invoices/create_preview", schedule=schedule["id"], schedule_details=details)
        api.post(path, phases=phases_until(june(16)), proration_behavior="always_invoice")
        assert (shown["total"], bills(api, subscription)) == (-1550, [3100, -1550])
        api.post(path, phases=phases_until(june(21)))
        assert waiting(api, subscription) == [517]
        api.post(path, phases=phases_until(june(16)), proration_behavior="none")
        assert api.get(f"subscriptions/{subscription['id']}")["current_period_end"] == june(21)
    assert spend(api, make, subscription, AUGUST) == 3100 - 1550 + 517


def test_a_phase_that_adds_time_charges_it_with_the_discount_that_comes_along(api: Api, make: Factories) -> None:
    schedule, coupon = scheduled(api, make, {"end_date": june(16)}), make.coupon(percent_off="50", max_redemptions=1)
    items = [{"price": schedule["subscription"]["items"]["data"][0]["price"]["id"]}]
    phase = {"items": items, "start_date": JUNE, "end_date": june(26), "discounts": [{"coupon": coupon.id}]}
    with clock.hold_at(june(5)):
        api.post(f"subscription_schedules/{schedule['id']}", phases=[phase])
    assert waiting(api, schedule["subscription"]) == [517]
    assert api.get(f"coupons/{coupon.id}")["times_redeemed"] == 1


def test_what_a_schedule_no_longer_ends_is_billed(api: Api, make: Factories) -> None:
    for keep, expected in ((False, [1550, 1550 + 3100]), (True, [1550])):
        schedule = scheduled(api, make, {"end_date": june(16)})
        with clock.hold_at(june(5)):
            api.post(f"subscription_schedules/{schedule['id']}/release", preserve_cancel_date=keep)
        pass_time(make, JULY)
        assert bills(api, schedule["subscription"]) == expected
    schedule = scheduled(api, make, {"end_date": june(16)})
    with clock.hold_at(june(5)):
        sent = {"end_behavior": "release", "proration_behavior": "always_invoice"}
        api.post(f"subscription_schedules/{schedule['id']}", **sent)
    assert bills(api, schedule["subscription"]) == [1550, 1550]


def test_a_schedule_canceled_gives_back_what_was_billed(api: Api, make: Factories) -> None:
    schedule = scheduled(api, make, {"end_date": june(16)})
    with clock.hold_at(june(6)):
        api.post(f"subscription_schedules/{schedule['id']}/cancel")
    assert bills(api, schedule["subscription"]) == [1550, -1033]


# --- items that come and go while an end stands ------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["flexible", "classic"])
def test_a_replaced_item_is_given_back_where_the_end_is_taken_away(
    api: Api, make: Factories, begin: Any, mode: str
) -> None:
    subscription = begin(3000, cancel_at=june(16), proration_behavior="none", billing_mode={"type": mode})
    old, now = subscription["items"]["data"][0]["id"], {"proration_behavior": "always_invoice"}
    replaced = [{"id": old, "deleted": True}, {"price": make.price(unit_amount=6000).id}]
    at(api, june(6), subscription, items=replaced, **now)
    at(api, june(8), subscription, cancel_at="", **now)
    assert bills(api, subscription) == [3000, 1000, 1500]


@pytest.mark.parametrize("mode", ["flexible", "classic"])
@pytest.mark.parametrize("change", [{"deleted": True}, {"quantity": 0}])
def test_an_item_that_was_taken_off_is_given_back_until_the_period_ends(
    api: Api, begin: Any, mode: str, change: dict[str, Any]
) -> None:
    subscription = begin(3000, 1500, cancel_at=june(16), proration_behavior="none", billing_mode={"type": mode})
    at(api, june(6), subscription, items=[{"id": subscription["items"]["data"][1]["id"], **change}])
    assert waiting(api, subscription) == [-500]
    at(api, june(8), subscription, cancel_at="")
    assert sorted(waiting(api, subscription)) == [-750, -500]


def test_an_item_that_gave_nothing_back_costs_nothing_again(api: Api, make: Factories, begin: Any) -> None:
    subscription = begin(3000)
    at(api, june(2), subscription, items=[{"price": make.price(unit_amount=1500).id}], proration_behavior="none")
    at(api, june(5), subscription, cancel_at=june(16))
    at(api, june(6), subscription, cancel_at="")
    assert sorted(waiting(api, subscription)) == [-1500, 1500]


@pytest.mark.parametrize("mode", ["flexible", "classic"])
def test_what_a_manual_invoice_has_taken_counts(api: Api, begin: Any, mode: str) -> None:
    subscription = begin(3000, billing_mode={"type": mode})
    at(api, june(5), subscription, cancel_at=june(16))
    with clock.hold_at(june(5)):
        by_hand = {"customer": subscription["customer"], "pending_invoice_items_behavior": "include"}
        made = api.post("invoices", **by_hand, collection_method="send_invoice", days_until_due=5)
        api.post(f"invoices/{made['id']}/finalize")
    at(api, june(6), subscription, cancel_at="")
    with clock.hold_at(june(7)):
        api.delete(f"subscriptions/{subscription['id']}", prorate=True, invoice_now=True)
    found = api.get("invoices", customer=subscription["customer"])["data"]
    assert sum(each["total"] for each in found) == 600
