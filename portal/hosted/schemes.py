"""The colour scheme of pages: the device's, or the one that the page around them has asked for."""

from typing import Literal

Scheme = Literal["dark", "light"]


def fix_scheme(sheet: str, scheme: str | None) -> str:
    """A stylesheet for one scheme whatever the device prefers, of one without blanks that serves both."""
    if scheme not in {"dark", "light"}:
        return sheet
    dark = "@media screen{" if scheme == "dark" else "@media not all{"
    return sheet.replace(_IF_DARK, dark).replace("color-scheme:light dark", f"color-scheme:{scheme}")


_IF_DARK = "@media screen and (prefers-color-scheme:dark){"
