"""Where a flow leads once it is done."""

from typing import Any

from portal.billing.configurations.return_urls import refuse_plain_http
from portal.billing.customer_portal.params import AfterCompletion
from portal.db import Scope
from portal.errors import InvalidRequest, MissingParameter


def build_after_completion(scope: Scope, after: AfterCompletion | None) -> dict[str, Any]:
    """The stored form, with every branch present. Raises `InvalidRequest` for branches that don't go with the type."""
    result: dict[str, Any] = {"type": "portal_homepage", "hosted_confirmation": None, "redirect": None}
    if after is None:
        return result
    for branch in ("hosted_confirmation", "redirect"):
        if getattr(after, branch) is not None and branch != after.type:
            param = f"flow_data[after_completion][{branch}]"
            raise InvalidRequest(f"{branch} does not go with the type '{after.type}'.", param=param)
    result["type"] = after.type
    if after.type == "hosted_confirmation":
        message = after.hosted_confirmation.custom_message if after.hosted_confirmation else None
        result["hosted_confirmation"] = {"custom_message": message}
    elif after.type == "redirect":
        result["redirect"] = {"return_url": _redirect_url(scope, after)}
    return result


def _redirect_url(scope: Scope, after: AfterCompletion) -> str:
    param = "flow_data[after_completion][redirect]"
    if after.redirect is None:
        raise MissingParameter(f"{param}[return_url]")
    refuse_plain_http(scope, after.redirect.return_url, f"{param}[return_url]")
    return after.redirect.return_url
