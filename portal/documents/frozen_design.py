"""Finds the merchant's own templates that a document was frozen with."""

from base64 import b64decode
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.accounts import rendering_templates
from portal.documents.designs import Design


def find_design(db: Session, rendering: dict[str, Any] | None) -> Design | None:
    """The template files a document was frozen with; None when it names none, or an unknown one."""
    template, version = ((rendering or {}).get(name) for name in ("template", "template_version"))
    row = rendering_templates.find_version_or_none(db, template, version) if template and version else None
    if row is None:
        return None
    return Design(row.digest, tuple((name, b64decode(content)) for name, content in row.files.items()))
