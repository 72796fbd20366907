"""Templates that a merchant wrote: in a sandbox they reach their own files and what a document says, and no more."""

from __future__ import annotations

import mimetypes
import traceback
from pathlib import Path
from urllib.parse import unquote

from jinja2 import BaseLoader, ChoiceLoader, FunctionLoader, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from weasyprint.urls import URLFetcher, URLFetcherResponse

from portal.documents.designs import Design

#: Where relative addresses of a set's files begin; nothing answers there.
BASE_URL = "https://own.invalid/"


class Sandbox(ImmutableSandboxedEnvironment):
    """No attribute that begins with an underscore, no change of what it is given, no endless range."""


class OwnFiles(URLFetcher):
    """Fetches the files of one set by name, and by other URLs what `pictures` has: the document's own."""

    def __init__(self, design: Design, pictures: URLFetcher | None = None) -> None:
        super().__init__(allowed_protocols=())
        self._design, self._pictures = design, pictures

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """The file. Raises `ValueError`, which WeasyPrint logs and answers by leaving the thing out."""
        if self._pictures and not url.startswith(BASE_URL):
            return self._pictures.fetch(url)
        name = unquote(url.removeprefix(BASE_URL).partition("#")[0])
        content = self._design.file(name) if url.startswith(BASE_URL) else None
        if content is None:
            raise ValueError("only files of the folder can be used")
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return URLFetcherResponse(url, body=content, headers={"Content-Type": kind})


def loader(design: Design, built_in: BaseLoader) -> BaseLoader:
    """The files of a set by name, and behind them the built-in templates that they extend."""

    def source(name: str) -> tuple[str, str, object] | None:
        content = design.file(name)
        # the name stands for the file, so that a traceback says where it came from
        return None if content is None else (content.decode(), name, lambda: True)

    return ChoiceLoader([FunctionLoader(source), built_in])  # type: ignore[arg-type]


def place(error: BaseException, names: frozenset[str]) -> tuple[str | None, int | None]:
    """File and line of an error of a template: those of the merchant's own where it passed through one."""
    if isinstance(error, TemplateSyntaxError):
        return error.name, error.lineno
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    own = [frame for frame in frames if frame[0] in names]
    built_in = [(Path(file).name, line) for file, line in frames if file.endswith(".html")]
    places = own or built_in
    return places[-1] if places else (None, None)
