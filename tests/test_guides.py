"""The guides for users: their programs run, their commands exist, and their links lead somewhere."""

from __future__ import annotations

import re
import runpy
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
from flask import Flask

from portal.api.guides import slug_of
from portal.api.reference_pages import list_nouns
from portal.cli import main
from tests.live import Live
from tests.pictures import picture

TOP = Path(__file__).parent.parent
GUIDES = sorted(file.name for file in (TOP / "docs").glob("*.md"))
#: Guides whose programs run from the first block to the last, as somebody who follows them types them.
PROGRAMS = [
    "api-basics.md",
    "branding.md",
    "checkout.md",
    "clients.md",
    "first-30-minutes.md",
    "linking.md",
    "login-page.md",
    "moving-from-stripe.md",
    "payments.md",
]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
_COMMAND = re.compile(r"^(?:\.venv/bin/)?portal ([a-z].*)$", re.MULTILINE)


def _read(page: str) -> str:
    return (TOP / page).read_text("utf-8")


def _blocks(page: str, language: str) -> list[str]:
    return [text for name, text in _BLOCK.findall(_read(f"docs/{page}")) if name == language]


def _calls(guide: str) -> list[str]:
    """Calls by `curl` of which nothing but the key is the reader's to fill in."""
    commands = re.findall(r"^curl (?:[^\n]*\\\n)*[^\n]*", "\n".join(_blocks(guide, "sh")), re.MULTILINE)
    return [
        each
        for each in commands
        if "…" not in each.replace("sk_test_…", "") and ("$KEY" in each or "sk_test_…" in each)
    ]


@pytest.fixture
def here(live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`here(text)` is a text of a guide with the address and key of a running portal; a logo lies in the folder."""
    key = live.shop().keys.test_key
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logo.png").write_bytes(picture())
    known = {"sk_test_…": key, "$KEY": key, "http://127.0.0.1:8000": live.url, "$PORTAL": live.url}
    return lambda text: re.sub("|".join(map(re.escape, known)), lambda found: known[found[0]], text)


@pytest.mark.parametrize("guide", PROGRAMS)
def test_programs_of_a_guide_run(guide: str, here: Any) -> None:
    names: dict[str, Any] = {}
    for block in _blocks(guide, "python"):
        exec(compile(here(block), guide, "exec"), names)  # noqa: S102 - our own text
    assert names


@pytest.mark.parametrize("guide", [guide for guide in GUIDES if _calls(guide)])
def test_calls_of_a_guide_run(guide: str, here: Any) -> None:
    for command in _calls(guide):
        text = here(command).replace("curl ", "curl --silent --fail-with-body ", 1)
        done = subprocess.run(["sh", "-c", text], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, (command, done.stdout)


def test_the_program_that_moves_writes_what_an_import_takes(here: Any, live: Live, tmp_path: Path) -> None:
    names: dict[str, Any] = {}
    for block in [*_blocks("first-30-minutes.md", "python")[:5], *_blocks("moving-from-stripe.md", "python")]:
        exec(here(block), names)  # noqa: S102 - our own text
    counts = names["write"](names["client"], tmp_path / "all.jsonl")
    assert counts.keys() >= {"customer", "product", "price", "tax_rate", "subscription", "invoice"}
    settings = {
        "PORTAL_INSTANCE": str(live.settings.instance),
        "PORTAL_DATABASE_URL": live.settings.database_url,
        "PATH": "/usr/bin:/bin",
    }
    command = [str(TOP / ".venv/bin/portal"), "import", "all.jsonl", "--account", live.shop().keys.account.id]
    done = subprocess.run([*command, "--dry-run"], env=settings, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", [*(f"docs/{guide}" for guide in GUIDES), "README.md"])
def test_links_of_a_guide_lead_somewhere(page: str) -> None:
    text = re.sub(r"^```.*?^```", "", _read(page), flags=re.DOTALL | re.MULTILINE)
    wrong = [
        f"{path}#{anchor}"
        for path, anchor in _LINK.findall(text)
        if not (file := (TOP / page).parent / path if path else TOP / page).exists()
        or (anchor and anchor not in {slug_of(each) for each in re.findall(r"^#+ (.*)$", file.read_text(), re.M)})
    ]
    assert wrong == []


def _commands(text: str) -> list[list[str]]:
    """The words of each `portal` command in spans and blocks of code."""
    spans = re.findall(r"(?<!`)`([^`\n]+)`", text)
    lines = re.findall(r"^(?: {4})?(\S.*)$", "\n".join(block for _, block in _BLOCK.findall(text)), re.M)
    lines += re.findall(r"^ {4}(\S.*)$", text, re.M)
    return [
        re.sub(r"\s(#|&&|\|).*", "", found[1]).split() for each in [*spans, *lines] if (found := _COMMAND.match(each))
    ]


@pytest.mark.parametrize("page", [*(f"docs/{guide}" for guide in GUIDES), "README.md"])
def test_commands_of_a_guide_exist(page: str) -> None:
    wrong = []
    for command in _commands(_read(page)):
        found, words = main, list(command)
        while isinstance(found, click.Group) and words and words[0] in found.commands:
            found = found.commands[words.pop(0)]
        known = {option for each in found.params for option in (*each.opts, *each.secondary_opts)} | {"--help"}
        options = [option for word in words for option in re.findall(r"--[a-z][a-z-]*", word)]
        if isinstance(found, click.Group) or set(options) - known:
            wrong.append(" ".join(command))
    assert wrong == []


def test_the_site_has_the_whole_reference(app: Flask, tmp_path: Path) -> None:
    """What `docs/site/reference.py` writes for `make docs`."""
    writer = runpy.run_path(str(TOP / "docs/site/reference.py"))
    writer["write_pages"](tmp_path)
    pages = {file.stem: file.read_text() for file in tmp_path.glob("*.md")}
    assert pages.keys() == {"README", *(noun.slug for noun in list_nouns())}
    for noun in list_nouns():
        assert all(f"`{call.method} /v1{call.path}`\n\n{call.words}\n" in pages[noun.slug] for call in noun.calls)
        assert all(f"- `{row.name}` (" in pages[noun.slug] for shown in noun.objects for row in shown.keys)
