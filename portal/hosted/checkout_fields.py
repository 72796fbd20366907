"""The fields of a merchant's own on a checkout page."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from wtforms import Field, SelectField
from wtforms.fields.choices import SelectChoice

from portal import i18n
from portal.billing.checkout import custom_fields
from portal.billing.checkout.field_params import LONGEST_ANSWER
from portal.hosted.forms import strip_text, text_field, to_ascii_digits


def build(fields: Sequence[Mapping[str, Any]]) -> dict[str, Field]:
    """A field of the form for each, by its name; what a merchant has written is its label."""
    return {f"field_{at}": _build_field(each) for at, each in enumerate(fields)}


def list_known(fields: Sequence[Mapping[str, Any]]) -> dict[str, str | None]:
    """What the fields start with, by their names."""
    return {f"field_{at}": (each.get(each["type"]) or {}).get("default_value") for at, each in enumerate(fields)}


def read(fields: Sequence[Mapping[str, Any]], form: Mapping[str, Field]) -> dict[str, str]:
    """What was typed, by the keys of the fields; puts an error at each answer that does not fit."""
    found = {}
    for at, each in enumerate(fields):
        field = form[f"field_{at}"]
        answer = to_ascii_digits(field.data) if each["type"] == "numeric" else strip_text(field.data)
        if words := _explain(each, answer):
            field.errors = [words]
        if answer:
            found[each["key"]] = answer
    return found


def _build_field(sent: Mapping[str, Any]) -> Field:
    label = i18n.isolate_text(sent["label"]["custom"])
    if sent["type"] == "dropdown":
        offered = {"": _("Choose"), **custom_fields.option_labels(sent)}
        choices = [SelectChoice(value, words) for value, words in offered.items()]
        return SelectField(label, choices=choices, validate_choice=False)
    return text_field(label, LONGEST_ANSWER)


def _explain(sent: Mapping[str, Any], answer: str) -> str | None:
    mistake = custom_fields.find_mistake(sent, answer)
    if mistake is None:
        return None
    least, most = custom_fields.bounds(sent)
    words: dict[str, str] = {
        "digits": _("Use only digits."),
        "short": _("Use at least %(min)d characters.", min=least),
        "long": _("Use at most %(max)d characters.", max=most),
    }
    missing: str = _("Fill in: %(field)s", field=i18n.isolate_text(sent["label"]["custom"]))
    return words.get(mistake, missing)
