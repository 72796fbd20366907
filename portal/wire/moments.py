"""Parameters that take a timestamp or, in its place, a word such as `now`."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, PlainValidator, TypeAdapter
from typing_extensions import TypedDict

from portal.wire.commands import Timestamp

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


def _unwrap_type(value: object) -> object:
    return value["type"] if isinstance(value, dict) and set(value) == {"type"} else value


class _TypeHash(TypedDict):
    type: Literal["now", "unchanged"]


#: In the newest wire a hash with a `type`, in the older one the word itself.
AnchorChange = Annotated[
    Literal["now", "unchanged"],
    BeforeValidator(_unwrap_type, json_schema_input_type=Literal["now", "unchanged"] | _TypeHash),
]
