"""Sign-in by a mailed code: a configuration's login page, and the restoring of a visit that has ended."""

from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask_babel import gettext as _

from portal import clock
from portal.billing.customer_portal import codes, login_sessions, logins
from portal.errors import ResourceMissing
from portal.hosted import devices, known_browsers, login_codes, visit_cookies
from portal.hosted.expired import RestorableVisit, expired_page, find_restorable_visit
from portal.hosted.forms import CodeForm, LoginForm
from portal.hosted.login_frames import use_login_frame
from portal.hosted.page import PageResponse
from portal.hosted.visits import mask_email
from portal.web.policies import declare_policy
from portal.web.services import services

blueprint = Blueprint("login", __name__, url_prefix="/p/login")

#: The browser's proof that it asked for the code; Lax, as a mail program may open the page.
LOGIN_COOKIE = "__Host-portal-login"


@blueprint.route("/<token>", methods=["GET", "POST"])
def ask(token: str) -> PageResponse:
    """Ask for the address; the answer is the same whether or not a customer has it."""
    with services().database.reading() as db:
        page = logins.find_login_page(db, token)
    if page is None:
        return _gone_page()
    ways = use_login_frame(page.scope, page.configuration_id)
    form = LoginForm(meta={"csrf": False}, email=request.args.get("prefilled_email", "")[:254])
    status = 200
    if form.validate_on_submit():
        try:
            return answer_with_secret(login_codes.request_and_queue(page.scope, page.configuration_id, form.email.data))
        except codes.TooManyCodes as error:
            form.form_errors.append(_("Too many codes were asked for. Please try again later."))
            status = error.status
    elif form.errors:
        status = 400
    return make_response(render_template("hosted/login.html", form=form, contact=ways.contact), status)


@blueprint.post("/again/<session_id>")
def again(session_id: str) -> PageResponse:
    """Send a code to the customer of a visit that has ended; entering it restores the visit."""
    found = find_restorable_visit(session_id)
    if found is None:
        return expired_page()
    use_login_frame(found.scope, found.session.configuration_id)
    try:
        return answer_with_secret(_request_for_visit(found))
    except codes.TooManyCodes:
        return expired_page(session_id, too_many=True)


@blueprint.route("/code", methods=["GET", "POST"])
def code() -> PageResponse:
    """Ask for the code; the right one opens the visit, or leads to the choice between several customers."""
    pending = _find_requested_login()
    if pending is None or clock.now() >= pending.valid_until:
        return _gone_page(pending)
    if pending.verified:
        return redirect("choose", 303)
    form = CodeForm(meta={"csrf": False})
    if form.validate_on_submit() and _verify_code(pending, form):
        return _enter_or_choose(pending)
    return _code_page(pending, form, 400 if form.errors else 200)


@blueprint.post("/resend")
def resend() -> PageResponse:
    """Send a new code to the address that this browser has asked one for; the one before ends."""
    asked = _find_requested_login()
    if asked is None or asked.verified:
        return _gone_page(asked)
    ways = use_login_frame(asked.scope, asked.configuration_id)
    restored = find_restorable_visit(asked.session_id) if asked.session_id else None
    if restored is None and (asked.session_id or not ways.start):
        return _gone_page(asked)
    try:
        secret = (
            _request_for_visit(restored)
            if restored
            else login_codes.request_and_queue(asked.scope, asked.configuration_id, asked.email)
        )
    except codes.TooManyCodes as error:
        form = CodeForm(formdata=None, meta={"csrf": False})
        form.form_errors.append(_("Too many codes were asked for. Please try again later."))
        return _code_page(asked, form, error.status)
    return answer_with_secret(secret, "/p/login/code?new")


@blueprint.route("/choose", methods=["GET", "POST"])
def choose() -> PageResponse:
    """Let the visitor choose between several customers that share the address."""
    pending = _find_requested_login()
    if pending is None or not pending.verified or clock.now() >= pending.valid_until:
        return _gone_page(pending)
    use_login_frame(pending.scope, pending.configuration_id)
    if request.method == "POST":
        return _open_visit(pending, request.form.get("customer", ""))
    with services().database.reading(pending.scope) as db:
        choices = login_sessions.list_choices(db, pending.id, now=clock.now())
    return render_template("hosted/login_choose.html", choices=choices)


def _code_page(pending: logins.PendingLogin, form: CodeForm, status: int) -> PageResponse:
    """The page for the code. The address is repeated as far as the visitor has typed it."""
    ways = use_login_frame(pending.scope, pending.configuration_id)
    shown = {
        "form": form,
        "email": mask_email(pending.email) if pending.session_id else pending.email,
        "is_new": "new" in request.args,
        "start": None if pending.session_id else ways.start,
        "contact": ways.contact,
    }
    return make_response(render_template("hosted/login_code.html", **shown), status)


def _gone_page(asked: logins.PendingLogin | None = None) -> PageResponse:
    """Say that it is over, and lead to where it begins anew, as far as this browser is known to have begun."""
    ways = use_login_frame(asked.scope, asked.configuration_id) if asked else None
    return make_response(render_template("hosted/login_gone.html", start=ways.start if ways else None), 410)


def _request_for_visit(found: RestorableVisit) -> str:
    session = found.session
    return login_codes.request_and_queue(found.scope, session.configuration_id, found.email, session=session)


def answer_with_secret(secret: str, path: str = "/p/login/code") -> PageResponse:
    """Lead to the page for the code, and give the browser the proof that it asked for it."""
    response = redirect(path, 303)
    response.set_cookie(
        LOGIN_COOKIE, secret, max_age=codes.LIFETIME * 2, secure=True, httponly=True, samesite="Lax", path="/"
    )
    return response


def _find_requested_login() -> logins.PendingLogin | None:
    secret = request.cookies.get(LOGIN_COOKIE)
    if not secret:
        return None
    with services().database.reading() as db:
        return logins.find_requested_login(db, secret)


def _verify_code(pending: logins.PendingLogin, form: CodeForm) -> bool:
    """Whether the code is right; every failure takes the same work and shows the same text."""
    database, now = services().database, clock.now()
    with database.writing(pending.scope) as db:
        tried = logins.count_attempt(db, pending.id, now=now)
    right = tried is not None and codes.matches(tried.code_hash, form.code.data, services().settings.secret_key)
    if right:
        with database.writing(pending.scope) as db:
            if logins.mark_verified(db, pending.id, now=now):
                return True
    form.show_wrong_code(codes.MOST_TRIES - tried.tries if tried else 0)
    return False


def _enter_or_choose(pending: logins.PendingLogin) -> PageResponse:
    with services().database.reading(pending.scope) as db:
        choices = login_sessions.list_choices(db, pending.id, now=clock.now())
    return _open_visit(pending, choices[0].key) if len(choices) == 1 else redirect("choose", 303)


def _open_visit(pending: logins.PendingLogin, key: str) -> PageResponse:
    try:
        with services().database.writing(pending.scope) as db:
            device = devices.of_request()
            opened = login_sessions.open_portal_session(db, pending.id, key, device=device, now=clock.now())
    except ResourceMissing:
        return _gone_page()
    response = Response(status=303, headers={"Location": f"/p/{opened.session_id}/"})
    visit_cookies.set_cookie(response, opened.session_id, opened.cookie_secret)
    visit_cookies.delete_cookie(response, LOGIN_COOKIE)
    known_browsers.remember(response, pending.scope, pending.email)
    return response


for _name in ("ask", "again", "code", "resend", "choose"):
    declare_policy(f"login.{_name}", "link")
