"""Finds objects that refer to each other in a circle, such as a subscription and its schedule.

They are written together, as neither can be there first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from portal.transfer.tables import Link

#: Types that can be part of a circle.
CIRCULAR_TYPES = frozenset({"customer", "discount", "promotion_code", "subscription", "subscription_schedule"})


@dataclass(frozen=True)
class CircleMember:
    """An object that waits: where it stands in the spool, what others call it, and what it lacks."""

    offset: int
    own: tuple[Link, ...]
    missing: tuple[Link, ...]


def complete_groups(members: Sequence[CircleMember], is_there: Callable[[Link], bool]) -> list[list[CircleMember]]:
    """The groups whose members lack nothing but each other."""
    by_link = {link: at for at, member in enumerate(members) for link in member.own}
    needs = [[link for link in member.missing if not is_there(link)] for member in members]
    alive = _keep_complete(needs, by_link)
    leaders = _join(alive, needs, by_link)
    groups: dict[int, list[CircleMember]] = {}
    for at in sorted(alive):
        groups.setdefault(_find_leader(leaders, at), []).append(members[at])
    return list(groups.values())


def _keep_complete(needs: Sequence[Sequence[Link]], by_link: dict[Link, int]) -> set[int]:
    """The members that lack nothing but other such members."""
    alive = set(range(len(needs)))
    needed_by: dict[int, list[int]] = {}
    for at, links in enumerate(needs):
        for link in links:
            if link in by_link:
                needed_by.setdefault(by_link[link], []).append(at)
    dropped = [at for at, links in enumerate(needs) if any(link not in by_link for link in links)]
    while dropped:
        at = dropped.pop()
        if at in alive:
            alive.discard(at)
            dropped += needed_by.get(at, [])
    return alive


def _join(alive: set[int], needs: Sequence[Sequence[Link]], by_link: dict[Link, int]) -> dict[int, int]:
    """For each member, another of its group, up to one that leads the group."""
    leaders = {at: at for at in alive}
    for at in alive:
        for link in needs[at]:
            leaders[_find_leader(leaders, at)] = _find_leader(leaders, by_link[link])
    return leaders


def _find_leader(leaders: dict[int, int], at: int) -> int:
    while leaders[at] != at:
        leaders[at] = at = leaders[leaders[at]]
    return at
