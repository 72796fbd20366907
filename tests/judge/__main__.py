"""`make judge`: documents of every kind before the official judges; see docs/e-invoices.md.

Builds the judges, makes the documents by the portal's own code, has them judged, and prints a table and what is wrong.
With RECORD=1 the table goes into the docs; with PINS=1 it is asked whether the judges are the newest there are.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

from tests.judge import faults, makers, pins, readers
from tests.judge.paper import Paper
from tests.judge.readers import Verdict

HERE = Path(__file__).parent
TOP = HERE.parent.parent
DOCS = TOP / "docs" / "e-invoices.md"
JUDGES = (faults.A, faults.UA, faults.MUSTANG, faults.PDF_JS, faults.EN, faults.PEPPOL, faults.XRECHNUNG, faults.FRANCE,
          "drafthorse", "eu-einvoice", "zxing-cpp")  # fmt: skip
_MAKERS = [*makers.all_makers(), faults.make_faults]
_BEGIN, _END = "<!-- judged -->\n", "<!-- /judged -->\n"


def main() -> int:
    """The exit status: 0 where every judge found its faults and nothing else."""
    if missing := [name for name in ("java", "mvn", "node") if not shutil.which(name)]:
        print(f"judge: {', '.join(missing)} missing. Debian: apt-get install default-jdk-headless maven nodejs npm")
        return 1
    _build()
    with tempfile.TemporaryDirectory(prefix="portal-judge-") as place:
        folder = Path(place)
        papers = _make(folder)
        judged = {(file, judge): findings for file, judge, findings in _judge(folder)}
    wrong = [*_missed(papers, judged), *_complaints(papers, judged), *_unjudged(papers, judged)]
    table = _table(papers, judged)
    print(table, *wrong, sep="\n")
    if os.environ.get("RECORD") and not wrong:
        head, _, rest = DOCS.read_text().partition(_BEGIN)
        DOCS.write_text(head + _BEGIN + table + _END + rest.partition(_END)[2])
    outdated = list(pins.outdated(HERE)) if os.environ.get("PINS") else []
    print(*outdated, sep="\n")
    print(f"{len(judged) - len(wrong)} passed, {len(wrong) + len(outdated)} failed")
    return 1 if wrong or outdated else 0


def _build() -> None:
    _run("mvn", "-q", "-B", "package", "dependency:build-classpath", "-Dmdep.outputFile=target/classpath")


def _make(folder: Path) -> dict[str, Paper]:
    with ProcessPoolExecutor(2) as pool:
        made = list(pool.map(_make_share, range(len(_MAKERS)), [folder] * len(_MAKERS)))
    return {paper.name: paper for share in made for paper in share}


def _make_share(number: int, folder: Path) -> list[Paper]:
    return list(_MAKERS[number](folder))


def _judge(folder: Path) -> Iterator[Verdict]:
    """Two programs at a time."""
    programs = (_java("papers", "Papers"), _java("rules", "Rules"), ["node", str(HERE / "tags.mjs")])
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(_run, *program, str(folder)) for program in programs]
        for each in running:
            yield from _read(each.result())
    yield from readers.verdicts(folder)


def _java(module: str, program: str) -> list[str]:
    target = HERE / module / "target"
    return ["java", "-cp", f"{target / 'classes'}:{(target / 'classpath').read_text()}", program]


def _run(*command: str) -> str:
    done = subprocess.run(command, cwd=HERE, text=True, capture_output=True, check=False)
    if done.returncode:
        print(done.stdout[-4000:], done.stderr[-4000:], file=sys.stderr)
        raise SystemExit(f"judge: {command[0]} failed")
    return done.stdout


def _read(lines: str) -> Iterator[Verdict]:
    for line in lines.splitlines():
        file, judge, *findings = line.split("\t")
        yield file, judge, findings


def _missed(papers: dict[str, Paper], judged: dict[tuple[str, str], list[str]]) -> Iterator[str]:
    for paper in papers.values():
        if paper.fault:
            found = judged.get((paper.name, paper.fault.judge), [])
            if not any(each.startswith(paper.fault.rule) for each in found):
                yield f"{paper.fault.judge} does not find {paper.fault.rule} in {paper.name}, {paper.group}: {found}"


def _complaints(papers: dict[str, Paper], judged: dict[tuple[str, str], list[str]]) -> Iterator[str]:
    for (file, judge), findings in judged.items():
        if papers[file].fault is None:
            yield from (f"{judge}: {file}: {finding}" for finding in findings)


def _unjudged(papers: dict[str, Paper], judged: dict[tuple[str, str], list[str]]) -> Iterator[str]:
    """Every PDF has two judges of veraPDF, every file of data one of its format."""
    for name in papers:
        wanted = (faults.A, faults.UA, faults.PDF_JS) if name.endswith(".pdf") else (faults.EN,)
        yield from (f"{judge} says nothing of {name}" for judge in wanted if (name, judge) not in judged)


def _table(papers: dict[str, Paper], judged: Iterable[tuple[str, str]]) -> str:
    """How many files of each group each judge has seen, and how many planted faults it has found."""
    counts = Counter((papers[file].group, judge) for file, judge in judged if papers[file].fault is None)
    found = Counter(paper.fault.judge for paper in papers.values() if paper.fault)
    groups = dict.fromkeys(paper.group for paper in papers.values() if paper.fault is None)
    rows = [(group, [counts[group, judge] for judge in JUDGES]) for group in groups]
    rows.append(("planted faults", [found[judge] for judge in JUDGES]))
    head = f"| files | {' | '.join(JUDGES)} |\n|---|{'---|' * len(JUDGES)}\n"
    return head + "".join(f"| {name} | {' | '.join(str(each or '') for each in row)} |\n" for name, row in rows)


if __name__ == "__main__":
    raise SystemExit(main())
