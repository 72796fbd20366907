"""Logo and icon of an account from files beside the declaration."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.accounts import files
from portal.billing.accounts.files import CreateFile, Upload
from portal.db import find_row
from portal.errors import InvalidRequest
from portal.models import Account, File
from portal.wire.commands import parse_command

_PURPOSES = {"icon": "business_icon", "logo": "business_logo"}


def upload_pictures(db: Session, account: Account, values: Mapping[str, Any], folder: Path, now: int) -> dict[str, Any]:
    """The same values with ids of files in the place of their paths, each uploaded unless it is the one in use.

    Raises `InvalidRequest` for a file that is not there or can't be read.
    """
    settings = values.get("settings") or {}
    branding = settings.get("branding") or {}
    sent = {name: branding[name] for name in _PURPOSES if "." in branding.get(name, "")}
    ids = {name: _upload(db, account, name, folder / path, now) for name, path in sent.items()}
    return {**values, "settings": {**settings, "branding": {**branding, **ids}}} if ids else dict(values)


def _upload(db: Session, account: Account, name: str, path: Path, now: int) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidRequest(f"{path.name}: {error.strerror}", param=f"settings[branding][{name}]") from None
    used = account.settings.get("branding", {}).get(name)
    if used and files.read_content(db, find_row(db, File, used, noun="file")) == content:
        return str(used)
    upload = {"file": Upload(path.name, content), "purpose": _PURPOSES[name]}
    made = files.create(db, parse_command(CreateFile, upload), now=now)
    db.flush()
    return made.id
