"""Renders hostile documents and prints what the process opened and whom it called meanwhile; run as a program.

`python -m tests.documents.hostile [unguarded]`: JSON with the number of documents, and what was touched beyond
fonts, templates and installed packages. Unguarded, WeasyPrint's own fetcher serves a few of them.
"""

from __future__ import annotations

import json
import sys
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

import weasyprint
from weasyprint.urls import URLFetcher

from portal.documents import render
from portal.documents.parts import DocumentLine, Party
from tests.documents import samples

ADDRESSES = (
    "file:///etc/passwd",
    "FILE:///etc/passwd",
    "/etc/passwd",
    "file://localhost/etc/hosts",
    "http://127.0.0.1:9/x",
    "HTTP://127.0.0.1:9/x",
    "//127.0.0.1:9/x",
    "https://[::1]:9/x",
    "ftp://127.0.0.1:9/x",
    "http://169.254.169.254/latest/meta-data/",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
)
ELEMENTS = (
    '<img src="{0}">',
    '<object data="{0}"></object>',
    '<embed src="{0}">',
    '<iframe src="{0}"></iframe>',
    '<link rel="stylesheet" href="{0}">',
    '<link rel="attachment" href="{0}">',
    '<a rel="attachment" href="{0}">x</a>',
    '<base href="{0}"><img src="x">',
    '<style>@import "{0}";</style>',
    '<style>@font-face {{ font-family: x; src: url("{0}") }} body {{ font-family: x }}</style>',
    "<p style=\"background: url('{0}')\">x</p>",
    '<svg xmlns="http://www.w3.org/2000/svg"><image href="{0}" width="9" height="9"/></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg"><use href="{0}#x"/></svg>',
    '"><script src="{0}"></script>',
    "{{{{ ''.__class__.__mro__ }}}}{{% include '{0}' %}}",
)
PAYLOADS = tuple(element.format(address) for element, address in product(ELEMENTS, ADDRESSES))
_FIELDS = ("memo", "description", "name", "number", "custom")


def document(payload: str, field: str) -> Any:
    """An invoice that says `payload` in one of its fields."""
    changes = {
        "memo": {"memo": payload},
        "description": {"lines": (DocumentLine(description=payload, amount=1),)},
        "name": {"buyer": Party(name=payload, line1=payload)},
        "number": {"number": payload},
        "custom": {"custom_fields": ((payload, payload),)},
    }
    return samples.invoice(1, **changes[field])


def main(fetcher: URLFetcher, payloads: tuple[str, ...]) -> None:
    """Every payload once through a field and once as markup, which no field can bring about."""
    render.pdf(samples.arabic())
    touched: set[str] = set()
    sys.addaudithook(lambda event, args: _note(event, args, touched))
    for at, payload in enumerate(payloads):
        render.pdf(document(payload, _FIELDS[at % len(_FIELDS)]))
        weasyprint.HTML(string=f"<body>{payload}</body>", url_fetcher=fetcher).write_pdf()
    print(json.dumps({"documents": 2 * len(payloads), "touched": sorted(touched)}))


def _note(event: str, args: tuple[Any, ...], touched: set[str]) -> None:
    if event == "open" and isinstance(args[0], str) and not args[0].startswith(_HARMLESS):
        touched.add(args[0])
    elif event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.exec", "os.system"):
        touched.add(f"{event} {args[1:2]}")


_HARMLESS = (
    str(Path(render.__file__).parents[2]),
    sys.prefix,
    sys.base_prefix,
    "/usr/share/fonts",
    tempfile.gettempdir() + "/weasyprint",
)

if __name__ == "__main__":
    if sys.argv[1:]:
        main(URLFetcher(timeout=1), tuple(ELEMENTS[0].format(address) for address in (ADDRESSES[0], ADDRESSES[4])))
    else:
        main(render.RefusingFetcher(), PAYLOADS)
