"""Pages from templates: one Jinja environment per language, into which its words are compiled.

A page is mostly fixed words, and looking each up again on every request was the largest part of its
cost. Here `_("…")` with a literal text becomes the translated literal when the template is compiled,
and `_("… %(name)s …", name=…)` only fills the translated text.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from flask import Flask, current_app, g, get_flashed_messages, request, session
from flask_babel import Babel
from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from portal import i18n

#: What every template finds, by name; `render` adds what `PROVIDED` answers for each page.
GLOBALS: dict[str, Any] = {"get_flashed_messages": get_flashed_messages}
PROVIDED: dict[str, Callable[[], Any]] = {}


def init_app(app: Flask, catalogues: str) -> None:
    """Use the message catalogues in a folder, for templates and for texts made in code."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = catalogues
    Babel(app, locale_selector=lambda: i18n.language(locale()))


def locale() -> str:
    """The CLDR locale of this answer: the visit's, else the browser's."""
    if "locale" not in g:
        visit = getattr(session, "visit", None)
        g.locale = visit.locale if visit else i18n.best(tag for tag, _ in request.accept_languages)
    found: str = g.locale
    return found


def render(template: str, **context: Any) -> Markup:
    """A template of `templates/`, in the language of this answer."""
    for name, provide in PROVIDED.items():
        context.setdefault(name, provide())
    environment = _environment(i18n.language(locale()), str(current_app.template_folder))
    return Markup(environment.get_template(template).render(context))  # noqa: S704 - templates escape what they show


class _Translated(Environment):
    """An environment whose templates speak one language from the start."""

    def __init__(self, language: str, folder: str) -> None:
        super().__init__(
            loader=FileSystemLoader(folder),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
            auto_reload=False,
        )
        self.translations = i18n.translations(language)
        self.filters.update(_FILTERS)
        self.globals.update(GLOBALS)
        self.globals.update(
            _=self.translations.gettext,
            gettext=self.translations.gettext,
            ngettext=self._plural,
            filled=_filled,
            locale=locale,
            html_lang=lambda: i18n.html_lang(language),
            direction=lambda: i18n.direction(language),
        )

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree: nodes.Template = _Words(self.translations.gettext).visit(super()._parse(source, name, filename))
        return tree

    def _plural(self, singular: str, plural: str, count: int, **values: Any) -> Markup:
        return _filled(self.translations.ngettext(singular, plural, count), num=count, **values)


class _Words(NodeTransformer):
    """Puts the translation in the place of each literal text."""

    def __init__(self, translate: Callable[[str], str]) -> None:
        self._translate = translate

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - the name that the visitor looks for
        node = self.generic_visit(node)  # type: ignore[assignment]
        literal = node.args[0] if len(node.args) == 1 else None
        is_gettext = isinstance(node.node, nodes.Name) and node.node.name in {"_", "gettext"}
        if not is_gettext or not isinstance(literal, nodes.Const):
            return node
        words = nodes.Const(Markup(self._translate(literal.value)), lineno=node.lineno)  # noqa: S704 - our own texts
        if not node.kwargs:
            return words
        return nodes.Call(nodes.Name("filled", "load"), [words], node.kwargs, None, None, lineno=node.lineno)


@cache
def _environment(language: str, folder: str) -> _Translated:
    return _Translated(language, folder)


def _filled(message: str, **values: Any) -> Markup:
    return Markup(message) % values  # noqa: S704 - the message is ours, the values are escaped


_FILTERS: dict[str, Callable[..., str]] = {
    "money": lambda amount, currency: i18n.money(amount, currency, locale()),
    "day": lambda moment, form="long": i18n.day(moment, locale(), form),
    "number": lambda value: i18n.number(value, locale()),
    "country": lambda code: i18n.country(code, locale()),
}
