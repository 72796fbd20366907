"""Makes a merchant's colours readable: text on them and text in them has a contrast of at least 4.5:1.

The rule is WCAG 2.2, 1.4.3. Colours are `#rrggbb`; results are in lower case.
"""

from dataclasses import dataclass
from functools import lru_cache

MINIMUM_CONTRAST = 4.5
WHITE, INK, BLACK = "#ffffff", "#15171a", "#000000"

#: What accents stand on: page and raised surfaces of the two schemes, as in the stylesheet.
LIGHT_SURFACES = ("#ffffff", "#f7f7f5")
DARK_SURFACES = ("#131518", "#1c1f23")

#: Used where a merchant has set no colour.
DEFAULT_PRIMARY = "#22384d"

_MIX_STEPS = 100
#: The panel is a large surface: in the dark scheme it must not glare.
_BRIGHTEST_PANEL_IN_THE_DARK = 0.025


@dataclass(frozen=True)
class Scheme:
    """The colours of one scheme; `on_…` is text on it."""

    panel: str
    on_panel: str
    accent: str
    on_accent: str


def light_scheme(primary: str | None, secondary: str | None) -> Scheme:
    """Colours of the light scheme: the panel keeps the merchant's primary colour as it is."""
    panel = (primary or DEFAULT_PRIMARY).lower()
    accent = make_readable((secondary or primary or DEFAULT_PRIMARY).lower(), LIGHT_SURFACES, towards=BLACK)
    return Scheme(panel, text_on(panel), accent, text_on(accent))


def dark_scheme(primary: str | None, secondary: str | None) -> Scheme:
    """Colours of the dark scheme: a bright panel is dimmed, a dark accent lightened."""
    panel = _dim_panel((primary or DEFAULT_PRIMARY).lower())
    accent = make_readable((secondary or primary or DEFAULT_PRIMARY).lower(), DARK_SURFACES, towards=WHITE)
    return Scheme(panel, text_on(panel), accent, text_on(accent))


def text_on(background: str) -> str:
    """White, ink or black: the first that is readable on `background`; one of them always is."""
    return next(colour for colour in (WHITE, INK, BLACK) if contrast_ratio(colour, background) >= MINIMUM_CONTRAST)


def make_readable(colour: str, backgrounds: tuple[str, ...], *, towards: str) -> str:
    """`colour`, moved towards black or white just far enough to be readable on every background."""
    steps = (mix_colours(colour, towards, step / _MIX_STEPS) for step in range(_MIX_STEPS + 1))
    return next(
        each
        for each in steps
        if all(contrast_ratio(each, background) >= MINIMUM_CONTRAST for background in backgrounds)
    )


@lru_cache(maxsize=1024)
def panel_pair(primary: str | None) -> tuple[str, str]:
    """The panel's colour in the light and in the dark scheme."""
    return light_scheme(primary, None).panel, dark_scheme(primary, None).panel


def contrast_ratio(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2: 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((relative_luminance(one), relative_luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def relative_luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it: 0 is black, 1 is white."""
    red, green, blue = (_linearize_channel(part / 255) for part in _rgb_channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def mix_colours(colour: str, other: str, share: float) -> str:
    """`colour` with a share of `other` in it; 0 leaves it as it is, 1 is `other`."""
    pairs = zip(_rgb_channels(colour), _rgb_channels(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def _dim_panel(colour: str) -> str:
    steps = (mix_colours(colour, DARK_SURFACES[0], step / _MIX_STEPS) for step in range(_MIX_STEPS + 1))
    return next(each for each in steps if relative_luminance(each) <= _BRIGHTEST_PANEL_IN_THE_DARK)


def _linearize_channel(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _rgb_channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
