"""Runs every check, and checks the settings themselves."""

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from urllib.parse import urlsplit

from portal import ports
from portal.doctor import surroundings
from portal.doctor.check import Check
from portal.doctor.database import check_database
from portal.settings import Settings, describe_variables


def run_checks(settings: Settings) -> Iterator[Check]:
    """Run every check in turn. None changes anything except a probe file of its own."""
    yield from _check_mistyped_variables(os.environ)
    yield _check_secret_key(settings)
    yield _check_base_url(settings)
    yield from check_database(settings.database_url)
    yield surroundings.check_document_store(settings)
    yield surroundings.check_renderer()
    yield surroundings.check_fonts()
    yield surroundings.check_time_zones()
    yield surroundings.check_mail(settings)


def _check_mistyped_variables(environment: Mapping[str, str]) -> Iterator[Check]:
    """Variables that differ from a setting by a typing error. Other unknown ones may belong to other programs."""
    known = {name for name, _ in describe_variables()}
    for name in sorted(environment.keys() - known):
        for nearest in get_close_matches(name, known, 1, cutoff=0.9):
            yield Check(name, False, f"There is no such setting. Did you mean {nearest}?")


def _check_secret_key(settings: Settings) -> Check:
    weak = len(set(settings.secret_key)) < 16
    return Check("secret key", not weak, "Too regular: openssl rand -base64 48" if weak else "long and varied")


def _check_base_url(settings: Settings) -> Check:
    parts = urlsplit(settings.base_url)
    local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if not (parts.scheme == "https" or local):
        return Check("base URL", False, "Set PORTAL_BASE_URL to the https address that customers open.")
    served = ports.find_address(settings.instance) if local else None
    if served and served[1] != (parts.port or 80):
        words = f"Links lead to {settings.base_url}, but the server listens on port {served[1]}: "
        return Check("base URL", False, f"{words}export PORTAL_BASE_URL=http://{parts.hostname}:{served[1]}")
    return Check("base URL", True, settings.base_url)
