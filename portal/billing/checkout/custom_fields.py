"""The fields of a merchant's own on a page: which there can be, what answers fit, and what an invoice says of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from portal.billing.checkout.field_params import LONGEST_ANSWER, PageField
from portal.errors import InvalidRequest, MissingParameter
from portal.models import CheckoutSession
from portal.wire.characters import normalize_text

MOST_FIELDS, MOST_OPTIONS = 3, 200
#: What a name and a value in the head of an invoice have room for, and how many there can be.
LONGEST_NAME, LONGEST_VALUE, MOST_ON_INVOICE = 40, 140, 4
Mistake = Literal["missing", "text", "digits", "long", "short", "option"]


def refuse_wrong(fields: Sequence[PageField] | None) -> None:
    """Raises `InvalidRequest` for fields that nobody could answer, or that can't be told apart."""
    if fields is None:
        return
    if len(fields) > MOST_FIELDS:
        raise InvalidRequest(f"There can be at most {MOST_FIELDS} custom fields.", param="custom_fields")
    for at, each in enumerate(fields):
        if each.key in {other.key for other in fields[:at]}:
            raise InvalidRequest("Each custom field has a key of its own.", param=f"custom_fields[{at}][key]")
        _refuse_field(each, f"custom_fields[{at}]")


def list_of(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The fields that the settings of a session or a link ask for."""
    return settings.get("custom_fields") or []


def bounds(field: Mapping[str, Any]) -> tuple[int, int]:
    """The least and most characters of an answer."""
    own = field.get(field["type"]) or {}
    most = own.get("maximum_length")
    return own.get("minimum_length") or 0, LONGEST_ANSWER if most is None else most


def find_mistake(field: Mapping[str, Any], answer: str) -> Mistake | None:
    """Why an answer does not fit; the empty text is none."""
    if not answer:
        return None if field.get("optional") else "missing"
    if not _is_text(answer):
        return "text"
    if field["type"] == "dropdown":
        return None if answer in option_labels(field) else "option"
    if field["type"] == "numeric" and not (answer.isascii() and answer.isdecimal()):
        return "digits"
    least, most = bounds(field)
    return "short" if len(answer) < least else "long" if len(answer) > most else None


def option_labels(field: Mapping[str, Any]) -> dict[str, str]:
    """What can be chosen: the value of each option, and what customers read."""
    return {each["value"]: each["label"] for each in field["dropdown"]["options"]}


def check_answers(session: CheckoutSession, answers: Mapping[str, str]) -> dict[str, str]:
    """What was answered, by the keys of fields. Raises `InvalidRequest` for what does not fit."""
    found = {}
    for at, field in enumerate(list_of(session.settings)):
        answer = answers.get(field["key"], "")
        if find_mistake(field, answer):
            raise InvalidRequest("This is no answer to the custom field.", param=f"custom_fields[{at}]")
        if answer:
            found[field["key"]] = answer
    return found


def for_invoice(session: CheckoutSession) -> list[dict[str, str]]:
    """The answers as names and values in the head of an invoice, as far as it has room for them."""
    answers = (session.collected or {}).get("custom_fields") or {}
    found = []
    for field in list_of(session.settings):
        answer = answers.get(field["key"], "")
        value = option_labels(field)[answer] if answer and field["type"] == "dropdown" else answer
        name = field["label"]["custom"]
        if value and len(name) <= LONGEST_NAME and len(value) <= LONGEST_VALUE:
            found.append({"name": name, "value": value})
    return found


def _is_text(answer: str) -> bool:
    try:
        return bool(normalize_text(answer, lines=False))
    except ValueError:
        return False


def _refuse_field(field: PageField, param: str) -> None:
    for kind in {"dropdown", "numeric", "text"} - {field.type}:
        if getattr(field, kind) is not None:
            raise InvalidRequest(f"{kind} goes with type={kind}.", param=f"{param}[{kind}]")
    if field.type == "dropdown":
        _refuse_options(field, f"{param}[dropdown]")
    own = field.dropdown or field.numeric or field.text
    if own is None:
        return
    sent = field.model_dump()
    least, most = bounds(sent)
    if field.type != "dropdown" and not least <= most > 0:
        raise InvalidRequest(
            "The maximum_length is at least 1 and the minimum_length.", param=f"{param}[{field.type}][maximum_length]"
        )
    if own.default_value and find_mistake(sent, own.default_value):
        raise InvalidRequest("The default_value is no answer.", param=f"{param}[{field.type}][default_value]")


def _refuse_options(field: PageField, param: str) -> None:
    options = field.dropdown.options if field.dropdown else []
    if not options:
        raise MissingParameter(f"{param}[options]")
    if len(options) > MOST_OPTIONS:
        raise InvalidRequest(f"There can be at most {MOST_OPTIONS} options.", param=f"{param}[options]")
    values = [each.value for each in options]
    for at, value in enumerate(values):
        if value in values[:at]:
            raise InvalidRequest("Each option has a value of its own.", param=f"{param}[options][{at}][value]")
