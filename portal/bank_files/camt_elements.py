"""Reads the elements of a camt message one by one, whatever its namespace. A document type or an entity is refused."""

from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.parsers import expat

from portal.bank_files.values import UnreadableFile

_CHUNK = 64 * 1024
#: More than any message nests, and more than any text of one has.
_DEEPEST, _LONGEST_TEXT, _MOST_ELEMENTS = 40, 100_000, 50_000


class Element:
    """An element with those below it. `name` is without its namespace."""

    __slots__ = ("attributes", "children", "line", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str], line: int) -> None:
        self.name, self.attributes, self.line = name, attributes, line
        self.text = ""
        self.children: list[Element] = []

    def find(self, path: str) -> "Element | None":
        """The first element at a path such as `Acct/Id/IBAN`; each step is a child."""
        found: Element | None = self
        for name in path.split("/"):
            found = next((each for each in found.children if each.name == name), None) if found else None
        return found

    def find_all(self, name: str) -> "list[Element]":
        """The children of this name."""
        return [each for each in self.children if each.name == name]

    def value(self, *paths: str) -> str | None:
        """The text at the first of the paths that has one."""
        for path in paths:
            found = self.find(path)
            if found is not None and found.text.strip():
                return found.text.strip()
        return None


class ElementReader:
    """Feeds a file to the parser and yields each element of the wanted names when it ends, oldest first.

    A wanted element is no child of what surrounds it, so that nothing piles up. `path` names the elements around.
    """

    def __init__(self, wanted: frozenset[str]) -> None:
        self._wanted = wanted
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._add_text
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._stack: list[Element] = []
        self._ended: list[tuple[str, Element, list[Element]]] = []
        self._held = 0
        self.root = ""
        self.namespace = ""

    def read(self, file: BinaryIO) -> Iterator[tuple[str, Element, list[Element]]]:
        """(`start` or `end`, element, those around it) of the wanted elements. Raises `UnreadableFile`."""
        while True:
            chunk = file.read(_CHUNK)
            self._parse(chunk)
            yield from self._ended
            self._ended.clear()
            if not chunk:
                return

    @property
    def line(self) -> int:
        """The line that is being read."""
        return int(self._parser.CurrentLineNumber)

    def _parse(self, chunk: bytes) -> None:
        try:
            self._parser.Parse(chunk, not chunk)
        except (expat.ExpatError, LookupError, ValueError) as error:
            around = self._stack[-1].name if self._stack else "document"
            reason = expat.ErrorString(error.code) if isinstance(error, expat.ExpatError) else str(error)
            raise UnreadableFile(self.line, f"<{around}>", f"no well-formed XML ({reason})") from None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if not self._stack:
            self.root, self.namespace = local, namespace
        self._held += 1
        if len(self._stack) >= _DEEPEST or self._held > _MOST_ELEMENTS:
            raise UnreadableFile(self.line, f"<{local}>", "elements without end")
        element = Element(local, attributes, self.line)
        if self._stack and local not in self._wanted:
            self._stack[-1].children.append(element)
        self._stack.append(element)
        if local in self._wanted:
            self._ended.append(("start", element, self._stack[:-1]))

    def _end(self, name: str) -> None:
        element = self._stack.pop()
        if element.name in self._wanted:
            self._held = 0
            self._ended.append(("end", element, list(self._stack)))

    def _add_text(self, text: str) -> None:
        element = self._stack[-1]
        # what stands between elements is no text of theirs, and a large statement has much of it
        if not element.text and text.isspace():
            return
        element.text += text
        if len(element.text) > _LONGEST_TEXT:
            raise UnreadableFile(self.line, f"<{element.name}>", "a text without end")

    def _refuse_doctype(self, *declared: Any) -> None:
        raise UnreadableFile(self.line, "<!DOCTYPE>", "document types and entities are not read")
