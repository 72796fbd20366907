"""S16: what programs say that read code and versions: bandit, rules of our own, and the audit of dependencies."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.long_look.figures import NEITHER, Figure, Outcome, Run
from tests.long_look.records import TOP

BESIDE = TOP / ".venv" / "long-look"
#: Functions that run text, read objects from bytes, or trust markup. `name: why`
CALLS = {
    "eval": "runs text", "exec": "runs text", "compile": "runs text", "os.system": "runs a shell",
    "pickle.load": "makes objects of bytes", "pickle.loads": "makes objects of bytes", "marshal.loads": "of bytes",
    "yaml.load": "makes objects of text", "tempfile.mktemp": "is a race", "random.choice": "can be foretold",
    "random.randrange": "can be foretold", "hashlib.md5": "is broken", "hashlib.sha1": "is broken",
    "render_template_string": "makes a template of text", "urllib.request.urlopen": "asks any address",
    "requests.get": "asks any address", "requests.post": "asks any address", "socket.create_connection": "any address",
}  # fmt: skip
#: What was read, and why it is no hole.
READ = {
    "portal/models/base.py": "an index of columns that the models name",
    "portal/outbox/webhook_connections.py": "the address was resolved and judged before",
    "portal/ports.py": "a port of this machine",
}


def measure(run: Run) -> Outcome:
    """Read all of the portal's code, and ask for known holes in what it needs."""
    sources = {file: ast.parse(file.read_text()) for file in sorted((TOP / "portal").rglob("*.py"))}
    own = [each for file, tree in sources.items() for each in _find_by_rules(file, tree)]
    own += [each for file in (TOP / "templates").rglob("*.*") for each in _find_in_template(file)]
    medium, wrong = _run_bandit(run.folder)
    pinned, unpinned = _count_pins()
    audited, holes = _audit(run.folder)
    did = {
        "packages pinned by hash": pinned,
        "packages audited": audited,
        "modules": len(sources),
        "places that bandit asks about, read": medium,
    }
    unread = [each for each in (*own, *wrong) if each.removeprefix("./").partition(":")[0] not in READ]
    return Outcome(did, (*unread, *unpinned, *holes))


def _find_by_rules(file: Path, tree: ast.AST) -> Iterator[str]:
    lines = file.read_text().splitlines()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            # what was read has its reason beside it
            if (why := CALLS.get(name)) and "noqa: S" not in lines[node.lineno - 1]:
                yield f"{file.relative_to(TOP)}:{node.lineno}: {name} {why}"
            yield from _find_formatted_sql(file, node, name, lines)


def _find_formatted_sql(file: Path, node: ast.Call, name: str, lines: list[str]) -> Iterator[str]:
    formatted = node.args and isinstance(node.args[0], ast.JoinedStr | ast.BinOp)
    if name in {"text", "exec_driver_sql", "connection.exec_driver_sql"} and formatted:
        nearby = "".join(lines[node.lineno - 2 : node.end_lineno])
        if "noqa: S608" not in nearby and "migrations" not in file.parts:
            yield f"{file.relative_to(TOP)}:{node.lineno}: SQL made of text"


def _find_in_template(file: Path) -> Iterator[str]:
    if file.suffix != ".html" or {"documents", "mails"} & set(file.parts):
        return
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if re.search(r"<script(?![^>]*\bsrc=)|\son[a-z]+=|\sstyle=|javascript:", line):
            yield f"{file.relative_to(TOP)}:{number}: inline code"


def _run_bandit(folder: Path) -> tuple[int, list[str]]:
    """How many medium findings were read before (their line says so), and all others that are medium or high."""
    report = folder / "bandit.json"
    command = [sys.executable, "-m", "bandit", "-q", "-r", "portal", "-ll", "-f", "json", "-o", str(report)]
    subprocess.run(command, cwd=TOP, env={**os.environ, "PYTHONPATH": str(BESIDE)}, check=False, capture_output=True)
    found = json.loads(report.read_text())["results"]
    is_read: Callable[[dict[str, str]], bool] = lambda each: "noqa: S" in each["code"]  # noqa: E731 - said in place
    others = [f"{each['filename']}:{each['line_number']}: {each['issue_text']}" for each in found if not is_read(each)]
    return sum(map(is_read, found)), others


def _count_pins() -> tuple[int, list[str]]:
    pinned, wrong = 0, []
    for lock in (TOP / "requirements.lock", TOP / "requirements-dev.lock"):
        for entry in re.split(r"\n(?=\S)", lock.read_text().strip()):
            pinned += "--hash=sha256:" in entry
            wrong += [] if "--hash=sha256:" in entry else [f"{entry[:60]} has no hash"]
    return pinned, wrong


def _audit(folder: Path) -> tuple[int, list[str]]:
    """Known holes by the advisory service; nothing is audited where that can't be reached."""
    report = folder / "audit.json"
    command = [sys.executable, "-m", "pip_audit", "--strict", "--disable-pip", "--no-deps", "--require-hashes"]
    command += ["-r", "requirements.lock", "-f", "json", "-o", str(report), "--timeout", "10"]
    subprocess.run(command, cwd=TOP, env={**os.environ, "PYTHONPATH": str(BESIDE)}, check=False, capture_output=True)
    if not report.exists():
        return 0, []
    audited = json.loads(report.read_text())["dependencies"]
    holes = [f"{each['name']}: {hole['id']}" for each in audited for hole in each.get("vulns", [])]
    return len([each for each in audited if "skip_reason" not in each]), holes


FIGURES = [
    Figure(
        "S16",
        "Every package is pinned by hash and none has a known hole (asked of the advisory service, which needs a"
        " network); bandit finds nothing of medium or more that was not read, and rules of our own find nothing.",
        {"packages audited": 60},
        measure,
        databases=NEITHER,
    )
]
