"""A merchant's colours made readable: 4.5:1 for every text on them and for them as text (WCAG 2.2, 1.4.3).

Colours are `#rrggbb`, in lower case where they are answered.
"""

from __future__ import annotations

from dataclasses import dataclass

READABLE = 4.5
WHITE, INK, BLACK = "#ffffff", "#15171a", "#000000"

#: What accents stand on: page and raised surfaces of the two schemes, as in the stylesheet.
LIGHT = ("#ffffff", "#f7f7f5")
DARK = ("#131518", "#1c1f23")

#: Used where a merchant has set no colour.
PRIMARY = "#22384d"

_STEPS = 100
#: The panel is a large surface: in the dark scheme it must not glare.
_BRIGHTEST_PANEL_IN_THE_DARK = 0.05


@dataclass(frozen=True)
class Scheme:
    """The colours of one scheme; `on_…` is text on it."""

    panel: str
    on_panel: str
    accent: str
    on_accent: str


def light(primary: str | None, secondary: str | None) -> Scheme:
    """Colours of the light scheme: the panel keeps the merchant's primary colour as it is."""
    panel = (primary or PRIMARY).lower()
    accent = readable_on((secondary or primary or PRIMARY).lower(), LIGHT, towards=BLACK)
    return Scheme(panel, text_on(panel), accent, text_on(accent))


def dark(primary: str | None, secondary: str | None) -> Scheme:
    """Colours of the dark scheme: a bright panel is dimmed, a dark accent lightened."""
    panel = _dimmed((primary or PRIMARY).lower())
    accent = readable_on((secondary or primary or PRIMARY).lower(), DARK, towards=WHITE)
    return Scheme(panel, text_on(panel), accent, text_on(accent))


def text_on(background: str) -> str:
    """White, ink or black: the first that is readable on `background`; one of them always is."""
    return next(colour for colour in (WHITE, INK, BLACK) if contrast(colour, background) >= READABLE)


def readable_on(colour: str, backgrounds: tuple[str, ...], *, towards: str) -> str:
    """`colour`, moved towards black or white by as little as makes it readable on every background."""
    steps = (mixed(colour, towards, step / _STEPS) for step in range(_STEPS + 1))
    return next(each for each in steps if all(contrast(each, background) >= READABLE for background in backgrounds))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2: 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it: 0 is black, 1 is white."""
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def mixed(colour: str, other: str, share: float) -> str:
    """`colour` with a share of `other` in it; 0 leaves it as it is, 1 is `other`."""
    pairs = zip(_parts(colour), _parts(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def _dimmed(colour: str) -> str:
    steps = (mixed(colour, DARK[0], step / _STEPS) for step in range(_STEPS + 1))
    return next(each for each in steps if luminance(each) <= _BRIGHTEST_PANEL_IN_THE_DARK)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
