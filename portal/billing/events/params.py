"""Parameters of webhook endpoints."""

import re
from typing import Annotated

from pydantic import AfterValidator

from portal.rules import event_types
from portal.rules import webhooks as rules
from portal.rules.statuses import WebhookDeliveryStatus
from portal.wire.commands import (
    Clearable,
    ExpandableCommand,
    Flag,
    ListCommand,
    ListOf,
    Metadata,
    parameter_error,
    schema_override,
    text_up_to,
)
from portal.wire.moments import NowOrTimestamp
from portal.wire.urls import WebUrl

_VERSION_PATTERN = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(\.[a-z]{1,30})?"


def _validate_event_type(type: str) -> str:
    if type == rules.ALL_EVENTS or event_types.is_known(type):
        return type
    meant = event_types.closest_match(type)
    hint = f"Did you mean {meant}?" if meant else "Use * for all."
    raise parameter_error("", f"Invalid event type: {type}. {hint}")


def _validate_version(version: str) -> str:
    if not re.fullmatch(_VERSION_PATTERN, version):
        raise parameter_error("", f"Invalid API version: {version}. Use one like 2026-10-28.endive.")
    return version


EventType = Annotated[str, text_up_to(100), AfterValidator(_validate_event_type)]
ApiVersion = Annotated[
    str,
    text_up_to(50),
    AfterValidator(_validate_version),
    schema_override(type="string", pattern=f"^{_VERSION_PATTERN}$"),
]
Description = Annotated[str, text_up_to(5000, lines=True)]


class CreateEndpoint(ExpandableCommand):
    """`enabled_events` are exact types, or `*` for all."""

    url: WebUrl
    enabled_events: ListOf[EventType]
    api_version: ApiVersion | None = None
    connect: Flag | None = None
    description: Clearable[Description] = None
    metadata: Metadata = {}


class UpdateEndpoint(ExpandableCommand):
    url: WebUrl | None = None
    enabled_events: ListOf[EventType] | None = None
    description: Clearable[Description] = None
    disabled: Flag | None = None
    metadata: Metadata = {}


class RollSecret(ExpandableCommand):
    """Beyond the API reference: `expires_at` is when the older secret stops signing, in a day by default."""

    expires_at: NowOrTimestamp | None = None


class ListEndpoints(ListCommand):
    """Only the parameters of a page."""


class ListDeliveries(ListCommand):
    status: WebhookDeliveryStatus | None = None
