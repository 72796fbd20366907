"""Pictures made on the spot."""

from __future__ import annotations

import io

from PIL import Image

PDF = b"%PDF-1.7\n%%EOF\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def picture(width: int = 128, height: int = 128, kind: str = "PNG") -> bytes:
    """A picture of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "#c2410c").save(buffer, kind)
    return buffer.getvalue()
