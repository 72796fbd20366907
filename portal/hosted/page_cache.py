"""Pages that are asked for often: rendered once with marks in place of what is a visit's own, then only filled.

A template stays the one source of its page. What it says besides the marked values must follow from the
key alone; no filter may look at a marked value.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from cachetools import LRUCache
from flask import render_template, session
from markupsafe import Markup, escape

from portal.hosted import brand, languages, visits

Shell = list[str]


@dataclass(frozen=True, slots=True)
class Finished:
    """HTML made by a template, long enough that no further copy of it should be made."""

    text: str

    def __html__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        return bool(self.text)


Value = str | int | Finished | None

_MARK = re.compile("\ue000([a-z_]+)\ue001")
_OWN = ("path", "left", "return_url", "customer_name", "customer_email")

_KEPT: LRUCache[Hashable, Shell] = LRUCache(maxsize=1024)
_LOCK = Lock()


def filled(template: str, key: tuple[Hashable, ...], values: Mapping[str, Value], **context: Any) -> str:
    """The page that `template` makes of frame, `values` and `context`.

    `key` stands for `context`; of `values` only which ones are None may show in the words of the page.
    """
    frame = brand.current()
    own = {**values, **{name: getattr(frame, name) for name in _OWN}, "csrf_token": visits.csrf_token()}
    if "_flashes" in session:
        return _rendered(template, frame, own, context)
    nobodys: dict[str, Any] = dict.fromkeys(_OWN)
    shared = replace(frame, **nobodys)
    shell_key = (template, languages.locale(), key, shared, *[value is None for value in own.values()])
    with _LOCK:
        shell = _KEPT.get(shell_key)
    if shell is None:
        shell = _made(template, frame, own, context)
        with _LOCK:
            _KEPT[shell_key] = shell
    parts = shell.copy()
    parts[1::2] = [value.text if isinstance(value := own[name], Finished) else escape(value) for name in shell[1::2]]
    return "".join(parts)


def _made(template: str, frame: brand.Frame, own: Mapping[str, Value], context: Mapping[str, Any]) -> Shell:
    marks = {name: None if value is None else Markup(f"\ue000{name}\ue001") for name, value in own.items()}  # noqa: S704
    mine: dict[str, Any] = {name: marks[name] for name in _OWN}
    shell = _MARK.split(_rendered(template, replace(frame, **mine), marks, context))
    # what is one visit's own must never be kept for the next
    if any(own[name] in text for name in ("csrf_token", "path") for text in shell[::2]):
        raise AssertionError("a page was rendered with more of a visit than its marks")
    return shell


def _rendered(template: str, frame: brand.Frame, values: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    token = values["csrf_token"]
    return render_template(template, frame=frame, **{**values, **context, "csrf_token": lambda: token})
