"""A judge of PDF/A-3a and PDF/UA-1 that reads the file as it was written.

It looks at what both standards ask of structure, metadata, fonts and pictures as far as documents have them; clauses
are those of ISO 19005-3 (A) and ISO 14289-1 (UA). It knows nothing of how the file was made.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pikepdf
from lxml import etree

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
PDFA_ID = "{http://www.aiim.org/pdfa/ns/id/}"
PDFUA_ID = "{http://www.aiim.org/pdfua/ns/id/}"
EXTENSION = "{http://www.aiim.org/pdfa/ns/extension/}schemas"
NAMESPACE = "{http://www.aiim.org/pdfa/ns/schema#}namespaceURI"
PREDEFINED = {
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "http://purl.org/dc/elements/1.1/",
    "http://ns.adobe.com/pdf/1.3/",
    "http://ns.adobe.com/xap/1.0/",
    "http://www.aiim.org/pdfa/ns/id/",
    "http://www.aiim.org/pdfa/ns/extension/",
}
FACTUR_X = "{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}DocumentFileName"
PAINTS = frozenset("S s f F f* B B* b b* sh Tj TJ ' \" Do".split())


def complaints(content: bytes) -> list[str]:
    """What the standards have against a PDF: empty for a good one."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return [each for check in CHECKS for each in check(pdf)]


def _catalog(pdf: pikepdf.Pdf) -> Iterator[str]:
    root = pdf.Root
    if not root.get("/MarkInfo", {}).get("/Marked"):
        yield "UA 7.1: not marked as tagged"
    if not root.get("/ViewerPreferences", {}).get("/DisplayDocTitle"):
        yield "UA 7.1: windows would show the file's name, not its title"
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]+)*", str(root.get("/Lang", ""))):
        yield "UA 7.2: no language"
    if [str(each.S) for each in root.get("/OutputIntents", [])] != ["/GTS_PDFA1"]:
        yield "A 6.2.3: no output intent"
    if "/ID" not in pdf.trailer:
        yield "A 6.1.3: no identifier"
    if pdf.is_encrypted or "/JavaScript" in root.get("/Names", {}) or "/OpenAction" in root:
        yield "A 6.1.3, 6.6.1: encrypted, or does something by itself"


def _metadata(pdf: pikepdf.Pdf) -> Iterator[str]:
    packet = etree.fromstring(pdf.Root.Metadata.read_bytes())
    blocks = packet.findall(f"{RDF}RDF")
    if len(blocks) != 1:
        yield "A 6.6.2: readers see the first of several descriptions"
    said = dict(_properties(blocks[0]))
    if (said.get(f"{PDFA_ID}part"), said.get(f"{PDFA_ID}conformance")) != ("3", "A"):
        yield "A 6.6.4: does not claim PDF/A-3a"
    if said.get(f"{PDFUA_ID}part") != "1":
        yield "UA 5: does not claim PDF/UA-1"
    if not said.get("{http://purl.org/dc/elements/1.1/}title"):
        yield "UA 7.1: no title"
    if any(times > 1 for times in Counter(name for name, _ in _properties(blocks[0])).values()):
        yield "A 6.6.2: a property is said twice"
    described = {each.text for each in blocks[0].iter(NAMESPACE)}
    for space in {etree.QName(name).namespace for name in said} - PREDEFINED - described:
        yield f"A 6.6.2.3: {space} is not described"
    if ("factur-x.xml" in pdf.attachments) != (said.get(FACTUR_X) == "factur-x.xml"):
        yield "Factur-X 6.2: the metadata do not say what is attached"


def _properties(block: etree._Element) -> Iterator[tuple[str, str]]:
    for description in block:
        for name, value in description.attrib.items():
            if name != f"{RDF}about":
                yield str(name), str(value)
        for each in description:
            yield str(each.tag), "".join(each.itertext())


def _attachments(pdf: pikepdf.Pdf) -> Iterator[str]:
    associated = [each.objgen for each in pdf.Root.get("/AF", [])]
    if len(associated) != len(set(associated)):
        yield "A 6.8: a file is associated twice"
    if len(associated) < len(pdf.attachments):
        yield "A 6.8: a file is not associated"
    for each in pdf.Root.get("/AF", []):
        if not {"/F", "/UF", "/AFRelationship", "/Desc"} <= set(each.keys()) or "/Subtype" not in each.EF.F:
            yield "A 6.8: a file is not described"


def _elements(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """The elements of the structure in reading order."""
    waiting = [pdf.Root.StructTreeRoot]
    while waiting:
        element = waiting.pop()
        if "/S" in element:
            yield element
        waiting += [each for each in reversed(_kids(element)) if isinstance(each, pikepdf.Dictionary)]


def _kids(element: Any) -> list[Any]:
    kids = element.get("/K", [])
    return list(kids) if isinstance(kids, pikepdf.Array) else [kids]


def _of(pdf: pikepdf.Pdf, kind: str) -> list[Any]:
    return [each for each in _elements(pdf) if kind == each.S]


def _headers(pdf: pikepdf.Pdf) -> Iterator[str]:
    cells = _of(pdf, "/TH")
    if any(each.get("/A", {}).get("/Scope") not in ("/Column", "/Row") for each in cells):
        yield "UA 7.5: a header does not say what it heads"
    listed = dict(_listed(pdf.Root.StructTreeRoot.get("/IDTree", {})))
    named = {str(each.ID): each.objgen for each in _elements(pdf) if "/ID" in each}
    if listed != named or list(listed) != sorted(listed):
        yield "ISO 32000-1 14.7.2: identifiers are not listed"
    for cell in _of(pdf, "/TD"):
        headers = [str(each) for each in cell.get("/A", {}).get("/Headers", [])]
        if not headers or not set(headers) <= set(named):
            yield "UA 7.5: a cell is under no header"


def _listed(node: Any) -> Iterator[tuple[str, Any]]:
    names = list(node.get("/Names", []))
    yield from ((str(name), each.objgen) for name, each in zip(names[::2], names[1::2], strict=True))
    for kid in node.get("/Kids", []):
        yield from _listed(kid)


def _figures(pdf: pikepdf.Pdf) -> Iterator[str]:
    for figure in _of(pdf, "/Figure"):
        if not str(figure.get("/Alt", "")).strip():
            yield "UA 7.3: a figure without a text in its stead"
        left, bottom, right, top = map(float, figure.A.BBox)
        width, height = map(float, list(figure.Pg.MediaBox)[2:])
        within = 0 <= left < right <= width and 0 <= bottom < top <= height
        x, y = _painted(figure)
        if not within or not (left - 1 <= x <= right + 1 and bottom - 1 <= y <= top + 1):
            yield "ISO 32000-1 14.8.5.4.3: a figure's box is not where it is drawn"


def _painted(figure: Any) -> tuple[float, float]:
    """A point of the figure: the middle of its picture or the beginning of its first path, by the matrices in force."""
    (mark,) = (int(each) for each in _kids(figure) if not isinstance(each, pikepdf.Dictionary))
    matrix, saved, inside = pikepdf.Matrix(), [], False
    for operands, operator in pikepdf.parse_content_stream(figure.Pg):
        match str(operator):
            case "q":
                saved.append(matrix)
            case "Q":
                matrix = saved.pop()
            case "cm":
                matrix = pikepdf.Matrix(*map(float, operands)) @ matrix
            case "BDC":
                inside = _mark(operands) == mark
            case "Do" if inside:
                return matrix.transform((0.5, 0.5))
            case "m" | "re" if inside:
                return matrix.transform((float(operands[0]), float(operands[1])))
    raise AssertionError("a figure that nothing is painted for")


def _mark(operands: Any) -> int | None:
    return int(operands[1].MCID) if len(operands) > 1 and "/MCID" in operands[1] else None


def _content(pdf: pikepdf.Pdf) -> Iterator[str]:
    """Everything painted is an artifact or belongs to an element that hangs in the tree, never both."""
    owned = {
        (each.Pg.objgen, int(kid)): each.objgen
        for each in _elements(pdf)
        for kid in _kids(each)
        if not isinstance(kid, pikepdf.Dictionary)
    }
    parents = list(pdf.Root.StructTreeRoot.ParentTree.Nums)
    slots = dict(zip(map(int, parents[::2]), parents[1::2], strict=True))
    for page in pdf.pages:
        yield from _marks(page.obj, owned, slots[int(page.obj.StructParents)])


def _marks(page: Any, owned: dict[Any, Any], parents: Any) -> Iterator[str]:
    open_: list[str] = []
    for operands, operator in pikepdf.parse_content_stream(page):
        if str(operator) in ("BDC", "BMC"):
            mark = _mark(operands)
            open_.append("artifact" if str(operands[0]) == "/Artifact" else "text" if mark is not None else "")
            if mark is not None and owned.get((page.objgen, mark)) is None:
                yield "UA 7.1: what runs along with every page is tagged, but in no place of the text"
            elif mark is not None and parents[mark].objgen != owned[page.objgen, mark]:
                yield "ISO 32000-1 14.7.4.4: the parent tree names another element"
        elif str(operator) == "EMC":
            open_.pop()
        elif str(operator) in PAINTS and not any(open_):
            yield "UA 7.1: something painted is neither text nor artifact"
        if {"artifact", "text"} <= set(open_):
            yield "UA 7.1: an artifact within the text, or the other way round"


def _links(pdf: pikepdf.Pdf) -> Iterator[str]:
    held = {kid.Obj.objgen for each in _of(pdf, "/Link") for kid in _kids(each) if "/Obj" in _dictionary(kid)}
    for page in pdf.pages:
        if page.obj.get("/Tabs") != "/S":
            yield "UA 7.18.3: the order of links is not that of the text"
        for each in page.obj.get("/Annots", []):
            if each.objgen not in held or "/StructParent" not in each:
                yield "UA 7.18.5: a link stands outside of the text"
            if re.match(r"\s*$|\w+://", str(each.get("/Contents", ""))):
                yield "UA 7.18.5: a link is described by its address"
            if int(each.get("/F", 0)) & 0b100110 != 0b100:
                yield "A 6.3.2: a link is not printed"


def _dictionary(kid: Any) -> Any:
    return kid if isinstance(kid, pikepdf.Dictionary) else {}


def _headings(pdf: pikepdf.Pdf) -> Iterator[str]:
    levels = [int(str(each.S)[2:]) for each in _elements(pdf) if re.fullmatch(r"/H\d", str(each.S))]
    if not levels or levels[0] != 1 or any(after > before + 1 for before, after in pairwise(levels)):
        yield "UA 7.4.2: a level of headings is left out"


def _pictures(pdf: pikepdf.Pdf) -> Iterator[str]:
    for each in pdf.objects:
        if isinstance(each, pikepdf.Stream) and each.get("/Subtype") == "/Image" and each.get("/Interpolate", False):
            yield "A 6.2.8: a picture is smoothed"


def _fonts(pdf: pikepdf.Pdf) -> Iterator[str]:
    for each in pdf.objects:
        if not isinstance(each, pikepdf.Dictionary) or each.get("/Type") != "/Font":
            continue
        if each.get("/Subtype") == "/Type0" and "/ToUnicode" not in each:
            yield "A 6.2.11.7: a font without its letters' meaning"
        descriptor = each.get("/FontDescriptor", {})
        if each.get("/Subtype") != "/Type0" and not {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor.keys()):
            yield "A 6.2.11.4: a font is not embedded"


CHECKS = (_catalog, _metadata, _attachments, _headers, _figures, _content, _links, _headings, _pictures, _fonts)
