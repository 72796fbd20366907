"""Credit notes of discounted and shipped invoices, and their previews."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.usefixtures("held_clock")


@pytest.fixture
def reduced(opened, make):
    """1190 gross: 10.00 at half price and 5.00 of shipping, 19 % VAT on top."""
    half = make.coupon(percent_off="50").id
    return opened(
        1000,
        discounts=[{"coupon": half}],
        default_tax_rates=[make.tax_rate().id],
        shipping_cost={"shipping_rate": make.shipping_rate().id},
    )


def line(invoice, **how):
    return {"type": "invoice_line_item", "invoice_line_item": invoice["lines"]["data"][0]["id"], **how}


def test_discounts_and_shipping_are_credited_along(api, reduced):
    cost = {"shipping_rate": reduced["shipping_cost"]["shipping_rate"]}
    note = api.post("credit_notes", invoice=reduced["id"], lines=[line(reduced, quantity=1)], shipping_cost=cost)
    assert (note["subtotal"], note["discount_amount"], note["amount_shipping"]) == (1000, 500, 595)
    assert note["total"] == reduced["total"] == 1190
    assert note["lines"]["data"][0]["discount_amounts"] == reduced["total_discount_amounts"]


def test_shipping_is_credited_once(api, reduced):
    sent = {"invoice": reduced["id"], "shipping_cost": {"shipping_rate": reduced["shipping_cost"]["shipping_rate"]}}
    assert api.post("credit_notes", **sent)["total"] == 595
    assert api.error("POST", "credit_notes", **sent)["param"] == "shipping_cost[shipping_rate]"


def test_parts_of_a_discounted_line_add_up(api, reduced):
    totals = []
    for amount in (333, 333, 334):
        note = api.post("credit_notes", invoice=reduced["id"], lines=[line(reduced, amount=amount)])
        totals.append(note["total"])
    assert sum(totals) == 595


def test_a_preview_is_what_creation_makes_and_keeps_nothing(api, reduced):
    sent = {"invoice": reduced["id"], "lines": [line(reduced, amount=400)], "metadata": {"a": "1"}}
    previewed = api.get("credit_notes/preview", **sent)
    assert api.get("credit_notes", invoice=reduced["id"])["data"] == []
    made = api.post("credit_notes", **sent)
    other = {"id", "pdf", "lines"}
    assert {key: made[key] for key in made.keys() - other} == {key: previewed[key] for key in previewed.keys() - other}


def test_lines_of_a_preview_are_paged(api, reduced):
    sent = {"invoice": reduced["id"], "lines": [line(reduced, amount=100), line(reduced, amount=200)]}
    first = api.get("credit_notes/preview/lines", limit=1, **sent)
    assert (first["data"][0]["amount"], first["has_more"]) == (100, True)
    second = api.get("credit_notes/preview/lines", starting_after=first["data"][0]["id"], **sent)
    assert [each["amount"] for each in second["data"]] == [200]


def test_refunds_of_others_are_refused(api, reduced):
    sent = {"invoice": reduced["id"], "lines": [line(reduced, amount=100)]}
    assert api.error("POST", "credit_notes", **sent, refunds=[{"refund": "re_1"}])["param"] == "refunds[0][refund]"
