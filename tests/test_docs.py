"""The documents for developers name only what exists: files, functions, tests, commands, helpers and fixtures."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from portal.models import Base
from portal.rules import event_types
from tests import draw_map
from tests.test_architecture import LAYERS, MODULES

TOP = Path(__file__).parent.parent
DEVELOPMENT, DECISIONS = TOP / "docs" / "development", TOP / "docs" / "decisions"
PAGES = sorted(
    page.relative_to(TOP).as_posix()
    for page in (*DEVELOPMENT.glob("*.md"), *DECISIONS.glob("*.md"), TOP / "CONTRIBUTING.md", TOP / "tests/README.md")
)
FOLDERS = ("bench", "deploy", "docs", "examples", "portal", "static", "templates", "tests", "translations")

_SPAN = re.compile(r"(?<!`)`([^`\n]+)`")
_PATH = re.compile(rf"(?:{'|'.join(FOLDERS)})/[^\s:]*|[\w./]+\.(?:py|md|toml|html|css|js)")
_DOTTED = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)(?:\(.*\))?")
_CLASS = re.compile(r"(?:[A-Z][a-z]+){2,}")
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)[^)]*\)")


def _read(page: str) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", (TOP / page).read_text(), flags=re.DOTALL | re.MULTILINE)


@cache
def _modules() -> dict[str, ast.Module]:
    """Every module by its dotted name."""
    files = [file for folder in ("tests", "bench", "portal/migrations") for file in (TOP / folder).rglob("*.py")]
    names = (file.relative_to(TOP).with_suffix("").as_posix().replace("/", ".") for file in files)
    others = {name: ast.parse(file.read_text()) for name, file in zip(names, files, strict=True)}
    return {name.removesuffix(".__init__"): tree for name, tree in others.items()} | MODULES


def _defined(tree: ast.Module | ast.ClassDef) -> Iterator[str]:
    """The names that a module or class defines or imports, and those of a class within it as `Class.name`."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}.{name}" for name in _defined(node))
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name))
        if isinstance(node, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)


@cache
def _known() -> frozenset[str]:
    """Everything that a dotted name may mean: a module and what is in it, a class and its member, a column."""
    full = {f"{module}.{name}" for module, tree in _modules().items() for name in _defined(tree)} | {*_modules()}
    parts = (name.split(".") for name in full)
    ends = {".".join(each[start:]) for each in parts for start in range(len(each))}
    return frozenset(
        ends | {f"{table.name}.{column.name}" for table in Base.metadata.tables.values() for column in table.c}
    )


def _is_there(span: str) -> bool:
    """Whether what a span of code names exists; True for what is no name of this project."""
    if span.startswith("make "):
        return re.search(rf"^{span.split()[1]}:", (TOP / "Makefile").read_text(), re.MULTILINE) is not None
    if span.startswith("test_"):
        return any(name.endswith(f".{span}") or name == span for name in _known())
    if path := _PATH.fullmatch(span):
        pattern = re.sub(r"<\w+>", "*", path[0]).rstrip("/")
        return span in _known() or any(True for top in (TOP, TOP / "portal") for _ in top.glob(pattern))
    if path := re.fullmatch(r"([\w/]+)\.py::(\w+)", span):
        return f"{path[1].replace('/', '.')}.{path[2]}" in _known()
    if (dotted := _DOTTED.fullmatch(span)) and dotted[1].split(".")[0] not in {"https", "rdf"}:
        return dotted[1] in _known() or event_types.is_known(dotted[1])
    return span in _known() or hasattr(builtins, span) if _CLASS.fullmatch(span) else True


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_only_what_exists(page: str) -> None:
    assert sorted({span for span in _SPAN.findall(_read(page)) if not _is_there(span)}) == []


@pytest.mark.parametrize("page", sorted(file.name for file in (TOP / "docs").glob("*.md")))
def test_a_page_for_users_names_only_files_that_exist(page: str) -> None:
    spans = _SPAN.findall(_read(f"docs/{page}"))
    assert [
        span for span in spans if span.startswith(tuple(f"{each}/" for each in FOLDERS)) and not _is_there(span)
    ] == []


@pytest.mark.parametrize("page", PAGES)
def test_links_of_a_page_lead_somewhere(page: str) -> None:
    folder = (TOP / page).parent
    assert [link for link in _LINK.findall(_read(page)) if not (folder / link).exists()] == []


def test_what_does_not_exist_is_found() -> None:
    wrong = [
        "portal/gone.py",
        "portal/models/<noun>_gone.py",
        "clock.gone",
        "Database.gone",
        "GoneAway",
        "make gone",
        "test_gone",
    ]
    right = ["portal/clock.py", "portal/models/<noun>.py", "clock.now()", "Database.writing", "documents.wanted_at"]
    assert [span for span in (*wrong, *right) if not _is_there(span)] == wrong


def _words() -> list[tuple[str, str, str]]:
    """Each special word with the module that owns it, and the name in that module (or an empty one)."""
    row = re.compile(r"^\| ([^|]+) \| [^|]+ \| `([^`]+\.py)`(?: `(\w+)`)? \|$", re.MULTILINE)
    return row.findall((DEVELOPMENT / "words.md").read_text())


@pytest.mark.parametrize(("word", "path", "name"), _words())
def test_a_word_is_owned_by_a_module_that_uses_it(word: str, path: str, name: str) -> None:
    folder = (TOP / path).parent.glob("*.py") if path.endswith("__init__.py") else [TOP / path]
    source = " ".join(file.read_text() for file in folder).lower()
    assert [part for part in re.findall(r"[a-z]+", word) if part not in source] == []
    module = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    assert name in {"", *(each.rpartition(".")[2] for each in _defined(_modules()[module]))}


def test_every_row_of_the_words_is_read() -> None:
    rows = re.findall(r"^\| (?!word|-)", (DEVELOPMENT / "words.md").read_text(), re.MULTILINE)
    assert len(rows) == len(_words()) > 40


def test_the_map_is_what_the_command_draws() -> None:
    assert draw_map.MAP.read_text() == draw_map.draw(), "run `make map`"


def test_every_layer_is_explained() -> None:
    named = set(_SPAN.findall((DEVELOPMENT / "README.md").read_text()))
    assert {name for names in LAYERS for name in names} - named == set()


@pytest.mark.parametrize("decision", sorted(file.name for file in DECISIONS.glob("0*.md")))
def test_a_decision_is_short_and_listed_by_its_title(decision: str) -> None:
    lines = (DECISIONS / decision).read_text().splitlines()
    number, _, title = lines[0].removeprefix("# ").partition(" ")
    assert len(lines) < 60
    assert f"| [{number}]({decision}) | {title} |" in (DECISIONS / "README.md").read_text()


def test_every_module_says_what_it_owns() -> None:
    silent = {name for name, tree in _modules().items() if not ast.get_docstring(tree)}
    assert silent == set()


def test_every_dependency_has_its_reason() -> None:
    text = (TOP / "docs" / "dependencies.md").read_text()
    asked = re.findall(r'^    "([a-z0-9-]+)(?:\[\w+\])?>=', (TOP / "pyproject.toml").read_text(), re.MULTILINE)
    assert [name for name in asked if f"| {name} |" not in text] == []


def test_every_helper_of_the_tests_is_named() -> None:
    text = (TOP / "tests" / "README.md").read_text()
    files = [file for file in (TOP / "tests").rglob("*.py") if not file.name.startswith(("test_", "__", "conftest"))]
    fixtures = [
        name
        for file in (TOP / "tests").rglob("*.py")
        if file.name in {"conftest.py", "live.py"}
        for name in _fixtures(file)
    ]
    wanted = [file.relative_to(TOP).as_posix() for file in files] + fixtures
    assert [name for name in wanted if f"`{name}`" not in text] == []


def _fixtures(file: Path) -> Iterator[str]:
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef) and any("fixture" in ast.unparse(each) for each in node.decorator_list):
            yield node.name
