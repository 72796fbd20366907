"""The public pages to cancel and to withdraw without a login, in two steps each.

§ 312k BGB asks for the first one, article 11a of Directive 2011/83/EU for the second.
"""

import secrets

from flask import Blueprint, abort, make_response, redirect, render_template, request
from flask_babel import gettext as _

from portal.billing.customer_portal import cancellation_notices, codes
from portal.billing.customer_portal.cancellation_notices import CancelPage
from portal.hosted import sent_notices
from portal.hosted.login_frames import LoginWays, use_login_frame
from portal.hosted.notice_forms import NoticeForm, WithdrawalForm
from portal.hosted.page import PageResponse
from portal.web.policies import declare_policy
from portal.web.services import services

blueprint = Blueprint("cancel_page", __name__)


@blueprint.route("/cancel/<token>", methods=["GET", "POST"])
@blueprint.route("/kuendigen/<token>", methods=["GET", "POST"])
def declare(token: str) -> PageResponse:
    """What is canceled and by whom, then all of it once more with the button; the answer is the same for everybody."""
    page = _find_page(token)
    ways, form = use_login_frame(page.scope, page.configuration_id), NoticeForm.with_kinds()
    if not form.validate_on_submit() or form.change.data:
        withdraw_path = f"/withdraw/{token}" if page.withdraws else None
        status = 400 if form.errors and not form.change.data else 200
        return _form_page("cancel_page", form, ways, status, withdraw_path=withdraw_path)
    if not form.confirm.data:
        form.once.data = secrets.token_urlsafe(24)
        return render_template("hosted/cancel_page_confirm.html", form=form)
    return _receive("cancel_page", page, form, ways)


@blueprint.route("/withdraw/<token>", methods=["GET", "POST"])
@blueprint.route("/widerrufen/<token>", methods=["GET", "POST"])
def withdraw(token: str) -> PageResponse:
    """From what somebody withdraws and who it is, then all of it once more with the button, as for a cancellation."""
    page = _find_page(token)
    if not page.withdraws:
        abort(404)
    ways, form = use_login_frame(page.scope, page.configuration_id), WithdrawalForm.of_page()
    if not form.validate_on_submit() or form.change.data:
        return _form_page("withdraw_page", form, ways, 400 if form.errors and not form.change.data else 200)
    if not form.confirm.data:
        form.once.data = secrets.token_urlsafe(24)
        return render_template("hosted/withdraw_page_confirm.html", form=form)
    return _receive("withdraw_page", page, form, ways)


def _find_page(token: str) -> CancelPage:
    with services().database.reading() as db:
        return cancellation_notices.find_cancel_page(db, token) or abort(404)


def _receive(name: str, page: CancelPage, form: NoticeForm, ways: LoginWays) -> PageResponse:
    try:
        return redirect(sent_notices.keep(page, form), 303)
    except codes.TooManyCodes as error:
        form.form_errors.append(_("Too many cancellations were sent. Please try again later."))
        return _form_page(name, form, ways, error.status)


def _form_page(name: str, form: NoticeForm, ways: LoginWays, status: int, **more: str | None) -> PageResponse:
    shown = {"form": form, "contact": ways.contact, "path": request.path, **more}
    return make_response(render_template(f"hosted/{name}.html", **shown), status)


for _name in ("declare", "withdraw"):
    declare_policy(f"cancel_page.{_name}", "link")
