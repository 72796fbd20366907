"""A Django app with a "Manage billing" button: customers go to the portal, and what they change comes back by webhook.

Needs `pip install django stripe`, and in the environment PORTAL_URL, PORTAL_API_KEY, PORTAL_WEBHOOK_SECRET,
PORTAL_CUSTOMER and SHOP_URL. Runs by `python django_app.py runserver`.

One file for the sake of the example: settings, views and addresses have files of their own in a real project.
"""

import os
import secrets
import sys

import stripe
from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
    ROOT_URLCONF=__name__,
    SECRET_KEY=secrets.token_hex(),
)
portal = stripe.StripeClient(os.environ["PORTAL_API_KEY"], base_addresses={"api": os.environ["PORTAL_URL"]})
#: Your own table of users: here one, who is signed in, with the id that the portal gave it.
user = {"customer": os.environ["PORTAL_CUSTOMER"], "plan": "none"}


def account(request: HttpRequest) -> HttpResponse:
    token = f'<input type="hidden" name="csrfmiddlewaretoken" value="{get_token(request)}">'
    button = f'<form method="post" action="/billing">{token}<button>Manage billing</button></form>'
    return HttpResponse(f"<p>Plan: {user['plan']}</p>{button}")


@require_POST
def manage_billing(request: HttpRequest) -> HttpResponse:
    session = portal.v1.billing_portal.sessions.create(
        {"customer": user["customer"], "return_url": os.environ["SHOP_URL"]}
    )
    return HttpResponseRedirect(session.url, status=303)  # at once: the link opens one visit, within five minutes


@csrf_exempt  # its signature is what proves it
@require_POST
def hear(request: HttpRequest) -> HttpResponse:
    try:
        event = portal.construct_event(
            request.body, request.headers.get("Stripe-Signature"), os.environ["PORTAL_WEBHOOK_SECRET"]
        )
    except (ValueError, stripe.SignatureVerificationError):
        return HttpResponse("not signed with the secret of this endpoint", status=400)
    subscription = event.data.object
    if event.type.startswith("customer.subscription.") and subscription.customer == user["customer"]:
        user["plan"] = subscription.status
    return HttpResponse(status=204)


urlpatterns = [path("", account), path("billing", manage_billing), path("webhooks", hear)]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
