"""Keeps what was declared on a public page to cancel, once, and queues the mail about it."""

import hashlib

from flask import request

from portal import clock
from portal.billing.customer_portal import cancellation_notices
from portal.billing.customer_portal.cancellation_notices import CancelPage
from portal.billing.customer_portal.notice_limits import NoticeSender
from portal.hosted.languages import locale
from portal.hosted.notice_forms import NoticeForm
from portal.recording import notices
from portal.rules.networks import network_of
from portal.web.services import services


def keep(page: CancelPage, form: NoticeForm) -> str:
    """The address of the receipt. Raises `TooManyCodes`.

    The worker finds out who receives the mail: nobody whose address no customer has.
    """
    parts, now = services(), clock.now()
    sender = NoticeSender(form.email.data.casefold(), network_of(request.remote_addr or ""), locale())
    once = hashlib.sha256((form.once.data or "").encode()).hexdigest()
    with parts.database.writing(page.scope) as db:
        notice, is_new = cancellation_notices.receive(
            db, page.configuration_id, sender, form.content, once=once, now=now
        )
        if is_new:
            key = f"cancellation_received:{notice.id}"
            notices.enqueue_without_event(db, "cancellation_received", key, address=sender.email, notice=notice.id)
    return parts.links_of(page.scope).document("cancellation_notice", page.scope.tenant_id, notice.id)
