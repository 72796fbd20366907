"""What WeasyPrint's PDF/A-3a lacks to be PDF/UA-1 too, repaired before the file is written.

ISO 19005-3 (PDF/A-3), ISO 14289-1 (PDF/UA-1), ISO 32000-1. Each repair stands by itself and changes the objects
of the PDF in place. The links of a page are the one thing that needs the laid-out document besides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pydyf  # type: ignore[import-untyped]
from weasyprint.formatting_structure.boxes import Box, TextBox

from portal.documents import factur_x, xmp

VARIANT = "pdf/a-3a"
UA = xmp.Claim(
    title="PDF/UA identification schema",
    namespace="http://www.aiim.org/pdfua/ns/id/",
    prefix="pdfuaid",
    said={"part": "1"},
    type="Integer",
    category="internal",
)
#: PDF points per CSS pixel.
_POINTS = 0.75
#: The text in the margin of a page, to whoever has the page read out.
_FOOTER = {"Type": "/Pagination", "Subtype": "/Footer", "Attached": "[/Bottom]"}


def claim_accessibility(document: Any, pdf: pydyf.PDF) -> None:
    """PDF/UA-1, 5: the metadata say which part the file conforms to."""
    xmp.add(pdf, UA)


def name_attachments_once(document: Any, pdf: pydyf.PDF) -> None:
    """WeasyPrint finds each attachment both by its name and by its kind."""
    if "AF" in pdf.catalog:
        pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))


def scope_headers(document: Any, pdf: pydyf.PDF) -> None:
    """PDF/UA-1, 7.5: a header says whether it heads a column or a row."""
    for cell in _elements(pdf, "/TH"):
        above = [each.get("S") for each in _above(pdf, cell)]
        cell["A"]["Scope"] = "/Column" if "/THead" in above else "/Row"


def list_identifiers(document: Any, pdf: pydyf.PDF) -> None:
    """ISO 32000-1, 14.7.2: what has an identifier is listed in the structure's tree of them."""
    named = sorted((each["ID"].data, each) for each in _elements(pdf, "/TH") if "ID" in each)
    if not named:
        return
    first, last = named[0][0], named[-1][0]
    names = pydyf.Array(part for identifier, each in named for part in (identifier, each.reference))
    leaf = pydyf.Dictionary({"Limits": pydyf.Array([first, last]), "Names": names})
    pdf.add_object(leaf)
    tree = pydyf.Dictionary({"Kids": pydyf.Array([leaf.reference])})
    pdf.add_object(tree)
    _structure(pdf)["IDTree"] = tree.reference


def place_figures(document: Any, pdf: pydyf.PDF) -> None:
    """ISO 32000-1, 14.8.5.4.3: a figure's box is measured in points from the page's lower left corner."""
    for figure in _elements(pdf, "/Figure"):
        height = _at(pdf, figure["Pg"])["MediaBox"][3]
        left, top, right, bottom = (_POINTS * edge for edge in figure["A"]["BBox"])
        figure["A"]["BBox"] = pydyf.Array([left, height - bottom, right, height - top])


def describe_figures(document: Any, pdf: pydyf.PDF) -> None:
    """PDF/UA-1, 7.3: every figure has a text in its stead, also the logo of a seller without a name."""
    for figure in _elements(pdf, "/Figure"):
        figure.setdefault("Alt", pydyf.String(document.metadata.title or ""))


def keep_pixels(document: Any, pdf: pydyf.PDF) -> None:
    """PDF/A-3, 6.2.8: pictures are not smoothed."""
    for each in pdf.objects:
        if isinstance(each, pydyf.Stream) and "Interpolate" in each.extra:
            each.extra["Interpolate"] = "false"


def set_margins_apart(document: Any, pdf: pydyf.PDF) -> None:
    """PDF/UA-1, 7.8: what runs along with every page is no part of the text, so it is marked as an artifact."""
    lost = list(_lost(pdf))
    owners = _at(pdf, _structure(pdf)["ParentTree"])["Nums"]
    references = {each.reference for each in lost}
    for slots in (owners, *(each for each in owners if isinstance(each, list))):
        slots[:] = ["null" if isinstance(each, bytes) and each in references else each for each in slots]
    marks: dict[bytes, set[int]] = defaultdict(set)
    for element in lost:
        marks[element["Pg"]].update(kid for kid in element["K"] if isinstance(kid, int))
        element.clear()
    for page, of_page in marks.items():
        _set_apart(_at(pdf, _at(pdf, page)["Contents"]), of_page)


def describe_links(document: Any, pdf: pydyf.PDF) -> None:
    """PDF/UA-1, 7.18.5: a link is described by its words rather than by its address."""
    for box in (box for page in document.pages for _, _, _, box in page.links):
        if box.link_annotation:
            box.link_annotation["Contents"] = pydyf.String(_words(box) or document.metadata.title or "")


#: In the order they are made; none needs another one.
REPAIRS: tuple[Callable[[Any, pydyf.PDF], None], ...] = (
    claim_accessibility,
    factur_x.claim,
    name_attachments_once,
    scope_headers,
    list_identifiers,
    place_figures,
    describe_figures,
    keep_pixels,
    set_margins_apart,
    describe_links,
)


def repair(document: Any, pdf: pydyf.PDF) -> None:
    """The finisher of a rendering: make every repair, then the bytes that PDF/A wants an identifier of."""
    for each in REPAIRS:
        each(document, pdf)
    pdf.objects[1:] = [_Made(each) for each in pdf.objects[1:]]


class _Made(pydyf.Object):
    """An object as its bytes. The file and its identifier both ask for them, and compressing is dear."""

    data = b""
    compressible = False

    def __init__(self, whole: pydyf.Object) -> None:
        super().__init__()
        self.number, self.generation, self.free = whole.number, whole.generation, whole.free
        self.data, self.compressible = whole.data, whole.compressible


def _structure(pdf: pydyf.PDF) -> pydyf.Dictionary:
    return _at(pdf, pdf.catalog["StructTreeRoot"])


def _at(pdf: pydyf.PDF, reference: bytes) -> Any:
    return pdf.objects[int(reference.split()[0])]


def _elements(pdf: pydyf.PDF, kind: str | None = None) -> Iterator[pydyf.Dictionary]:
    """The elements of the structure, or those of one kind, in the order of the document."""
    for each in pdf.objects:
        if isinstance(each, pydyf.Dictionary) and each.get("Type") == "/StructElem" and kind in (None, each["S"]):
            yield each


def _above(pdf: pydyf.PDF, element: pydyf.Dictionary) -> Iterator[pydyf.Dictionary]:
    while "P" in element:
        element = _at(pdf, element["P"])
        yield element


def _lost(pdf: pydyf.PDF) -> Iterator[pydyf.Dictionary]:
    """The elements that name the whole document as their parent and are not among its children, and what they hold."""
    (top,) = _structure(pdf)["K"]
    kept = set(_at(pdf, top)["K"])
    for each in _elements(pdf):
        if each["P"] == top and each.reference not in kept:
            yield from _within(pdf, each)


def _within(pdf: pydyf.PDF, element: pydyf.Dictionary) -> Iterator[pydyf.Dictionary]:
    yield element
    for kid in (_at(pdf, each) for each in element["K"] if isinstance(each, bytes)):
        if kid["Type"] == "/StructElem":
            yield from _within(pdf, kid)


def _set_apart(stream: pydyf.Stream, marks: set[int]) -> None:
    parts = stream.stream
    for at in range(1, len(parts)):
        if parts[at] == b"BDC" and parts[at - 1].get("MCID") in marks:
            parts[at - 2 : at] = ["/Artifact", pydyf.Dictionary(_FOOTER)]


def _words(box: Box) -> str:
    return " ".join("".join(each.text for each in box.descendants() if isinstance(each, TextBox)).split())
