"""Builds small XML trees with the standard library; elements without content are left out."""

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET

#: What XML 1.0 can't hold.
_UNWRITABLE = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class ElementBuilder:
    """Adds elements by names with the prefixes of `spaces`: `elements.add(parent, "cbc:ID", "7")`."""

    def __init__(self, spaces: Mapping[str, str]) -> None:
        self._spaces = spaces
        for prefix, space in spaces.items():
            ET.register_namespace(prefix, space)

    def create_root(self, name: str) -> ET.Element:
        """The root element of a document."""
        return ET.Element(self._qualified_name(name))

    def add(self, parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
        """A new last child; `name` may be a path, whose leading elements are created too."""
        for step in name.split("/"):
            parent = ET.SubElement(parent, self._qualified_name(step))
        parent.text = None if text is None else _UNWRITABLE.sub("", text)
        parent.attrib.update(attributes)
        return parent

    def add_optional(self, parent: ET.Element, name: str, text: str | None, **attributes: str) -> None:
        """As `add`, but nothing when `text` is empty."""
        if text:
            self.add(parent, name, text, **attributes)

    def _qualified_name(self, name: str) -> str:
        prefix, _, local = name.partition(":")
        return f"{{{self._spaces[prefix]}}}{local}"


def serialize_tree(root: ET.Element) -> bytes:
    """The document in UTF-8; the same tree gives the same bytes."""
    ET.indent(root)
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"
