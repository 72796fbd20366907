"""The yardstick: a bare Flask application."""

from __future__ import annotations

import os

from flask import Flask, Response

app = Flask("hello")
DOCUMENT = b"%PDF-1.7\n" + os.urandom(60_000)


@app.get("/")
def hello() -> str:
    """What every figure is divided by."""
    return "hello"


@app.get("/document")
def document() -> Response:
    """A document of 60 kB from memory."""
    return Response(DOCUMENT, mimetype="application/pdf")


@app.get("/health/live")
def live() -> str:
    """Tells that the server is up."""
    return "ok"
