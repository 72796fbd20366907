"""A Flask app with a "Manage billing" button: customers go to the portal, and what they change comes back by webhook.

Needs `pip install flask stripe`, and in the environment PORTAL_URL, PORTAL_API_KEY, PORTAL_WEBHOOK_SECRET,
PORTAL_CUSTOMER and SHOP_URL. Runs by `flask --app flask_app run`.
"""

import os

import stripe
from flask import Flask, Response, redirect, request

portal = stripe.StripeClient(os.environ["PORTAL_API_KEY"], base_addresses={"api": os.environ["PORTAL_URL"]})
app = Flask(__name__)
#: Your own table of users: here one, who is signed in, with the id that the portal gave it.
user = {"customer": os.environ["PORTAL_CUSTOMER"], "plan": "none"}


@app.get("/")
def account() -> str:
    return f'<p>Plan: {user["plan"]}</p><form method="post" action="/billing"><button>Manage billing</button></form>'


@app.post("/billing")
def manage_billing() -> Response:
    session = portal.v1.billing_portal.sessions.create(
        {"customer": user["customer"], "return_url": os.environ["SHOP_URL"]}
    )
    # leads to your own host name where the account has one: settings={"portal": {"host": "billing.example.com"}}
    return redirect(session.url, 303)  # at once: the link opens one visit, within five minutes


@app.post("/webhooks")
def hear() -> tuple[str, int]:
    try:
        event = portal.construct_event(
            request.get_data(), request.headers.get("Stripe-Signature"), os.environ["PORTAL_WEBHOOK_SECRET"]
        )
    except (ValueError, stripe.SignatureVerificationError):
        return "not signed with the secret of this endpoint", 400
    subscription = event.data.object
    if event.type.startswith("customer.subscription.") and subscription.customer == user["customer"]:
        user["plan"] = subscription.status
    return "", 204
