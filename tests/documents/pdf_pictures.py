"""Draws what a page of a PDF paints with rectangles and straight strokes, as codes are, into a picture."""

from __future__ import annotations

import itertools
from typing import Any

import pikepdf
from PIL import Image, ImageDraw

Matrix = tuple[float, float, float, float, float, float]
#: Points of a millimetre.
MILLIMETRE = 72 / 25.4
_DOTS = 4


def draw_page(page: Any) -> Image.Image:
    """The page in grey, `_DOTS` a point; text, clipping and turned shapes are left out."""
    width, height = (float(page.MediaBox[side]) for side in (2, 3))
    shown = Image.new("L", (round(width * _DOTS), round(height * _DOTS)), 255)
    pen = ImageDraw.Draw(shown)
    matrix: Matrix = (_DOTS, 0, 0, -_DOTS, 0, height * _DOTS)
    colours, kept, boxes, points = {"rg": 0, "RG": 0}, [], [], []
    for each in pikepdf.parse_content_stream(page):
        name, values = str(each.operator), each.operands
        match name:
            case "q":
                kept.append((matrix, dict(colours)))
            case "Q":
                matrix, colours = kept.pop()
            case "cm":
                matrix = _multiply(tuple(float(value) for value in values), matrix)
            case "rg" | "RG":
                colours[name] = 255 if all(float(value) == 1 for value in values) else 0
            case "re":
                x, y, wide, high = (float(value) for value in values)
                boxes.append(_box(matrix, x, y, x + wide, y + high))
            case "m" | "l":
                points.append((name, float(values[0]), float(values[1])))
            case "f" | "f*":
                outline = [_box(matrix, x, y, x, y)[:2] for _, x, y in points]
                # the rectangle around it, as only straight ones are drawn
                boxes += [_around(outline)] if outline else []
                for box in boxes:
                    pen.rectangle(box, fill=colours["rg"])
            case "S" | "B":
                for (_, x, y), (then, end, _y) in itertools.pairwise(points):
                    if then == "l":
                        pen.rectangle(_box(matrix, x, y - 0.5, end, y + 0.5), fill=colours["RG"])
        if name in {"f", "f*", "S", "B", "n"}:
            boxes, points = [], []
    return shown


def cut_out(picture: Image.Image, left: float, top: float, width: float, height: float) -> Image.Image:
    """A part of a page's picture, by millimetres."""
    dots = MILLIMETRE * _DOTS
    return picture.crop(tuple(round(side * dots) for side in (left, top, left + width, top + height)))


def _multiply(inner: Any, outer: Matrix) -> Matrix:
    a, b, c, d, e, f = inner
    g, h, i, j, k, m = outer
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)


def _box(matrix: Matrix, x: float, y: float, right: float, bottom: float) -> tuple[int, int, int, int]:
    a, b, c, d, e, f = matrix
    xs = sorted((a * x + c * y + e, a * right + c * bottom + e))
    ys = sorted((b * x + d * y + f, b * right + d * bottom + f))
    return round(xs[0]), round(ys[0]), max(round(xs[0]), round(xs[1]) - 1), max(round(ys[0]), round(ys[1]) - 1)


def _around(points: list[tuple[int, int]]) -> tuple[int, int, int, int]:
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs) - 1, max(ys) - 1
