"""The headers of checkout pages."""

from urllib.parse import urlsplit

from portal.hosted import embedding
from portal.hosted.checkout_offers import CheckoutOffer
from portal.web.headers import CONTENT_SECURITY_POLICY


def secure_headers(offer: CheckoutOffer) -> dict[str, str]:
    """The headers of the page: its form's answer leads to the merchant, which browsers count as the form's target."""
    policy = CONTENT_SECURITY_POLICY
    if offer.success_url is not None:
        parts = urlsplit(offer.success_url)
        policy = policy.replace("form-action 'self'", f"form-action 'self' {parts.scheme}://{parts.netloc}")
    policy = embedding.policy_for(offer.embed.origin, policy) if offer.embed else policy
    return {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"}
