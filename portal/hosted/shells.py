"""Pages that are asked for often: rendered once with marks in place of what is a visit's own, then only filled.

A template stays the one source of its page. What it says besides the marked values must follow from the
key alone; no filter may look at a marked value.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import replace
from threading import Lock
from typing import Any

from cachetools import LRUCache
from flask import render_template, session
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from portal.hosted import brand, languages

Shell = list[str]

_MARK = re.compile("\ue000([a-z_]+)\ue001")
_OWN = ("path", "return_url", "customer_name", "customer_email")

_KEPT: LRUCache[Hashable, Shell] = LRUCache(maxsize=1024)
_TOKENS: LRUCache[str, str] = LRUCache(maxsize=8192)
_LOCK = Lock()


def filled(template: str, key: tuple[Hashable, ...], values: Mapping[str, str | None], **context: Any) -> str:
    """The page that `template` makes of frame, `values` and `context`.

    `key` stands for `context`; of `values` only which ones are None may show in the words of the page.
    """
    frame, own = brand.current(), {**values, "csrf_token": _token()}
    own |= {name: getattr(frame, name) for name in _OWN}
    marks = {name: None if value is None else Markup(f"\ue000{name}\ue001") for name, value in own.items()}  # noqa: S704
    marked = replace(frame, **{name: marks[name] for name in _OWN})  # type: ignore[arg-type]
    if "_flashes" in session:
        return _rendered(template, frame, own, context)
    shell_key = (template, languages.locale(), key, marked, *(each for each, mark in marks.items() if mark is None))
    with _LOCK:
        shell = _KEPT.get(shell_key)
    if shell is None:
        shell = _MARK.split(_rendered(template, marked, marks, context))
        _refuse_own(shell, own)
        with _LOCK:
            _KEPT[shell_key] = shell
    parts = shell.copy()
    parts[1::2] = [escape(own[name]) for name in shell[1::2]]
    return "".join(parts)


def _token() -> str:
    """The form token of this visit; making it takes longer than the rest of a page."""
    secret = session["csrf_token"]
    with _LOCK:
        token: str | None = _TOKENS.get(secret)
    if token is None:
        token = generate_csrf()
        with _LOCK:
            _TOKENS[secret] = token
    return token


def _rendered(template: str, frame: brand.Frame, values: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    token = values["csrf_token"]
    return render_template(template, frame=frame, **{**values, **context, "csrf_token": lambda: token})


def _refuse_own(shell: Shell, own: Mapping[str, str | None]) -> None:
    # what is one visit's own must never be kept for the next
    if any(own[name] in text for name in ("csrf_token", "path") for text in shell[::2]):  # type: ignore[operator]
        raise AssertionError("a page was rendered with more of a visit than its marks")
