"""A cache of frequent pages: each is rendered once with placeholders, then filled with a visit's own values.

A template stays the only source of its page. Apart from the placeholders, its text must depend on the
cache key alone; no filter may read a placeholder's value.
"""

import re
import secrets
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from cachetools import LRUCache
from flask import render_template, session
from markupsafe import Markup, escape

from portal.hosted import languages
from portal.hosted.form_protection import csrf_token
from portal.hosted.frames import Frame, current_frame
from portal.hosted.kept_pages import OWN_VALUES

Shell = list[str]


@dataclass(frozen=True, slots=True)
class RenderedHtml:
    """HTML from a template, so long that it should not be copied again."""

    text: str

    def __html__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        return bool(self.text)


PageValue = str | int | RenderedHtml | None

#: Nobody can write a placeholder into a name that a page shows.
_SALT = secrets.token_hex(8)
_PLACEHOLDER = re.compile(f"\ue000{_SALT}([a-z_]+)\ue001")
_VISIT_VALUES = ("path", "left", "return_url", "customer_name", "customer_email")

_SHELL_CACHE: LRUCache[Hashable, Shell] = LRUCache(maxsize=1024)
_SHELL_CACHE_LOCK = Lock()


def render_page(template: str, key: tuple[Hashable, ...], values: Mapping[str, PageValue], **context: Any) -> Shell:
    """The page that `template` renders from the frame, `values` and `context`, with places for `OWN_VALUES`.

    `key` stands for `context`. Of `values`, the text of the page may depend only on which ones are None.
    """
    frame = current_frame()
    own = {**values, **{name: getattr(frame, name) for name in _VISIT_VALUES}, "csrf_token": csrf_token()}
    if "_flashes" in session:
        return [_render_with_frame(template, frame, own, context)]
    nobodys: dict[str, Any] = dict.fromkeys(_VISIT_VALUES)
    shared = replace(frame, **nobodys)
    shell_key = (
        template,
        languages.locale(),
        languages.zone(),
        key,
        shared,
        *[value is None for value in own.values()],
    )
    with _SHELL_CACHE_LOCK:
        shell = _SHELL_CACHE.get(shell_key)
    if shell is None:
        shell = _render_shell(template, frame, own, context)
        with _SHELL_CACHE_LOCK:
            _SHELL_CACHE[shell_key] = shell
    return _fill_shell(shell, own)


def render_own_page(template: str, **context: Any) -> Shell:
    """The page that `template` renders from the frame and `context`, with places for `OWN_VALUES`."""
    marks = {name: _mark(name) for name in OWN_VALUES}
    frame = replace(current_frame(), left=marks["left"])  # type: ignore[arg-type]
    return _PLACEHOLDER.split(_render_with_frame(template, frame, marks, context))


def _fill_shell(shell: Shell, own: Mapping[str, PageValue]) -> Shell:
    """The shell with all values but `OWN_VALUES`."""
    text, filled = [shell[0]], []
    for name, following in zip(shell[1::2], shell[2::2], strict=True):
        if name in OWN_VALUES:
            filled += ["".join(text), name]
            text = []
        else:
            text.append(value.text if isinstance(value := own[name], RenderedHtml) else escape(value))
        text.append(following)
    return [*filled, "".join(text)]


def _mark(name: str) -> Markup:
    return Markup(f"\ue000{_SALT}{name}\ue001")  # noqa: S704


def _render_shell(template: str, frame: Frame, own: Mapping[str, PageValue], context: Mapping[str, Any]) -> Shell:
    marks = {name: None if value is None else _mark(name) for name, value in own.items()}
    mine: dict[str, Any] = {name: marks[name] for name in _VISIT_VALUES}
    shell = _PLACEHOLDER.split(_render_with_frame(template, replace(frame, **mine), marks, context))
    # what is one visit's own must never be kept for the next
    if any(own[name] in text for name in ("csrf_token", "path") for text in shell[::2]):
        raise AssertionError("a page was rendered with more of a visit than its marks")
    return shell


def _render_with_frame(template: str, frame: Frame, values: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    token = values["csrf_token"]
    return render_template(template, frame=frame, **{**values, **context, "csrf_token": lambda: token})
