"""Rendering processes: limits of time and memory, failures that stay alone, and processes that end."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from portal.documents import render
from portal.documents.parts import DocumentLine
from portal.documents.pool import MEMORY, Pool, RenderFailed
from tests.documents import samples

ENDLESS = samples.invoice(lines=(DocumentLine(description="word " * 400_000, amount=1),))


def succeeds(pool: Pool) -> bool:
    return pool.render(samples.invoice(1)).startswith(b"%PDF-")


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)


def test_the_process_makes_the_same_bytes(pool: Pool) -> None:
    assert pool.render(samples.german()) == render.pdf(samples.german())


def test_a_rendering_that_takes_too_long_is_ended_and_the_next_is_fine() -> None:
    pool = Pool(seconds=2)
    begin = time.monotonic()
    with pytest.raises(RenderFailed) as failure:
        pool.render(ENDLESS)
    assert isinstance(failure.value.__cause__, TimeoutError)
    assert time.monotonic() - begin < 10
    assert succeeds(pool)
    pool.close()


@pytest.mark.parametrize("changes", [{"memo": "\ud800"}, {"locale": "xx"}, {"total": 10**40}, {"currency": None}])
def test_a_rendering_that_fails_leaves_the_next_alone(pool: Pool, changes: dict[str, object]) -> None:
    with pytest.raises(RenderFailed):
        pool.render(samples.invoice(1, **changes))
    assert succeeds(pool)


def test_values_nested_beyond_reason_leave_the_next_alone(pool: Pool) -> None:
    words: object = ""
    for _ in range(100_000):
        words = (words,)
    with pytest.raises(RenderFailed):
        pool.render(samples.invoice(1, memo=words))
    while words:
        (words,) = words  # type: ignore[misc]
    assert succeeds(pool)


def test_a_process_that_was_killed_is_replaced_and_nobody_notices(pool: Pool) -> None:
    for _ in range(5):
        assert succeeds(pool)
        for child in multiprocessing.active_children():
            os.kill(child.pid or 0, signal.SIGKILL)
            child.join()
    assert succeeds(pool)


def test_more_than_the_queue_holds_is_refused_at_once() -> None:
    pool = Pool(queue=1)

    def outcome(_: int) -> str:
        try:
            return pool.render(samples.invoice(8))[:4].decode()
        except RenderFailed as failure:
            return failure.message[:8]

    with ThreadPoolExecutor(3) as threads:
        assert sorted(threads.map(outcome, range(3))) == ["%PDF", "%PDF", "Too many"]
    pool.close()


def test_closing_leaves_nothing_behind() -> None:
    before = {child.pid for child in multiprocessing.active_children()}
    pool = Pool()
    assert succeeds(pool)
    pool.close()
    assert {child.pid for child in multiprocessing.active_children()} <= before


def test_processes_end_when_there_is_nothing_to_render_and_come_back() -> None:
    before = {child.pid for child in multiprocessing.active_children()}
    pool = Pool(idle=0.2)
    for _ in range(2):
        assert succeeds(pool)
        give_up = time.monotonic() + 30
        while {child.pid for child in multiprocessing.active_children()} - before:
            assert time.monotonic() < give_up
            time.sleep(0.05)
    pool.close()


def test_a_forked_process_shares_what_it_forks_from_and_has_its_own_when_that_dies() -> None:
    done = run(
        "import os, signal\n"
        "from portal.documents import render_server\n"
        "from portal.documents.pool import Pool\n"
        "from tests.documents.samples import invoice\n"
        "server = render_server._render_server\n"
        "pool = Pool()\n"
        "render_server.warm_up()\n"
        "shared = server._forkserver_pid\n"
        "child = os.fork()\n"
        "if child: os.waitpid(child, 0)\n"
        "else:\n"
        "    pdf = pool.render(invoice(1))\n"
        "    print(server._forkserver_pid == shared, flush=True)\n"
        "    pool.close()\n"
        "    os.kill(shared, signal.SIGKILL)\n"
        "    print(pool.render(invoice(1)) == pdf, server._forkserver_pid != shared, flush=True)\n"
    )
    assert done.stdout.split() == ["True", "True", "True"], done.stderr


def test_a_forked_process_starts_its_own_and_both_end() -> None:
    done = run(
        "import os\n"
        "from portal.documents.pool import Pool\n"
        "from tests.documents.samples import invoice\n"
        "pool = Pool()\n"
        "pdf = pool.render(invoice(1))\n"
        "child = os.fork()\n"
        "print(pool.render(invoice(1)) == pdf, flush=True)\n"
        "if child: os.waitpid(child, 0)\n"
    )
    assert done.stdout.split() == ["True", "True"], done.stderr


def test_a_process_started_by_multiprocessing_ends_as_well() -> None:
    done = run(
        "import multiprocessing\n"
        "from portal.documents.pool import Pool\n"
        "from tests.documents.samples import invoice\n"
        "def main(): print(len(Pool().render(invoice(1))) > 0, flush=True)\n"
        "child = multiprocessing.get_context('fork').Process(target=main)\n"
        "child.start(); child.join()\n"
        "print(child.exitcode)\n"
    )
    assert done.stdout.split() == ["True", "0"], done.stderr


def test_memory_is_limited() -> None:
    done = run("from portal.documents import pool; pool._prepare_process(); bytearray(pool.MEMORY)")
    assert MEMORY == 512 << 20
    assert done.stderr.splitlines()[-1] == "MemoryError"


def test_the_web_process_never_loads_the_renderer() -> None:
    done = run("import sys, portal.documents.library; print('weasyprint' in sys.modules)")
    assert done.stdout.strip() == "False"
