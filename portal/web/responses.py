"""Answers that are not pages: JSON and files to download."""

import re
from collections.abc import Iterable
from urllib.parse import quote

import orjson
from flask import Response

from portal.rules.file_names import safe_file_name

#: A PDF is shown by the browser's own viewer; nothing in it may run.
DOCUMENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'none'; sandbox"


def file_response(content: bytes | Iterable[bytes], media_type: str, filename: str) -> Response:
    """A download in which nothing may run. The file name is sent in ASCII and in UTF-8."""
    plain = re.sub(r"[^A-Za-z0-9.-]+", "-", filename).strip("-.") or "file"
    response = Response(content, mimetype=media_type)
    spoken = quote(safe_file_name(filename), safe="")
    response.headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{spoken}"
    response.headers["Content-Security-Policy"] = DOCUMENT_POLICY
    return response


def json_response(body: object, status: int = 200) -> Response:
    """An answer in JSON. `body` may hold `orjson.Fragment`s, which are JSON already."""
    return Response(orjson.dumps(body), status, mimetype="application/json")
