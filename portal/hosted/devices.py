"""What a browser says of itself, kept as coarsely as its owner needs to know it again: families, no versions."""

from flask import request
from flask_babel import gettext as _

#: The first that is found counts: each browser also names those that it descends from.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS", "Chrome"),
    ("Chromium", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Macintosh", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def of_request() -> dict[str, str]:
    """The browser and the system of this request, of those that are recognised."""
    told = request.headers.get("User-Agent", "")
    pairs = (("browser", _BROWSERS), ("system", _SYSTEMS))
    found = {key: next((name for mark, name in marks if mark in told), None) for key, marks in pairs}
    return {key: name for key, name in found.items() if name is not None}


def describe(device: dict[str, str] | None) -> str:
    """A stored device in words: `Firefox on Windows`."""
    browser, system = (device or {}).get("browser"), (device or {}).get("system")
    if browser and system:
        return str(_("%(browser)s on %(system)s", browser=browser, system=system))
    return browser or system or str(_("Unknown device"))
