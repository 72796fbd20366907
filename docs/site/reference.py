"""Writes the reference of the API as Markdown, a page for each noun, into the folder that is named: for `make docs`."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from flask import Flask

from portal.api import init_app
from portal.api.reference_pages import CallPage, NounPage, ValueRow, list_nouns

#: What stands for the address of the portal, as the site belongs to none.
BASE_URL = "https://billing.example.com"


def write_pages(folder: Path) -> None:
    """Write a page for each noun, and one that lists them."""
    folder.mkdir(parents=True, exist_ok=True)
    nouns = list_nouns()
    for noun in nouns:
        (folder / f"{noun.slug}.md").write_text("\n".join(_noun_lines(noun)) + "\n", "utf-8")
    listed = [f"- [{noun.name}]({noun.slug}.md): {noun.words}" for noun in nouns]
    (folder / "README.md").write_text("\n".join(["# API reference", "", *listed]) + "\n", "utf-8")


def _noun_lines(noun: NounPage) -> Iterator[str]:
    yield from (f"# {noun.name}", "", noun.words, "")
    for call in noun.calls:
        yield from _call_lines(call)
    for shown in noun.objects:
        yield from (f"## The object {shown.id}", "", *_value_lines(shown.keys), "")


def _call_lines(call: CallPage) -> Iterator[str]:
    yield from (f"## {call.title}", "", f"`{call.method} /v1{call.path}`", "", call.words, "")
    yield from (f"Answers with {' or '.join(call.answers) or 'a file'}.", "")
    if call.sample:
        yield from ("```sh", call.sample.curl_command(BASE_URL), "```", "")
    if call.parameters:
        yield from (*_value_lines(call.parameters), "")


def _value_lines(rows: Iterable[ValueRow]) -> Iterator[str]:
    for row in rows:
        yield f"- `{row.name}` ({row.kind}{', ' + row.note if row.note else ''}): {row.words}"


if __name__ == "__main__":
    init_app(Flask(__name__))
    write_pages(Path(sys.argv[1]))
