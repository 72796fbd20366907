"""Takes in bank statements from a folder, matches the transfers of large ones, and tries again those that wait.

Below `PORTAL_BANK_FOLDER` each account has a folder of its id, and in it `live` and `test`. A file that was taken in is
moved to `done` beside it, one that was refused to `refused`, where a file of the same name with `.txt` says why.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from weakref import WeakKeyDictionary

import structlog

from portal.assembly import Services
from portal.billing.accounts import accounts
from portal.billing.bank import progress, retrying
from portal.db import Database, Scope
from portal.errors import InvalidRequest, ResourceMissing

_LOG = structlog.get_logger(__name__)
#: Seconds for which a file has not changed before it is taken to be whole.
SETTLED_AFTER = 5
#: How far each merchant's records were when its transfers were last tried again by this process.
_TRIED: WeakKeyDictionary[Database, dict[int, int]] = WeakKeyDictionary()


def work(services: Services, now: int) -> int:
    """Take in the files that wait, and match a step of each large one; answers how much was done."""
    taken = sum(_take_in(services, scope, path) for scope, path in _list_files(services))
    return taken + sum(
        progress.continue_import(services.database, services.seal, scope, id)
        for scope, id in progress.list_processing(services.database)
    )


def retry_waiting(services: Services, now: int) -> int:
    """Match what waits where something has changed for its merchant; answers how many transfers were booked."""
    tried = _TRIED.setdefault(services.database, {})
    booked = 0
    for scope, last in retrying.list_waiting(services.database):
        if tried.get(scope.tenant_id) != last:
            booked += retrying.retry_waiting(services.database, services.seal, scope, now=now)
            tried[scope.tenant_id] = last
    return booked


def _list_files(services: Services) -> Iterator[tuple[Scope, Path]]:
    folder = services.settings.bank_folder
    if folder is None or not folder.is_dir():
        return
    for place in sorted(folder.glob("acct_*/*")):
        if place.name in {"live", "test"} and place.is_dir():
            with services.database.reading() as db:
                try:
                    found = accounts.find_tenant(db, place.parent.name, livemode=place.name == "live")
                except ResourceMissing:
                    _LOG.warning("bank_folder_unknown", folder=place.parent.name)
                    continue
                scope = Scope.of_tenant(found)
            yield from ((scope, path) for path in sorted(place.iterdir()) if _is_settled(path))


def _is_settled(path: Path) -> bool:
    # whoever writes the file may not be done yet
    if path.name.startswith(".") or not path.is_file():
        return False
    return time.time() - path.stat().st_mtime >= SETTLED_AFTER


def _take_in(services: Services, scope: Scope, path: Path) -> int:
    try:
        with path.open("rb") as file:
            progress.store_file(services.database, services.seal, scope, file, path.name)
    except FileNotFoundError:
        return 0  # another worker was faster
    except InvalidRequest as error:
        _move(path, "refused", error.message)
    else:
        _move(path, "done")
    return 1


def _move(path: Path, place: str, reason: str | None = None) -> None:
    """Move a file to a folder beside it, under a name that is free, with the reason in a file beside it."""
    folder = path.parent / place
    folder.mkdir(exist_ok=True)
    free = folder / path.name
    number = 1
    while free.exists():
        number += 1
        free = folder / f"{path.stem}-{number}{path.suffix}"
    if reason:
        free.with_name(f"{free.name}.txt").write_text(f"{reason}\n", "utf-8")
    try:
        os.replace(path, free)
    except FileNotFoundError:
        return
