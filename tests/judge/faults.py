"""Documents with a fault that was planted: each judge has to find those of its kind before its word counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest import mock

import pikepdf

from portal.documents import archival, render
from tests.documents import test_archival, test_judges
from tests.judge.makers import file_of_pair, merchant
from tests.judge.paper import Fault, Paper

A, UA, MUSTANG, EN, PEPPOL, XRECHNUNG, FRANCE, PDF_JS = (
    "veraPDF PDF/A-3a", "veraPDF PDF/UA-1", "Mustang", "EN 16931", "Peppol BIS", "XRechnung", "France", "pdf.js",
)  # fmt: skip
Pdf = pikepdf.Pdf


def _without(*path: str) -> Callable[[Pdf], None]:
    """Leaves out what lies at a path below the catalog."""

    def leave_out(pdf: Pdf) -> None:
        found: Any = pdf.Root
        for key in path[:-1]:
            found = found[key]
        del found[path[-1]]

    return leave_out


def _each(key: str, kind: str, change: Callable[[Any], None]) -> Callable[[Pdf], None]:
    """Changes every object whose `key` is `kind`."""

    def change_all(pdf: Pdf) -> None:
        for each in pdf.objects:
            if isinstance(each, pikepdf.Dictionary | pikepdf.Stream) and str(each.get(key)) == kind:
                change(each)

    return change_all


def _drop(key: str) -> Callable[[Any], None]:
    return lambda each: each.__delitem__(key) if key in each else None


def _act_by_itself(pdf: Pdf) -> None:
    pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")


def _say(old: bytes, new: bytes) -> Callable[[Pdf], None]:
    """Other words in the metadata."""

    def say(pdf: Pdf) -> None:
        content = pdf.Root.Metadata.read_bytes()
        assert old in content
        pdf.Root.Metadata.write(content.replace(old, new))

    return say


#: What is done to a good PDF, who finds it, and by which clause.
PDF_FAULTS: tuple[tuple[str, Callable[[Pdf], None], str, str], ...] = (
    ("no output intent", _without("/OutputIntents"), A, "6.2.4.3"),
    ("a script", _act_by_itself, A, "6.5"),
    ("fonts left out", _each("/Type", "/FontDescriptor", _drop("/FontFile2")), A, "6.2.11"),
    ("fonts without meaning", _each("/Type", "/Font", _drop("/ToUnicode")), A, "6.2.11.7"),
    ("pictures smoothed", _each("/Subtype", "/Image", lambda each: each.update({"/Interpolate": True})), A, "6.2.8"),
    ("an attachment of no relation", _each("/Type", "/Filespec", _drop("/AFRelationship")), A, "6.8"),
    ("an attachment of no kind", _each("/Type", "/EmbeddedFile", _drop("/Subtype")), A, "6.8"),
    ("claims PDF/A-2", _say(b"pdfaid:part=\"3\"", b"pdfaid:part=\"2\""), A, "6.6.4"),
    ("no structure for archives", _without("/StructTreeRoot"), A, "6.7"),
    ("no structure", _without("/StructTreeRoot"), UA, "7.1"),
    ("not marked", _without("/MarkInfo"), UA, "6.2"),
    ("no language", _without("/Lang"), UA, "7.2"),
    ("no title shown", _without("/ViewerPreferences"), UA, "7.1"),
    ("figures without words", _each("/S", "/Figure", _drop("/Alt")), UA, "7.3"),
    ("links without words", _each("/Subtype", "/Link", _drop("/Contents")), UA, "7.18.5"),
    ("no tab order", _each("/Type", "/Page", _drop("/Tabs")), UA, "7.18.3"),
    ("no claim of access", _say(b"pdfuaid:part>1", b"pdfuaid:part>7"), UA, "5"),
    ("nothing read out", _without("/StructTreeRoot"), PDF_JS, "no H1"),
    ("nothing inside", _without("/Names"), MUSTANG, ""),
    ("another profile is claimed", _say(b"EN 16931", b"EN 16932"), MUSTANG, ""),
)  # fmt: skip
#: Repairs of the renderer that are left out, where one of the judges misses them too; our own checker finds all.
REPAIRS = (("claim_accessibility", UA, "5"), ("keep_pixels", A, "6.2.8"), ("set_margins_apart", PDF_JS, "page 1"))
#: In files of data, each with the format and country of the good one.
XML_FAULTS = (
    ("factur_x", "DE", b"<ram:GrandTotalAmount>", b"<ram:GrandTotalAmount>9", EN, "BR-CO-15"),
    ("factur_x", "DE", b"<ram:TypeCode>VAT<", b"<ram:TypeCode>GST<", EN, "BR-"),
    ("peppol", "DE", b'<cbc:PayableAmount currencyID="EUR">', b'<cbc:PayableAmount currencyID="EUR">9', EN, "BR-CO-16"),
    ("peppol", "DE", b"<cbc:IdentificationCode>DE<", b"<cbc:IdentificationCode>DD<", EN, "BR-CL-14"),
    ("peppol", "DE", b"<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>", b"", EN, "BR-05"),
    ("peppol", "DE", b'schemeID="9930"', b'schemeID="EM"', PEPPOL, "PEPPOL-EN16931-CL008"),
    ("peppol", "BE", b">0428759497<", b">0428759498<", PEPPOL, "PEPPOL-COMMON-R043"),
)  # fmt: skip
#: Rules that are no more than that in the official set.
_WARNINGS = {"NO-R-002"}
_JUDGES_OF = {"peppol": PEPPOL, "xrechnung": XRECHNUNG, "factur_x": FRANCE}


def make_faults(folder: Path) -> Iterator[Paper]:
    """All of them."""
    good = render.pdf(test_archival.FULL)
    for number, (what, change, judge, rule) in enumerate(PDF_FAULTS):
        with pikepdf.open(BytesIO(good)) as pdf:
            change(pdf)
            pdf.save(folder / f"fault-{number:02}.factur-x.pdf")
        yield Paper(f"fault-{number:02}.factur-x.pdf", what, Fault(judge, rule))
    for name, judge, rule in REPAIRS:
        left = tuple(each for each in archival.REPAIRS if each.__name__ != name)
        with mock.patch.object(archival, "REPAIRS", left):
            content = render.pdf(test_archival.DOCUMENTS["pictures"])
        (folder / f"fault-{name}.pdf").write_bytes(content)
        yield Paper(f"fault-{name}.pdf", f"without {name}", Fault(judge, rule))
    yield from _make_wrong_files(folder)


def _make_wrong_files(folder: Path) -> Iterator[Paper]:
    known = [fault for fault in test_judges.FAULTS if fault[4] not in _WARNINGS]
    official = [(*fault[:4], EN if fault[4].startswith("BR-CL") else _JUDGES_OF[fault[0]], fault[4]) for fault in known]
    with merchant() as make:
        for number, (format, country, old, new, judge, rule) in enumerate((*official, *XML_FAULTS)):
            content = file_of_pair(make, country, format)
            name = f"fault-{number:02}.{format}.xml"
            assert old in content, (country, old)
            (folder / name).write_bytes(content.replace(old, new))
            yield Paper(name, f"{old.decode()} is {new.decode()}", Fault(judge, rule))
        total = file_of_pair(make, "DE", "factur_x").replace(b"<ram:DuePayableAmount>", b"<ram:DuePayableAmount>9")
        document = replace(test_archival.FULL, e_invoice=total.decode())
        (folder / "fault-inside.factur-x.pdf").write_bytes(render.pdf(document))
        yield Paper("fault-inside.factur-x.pdf", "a wrong sum inside", Fault(MUSTANG, ""))
