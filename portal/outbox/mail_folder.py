"""Mails as files, where there is no mail server."""

import os
import secrets
from email.message import EmailMessage
from pathlib import Path

from portal import clock


def save_message(folder: Path, name: str, message: EmailMessage) -> None:
    """Write the mail `name` to a file of the folder that its owner alone can read."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"{clock.now()}-{name}-{secrets.token_hex(4)}.eml"
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        target.write(message.as_bytes())
