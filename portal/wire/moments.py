"""Parameters that take a timestamp or a word in its place, such as `now`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, PlainValidator, TypeAdapter
from typing_extensions import TypedDict

from portal.wire.commands import Timestamp

_TIMESTAMP: TypeAdapter[int] = TypeAdapter(Timestamp)


def moment_or(described: Any, *words: str) -> PlainValidator:
    """For `Annotated[int | Literal["now"], moment_or(Literal["now"], "now")]`; one error whatever was sent."""

    def read(value: object) -> int | str:
        return value if isinstance(value, str) and value in words else _TIMESTAMP.validate_python(value)

    return PlainValidator(read, json_schema_input_type=described | Timestamp)


NowOrTimestamp = Annotated[int | Literal["now"], moment_or(Literal["now"], "now")]
PeriodEnd = Literal["max_billed_until", "max_period_end", "min_period_end"]
EndOrTimestamp = Annotated[
    int | PeriodEnd, moment_or(PeriodEnd, "max_billed_until", "max_period_end", "min_period_end")
]


def _type_of(value: object) -> object:
    return value["type"] if isinstance(value, dict) and set(value) == {"type"} else value


class _Typed(TypedDict):
    type: Literal["now", "unchanged"]


#: In the newest wire a hash with a `type`, in the older one the word itself.
AnchorChange = Annotated[
    Literal["now", "unchanged"],
    BeforeValidator(_type_of, json_schema_input_type=Literal["now", "unchanged"] | _Typed),
]
