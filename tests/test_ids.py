"""Ids sort by creation, within one millisecond too, and are never the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from portal import ids


def test_later_ids_sort_after_earlier_ones() -> None:
    made = [ids.new("customer") for _ in range(5000)]
    assert made == sorted(made)


def test_threads_never_get_the_same_id() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: ids.new("invoice"), range(5000)))
    assert len(set(made)) == 5000
    assert {len(id) for id in made} == {len("in_") + 22}
