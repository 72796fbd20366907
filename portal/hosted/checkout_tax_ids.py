"""A tax ID that is typed without its kind: which one it is follows from the country."""

from flask_babel import gettext as _

from portal.hosted.languages import number_name
from portal.rules import tax_ids

LONGEST_INPUT = tax_ids.LONGEST_INPUT


def find(country: str | None, value: str) -> tuple[str, str] | None:
    """Type and value of a tax ID, as the country's forms tell; None where it has none of them."""
    for kind in tax_ids.types_for_country(country or ""):
        if normal := tax_ids.normalize_value(kind.type, value):
            return kind.type, normal
    return None


def explain(country: str | None) -> str:
    """What is wrong with a tax ID of this country, in the language of the page."""
    kinds = tax_ids.types_for_country(country or "")
    words: str = _("Choose the country of your tax ID in the address.")
    if kinds:
        example = tax_ids.example_value(kinds[0].type, country)
        name = number_name(kinds[0].type, example)
        words = _("That is no tax ID of this country. A %(kind)s looks like %(example)s.", kind=name, example=example)
    return words
