"""`make cluster`: a portal on several hosts, all of them on this machine, and what its users notice of what breaks.

`python -m tests.cluster WORDS` takes the faults whose name has these words alone. The figures go to `figures.json`
beside this file, from which `docs/scaling.md` has its table.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.cluster import faults, figures
from tests.cluster.figures import Outcome
from tests.cluster.load import Load, compare
from tests.cluster.network import build_bridge, run_apart
from tests.cluster.site import Site

#: Seconds of quiet before and after a fault.
BEFORE, AFTER = 5, 15


def main(words: str) -> int:
    """Run all faults of these words; 0 if each was borne."""
    build_bridge()
    folder = Path(tempfile.mkdtemp(prefix="portal-cluster-"))
    site = Site(folder)
    site.start()
    print(f"six hosts are up; their logs are in {folder}\n\n{figures.HEAD}", flush=True)
    outcomes = []
    for fault in faults.FAULTS:
        if words in fault.name:
            outcomes.append(_bear(site, fault))
            print(figures.describe(outcomes[-1]), flush=True)
    if all(each.is_borne for each in outcomes):
        shutil.rmtree(folder, ignore_errors=True)
        if not words:
            figures.record(outcomes)
        return 0
    return 1


def _bear(site: Site, fault: faults.Fault) -> Outcome:
    site.await_database()
    site.await_portal()
    load, before = Load(site), site.count_mails()
    if fault.prepare:
        fault.prepare(site)
        site.await_portal()
    with load:
        time.sleep(BEFORE)
        fault.happen(site)
        time.sleep(AFTER)
    site.await_database()
    if fault.undo:
        fault.undo(site)
    return Outcome.of(fault.name, load, compare(site, load), site.count_mails() - before)


if __name__ == "__main__":
    run_apart("tests.cluster", sys.argv[1:])
    sys.exit(main(" ".join(sys.argv[1:])))
