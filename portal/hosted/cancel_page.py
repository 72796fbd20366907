"""The public page to cancel without a login, in two steps, and the receipt of what was declared (§ 312k BGB)."""

import secrets

from flask import Blueprint, abort, make_response, redirect, render_template, request
from flask_babel import gettext as _

from portal.billing.customer_portal import cancellation_notices, codes
from portal.billing.customer_portal.cancellation_notices import CancelPage
from portal.hosted import sent_notices
from portal.hosted.login_frames import LoginWays, use_login_frame
from portal.hosted.notice_forms import NoticeForm
from portal.hosted.page import PageResponse
from portal.web.policies import declare_policy
from portal.web.services import services

blueprint = Blueprint("cancel_page", __name__)


@blueprint.route("/cancel/<token>", methods=["GET", "POST"])
@blueprint.route("/kuendigen/<token>", methods=["GET", "POST"])
def declare(token: str) -> PageResponse:
    """What is canceled and by whom, then all of it once more with the button; the answer is the same for everybody."""
    with services().database.reading() as db:
        page = cancellation_notices.find_cancel_page(db, token)
    if page is None:
        abort(404)
    ways, form = use_login_frame(page.scope, page.configuration_id), NoticeForm.with_kinds()
    if not form.validate_on_submit() or form.change.data:
        return _form_page(form, ways, 400 if form.errors and not form.change.data else 200)
    if not form.confirm.data:
        form.once.data = secrets.token_urlsafe(24)
        return render_template("hosted/cancel_page_confirm.html", form=form)
    return _receive(page, form, ways)


def _receive(page: CancelPage, form: NoticeForm, ways: LoginWays) -> PageResponse:
    try:
        return redirect(sent_notices.keep(page, form), 303)
    except codes.TooManyCodes as error:
        form.form_errors.append(_("Too many cancellations were sent. Please try again later."))
        return _form_page(form, ways, error.status)


def _form_page(form: NoticeForm, ways: LoginWays, status: int) -> PageResponse:
    shown = {"form": form, "contact": ways.contact, "path": request.path}
    return make_response(render_template("hosted/cancel_page.html", **shown), status)


declare_policy("cancel_page.declare", "link")
