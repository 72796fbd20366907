"""Send a customer to the portal, with the official client: the whole integration.

Needs `pip install stripe`, and the two variables that `make run` prints values for.
"""

import os

import stripe

stripe.api_key = os.environ["PORTAL_API_KEY"]
stripe.api_base = os.environ.get("PORTAL_URL", "http://127.0.0.1:8000")

customer = stripe.Customer.create(name="Jenny Rosen", email="jenny.rosen@example.com")
session = stripe.billing_portal.Session.create(customer=customer.id, return_url="https://example.com/account")
print(session.url)  # redirect the customer's browser here, at once: the link opens one visit within 5 minutes
