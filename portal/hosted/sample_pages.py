"""Sample pages for developers, which exist only beside demo data: every component, and every mail."""

from flask import Blueprint, Response, abort, redirect, render_template, request
from wtforms import BooleanField, Form, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from portal import i18n
from portal.hosted.page import PageResponse
from portal.outbox import previews
from portal.outbox.mail_texts import render_text
from portal.web.policies import declare_policy
from portal.web.services import services

blueprint = Blueprint("sample_pages", __name__)


@blueprint.get("/")
def start() -> PageResponse:
    """The root path: the demo shop beside demo data, else 404. No link leads here."""
    return redirect("/demo", 303) if services().settings.demo else abort(404)


@blueprint.get("/patterns")
def patterns() -> PageResponse:
    """Every component on one page, for developers; only beside demo data."""
    if not services().settings.demo:
        abort(404)
    form = _SampleForm()
    form.validate()
    return render_template("hosted/patterns.html", form=form, amounts=(1999, -123456, 0))


@blueprint.get("/mails")
@blueprint.get("/mails/<name>")
def mails(name: str | None = None) -> PageResponse:
    """Every mail with sample values in each language, for developers; only beside demo data."""
    if not services().settings.demo:
        abort(404)
    locale = i18n.best_locale([request.args.get("locale", "en")])
    if name is None:
        return render_template(
            "hosted/mails.html", names=sorted(previews.SAMPLES), locales=i18n.CATALOGUES, chosen=locale
        )
    if name not in previews.SAMPLES:
        abort(404)
    words = render_text(name, previews.sample_mail(name, locale))
    # a mail has its styles within it
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
    return Response(words.html, mimetype="text/html", headers={"Content-Security-Policy": policy})


def _select_choices(**labels: str) -> list[SelectChoice]:
    return [SelectChoice(value=value, label=label) for value, label in labels.items()]


class _SampleForm(Form):
    name = StringField("Name", default="Jenny Rosen")
    code = StringField("Code", [InputRequired("Enter the code from the mail.")])
    country = SelectField("Country", choices=_select_choices(DE="Germany", FR="France"), default="DE")
    comment = TextAreaField("Comment")
    postcode = StringField("Postcode", default="10969")
    city = StringField("City", default="Berlin")
    reason = RadioField("Reason", choices=_select_choices(unused="I don't use it", other="Another reason"))
    agree = BooleanField("Same as the billing address", default=True)


for _name in ("start", "patterns", "mails"):
    declare_policy(f"sample_pages.{_name}", "public")
