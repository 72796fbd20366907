"""A FastAPI app with a "Manage billing" button: customers go to the portal, and what they change comes back by webhook.

Needs `pip install fastapi uvicorn stripe`, and in the environment PORTAL_URL, PORTAL_API_KEY, PORTAL_WEBHOOK_SECRET,
PORTAL_CUSTOMER and SHOP_URL. Runs by `uvicorn fastapi_app:app`.
"""

import os

import stripe
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse

portal = stripe.StripeClient(os.environ["PORTAL_API_KEY"], base_addresses={"api": os.environ["PORTAL_URL"]})
app = FastAPI()
#: Your own table of users: here one, who is signed in, with the id that the portal gave it.
user = {"customer": os.environ["PORTAL_CUSTOMER"], "plan": "none"}


@app.get("/", response_class=HTMLResponse)
def account() -> str:
    return f'<p>Plan: {user["plan"]}</p><form method="post" action="/billing"><button>Manage billing</button></form>'


@app.post("/billing")
def manage_billing() -> RedirectResponse:
    # a plain def, which FastAPI runs beside the event loop: the client waits for the network
    session = portal.v1.billing_portal.sessions.create(
        {"customer": user["customer"], "return_url": os.environ["SHOP_URL"]}
    )
    return RedirectResponse(session.url, 303)  # at once: the link opens one visit, within five minutes


@app.post("/webhooks", status_code=204)
async def hear(request: Request) -> None:
    try:
        event = portal.construct_event(
            await request.body(), request.headers.get("Stripe-Signature"), os.environ["PORTAL_WEBHOOK_SECRET"]
        )
    except (ValueError, stripe.SignatureVerificationError):
        raise HTTPException(400, "not signed with the secret of this endpoint") from None
    subscription = event.data.object
    if event.type.startswith("customer.subscription.") and subscription.customer == user["customer"]:
        user["plan"] = subscription.status
