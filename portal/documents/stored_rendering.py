"""Renders each document once: PDFs are stored by the fingerprint of the value."""

import logging
from dataclasses import replace

from portal.documents.pool import Pool, PoolBusy, RenderFailed
from portal.documents.store import Store
from portal.documents.values import DocumentBase

_log = logging.getLogger(__name__)


def read_or_render_pdf(document: DocumentBase, *, store: Store, pool: Pool) -> bytes:
    """The stored PDF of `document`; rendered and stored if there is none. Raises `pool.RenderFailed`.

    When the store fails, the document is rendered again each time.
    """
    fingerprint = document.fingerprint()
    try:
        kept = store.read(fingerprint)
    except OSError:
        _log.warning("cannot read stored documents", exc_info=True)
        kept = None
    return kept or _render_and_store(document, fingerprint, store, pool)


def _render_with_fallback(document: DocumentBase, pool: Pool) -> bytes:
    """Render with the merchant's own templates; if those fail, with the built-in ones."""
    try:
        return pool.render(document)
    except PoolBusy:
        raise
    except RenderFailed:
        if document.own is None:
            raise
        _log.exception("the own template of %s failed, so it was made with the built-in one", document.number)
        return pool.render(replace(document, own=None))


def _render_and_store(document: DocumentBase, fingerprint: str, store: Store, pool: Pool) -> bytes:
    """Render the document and store the PDF; a failing store is only logged."""
    content = _render_with_fallback(document, pool)
    try:
        store.write(fingerprint, content)
    except OSError:
        _log.warning("cannot store documents", exc_info=True)
    return content
