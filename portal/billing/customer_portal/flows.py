"""Flows: a portal session for one task, whose parameters are checked and stored."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.accounts import payment_providers
from portal.billing.customer_portal import (
    after_completion,
    document_flows,
    plan_flows,
    update_flows,
)
from portal.billing.customer_portal.params import FlowData
from portal.db import scope_of
from portal.errors import InvalidRequest
from portal.rules.permissions import Features

#: The feature that a flow needs, where it is not called like the flow.
_FEATURE_BY_FLOW = {"quote_accept": "quotes", "subscription_update_confirm": "subscription_update"}


def build_flow(db: Session, flow: FlowData, customer_id: str, features: Features) -> dict[str, Any]:
    """The flow in the stored form, which the session object shows with every branch present.

    Raises `InvalidRequest` or `ResourceMissing` for a flow that is not available to this customer.
    """
    _refuse_other_branches(flow)
    feature = _FEATURE_BY_FLOW.get(flow.type, flow.type)
    if not features.get(feature, {}).get("enabled"):
        raise InvalidRequest(
            f"This flow needs features[{feature}][enabled] in the portal configuration.", param="flow_data[type]"
        )
    if flow.type == "payment_method_update" and not payment_providers.list_method_types(db, features):
        raise InvalidRequest(
            "This flow needs creditor_id, creditor_name and iban in settings[direct_debit] of the account,"
            " or settings[payments][provider].",
            param="flow_data[type]",
        )
    branches: dict[str, Any] = dict.fromkeys(_BRANCH_BUILDERS)
    if flow.type in _BRANCH_BUILDERS:
        branches[flow.type] = _BRANCH_BUILDERS[flow.type](db, flow, customer_id, features)
    return {
        "type": flow.type,
        "after_completion": after_completion.build_after_completion(scope_of(db), flow.after_completion),
        **branches,
    }


def _refuse_other_branches(flow: FlowData) -> None:
    for branch in _BRANCH_BUILDERS:
        if branch != flow.type and getattr(flow, branch, None) is not None:
            raise InvalidRequest(f"{branch} does not go with the flow '{flow.type}'.", param=f"flow_data[{branch}]")


BranchBuilder = Callable[[Session, FlowData, str, Features], dict[str, Any]]
_BRANCH_BUILDERS: dict[str, BranchBuilder] = {
    "customer_update": lambda db, flow, customer_id, features: {},
    "invoice_correction": document_flows.build_correction_branch,
    "quote_accept": document_flows.build_quote_branch,
    "subscription_cancel": plan_flows.build_cancel_branch,
    "subscription_create": plan_flows.build_create_branch,
    "subscription_pause": plan_flows.build_pause_branch,
    "subscription_update": update_flows.build_update_branch,
    "subscription_update_confirm": update_flows.build_confirm_branch,
    "subscription_withdrawal": plan_flows.build_withdrawal_branch,
}
