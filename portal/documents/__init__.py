"""Invoices and credit notes on paper: value -> HTML -> PDF, kept by what they say."""

from __future__ import annotations

import logging
from dataclasses import replace

from portal.documents.pool import Busy, Pool, RenderFailed
from portal.documents.store import Store
from portal.documents.values import Paper

_log = logging.getLogger(__name__)


def pdf(document: Paper, *, store: Store, pool: Pool) -> bytes:
    """The stored PDF of `document`, rendered and stored if there is none. Raises `pool.RenderFailed`.

    A store that is out of order costs time, not the document.
    """
    fingerprint = document.fingerprint()
    try:
        kept = store.read(fingerprint)
    except OSError:
        _log.warning("cannot read stored documents", exc_info=True)
        kept = None
    return kept or _rendered(document, fingerprint, store, pool)


def _made(document: Paper, pool: Pool) -> bytes:
    """With the merchant's own templates if they can: a customer gets the document in any case."""
    try:
        return pool.render(document)
    except Busy:
        raise
    except RenderFailed:
        if document.own is None:
            raise
        _log.exception("the own template of %s failed, so it was made with the built-in one", document.number)
        return pool.render(replace(document, own=None))


def _rendered(document: Paper, fingerprint: str, store: Store, pool: Pool) -> bytes:
    content = _made(document, pool)
    try:
        store.write(fingerprint, content)
    except OSError:
        _log.warning("cannot store documents", exc_info=True)
    return content
