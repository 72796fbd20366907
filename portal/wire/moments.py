"""Parameters that take a timestamp or, in its place, a word such as `now`."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, GetPydanticSchema, PlainValidator, TypeAdapter
from pydantic_core import PydanticKnownError

from portal.wire.commands import Command, Timestamp

_TIMESTAMP: TypeAdapter[int] = TypeAdapter(Timestamp)


def timestamp_or(described: Any, *words: str) -> PlainValidator:
    """For `Annotated[int | Literal["now"], timestamp_or(Literal["now"], "now")]`: one error for any wrong value."""

    def parse_value(value: object) -> int | str:
        return value if isinstance(value, str) and value in words else _TIMESTAMP.validate_python(value)

    return PlainValidator(parse_value, json_schema_input_type=described | Timestamp)


NowOrTimestamp = Annotated[int | Literal["now"], timestamp_or(Literal["now"], "now")]
PeriodEnd = Literal["max_billed_until", "max_period_end", "min_period_end"]
EndOrTimestamp = Annotated[
    int | PeriodEnd, timestamp_or(PeriodEnd, "max_billed_until", "max_period_end", "min_period_end")
]


def _parse_anchor_word(value: object) -> object:
    if value not in ("now", "unchanged"):
        raise PydanticKnownError("literal_error", {"expected": "'now' or 'unchanged'"})
    return value


class AnchorHash(Command):
    """The newest wire's form of an anchor's change."""

    type: Literal["now", "unchanged"]


def _unwrap_type(value: object) -> object:
    return value.type if isinstance(value, AnchorHash) else value


_AnchorWord = Annotated[
    Literal["now", "unchanged"],
    PlainValidator(_parse_anchor_word, json_schema_input_type=Literal["now", "unchanged"]),
]
_AnchorForms = Annotated[_AnchorWord | AnchorHash, AfterValidator(_unwrap_type)]
#: In the newest wire a hash with a `type`, in the older one the word itself.
AnchorChange = Annotated[
    Literal["now", "unchanged"], GetPydanticSchema(lambda source, handler: handler.generate_schema(_AnchorForms))
]
