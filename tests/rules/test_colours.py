"""Colours of a brand: text stays readable on them, by day and by night."""

import colorsys
from itertools import product

import pytest

from portal.rules import colours

#: 1,000 colours, evenly over the cube.
COLOURS = ["#{:02x}{:02x}{:02x}".format(*parts) for parts in product(range(0, 256, 28), repeat=3)]


def hue(colour: str) -> float:
    return colorsys.rgb_to_hls(*(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)))[0]


def test_contrast_is_that_of_the_standard() -> None:
    assert colours.contrast_ratio("#000000", "#ffffff") == 21
    assert colours.contrast_ratio("#777777", "#777777") == 1
    assert round(colours.contrast_ratio("#767676", "#ffffff"), 2) == 4.54


def test_text_is_readable_on_any_colour() -> None:
    assert [each for each in COLOURS if colours.contrast_ratio(colours.text_on(each), each) < 4.5] == []


@pytest.mark.parametrize(
    ("scheme", "backgrounds"),
    [(colours.light_scheme, colours.LIGHT_SURFACES), (colours.dark_scheme, colours.DARK_SURFACES)],
)
def test_accents_are_readable_as_text_and_below_it(scheme, backgrounds) -> None:
    for each in COLOURS:
        made = scheme("#22384d", each)
        assert min(colours.contrast_ratio(made.accent, background) for background in backgrounds) >= 4.5
        assert colours.contrast_ratio(made.on_accent, made.accent) >= 4.5


def test_the_panel_keeps_the_colour_by_day_and_does_not_glare_at_night() -> None:
    for each in COLOURS:
        day, night = colours.light_scheme(each, None), colours.dark_scheme(each, None)
        assert day.panel == each
        assert colours.relative_luminance(night.panel) <= 0.025
        assert min(colours.contrast_ratio(made.on_panel, made.panel) for made in (day, night)) >= 4.5


@pytest.mark.parametrize("colour", ["#0b5d4e", "#8a1c4a", "#1f3a93"])
def test_a_colour_that_is_readable_stays_as_it_is(colour: str) -> None:
    assert colours.light_scheme(colour.upper(), None).accent == colour


def test_a_corrected_colour_keeps_its_hue() -> None:
    assert abs(hue(colours.light_scheme("#ffd23f", None).accent) - hue("#ffd23f")) < 0.02


def test_the_second_colour_is_the_accent() -> None:
    assert colours.light_scheme("#0b5d4e", "#8a1c4a").accent == "#8a1c4a"


def test_without_colours_there_are_some() -> None:
    assert colours.light_scheme(None, None).panel == colours.DEFAULT_PRIMARY
