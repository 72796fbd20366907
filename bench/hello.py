"""The yardstick: a bare Flask application."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask, Response

app = Flask("hello")
DOCUMENT = Path(os.environ.get("HELLO_DOCUMENT", os.devnull)).read_bytes()


@app.get("/")
def hello() -> str:
    """What every figure is divided by."""
    return "hello"


@app.get("/document")
def document() -> Response:
    """A document from memory."""
    return Response(DOCUMENT, mimetype="application/pdf")


@app.get("/health/ready")
def ready() -> str:
    """Tells that the server is up."""
    return "ok"
