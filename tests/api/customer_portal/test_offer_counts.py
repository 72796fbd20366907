"""Counts of what customers were offered instead of canceling, and notices that the merchant has dealt with."""

from __future__ import annotations

from portal import clock
from portal.models import RetentionOffer
from tests.clients import Api
from tests.factories import Factories


def test_offers_are_counted_by_reason_and_type(api: Api, make: Factories) -> None:
    assert api.get("billing_portal/retention_offers/counts")["data"] == []
    coupon = make.coupon(id="STAY")
    for accepted, declined in ((1, None), (None, 2), (None, None)):
        row = make.offer_to_stay(make.subscription(make.customer()), coupon)
        with make.database.writing(make.scope) as db:
            offer = db.get_one(RetentionOffer, (row.tenant_id, row.id))
            offer.accepted_at, offer.declined_at = accepted, declined
    with make.database.writing(make.scope) as db:
        offer = db.get_one(RetentionOffer, (row.tenant_id, row.id))
        offer.reason, offer.type = None, "pause"
    counted = api.get("billing_portal/retention_offers/counts")["data"]
    assert [(each["reason"], each["type"], each["shown"], each["accepted"], each["declined"]) for each in counted] == [
        (None, "pause", 1, 0, 0),
        ("too_expensive", "coupon", 2, 1, 1),
    ]
    later = api.get("billing_portal/retention_offers/counts", created={"gt": clock.now() + 10})
    assert later["data"] == []


def test_a_notice_that_waits_is_handled_once(api: Api, make: Factories) -> None:
    notice, plan = make.cancellation_notice(), make.subscription()
    path = f"billing_portal/cancellation_notices/{notice.id}"
    assert "this one is received" in api.error("POST", f"{path}/handle")["message"]
    make.leave_notice(notice.id)
    assert api.error("POST", f"{path}/handle", subscription="sub_none")["param"] == "subscription"
    done = api.post(f"{path}/handle", subscription=plan.id)
    assert (done["status"], done["subscription"], done["customer"]) == ("done", plan.id, plan.customer_id)
    assert "this one is done" in api.error("POST", f"{path}/handle")["message"]
    assert api.get("billing_portal/cancellation_notices", status="waiting")["data"] == []
    assert api.get(f"subscriptions/{plan.id}")["canceled_at"] is None
    types = [each["type"] for each in api.get("events", type="billing_portal.cancellation_notice.done")["data"]]
    assert len(types) == 1
