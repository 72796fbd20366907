"""The trees that are measured: this one, and another commit of the repository in a folder of its own.

A tree is measured from outside, by its command, its addresses and its tables, so that one whose code differs can be.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
LOCK = "requirements.lock"


@dataclass(frozen=True)
class Tree:
    """A checkout, the interpreter with its packages, and the commit that it holds."""

    folder: Path
    python: Path
    commit: str

    def environment(self, settings: dict[str, str] | None = None) -> dict[str, str]:
        """The environment of its processes: its own modules come before those that are installed."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
        return {**inherited, "PYTHONPATH": str(self.folder), **(settings or {})}

    def portal(self, *arguments: str) -> list[str]:
        """Its `portal` command, to be run in its folder."""
        return [str(self.python), "-m", "portal.cli", *arguments]


def this_tree() -> Tree:
    """The tree that this program is of, as it lies there."""
    # runs that were just recorded change nothing of what is measured
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ":/", ":!/bench/history.jsonl")
    return Tree(TOP, Path(sys.executable), _git("rev-parse", "--short=10", "HEAD") + ("+" if changed else ""))


@contextmanager
def other_tree(ref: str) -> Iterator[Tree]:
    """The tree of a commit, with this one's packages unless its lock file asks for others."""
    holder = Path(tempfile.mkdtemp(prefix="portal-against-"))
    folder = holder / "tree"
    _git("worktree", "add", "--quiet", "--detach", str(folder), ref)
    try:
        python = Path(sys.executable)
        if not filecmp.cmp(TOP / LOCK, folder / LOCK, shallow=False):
            subprocess.run(["sh", "deploy/setup", "run"], cwd=folder, check=True)
            python = folder / ".venv" / "bin" / "python"
        subprocess.run([python, "-m", "babel.messages.frontend", "-q", "compile", "-d", "translations"], cwd=folder)
        yield Tree(folder, python, _git("rev-parse", "--short=10", ref))
    finally:
        _git("worktree", "remove", "--force", str(folder))
        shutil.rmtree(holder)


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=TOP, check=True, capture_output=True, text=True).stdout.strip()
