"""The merchant's own templates that a document was frozen with."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.accounts import rendering_templates
from portal.documents.designs import Design


def own_design(db: Session, rendering: dict[str, Any] | None) -> Design | None:
    """The files that a document is frozen with; None where it names none, or one that was never here."""
    template, version = ((rendering or {}).get(name) for name in ("template", "template_version"))
    row = rendering_templates.found(db, template, version) if template and version else None
    if row is None:
        return None
    return Design(row.digest, tuple((name, b64decode(content)) for name, content in row.files.items()))
