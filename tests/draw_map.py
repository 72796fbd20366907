"""Draws `docs/development/map.svg`: the layers of the portal, and within `billing` its floors.

`make map` writes the file. Its input are the tuples that `tests/test_architecture.py` holds the imports to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate
from pathlib import Path

from portal.billing import FLOORS
from tests.test_architecture import LAYERS

MAP = Path(__file__).parent.parent / "docs" / "development" / "map.svg"
WIDTH, MARGIN, GAP = 820, 20, 6
#: Pixels: the height of a box, the width of a letter in it, and the space around its name.
HEIGHT, LETTER, PADDING = 26, 8, 20
STYLE = (
    "text{font:13px ui-monospace,monospace;fill:#111827}.note{font:12px system-ui,sans-serif;fill:#4b5563}"
    ".paper{fill:#fff}.layer{fill:#f3f4f6}.box{fill:#fff;stroke:#9ca3af}.floor{fill:#dbeafe;stroke:#60a5fa}"
)


def draw() -> str:
    """The picture as SVG, the layers from the top down."""
    rows = list(reversed(LAYERS))
    heights = [_height(row) for row in rows]
    tops = accumulate(heights[:-1], lambda top, height: top + height + GAP, initial=MARGIN + HEIGHT)
    shapes = [line for row, top, height in zip(rows, tops, heights, strict=True) for line in _layer(row, top, height)]
    whole = 2 * MARGIN + HEIGHT + sum(heights) + GAP * (len(heights) - 1)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {whole}" role="img">'
    title = "<title>The layers of the portal, and the floors of billing</title>"
    paper = f'<rect class="paper" width="{WIDTH}" height="{whole}"/>'
    note = _text(MARGIN, MARGIN + 8, "Each box imports from the rows below its own.", "note")
    return "\n".join([head, title, f"<style>{STYLE}</style>", paper, note, *shapes, "</svg>", ""])


def _height(layer: Collection[str]) -> int:
    floors = len(FLOORS) if "billing" in layer else 0
    return HEIGHT + 2 * GAP + floors * (HEIGHT + GAP)


def _layer(names: Collection[str], top: int, height: int) -> Iterator[str]:
    yield _rectangle(MARGIN, top, WIDTH - 2 * MARGIN, height, "layer")
    yield from _boxes(sorted(names), MARGIN + GAP, top + GAP, "box")
    if "billing" in names:
        for number, floor in enumerate(reversed(FLOORS), 1):
            yield from _boxes(sorted(floor), 4 * MARGIN, top + GAP + number * (HEIGHT + GAP), "floor")


def _boxes(names: Sequence[str], left: int, top: int, look: str) -> Iterator[str]:
    """Boxes beside each other, each as wide as its name."""
    for name in names:
        width = len(name) * LETTER + PADDING
        yield _rectangle(left, top, width, HEIGHT, look)
        yield _text(left + PADDING // 2, top + 17, name)
        left += width + GAP


def _rectangle(left: int, top: int, width: int, height: int, look: str) -> str:
    return f'<rect class="{look}" x="{left}" y="{top}" width="{width}" height="{height}" rx="4"/>'


def _text(left: int, top: int, words: str, look: str = "name") -> str:
    return f'<text class="{look}" x="{left}" y="{top}">{words}</text>'


if __name__ == "__main__":
    MAP.write_text(draw(), encoding="utf-8")
