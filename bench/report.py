"""`make performance`: writes `docs/performance.md`, how the figures went over time, from `bench/history.jsonl`."""

from __future__ import annotations

from typing import Any

from bench.trees import TOP

PAGE = TOP / "docs" / "performance.md"
#: How many runs stand beside each other; the file has all.
SHOWN = 6

HEAD = """# Performance

How fast the portal is, and how that went. This page is written by `make performance` from `bench/history.jsonl`, to
which `make bench RECORD=1` adds a run. Figures of different machines can't be compared: what counts is the ratio of two
commits that were measured in turns in one run. [Development](development/README.md#how-to-measure) says how to measure.
"""


def write(runs: list[dict[str, Any]]) -> str:
    """The page for these runs, the oldest first."""
    shown = _joined(runs)[-SHOWN:]
    parts = [HEAD, *(_against(run) for run in shown[::-1] if run["against"]), _course(shown), _machines(shown)]
    return "\n".join(parts) if runs else f"{HEAD}\nNo run is recorded yet.\n"


def _joined(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Runs of the same commits on one day as one, each figure as it was taken last: parts are measured alone, too."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for run in runs:
        parts = found.setdefault(tuple(str(run[key]) for key in ("date", "commit", "against", "machine")), {**run})
        parts["figures"] = {**parts["figures"], **run["figures"]}
    return list(found.values())


def _against(run: dict[str, Any]) -> str:
    """Two commits side by side: medians, and the ratio with its least and most."""
    rows = [
        f"| {name} | {_number(each['value'][1])} | {_number(each['other'][1])} | {_ratio(each)} | {_better(each)} |"
        for name, each in run["figures"].items()
        if "ratio" in each
    ]
    head = f"## {run['commit']} beside {run['against']}, {run['date']}\n"
    columns = f"| figure | {run['commit']} | {run['against']} | ratio (least to most) | is |\n|---|---:|---:|---:|---|"
    return "\n".join([head, columns, *rows, ""])


def _ratio(figure: dict[str, Any]) -> str:
    low, middle, high = (_number(value) for value in figure["ratio"])
    return f"{middle} ({low} to {high})"


def _better(figure: dict[str, Any]) -> str:
    """Better or worse, where no round says otherwise."""
    low, _, high = figure["ratio"]
    if low <= 1 <= high:
        return "the same"
    return "better" if (low > 1) == figure["more"] else "worse"


def _course(runs: list[dict[str, Any]]) -> str:
    """Every figure in every run."""
    names = dict.fromkeys(name for run in runs[::-1] for name in run["figures"])
    units = {name: each["unit"] for run in runs for name, each in run["figures"].items()}
    head = "| figure | unit | " + " | ".join(f"{run['date']} {run['commit']}" for run in runs) + " |"
    rows = [
        f"| {name} | {units[name]} | " + " | ".join(_value(run["figures"].get(name)) for run in runs) + " |"
        for name in names
    ]
    return "\n".join(["## Over time\n", head, "|---|---|" + "---:|" * len(runs), *rows, ""])


def _value(figure: dict[str, Any] | None) -> str:
    return _number(figure["value"][1]) if figure else ""


def _machines(runs: list[dict[str, Any]]) -> str:
    """Where each run was made, and with what."""
    rows = [
        f"| {run['date']} {run['commit']} | {run['machine']['cores']} × {run['machine']['cpu']} | {_listed(run)} |"
        for run in runs
    ]
    return "\n".join(["## Machines and versions\n", "| run | cores | versions |\n|---|---|---|", *rows, ""])


def _listed(run: dict[str, Any]) -> str:
    return ", ".join(f"{name} {version}" for name, version in run["versions"].items())


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def main() -> None:
    """Write the page."""
    from bench import history

    PAGE.write_text(write(history.read()), encoding="utf-8")


if __name__ == "__main__":
    main()
