"""The words in place of pictures, as HTML says them: WeasyPrint itself reads only `alt` of images and titles of SVG."""

from typing import Any
from xml.etree.ElementTree import SubElement

_SVG = "{http://www.w3.org/2000/svg}svg"
_SVG_TITLE = "{http://www.w3.org/2000/svg}title"
#: The words of a picture that only decorates: blank, as none at all would count as forgotten.
DECORATION = " "


def name_figures(page: Any) -> None:
    """Bring each picture's words to where they are read; `page` is the element tree of an HTML page.

    An `aria-label` names a picture. An empty `alt`, `aria-hidden` and `role=presentation` make it a decoration (HTML,
    4.8.4.4; WAI-ARIA 1.2, 5.3.3 and 6.6), which the PDF has as an artifact.
    """
    for picture in page.iter("img"):
        if words := _spoken_words(picture, decorates=picture.get("alt") == ""):
            picture.set("alt", words)
    for drawing in page.iter(_SVG):
        if words := _spoken_words(drawing, decorates=False):
            for title in drawing.findall(_SVG_TITLE):
                drawing.remove(title)
            SubElement(drawing, _SVG_TITLE).text = words


def _spoken_words(picture: Any, *, decorates: bool) -> str | None:
    """What is said of a picture where that is not said already."""
    if picture.get("aria-hidden") == "true" or picture.get("role") in {"none", "presentation"}:
        return DECORATION
    label: str = (picture.get("aria-label") or "").strip()
    return label or (DECORATION if decorates else None)
