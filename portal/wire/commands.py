"""Parameter types and the frozen commands made of them. The first mistake becomes the wire's error.

Every parameter has three states: absent (not in `model_fields_set`), cleared (`None`, sent as an
empty string) and given.
"""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Annotated, Any, TypeVar, get_args

from babel.numbers import list_currencies
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError

from portal.errors import InvalidRequest, MissingParameter
from portal.wire.characters import normalize_text

T = TypeVar("T")
C = TypeVar("C", bound="Command")

#: The largest amount in minor units, and the largest count: what every database and client can hold.
MAX_AMOUNT = 999_999_999_999
LONGEST_ID = 255
MAX_TIMESTAMP = 253_402_300_799  # the last second of the year 9999
CURRENCIES = frozenset(code.lower() for code in list_currencies())


class Command(BaseModel):
    """The parameters of one call or form: frozen, and unknown parameters are refused.

    The parser of a command is built when it first parses, or before that by `parsers.build`: a start waits for none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    def sent_values(self, *names: str) -> dict[str, Any]:
        """The parameters that were sent, cleared ones as None; only those in `names`, if there are any."""
        return {name: getattr(self, name) for name in names or type(self).model_fields if name in self.model_fields_set}

    def was_sent(self, name: str) -> bool:
        """Whether the parameter was sent."""
        return name in self.model_fields_set


#: Words for a parameter by its path without list numbers, or for a value of it; None where there are none.
FindWords = Callable[[Sequence[str], object], str | None]


def parse_command(command: type[C], values: dict[str, Any], find_words: FindWords | None = None) -> C:
    """Parse nested parameters into a command. Raises `InvalidRequest` for the first one that is wrong.

    `find_words` knows parameters that are not taken on purpose; its words become the message.
    """
    try:
        return command.model_validate(values)
    except ValidationError as error:
        mistake = _first_mistake(error.errors(include_url=False))
        raise (find_words and explain_refusal(mistake, find_words)) or _invalid_request(mistake) from None


def parameter_error(code: str, message: str) -> PydanticCustomError:
    """The error for a validator to raise: a documented `code` (may be empty) and a message."""
    return PydanticCustomError("portal", "{message}", {"message": message, "code": code})


def parameter_name(path: tuple[str | int, ...]) -> str:
    """`("items", 0, "price")` as `items[0][price]`."""
    first, *rest = (str(part) for part in path) if path else ("",)
    return first + "".join(f"[{part}]" for part in rest)


def _first_mistake(errors: list[ErrorDetails]) -> ErrorDetails:
    """The first mistake. If a parameter takes a word or a hash, the mistake of the kind that was sent."""
    first = errors[0]
    head, member = first["loc"][:-1], str(first["loc"][-1:])
    if "function-" not in member:
        return first
    others = [each for each in errors if each["loc"][: len(head)] == head and each is not first]
    chosen = others[0] if others and isinstance(first["input"], dict) else first
    # which member of the union it was is no part of the parameter's name
    return {**chosen, "loc": head + chosen["loc"][len(head) + 1 :]}


def explain_refusal(mistake: ErrorDetails, find_words: FindWords) -> InvalidRequest | None:
    """The error in words for a parameter, or a value of one, that is not taken on purpose; None for others."""
    kind, param, sent = mistake["type"], parameter_name(mistake["loc"]), mistake.get("input")
    if kind not in {"extra_forbidden", "unserved", "literal_error"}:
        return None
    refused, name = (sent, f"{param}={sent}") if kind == "literal_error" else (None, param)
    words = find_words([part for part in mistake["loc"] if isinstance(part, str)], refused)
    if words is None:
        return None
    code = None if kind == "literal_error" else "parameter_unknown"
    return InvalidRequest(f"This portal does not take {name[:200]}: {words}.", param=param, code=code)


def _invalid_request(error: ErrorDetails) -> InvalidRequest:
    param = parameter_name(error["loc"])
    given = _describe_value(error.get("input"))
    match error["type"]:
        case "portal":
            context = error["ctx"]
            return InvalidRequest(context["message"], param=param, code=context["code"] or None)
        case "missing":
            return MissingParameter(param)
        case "extra_forbidden" | "unserved":
            return InvalidRequest(f"Received unknown parameter: {param}", param=param, code="parameter_unknown")
        case "literal_error":
            message = f"Invalid {param}: must be one of {error['ctx']['expected']}"
            return InvalidRequest(message.replace("'", ""), param=param)
        case "model_type" | "dict_type" | "model_attributes_type":
            return InvalidRequest("Invalid object", param=param)
        case "list_type":
            return InvalidRequest("Invalid array", param=param)
        case _:
            return InvalidRequest(f"Invalid {param}: {given}", param=param)


def _describe_value(value: object) -> str:
    return value[:100] if isinstance(value, str) else type(value).__name__


def _empty_to_none(value: object) -> object:
    return None if value == "" else value


def _parse_string(value: object, *, lines: bool) -> str:
    if not isinstance(value, str):
        raise parameter_error("", "Invalid string")
    if value == "":
        raise parameter_error(
            "parameter_invalid_empty",
            "You passed an empty string. We assume empty values are an attempt to unset a parameter; "
            "however this one cannot be unset.",
        )
    try:
        return normalize_text(value, lines=lines)
    except ValueError as error:
        raise parameter_error("", f"Invalid string: {error}") from None


def text_up_to(longest: int, *, lines: bool = False) -> PlainValidator:
    """For `Annotated[str, text_up_to(60)]`: at most `longest` characters, in NFC, without control characters.

    Line breaks are allowed only with `lines`.
    """

    def parse_text(value: object) -> str:
        string = _parse_string(value, lines=lines)
        if len(string) > longest:
            raise parameter_error(
                "", f"Invalid string: must be at most {longest} characters, and this one has {len(string)}."
            )
        return string

    return PlainValidator(parse_text, json_schema_input_type=Annotated[str, Field(min_length=1, max_length=longest)])


def _parse_chosen_id(value: str) -> str:
    if "/" in value or " " in value or not value.strip("."):
        raise parameter_error("", "An id has no spaces and no slashes, and is not of dots alone.")
    return value


def _parse_flag(value: object) -> bool:
    # client libraries of 2022 send Python's own words
    if value in (True, "true", "True"):
        return True
    if value in (False, "false", "False"):
        return False
    raise parameter_error("", f"Invalid boolean: {_describe_value(value)}")


def integer_between(least: int, most: int) -> PlainValidator:
    """For `Annotated[int, integer_between(1, 100)]`: a whole number between the bounds."""

    def parse_integer(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str) or not re.fullmatch(_INTEGER, str(value)):
            raise parameter_error("parameter_invalid_integer", f"Invalid integer: {_describe_value(value)}")
        number = int(value)
        if not least <= number <= most:
            raise parameter_error("parameter_invalid_integer", f"Invalid integer: must be between {least} and {most}.")
        return number

    return PlainValidator(parse_integer, json_schema_input_type=Annotated[int, Field(ge=least, le=most)])


_INDEX = re.compile(r"[0-9]{1,9}", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
#: As the programs of clients print decimals: `10`, `0.10`, `.5`, `1E+2`, `1e-7`.
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", re.ASCII)


def _parse_decimal(value: object) -> Decimal:
    """At most 12 digits before the point and 12 after it, without an exponent."""
    text = str(value)
    number = Decimal(text) if len(text) <= 60 and _DECIMAL.fullmatch(text) else Decimal("NaN")
    if number.is_nan() or abs(number) >= 10**12 or number != round(number, 12):
        raise parameter_error("parameter_invalid_decimal", f"Invalid decimal: {_describe_value(value)}")
    return Decimal(f"{number:f}") + 0  # minus zero is zero


def _parse_whole_decimal(value: object) -> int:
    number = _parse_decimal(value)
    if number != int(number) or not 0 <= number <= 999_999_999:
        raise parameter_error(
            "parameter_invalid_decimal",
            f"Invalid decimal: {_describe_value(value)}. Quantities are whole numbers here.",
        )
    return int(number)


def _parse_currency(code: str) -> str:
    if code.lower() not in CURRENCIES:
        raise parameter_error("", f"Invalid currency: {code[:20]}. Use a three-letter ISO code such as eur or usd.")
    return code.lower()


def _parse_country(code: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2}", code, re.ASCII):
        raise parameter_error("country_code_invalid", f"Country '{code[:20]}' is unknown. Use a two-letter ISO code.")
    return code.upper()


def _parse_list(value: object) -> object:
    if not isinstance(value, dict):
        return [] if value == "" else value
    if not all(isinstance(key, str) and re.fullmatch(_INDEX, key) for key in value):
        raise parameter_error("", "Invalid array")
    return [value[key] for key in sorted(value, key=int)]


def _parse_metadata(value: object) -> dict[str, str]:
    if value is None or value == "":
        return {}
    if not isinstance(value, dict):
        raise parameter_error("", "Invalid object: metadata is a set of key and value pairs.")
    return dict(_parse_metadata_entry(key, text) for key, text in value.items())


def _parse_metadata_entry(key: object, value: object) -> tuple[str, str]:
    if not isinstance(key, str) or not isinstance(value, str):
        raise parameter_error("", "Metadata values must be strings.")
    name, text = _parse_string(key, lines=False), value and _parse_string(value, lines=True)
    if len(name) > 40:
        raise parameter_error(
            "", f"Metadata keys can have up to 40 characters, but you passed in one with {len(name)}."
        )
    if len(text) > 500:
        raise parameter_error(
            "", f"Metadata values can have up to 500 characters, but you passed in one with {len(text)}."
        )
    return name, text


class OrEmpty:
    """Adds to the JSON schema that the parameter also takes an empty string."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [handler(schema), {"enum": [""], "type": "string"}]}


def schema_override(**schema: Any) -> WithJsonSchema:
    """The JSON schema of a parameter whose validators can't describe it."""
    return WithJsonSchema(schema)


def _refuse_given(value: object) -> None:
    if value not in (None, ""):
        raise PydanticCustomError("unserved", "It can only be empty.")


#: A parameter that is not taken, but that programs may clear: nothing is set, so `""` changes nothing.
OnlyEmpty = Annotated[None, PlainValidator(_refuse_given), schema_override(type="string", enum=[""])]
Flag = Annotated[bool, PlainValidator(_parse_flag, json_schema_input_type=bool)]
Amount = Annotated[int, integer_between(-MAX_AMOUNT, MAX_AMOUNT)]
PositiveAmount = Annotated[int, integer_between(0, MAX_AMOUNT)]
Timestamp = Annotated[int, integer_between(0, MAX_TIMESTAMP)]
Quantity = Annotated[int, integer_between(0, 999_999_999)]
ExactDecimal = Annotated[
    Decimal, PlainValidator(_parse_decimal), schema_override(type="string", pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,12})?$")
]
#: A quantity in the newer wire's decimal form; parts of one are not sold here.
WholeDecimal = Annotated[
    int, PlainValidator(_parse_whole_decimal), schema_override(type="string", pattern=r"^[0-9]{1,9}(\.0{1,12})?$")
]
Id = Annotated[str, text_up_to(LONGEST_ID)]
#: An id that the caller chooses: clients write a space in an address as `+`, and a slash ends it.
ChosenId = Annotated[Id, AfterValidator(_parse_chosen_id)]
Label = Annotated[str, text_up_to(250)]
Name = Annotated[str, text_up_to(256)]
Sentence = Annotated[str, text_up_to(500)]
Text = Annotated[str, text_up_to(5000, lines=True)]
Currency = Annotated[
    str, text_up_to(20), AfterValidator(_parse_currency), schema_override(type="string", pattern="^[A-Za-z]{3}$")
]
Country = Annotated[
    str, text_up_to(20), AfterValidator(_parse_country), schema_override(type="string", pattern="^[A-Za-z]{2}$")
]
#: What `""` clears: `Clearable[Name]` reads as None then.
Clearable = Annotated[T | None, BeforeValidator(_empty_to_none), OrEmpty()]
#: A list by index or `[]`; `""` is the empty list.
ListOf = Annotated[list[T], BeforeValidator(_parse_list), OrEmpty()]
#: The keys sent; an empty value unsets its key. See `merged`.
Metadata = Annotated[dict[str, str], PlainValidator(_parse_metadata, json_schema_input_type=dict[str, str]), OrEmpty()]


def merge_metadata(stored: dict[str, Any], sent: dict[str, str] | None) -> dict[str, Any]:
    """Metadata after an update: sent keys replace stored ones, empty values unset, nothing sent clears all.

    Raises `InvalidRequest` where more than 50 keys would remain.
    """
    if not sent:
        return {}
    kept = {key: value for key, value in {**stored, **sent}.items() if value != ""}
    if len(kept) > 50:
        raise InvalidRequest("You can have up to 50 metadata keys.", param="metadata")
    return kept


def literal_values(literal: Any) -> tuple[str, ...]:
    """The values of a `Literal` type."""
    return get_args(literal)


class Address(Command):
    """A postal address; parts that were not sent are null."""

    city: Clearable[Label] = None
    country: Clearable[Country] = None
    line1: Clearable[Sentence] = None
    line2: Clearable[Sentence] = None
    postal_code: Clearable[Annotated[str, text_up_to(50)]] = None
    state: Clearable[Label] = None


class Shipping(Command):
    """Who receives goods, and where."""

    address: Address
    name: Name
    phone: Clearable[Annotated[str, text_up_to(50)]] = None


class CustomField(Command):
    """A name and value in the head of an invoice, such as a purchase order number."""

    name: Annotated[str, text_up_to(40)]
    value: Annotated[str, text_up_to(140)]


class TimestampRange(Command):
    """A filter on a timestamp: `created[gte]=…`; a bare timestamp means that very second."""

    gt: Timestamp | None = None
    gte: Timestamp | None = None
    lt: Timestamp | None = None
    lte: Timestamp | None = None


def _parse_range(value: object) -> object:
    return {"gte": value, "lte": value} if isinstance(value, str | int) else value


TimestampFilter = Annotated[
    TimestampRange | None, BeforeValidator(_parse_range, json_schema_input_type=TimestampRange | Timestamp)
]
PageSize = Annotated[int, integer_between(1, 100)]


class ExpandableCommand(Command):
    """The parameters of every call whose answer can be expanded."""

    expand: ListOf[Label] = []


class ListCommand(ExpandableCommand):
    """The parameters of every list: keyset cursors and a page size."""

    limit: PageSize = 10
    starting_after: Id | None = None
    ending_before: Id | None = None


class SearchCommand(ExpandableCommand):
    """The parameters of every search: a query, a page size, and the token of the next page."""

    query: Annotated[str, text_up_to(5000)]
    limit: PageSize = 10
    page: Annotated[str, text_up_to(5000)] | None = None
