"""Repairs WeasyPrint's PDF/A-3a before it is written, so that it conforms to PDF/UA-1 as well.

ISO 19005-3 (PDF/A-3), ISO 14289-1 (PDF/UA-1), ISO 32000-1. Each repair is independent and changes the objects
of the PDF in place. Only the repair of links also needs the laid-out document.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pydyf  # type: ignore[import-untyped]
from weasyprint.formatting_structure.boxes import Box, TextBox

from portal.documents import factur_x, xmp
from portal.documents.figures import DECORATION

PDF_VARIANT = "pdf/a-3a"
PDF_UA_PROPERTIES = xmp.XmpProperties(
    title="PDF/UA identification schema",
    namespace="http://www.aiim.org/pdfua/ns/id/",
    prefix="pdfuaid",
    said={"part": "1"},
    type="Integer",
    category="internal",
)
#: PDF points per CSS pixel.
_POINTS_PER_PIXEL = 0.75
#: The text in the margin of a page, to whoever has the page read out.
_FOOTER_ARTIFACT = {"Type": "/Pagination", "Subtype": "/Footer", "Attached": "[/Bottom]"}
_DECORATION_ARTIFACT = {"Type": "/Layout"}


def claim_accessibility(document: Any, pdf: pydyf.PDF) -> None:
    """PDF/UA-1, 5: the metadata say which part the file conforms to."""
    xmp.add_properties(pdf, PDF_UA_PROPERTIES)


def name_attachments_once(document: Any, pdf: pydyf.PDF) -> None:
    """WeasyPrint finds each attachment both by its name and by its kind."""
    if "AF" in pdf.catalog:
        pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))


def scope_headers(document: Any, pdf: pydyf.PDF) -> None:
    """PDF/UA-1, 7.5: a header says whether it heads a column or a row."""
    for cell in _structure_elements(pdf, "/TH"):
        above = [each.get("S") for each in _element_ancestors(pdf, cell)]
        cell["A"]["Scope"] = "/Column" if "/THead" in above else "/Row"


def list_identifiers(document: Any, pdf: pydyf.PDF) -> None:
    """ISO 32000-1, 14.7.2: what has an identifier is listed in the structure's tree of them."""
    named = sorted((each["ID"].data, each) for each in _structure_elements(pdf, "/TH") if "ID" in each)
    if not named:
        return
    first, last = named[0][0], named[-1][0]
    names = pydyf.Array(part for identifier, each in named for part in (identifier, each.reference))
    leaf = pydyf.Dictionary({"Limits": pydyf.Array([first, last]), "Names": names})
    pdf.add_object(leaf)
    tree = pydyf.Dictionary({"Kids": pydyf.Array([leaf.reference])})
    pdf.add_object(tree)
    _structure_tree(pdf)["IDTree"] = tree.reference


def place_figures(document: Any, pdf: pydyf.PDF) -> None:
    """ISO 32000-1, 14.8.5.4.3: a figure's box is measured in points from the page's lower left corner."""
    for figure in _structure_elements(pdf, "/Figure"):
        height = _resolve_reference(pdf, figure["Pg"])["MediaBox"][3]
        left, top, right, bottom = (_POINTS_PER_PIXEL * edge for edge in figure["A"]["BBox"])
        figure["A"]["BBox"] = pydyf.Array([left, height - bottom, right, height - top])


def describe_figures(document: Any, pdf: pydyf.PDF) -> None:
    """PDF/UA-1, 7.3: every figure has a text in its stead, also the logo of a seller without a name."""
    for figure in _structure_elements(pdf, "/Figure"):
        figure.setdefault("Alt", pydyf.String(document.metadata.title or ""))


def keep_pixels(document: Any, pdf: pydyf.PDF) -> None:
    """PDF/A-3, 6.2.8: pictures are not smoothed."""
    for each in pdf.objects:
        if isinstance(each, pydyf.Stream) and "Interpolate" in each.extra:
            each.extra["Interpolate"] = "false"


def set_margins_apart(document: Any, pdf: pydyf.PDF) -> None:
    """PDF/UA-1, 7.8: text in the page margins is repeated on every page, so it is marked as an artifact."""
    _set_apart(pdf, list(_detached_elements(pdf)), _FOOTER_ARTIFACT)


def set_decoration_apart(document: Any, pdf: pydyf.PDF) -> None:
    """PDF/UA-1, 7.1: what only decorates is an artifact and no part of the structure."""
    decorations = [each for each in _structure_elements(pdf, "/Figure") if _is_decoration(each)]
    for each in decorations:
        kids = _resolve_reference(pdf, each["P"])["K"]
        kids[:] = [kid for kid in kids if kid != each.reference]
    _set_apart(pdf, decorations, _DECORATION_ARTIFACT)


def _is_decoration(figure: pydyf.Dictionary) -> bool:
    return "Alt" in figure and figure["Alt"].string == DECORATION


def _set_apart(pdf: pydyf.PDF, lost: list[pydyf.Dictionary], artifact: dict[str, str]) -> None:
    """Make artifacts of structure elements that nothing refers to from above."""
    owners = _resolve_reference(pdf, _structure_tree(pdf)["ParentTree"])["Nums"]
    references = {each.reference for each in lost}
    for slots in (owners, *(each for each in owners if isinstance(each, list))):
        slots[:] = ["null" if isinstance(each, bytes) and each in references else each for each in slots]
    marks: dict[bytes, set[int]] = defaultdict(set)
    for element in lost:
        marks[element["Pg"]].update(kid for kid in element["K"] if isinstance(kid, int))
        element.clear()
    for page, of_page in marks.items():
        _mark_artifacts(_resolve_reference(pdf, _resolve_reference(pdf, page)["Contents"]), of_page, artifact)


def describe_links(document: Any, pdf: pydyf.PDF) -> None:
    """PDF/UA-1, 7.18.5: a link is described by its words rather than by its address."""
    for box in (box for page in document.pages for _, _, _, box in page.links):
        if box.link_annotation:
            box.link_annotation["Contents"] = pydyf.String(_box_text(box) or document.metadata.title or "")


#: In the order they are made: only the figures' repairs need one another, as decorations are none.
REPAIRS: tuple[Callable[[Any, pydyf.PDF], None], ...] = (
    claim_accessibility,
    factur_x.claim,
    name_attachments_once,
    scope_headers,
    list_identifiers,
    set_decoration_apart,
    place_figures,
    describe_figures,
    keep_pixels,
    set_margins_apart,
    describe_links,
)


def repair(document: Any, pdf: pydyf.PDF) -> None:
    """The finisher of a rendering: run every repair, then serialize the objects once.

    PDF/A needs an identifier computed from these bytes.
    """
    for each in REPAIRS:
        each(document, pdf)
    pdf.objects[1:] = [_SerializedObject(each) for each in pdf.objects[1:]]


class _SerializedObject(pydyf.Object):
    """An object as its bytes. The file and its identifier both need them, and compressing twice is slow."""

    data = b""
    compressible = False

    def __init__(self, whole: pydyf.Object) -> None:
        super().__init__()
        self.number, self.generation, self.free = whole.number, whole.generation, whole.free
        self.data, self.compressible = whole.data, whole.compressible


def _structure_tree(pdf: pydyf.PDF) -> pydyf.Dictionary:
    return _resolve_reference(pdf, pdf.catalog["StructTreeRoot"])


def _resolve_reference(pdf: pydyf.PDF, reference: bytes) -> Any:
    return pdf.objects[int(reference.split()[0])]


def _structure_elements(pdf: pydyf.PDF, kind: str | None = None) -> Iterator[pydyf.Dictionary]:
    """The elements of the structure, or those of one kind, in the order of the document."""
    for each in pdf.objects:
        if isinstance(each, pydyf.Dictionary) and each.get("Type") == "/StructElem" and kind in (None, each["S"]):
            yield each


def _element_ancestors(pdf: pydyf.PDF, element: pydyf.Dictionary) -> Iterator[pydyf.Dictionary]:
    while "P" in element:
        element = _resolve_reference(pdf, element["P"])
        yield element


def _detached_elements(pdf: pydyf.PDF) -> Iterator[pydyf.Dictionary]:
    """The elements that name the document as their parent but are not among its children, with their subtrees."""
    (top,) = _structure_tree(pdf)["K"]
    kept = set(_resolve_reference(pdf, top)["K"])
    for each in _structure_elements(pdf):
        if each["P"] == top and each.reference not in kept:
            yield from _element_subtree(pdf, each)


def _element_subtree(pdf: pydyf.PDF, element: pydyf.Dictionary) -> Iterator[pydyf.Dictionary]:
    yield element
    for kid in (_resolve_reference(pdf, each) for each in element["K"] if isinstance(each, bytes)):
        if kid["Type"] == "/StructElem":
            yield from _element_subtree(pdf, kid)


def _mark_artifacts(stream: pydyf.Stream, marks: set[int], artifact: dict[str, str]) -> None:
    parts = stream.stream
    for at in range(1, len(parts)):
        if parts[at] == b"BDC" and parts[at - 1].get("MCID") in marks:
            parts[at - 2 : at] = ["/Artifact", pydyf.Dictionary(artifact)]


def _box_text(box: Box) -> str:
    return " ".join("".join(each.text for each in box.descendants() if isinstance(each, TextBox)).split())
