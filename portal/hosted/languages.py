"""The language and time zone of a page, and the only ways in which money, dates and countries become text on it."""

from collections.abc import Iterable
from datetime import date

from babel.support import NullTranslations
from flask import Flask, g, request, session
from flask_babel import Babel
from markupsafe import Markup

from portal import i18n, zones
from portal.hosted.language_cookies import chosen_locale
from portal.models import Account, Customer
from portal.rules import tax_names
from portal.rules.postal_addresses import postal_lines

#: Each language with its tag, in its own words.
LANGUAGE_CHOICES = [(i18n.html_lang(name), words) for name, words in i18n.LANGUAGES.items()]


def init_app(app: Flask, catalogues: str) -> None:
    """Give templates their filters, and Flask-Babel the language of each page."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = catalogues
    Babel(app, locale_selector=lambda: i18n.catalogue_language(locale()))
    # Flask-Babel looks its catalogue up anew for every word; a page has a hundred
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: _current_translations().gettext(text),
        lambda one, more, count: _current_translations().ngettext(one, more, count),
        newstyle=True,
        pgettext=lambda where, text: _current_translations().pgettext(where, text),
    )
    app.jinja_env.filters.update(
        money=money,
        bare_amount=bare_amount,
        unit_price=unit_price,
        day=day,
        moment=moment,
        number=lambda value: i18n.format_number(value, locale()),
        size=size,
        postal_lines=postal_lines,
        country=lambda code: i18n.country_name(code, locale()),
        listed=list_names,
    )
    app.jinja_env.globals.update(
        locale=locale,
        html_lang=language_tag,
        language_name=lambda: i18n.LANGUAGES[i18n.catalogue_language(locale())],
        direction=lambda: i18n.text_direction(i18n.catalogue_language(locale())),
    )


def use_customer_language(customer: Customer) -> None:
    """Answer outside a visit in the customer's language, else in the browser's."""
    use_language_of(customer, customer.preferred_locales)


def use_language_of(customer: Customer, preferred: list[str | None]) -> None:
    """Answer outside a visit in the first of these languages, else in the browser's."""
    found = i18n.best_locale([*preferred, *_browser_languages()])
    use_language(i18n.regional_locale(found, (customer.address or {}).get("country")))


def use_language(locale: str) -> None:
    """Answer outside a visit in this CLDR locale, unless the reader has chosen another language."""
    g.locale = chosen_locale(locale, request)


def language_tag() -> str:
    """The language of the answer's words, as the wire writes it."""
    return i18n.html_lang(i18n.catalogue_language(locale()))


def use_zone_of(account: Account) -> None:
    """Show days outside a visit in the merchant's time zone, as its mails do."""
    g.zone = zones.of_account(account.settings)


def money(amount: int, currency: str) -> str:
    """An amount as the page's language writes it, safe inside text of either direction."""
    text = i18n.format_money(amount, currency, locale())
    return i18n.with_sign_in_front(text) if _is_right_to_left() else text


def bare_amount(amount: int, currency: str) -> str:
    """An amount as it is typed into a bank's form: in the page's language, without currency and grouping."""
    return i18n.format_bare_amount(amount, currency, locale())


def unit_price(amount: str | None, currency: str) -> str:
    """A price per unit in minor units as decimal text; fractions of a unit keep their digits."""
    return "" if amount is None else i18n.format_price(amount, currency, locale())


def day(when: int | date | None, form: str = "long") -> str:
    """A date as the page's language writes it, safe inside text of either direction.

    A moment, in epoch seconds, is shown as its day in the merchant's time zone.
    """
    text = i18n.format_day(zones.day_of(when, zone()) if isinstance(when, int) else when, locale(), form)
    return i18n.isolate_text(text) if text and _is_right_to_left() else text


def moment(when: int) -> str:
    """A moment, in epoch seconds, to the minute in the merchant's time zone."""
    text = i18n.format_moment(zones.moment_in(when, zone()), locale())
    return i18n.isolate_text(text) if _is_right_to_left() else text


def join_names(names: Iterable[str]) -> str:
    """Names as a list within a sentence, each once, as plain text."""
    return i18n.join_names(names, locale())


def list_names(names: Iterable[str]) -> Markup:
    """Names as a list within a sentence, each once and in its own direction."""
    isolated = (str(Markup("<bdi>{}</bdi>").format(name)) for name in names)
    return Markup(i18n.join_names(isolated, locale()))  # noqa: S704 - the names are escaped


def number_name(type: str, value: str) -> str:
    """What the page's language calls a tax number."""
    return tax_names.number_name(type, locale(), value)


def size(count: int) -> str:
    """The size of a file as the page's language writes it, safe inside text of either direction."""
    text = i18n.format_file_size(count, locale())
    return i18n.isolate_text(text) if _is_right_to_left() else text


def _is_right_to_left() -> bool:
    return i18n.text_direction(i18n.catalogue_language(locale())) == "rtl"


def _current_translations() -> NullTranslations:
    if "translations" not in g:
        g.translations = i18n.load_translations(locale())
    found: NullTranslations = g.translations
    return found


def locale() -> str:
    """The CLDR locale of this answer: the visit's, else the browser's."""
    if "locale" not in g:
        visit = getattr(session, "visit", None)
        if visit:
            g.locale = visit.locale
        else:
            use_language(i18n.best_locale(_browser_languages()))
    found: str = g.locale
    return found


def _browser_languages() -> Iterable[str]:
    return (tag for tag, _ in request.accept_languages)


def zone() -> str:
    """The time zone of this answer: its merchant's; UTC where there is none."""
    if "zone" not in g:
        visit = getattr(session, "visit", None)
        g.zone = visit.zone if visit else zones.DEFAULT
    found: str = g.zone
    return found
