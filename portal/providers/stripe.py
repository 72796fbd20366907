"""The provider `stripe`: cards at Stripe, by its official client. No number of a card comes here.

Customers give a card and confirm payments on Stripe's own page (Checkout); everything else is asked by the worker. A
webhook only says that there is something to ask for: what counts is what Stripe answers then.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from portal import clock
from portal.providers import stripe_disputes
from portal.providers.interface import (
    Abilities,
    Access,
    Charge,
    ChargeResult,
    Decline,
    GivenMethod,
    HostedPage,
    KeptMethod,
    Notice,
    PageOrder,
    RefundResult,
    RefusedMethod,
    RefusedNotice,
    Repayment,
    SetUp,
)
from portal.providers.stripe_client import find_client, make_client, plain

#: What is known of a charge at Stripe by its metadata, once the day of its idempotency key is over.
_KEY, _KEY_LASTS = "portal_id", 20 * clock.HOUR
#: What another day may change (https://docs.stripe.com/declines/codes).
_PASSING = frozenset(
    "approve_with_id call_issuer card_velocity_exceeded do_not_honor generic_decline insufficient_funds"
    " issuer_not_available processing_error reenter_transaction try_again_later withdrawal_count_limit_exceeded".split()
)
_NOT_CONFIRMED = Decline("payment_intent_authentication_failure", "The customer did not confirm the payment in time.")


class Stripe:
    """Cards at Stripe; `address` is where its API is, for tests."""

    name = "stripe"
    abilities = Abilities(types=frozenset({"card"}), livemode=True, refunds=True, needs_access=True)

    def __init__(self, address: str | None = None) -> None:
        self.address = address

    def set_up(self, given: GivenMethod, *, now: int) -> KeptMethod:
        """Always refused: customers give cards on Stripe's page."""
        raise RefusedMethod("Cards are given on the page of Stripe, which the portal leads customers to.")

    def begin_set_up(self, access: Access, purpose: str, order: PageOrder) -> HostedPage:
        """A page on which the customer gives a card; `{ref}` in `return_url` becomes the page's name."""
        sent: dict[str, Any] = {
            "mode": "setup",
            "customer_creation": "always",
            "payment_method_types": ["card"],
            "client_reference_id": purpose,
            "success_url": order.return_url.replace("{ref}", "{CHECKOUT_SESSION_ID}"),
            "cancel_url": order.cancel_url,
            **({"customer_email": order.email} if order.email else {}),
        }
        session = self._client(access).v1.checkout.sessions.create(sent)
        return HostedPage(session.url or "", session.id)

    def finish_set_up(self, access: Access, ref: str) -> SetUp | None:
        """The card that was given on such a page, and whose it is; None where none was (yet)."""
        expand = ["setup_intent.payment_method"]
        session = plain(self._client(access).v1.checkout.sessions.retrieve(ref, {"expand": expand}))
        method = (session.get("setup_intent") or {}).get("payment_method") or {}
        if session.get("status") != "complete" or not method.get("card"):
            return None
        return SetUp(session.get("client_reference_id") or "", self._read_card(session["customer"], method))

    def begin_payment(self, charge: Charge, order: PageOrder) -> HostedPage:
        """A page on which the customer pays a charge, by its card or another one; the same for the same charge."""
        about = {_KEY: charge.id}
        price = {"currency": charge.currency, "unit_amount": charge.amount, "product_data": {"name": order.words}}
        usage = {"setup_future_usage": "off_session"} if order.keeps else {}
        sent: dict[str, Any] = {
            "mode": "payment",
            **_describe_payer(charge, order),
            "payment_method_types": ["card"],
            "client_reference_id": charge.id,
            "line_items": [{"price_data": price, "quantity": 1}],
            "payment_intent_data": {"metadata": about, **usage},
            "metadata": about,
            "success_url": order.return_url,
            "cancel_url": order.cancel_url,
        }
        sessions = self._client(charge.access).v1.checkout.sessions
        if self.is_page(charge.ref or ""):
            session = sessions.retrieve(charge.ref)
        else:
            session = sessions.create(sent, {"idempotency_key": f"{charge.id}-page"})
        return HostedPage(session.url or "", session.id)

    def end_page(self, access: Access, ref: str) -> bool:
        """Expire a page; answers whether nothing was or can be paid there."""
        sessions = self._client(access).v1.checkout.sessions
        try:
            ended = sessions.expire(ref)
        except find_client().InvalidRequestError:
            ended = sessions.retrieve(ref)
        return bool(ended.status == "expired")

    def is_page(self, ref: str) -> bool:
        """Whether a charge is known by the name of its page."""
        return ref.startswith("cs_")

    def collect(self, charge: Charge) -> ChargeResult:
        """Charge without the customer, or say what has become of it."""
        stripe = find_client()
        client = self._client(charge.access)
        if self.is_page(charge.ref or ""):
            return self._read_page(client, charge)
        try:
            intent = self._find_intent(client, charge) or self._charge(client, charge)
        except stripe.CardError as error:
            refused = (error.json_body or {}).get("error", {})
            return _refusal(refused, (refused.get("payment_intent") or {}).get("id") or charge.ref or "")
        except stripe.InvalidRequestError as error:
            if charge.ref:
                raise
            return ChargeResult("requires_payment_method", "", Decline(error.code or "invalid_request", str(error)))
        return self._read_intent(client, charge, intent)

    def refund(self, repayment: Repayment) -> RefundResult:
        """Pay back, or say what has become of it."""
        client = self._client(repayment.access)
        found = self._find_refund(client, repayment)
        if found is None:
            about = {_KEY: repayment.id}
            sent: Any = {"payment_intent": repayment.charge_ref, "amount": repayment.amount, "metadata": about}
            found = plain(client.v1.refunds.create(sent, {"idempotency_key": repayment.id}))
        if found["status"] == "succeeded":
            return RefundResult("succeeded", found["id"])
        if found["status"] in {"canceled", "failed"}:
            return RefundResult("failed", found["id"], found.get("failure_reason") or "unknown")
        return RefundResult("pending", found["id"], ask_again_in=clock.HOUR)

    def read_webhook(self, access: Access, payload: bytes, signature: str | None) -> Notice | None:
        """What there is to ask for. Raises `RefusedNotice` for one that Stripe has not signed in the last minutes."""
        stripe = find_client()
        try:
            stripe.WebhookSignature.verify_header(payload.decode(), signature or "", access.signing_secret, 300)
            event = json.loads(payload)
            object = event["data"]["object"]
        except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError) as error:
            raise RefusedNotice("This is no webhook of Stripe, or an old one.") from error
        return _read_notice(str(event.get("type")), object)

    def _client(self, access: Access | None) -> Any:
        if access is None:
            raise LookupError("the account has given no key of Stripe")
        return make_client(access.key, self.address)

    def _charge(self, client: Any, charge: Charge) -> dict[str, Any]:
        customer, method = charge.method_ref.split("/")
        sent: dict[str, Any] = {
            "amount": charge.amount,
            "currency": charge.currency,
            "customer": customer,
            "payment_method": method,
            "payment_method_types": ["card"],
            "confirm": True,
            "off_session": True,
            "metadata": {_KEY: charge.id},
            "expand": ["latest_charge"],
        }
        return plain(client.v1.payment_intents.create(sent, {"idempotency_key": charge.id}))

    def _find_intent(self, client: Any, charge: Charge) -> dict[str, Any] | None:
        """The intent of a charge that was asked for before; None where it has to be made."""
        expand = {"expand": ["latest_charge"]}
        if charge.ref:
            return plain(client.v1.payment_intents.retrieve(charge.ref, expand))
        if clock.now() - charge.asked_at < _KEY_LASTS:
            return None  # the idempotency key knows it
        found = client.v1.payment_intents.search({"query": f"metadata['{_KEY}']:'{charge.id}'"}).data
        return plain(client.v1.payment_intents.retrieve(found[0].id, expand)) if found else None

    def _find_refund(self, client: Any, repayment: Repayment) -> dict[str, Any] | None:
        if repayment.ref:
            return plain(client.v1.refunds.retrieve(repayment.ref))
        if repayment.now - repayment.asked_at < _KEY_LASTS:
            return None
        made = client.v1.refunds.list({"payment_intent": repayment.charge_ref, "limit": 100}).data
        found = (plain(each) for each in made)
        return next((each for each in found if (each.get("metadata") or {}).get(_KEY) == repayment.id), None)

    def _read_page(self, client: Any, charge: Charge) -> ChargeResult:
        """What has become of a charge that the customer was to pay on a page."""
        expand = {"expand": ["payment_intent.latest_charge", "payment_intent.payment_method"]}
        session = plain(client.v1.checkout.sessions.retrieve(charge.ref, expand))
        if session["status"] == "expired":
            return ChargeResult("requires_payment_method", session["id"], _NOT_CONFIRMED)
        if session["status"] != "complete":
            return ChargeResult("requires_action", session["id"], ask_again_in=clock.HOUR)
        result = self._read_intent(client, charge, session["payment_intent"])
        method = session["payment_intent"].get("payment_method") or {}
        return replace(result, given=self._read_card(session["customer"], method) if method.get("card") else None)

    def _read_card(self, customer: str, method: Mapping[str, Any]) -> KeptMethod:
        names = ("brand", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")
        details = {name: method["card"].get(name) for name in names}
        holder = (method.get("billing_details") or {}).get("name")
        return KeptMethod(self.name, f"{customer}/{method['id']}", "card", details, holder)

    def _read_intent(self, client: Any, charge: Charge, intent: Mapping[str, Any]) -> ChargeResult:
        ref, status = intent["id"], intent["status"]
        if status == "succeeded":
            disputes = stripe_disputes.find_all(client, charge, intent)
            return ChargeResult(stripe_disputes.find_outcome(disputes), ref, disputes=disputes)
        if status == "requires_action":
            return ChargeResult("requires_action", ref, ask_again_in=clock.DAY)
        if status in {"canceled", "requires_payment_method"}:
            return _refusal(intent.get("last_payment_error") or {}, ref)
        return ChargeResult("processing", ref)


def _describe_payer(charge: Charge, order: PageOrder) -> dict[str, Any]:
    """The customer at Stripe of a card that is known; else one is made there, so that the card can be kept."""
    if charge.method_ref:
        return {"customer": charge.method_ref.split("/")[0]}
    return {"customer_creation": "always", **({"customer_email": order.email} if order.email else {})}


def _refusal(error: Mapping[str, Any], ref: str) -> ChargeResult:
    code, reason = error.get("code") or "card_declined", error.get("decline_code")
    if "authentication_required" in {code, reason}:
        return ChargeResult("requires_action", ref, ask_again_in=clock.DAY)
    message = error.get("message") or "The card was declined."
    passes = code in _PASSING or (reason or code) in _PASSING
    return ChargeResult("requires_payment_method", ref, Decline(code, message, reason, may_pass_later=passes))


def _read_notice(type: str, object: Mapping[str, Any]) -> Notice | None:
    named = (object.get("metadata") or {}).get(_KEY)
    if type.startswith("checkout.session."):
        is_set_up = object.get("mode") == "setup"
        id = object.get("id") if is_set_up else object.get("client_reference_id")
        return Notice("set_up" if is_set_up else "charge", str(id)) if id else None
    if type.startswith("payment_intent."):
        return Notice("charge", named) if named else None
    if type.startswith("refund."):
        return Notice("refund", named) if named else None
    if type.startswith("charge.dispute."):
        return Notice("charge_ref", str(object.get("payment_intent")))
    return None
