"""Configures logging: JSON lines or console text, without secrets, portal links and email addresses."""

import logging
import re
import sys
from collections.abc import MutableMapping
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TextIO

import orjson
import structlog

from portal.ids import PREFIXES, SECRET_PREFIXES

#: Paths below which the next part is a secret. `deploy/nginx.conf` and `docs/deployment.md` name the same ones.
SECRET_PATHS = (
    "checkout",
    "p/session",
    "p/login",
    "keep",
    "undo",
    "unsubscribe",
    "files",
    "i",
    "c",
    "e",
    "m",
    "n",
    "q",
    "r",
    "s",
    "w",
)
#: Fields whose values are never written, by a part of their names.
_HIDDEN_FIELDS = ("authorization", "code", "cookie", "email", "password", "secret", "token")
_MASK = "[hidden]"
#: Secrets by their looks, wherever they stand: keys, signing secrets, links, passwords in URLs, people's addresses.
#: A look is only searched for where a part that it can't be without stands.
_SECRET_PATTERNS = (
    ("_", re.compile(rf"(?<![A-Za-z])({'|'.join(SECRET_PREFIXES.values())})[\w+/=-]{{6,}}"), r"\1" + _MASK),
    # tokens of links to documents, and cookies of visits: what they name, a dot, and the secret
    (".", re.compile(r"\b([a-z]-\d+-[\w:-]+\.[\w-]{4,12}\.)[\w-]{20,}"), r"\1" + _MASK),
    (".", re.compile(rf"\b({PREFIXES['billing_portal.session']}_\w+\.)[\w-]{{20,}}"), r"\1" + _MASK),
    ("/", re.compile(rf"((?<!/v1)/(?:{'|'.join(SECRET_PATHS)})/)[^\s/?\"'<>]{{8,}}"), r"\1" + _MASK),
    ("@", re.compile(r"(://[^\s:/@]*):[^\s@/]+@"), rf"\1:{_MASK}@"),
    ("@", re.compile(r"[^\s@<>\"'(),;:=\[\]]+@[^\s@<>\"'(),;:/]+\.[^\W\d_]{2,}"), _MASK),
)


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes log records, and lines of the access log that were made without one (`render_request`)."""

    def __init__(self, stream: TextIO, *, takes_json: bool) -> None:
        super().__init__(stream)
        self.takes_json = takes_json

    def write_line(self, line: str) -> None:
        """Write a finished line, at once. A line that can't be written is lost, as a record would be."""
        # a full disk below the log is no reason to fail the request that the line is about
        with self.lock or nullcontext(), suppress(OSError, ValueError):
            self.stream.write(line)
            self.flush()


def find_line_handler(logger: logging.Logger) -> LineHandler | None:
    """What takes the finished lines of a logger; None where its records go anywhere else, or not as JSON."""
    root = logging.getLogger("portal")
    if logger.handlers or len(root.handlers) != 1 or root.propagate:
        return None
    handler = root.handlers[0]
    return handler if isinstance(handler, LineHandler) and handler.takes_json else None


def render_request(request_id: str, ms: float, *about: str | int | bool | None) -> str:
    """The line of a request, the same that its record would become; `about` are the values of `REQUEST_FIELDS`."""
    head, tail = _request_parts(*about)
    now = datetime.now(UTC).replace(tzinfo=None).isoformat()
    opening = f'"event":"request","level":"info","timestamp":"{now}Z","request_id":"{request_id}"'
    return f'{{{opening},{head},"ms":{ms},{tail}}}\n'


#: What most requests share with others.
REQUEST_FIELDS = ("method", "route", "status", "account", "livemode")


@lru_cache(maxsize=4096)
def _request_parts(*about: str | int | bool | None) -> tuple[str, str]:
    told = redact_secrets(None, "info", dict(zip(REQUEST_FIELDS, about, strict=True)))
    first, last = ({name: told[name] for name in names} for names in (REQUEST_FIELDS[:3], REQUEST_FIELDS[3:]))
    return _dump_json(first)[1:-1], _dump_json(last)[1:-1]


def configure(format: str, stream: TextIO | None = None) -> logging.Handler:
    """Write everything the portal logs to `stream` (standard error by default), as `json` or for a `console`."""
    last: Any = (
        structlog.processors.JSONRenderer(_dump_json)
        if format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    handler = LineHandler(stream or sys.stderr, takes_json=format == "json")
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.stdlib.ExtraAdder(),
                structlog.processors.format_exc_info,
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact_secrets, last],
        )
    )
    logger = logging.getLogger("portal")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return handler


def redact_secrets(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A log line without secrets: hidden fields are masked, and secrets inside other values too."""
    return {name: _MASK if _is_hidden(name) else _redact_value(value) for name, value in event.items()}


@lru_cache(maxsize=1024)
def _is_hidden(name: str) -> bool:
    return any(part in name.lower() for part in _HIDDEN_FIELDS)


def _redact_value(value: Any) -> Any:
    if isinstance(value, int | float | bool | None):
        return value
    text = str(value)
    for part, look, instead in _SECRET_PATTERNS:
        if part in text:
            text = look.sub(instead, text)
    return text


def _dump_json(event: object, **options: Any) -> str:
    return orjson.dumps(event, default=str).decode()
