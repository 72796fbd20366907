"""The sandbox for templates that a merchant wrote: they can read their own files and the document, nothing else."""

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
    """Refuses attributes that begin with an underscore, changes of its input, and endless ranges."""


class DesignFetcher(URLFetcher):
    """Fetches the files of one design by name; other URLs are left to `pictures`, the document's own."""

    def __init__(self, design: Design, pictures: URLFetcher | None = None) -> None:
        super().__init__(allowed_protocols=())
        self._design, self._pictures = design, pictures

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """The file. Raises `ValueError` for others, which WeasyPrint logs; it then leaves the thing out."""
        if self._pictures and not url.startswith(BASE_URL):
            return self._pictures.fetch(url)
        name = unquote(url.removeprefix(BASE_URL).partition("#")[0])
        content = self._design.file(name) if url.startswith(BASE_URL) else None
        if content is None:
            raise ValueError("only files of the folder can be used")
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return URLFetcherResponse(url, body=content, headers={"Content-Type": kind})


def template_loader(design: Design, built_in: BaseLoader) -> BaseLoader:
    """Loads a design's files by name, then the built-in templates that they extend."""

    def load_source(name: str) -> tuple[str, str, object] | None:
        content = design.file(name)
        # the name stands for the file, so that a traceback says where it came from
        return None if content is None else (content.decode(), name, lambda: True)

    return ChoiceLoader([FunctionLoader(load_source), built_in])  # type: ignore[arg-type]


def locate_error(error: BaseException, names: frozenset[str]) -> tuple[str | None, int | None]:
    """File and line of an error in a template; in the merchant's own file if the error passed through one."""
    if isinstance(error, TemplateSyntaxError):
        return error.name, error.lineno
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    own = [frame for frame in frames if frame[0] in names]
    built_in = [(Path(file).name, line) for file, line in frames if file.endswith(".html")]
    places = own or built_in
    return places[-1] if places else (None, None)
