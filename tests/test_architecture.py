"""Imports go one way only, and no module imports itself by a detour (docs/decisions/0001)."""

from __future__ import annotations

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from portal.billing import FLOORS
from portal.hosted import PAGES

TOP = Path(__file__).parent.parent
#: From the bottom up; a module may import from its own layer and from those below.
LAYERS = (
    {
        "errors",
        "ids",
        "clock",
        "disks",
        "i18n",
        "logs",
        "metrics",
        "origins",
        "ports",
        "request_sizes",
        "seal",
        "settings",
        "zones",
    },
    {"rules"},
    {"models", "bank_files", "providers"},
    {"engines", "replicas", "writer_queue"},
    {"db", "dialects", "hot_reads", "session_reads", "session_writes"},
    {"leases", "pruning", "rate_counts"},
    {"wire", "schema"},
    {"objects"},
    {"recording"},
    {"billing"},
    {"declared", "documents", "transfer"},
    {"assembly"},
    {"outbox"},
    {"web"},
    {"api", "hosted"},
    {"demo", "doctor", "embedded_worker", "forked_worker", "forks", "loader", "monitoring", "server", "worker"},
    {"commands"},
    {"cli", "migrations"},
)
RANKS = {name: rank for rank, names in enumerate(LAYERS) for name in names}
#: What a layer may not import from outside, by prefix.
FORBIDDEN = {
    "rules": ("flask", "sqlalchemy", "pydantic"),
    "wire": ("flask",),
    "billing": ("flask",),
    "objects": ("flask",),
}


def _sources(folder: str) -> dict[str, str]:
    files = (file for file in (TOP / folder).rglob("*.py") if "versions" not in file.parts)
    return {_name(file): file.read_text() for file in files}


def _name(file: Path) -> str:
    return ".".join(file.relative_to(TOP).with_suffix("").parts).removesuffix(".__init__")


def _imports(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from portal import ids` means the module portal.ids, not the package
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (names & KNOWN) or {node.module}
    return found


def _package(module: str) -> str:
    return module.split(".")[2]


SOURCES = _sources("portal")
BENCH = {name: ast.parse(source) for name, source in _sources("bench").items()}
KNOWN = set(SOURCES) | set(BENCH)
MODULES = {name: ast.parse(source) for name, source in SOURCES.items()}
IMPORTS = {name: _imports(tree) for name, tree in MODULES.items()}
# these import all their modules in a loop, which their source doesn't show
for looping in ("portal.api", "portal.objects"):
    IMPORTS[looping] |= {name for name in MODULES if name.rpartition(".")[0] == looping}


def _layer(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"portal"}))
def test_imports_go_down(module: str) -> None:
    rank = RANKS[_layer(module)]
    inside = {name for name in IMPORTS[module] if name.startswith("portal.")}
    assert {name for name in inside if RANKS.get(_layer(name), -1) > rank} == set()


@pytest.mark.parametrize("module", sorted(MODULES))
def test_layers_keep_to_their_libraries(module: str) -> None:
    banned = FORBIDDEN.get(_layer(module), ())
    assert {name for name in IMPORTS[module] if name.startswith(tuple(f"{each}." for each in banned) + banned)} == set()


@pytest.mark.parametrize(
    "module", sorted(name for name in MODULES if name.count(".") == 3 and _layer(name) == "billing")
)
def test_packages_of_billing_know_only_floors_below(module: str) -> None:
    own = _package(module)
    others = {_package(name) for name in IMPORTS[module] if name.startswith("portal.billing.")} - {own}
    rank = next((rank for rank, floor in enumerate(FLOORS) if own in floor), None)
    assert rank is not None, f"{own} stands on no floor: add it to FLOORS in portal/billing/__init__.py and `make map`"
    assert others - set().union(*FLOORS[:rank]) == set(), f"{own} imports from its own floor or from above"


def test_every_package_of_billing_stands_on_a_floor() -> None:
    standing = [name for floor in FLOORS for name in floor]
    packages = {_package(name) for name in MODULES if name.startswith("portal.billing.")}
    assert sorted(standing) == sorted(packages), "FLOORS in portal/billing/__init__.py names each package once"


def test_packages_of_billing_hold_no_code_of_their_own() -> None:
    """Callers import the module that owns a function: a package that re-exports has two names for one thing."""
    packages = {name for name in MODULES if name.startswith("portal.billing.") and name.count(".") == 2}
    assert {name for name in packages if len(MODULES[name].body) > 1} == set()


def test_api_and_pages_do_not_meet() -> None:
    crossing = {("api", "hosted"), ("hosted", "api")}
    pairs = {(_layer(module), _layer(name)) for module, names in IMPORTS.items() for name in names}
    assert pairs & crossing == set()


def test_every_module_with_a_blueprint_is_a_page() -> None:
    """A module that nobody registers has pages that nobody can open."""
    hosted = {name: tree for name, tree in MODULES.items() if _layer(name) == "hosted"}
    made = {name for name, tree in hosted.items() if any("blueprint" in _assigned(node) for node in tree.body)}
    assert {name.rpartition(".")[2] for name in made} == set(PAGES), "see PAGES in portal/hosted/__init__.py"


def _assigned(node: ast.stmt) -> set[str]:
    return {each.id for each in node.targets if isinstance(each, ast.Name)} if isinstance(node, ast.Assign) else set()


def test_no_module_imports_itself_by_a_detour() -> None:
    imports = {**IMPORTS, **{name: _imports(tree) for name, tree in BENCH.items()}}
    TopologicalSorter({name: names & KNOWN for name, names in imports.items()}).prepare()


def _functions(tree: ast.Module) -> list[int]:
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return [(node.end_lineno or 0) - node.lineno + 1 for node in nodes]


def test_functions_and_modules_stay_small() -> None:
    lengths = sorted(length for tree in MODULES.values() for length in _functions(tree))
    lines = {name: len([line for line in source.splitlines() if line.strip()]) for name, source in SOURCES.items()}
    assert lengths[len(lengths) // 2] <= 8
    assert lengths[int(len(lengths) * 0.95)] <= 30
    assert lengths[-1] <= 60
    assert {name for name, length in lines.items() if length > 300} == set()


def test_modules_know_few_others() -> None:
    """Counted with the standard library; a module of the project counts by itself, not as its package."""
    counts = sorted(len(_imports(tree)) for tree in MODULES.values())
    assert counts[int(len(counts) * 0.95)] <= 14
    assert counts[-1] <= 24


def test_functions_are_named_by_what_they_give_or_do() -> None:
    """A bare participle (`settled`, `kept`) names neither; a few are the names of pages."""
    names = [name.strip("_") for tree in MODULES.values() for name in _function_names(tree)]
    bare = [name for name in names if re.fullmatch(r"[a-z]+ed", name) or name in IRREGULAR_PARTICIPLES]
    assert len(bare) <= 0.005 * len(names), bare


def _function_names(tree: ast.Module) -> list[str]:
    return [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


IRREGULAR_PARTICIPLES = frozenset(
    "bought bound built chosen drawn done found given gone held kept known laid left lost made paid put read sent shown"
    " sold spent taken told undone won written".split()
) - {"left", "put", "read"}
