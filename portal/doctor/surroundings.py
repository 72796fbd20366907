"""Checks what the portal needs around it: the document store, the renderer, fonts and the mail server."""

import os
import smtplib
from importlib.metadata import version
from urllib.parse import urlsplit

from portal import zones
from portal.doctor.check import Check
from portal.settings import Settings


def check_document_store(settings: Settings) -> Check:
    """Whether a document can be stored and read back."""
    from portal.documents.store import open_store

    probe = "0" * 64
    try:
        store = open_store(settings.documents_url)
        store.write(probe, b"probe")
        kept = store.read(probe) == b"probe"
    except OSError as error:
        return Check("documents", False, f"Can't be written ({error}): check PORTAL_DOCUMENTS_URL.")
    return Check("documents", kept, settings.documents_url if kept else "What was written could not be read back.")


def check_renderer() -> Check:
    """Whether the renderer finds its system libraries."""
    try:
        import weasyprint
    except OSError as error:
        return Check("renderer", False, f"A system library is missing ({error}): deploy/setup run")
    return Check("renderer", True, f"WeasyPrint {weasyprint.__version__}")


def check_time_zones() -> Check:
    """Which rules the days of documents follow."""
    return Check("time zones", bool(zones.list_names()), f"tzdata {version('tzdata')}, whatever the system has")


def check_fonts() -> Check:
    """Whether there are fonts for names in any script."""
    folders = ("/usr/share/fonts/truetype/noto", "/usr/share/fonts/opentype/noto", "/usr/share/fonts/noto")
    found = any(os.path.isdir(folder) for folder in folders)
    return Check("fonts", found, "Noto" if found else "Names may show as boxes: apt-get install fonts-noto-core")


def check_mail(settings: Settings) -> Check:
    """Whether the mail server answers; files are enough as long as this is not production."""
    if settings.smtp_url is None:
        words = f"Mails are written to {settings.instance / 'mail'}; set PORTAL_SMTP_URL to send them."
        return Check("mail", not settings.production, words)
    parts = urlsplit(settings.smtp_url)
    kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    try:
        with kind(parts.hostname or "", parts.port or 0, timeout=5) as server:
            server.noop()
    except OSError as error:
        return Check("mail", False, f"{parts.hostname} does not answer ({error}): check PORTAL_SMTP_URL.")
    return Check("mail", True, f"{parts.hostname} answers")
