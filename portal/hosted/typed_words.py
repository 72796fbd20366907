"""What somebody has typed into a form that came too late, to be copied."""

from collections.abc import Mapping

from flask_babel import gettext as _


def list_typed(posted: Mapping[str, str]) -> list[tuple[str, str]]:
    """What somebody has typed into a form of the portal, with the names of the fields."""
    labels = {
        "name": _("Name"),
        "email": _("Email address"),
        "phone": _("Phone"),
        "line1": _("Address"),
        "line2": _("Apartment, suite or floor"),
        "postal_code": _("Postal code"),
        "city": _("City"),
        "state": _("State, province or county"),
        "value": _("Number"),
        "quantity": _("Quantity"),
        "comment": _("Comment"),
    }
    # fields of an address are named after it: `address-city`
    found = ((name.rpartition("-")[2], value.strip()) for name, value in posted.items())
    return [(labels[name], value) for name, value in found if name in labels and value]
