"""What the portal says while it runs: lines of JSON or for people, without secrets, links and addresses."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any, TextIO

import orjson
import structlog

#: Fields whose values are never written, by a part of their names.
_HIDDEN_FIELDS = ("authorization", "code", "cookie", "email", "password", "secret", "token")
_HIDDEN = "[hidden]"
#: Secrets by their looks, wherever they stand: keys, signing secrets, links, passwords in URLs, people's addresses.
#: A look is only searched for where a part that it can't be without stands.
_LOOKS = (
    ("_", re.compile(r"\b([sr]k_(?:test|live)_|whsec_|plink_|psec_)[\w+/=-]{6,}"), r"\1" + _HIDDEN),
    ("/", re.compile(r"(/(?:p/session|p/login|i|c|r|s|files|undo|unsubscribe)/)[^\s/?\"'<>]{8,}"), r"\1" + _HIDDEN),
    ("@", re.compile(r"(://[^\s:/@]*):[^\s@/]+@"), rf"\1:{_HIDDEN}@"),
    ("@", re.compile(r"[^\s@<>\"'(),;:=\[\]]+@[^\s@<>\"'(),;:/]+\.[^\W\d_]{2,}"), _HIDDEN),
)


def configure(format: str, stream: TextIO | None = None) -> logging.Handler:
    """Have everything that the portal logs written to `stream` (standard error) as `json` or for a `console`."""
    last: Any = (
        structlog.processors.JSONRenderer(_json) if format == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.stdlib.ExtraAdder(),
                structlog.processors.format_exc_info,
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redacted, last],
        )
    )
    logger = logging.getLogger("portal")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return handler


def redacted(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A line without what must not lie around in files."""
    return {name: _HIDDEN if _is_hidden(name) else _clean(value) for name, value in event.items()}


@lru_cache(maxsize=1024)
def _is_hidden(name: str) -> bool:
    return any(part in name.lower() for part in _HIDDEN_FIELDS)


def _clean(value: Any) -> Any:
    if isinstance(value, int | float | bool | None):
        return value
    text = str(value)
    for part, look, instead in _LOOKS:
        if part in text:
            text = look.sub(instead, text)
    return text


def _json(event: object, **options: Any) -> str:
    return orjson.dumps(event, default=str).decode()
