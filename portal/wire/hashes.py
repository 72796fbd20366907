"""Merges nested hashes for updates key by key."""

from typing import Any


def merge_hashes(stored: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    """`stored` with the sent keys on top, hash by hash. Lists are replaced whole."""
    result = dict(stored)
    for key, value in sent.items():
        beneath = stored.get(key)
        result[key] = merge_hashes(beneath, value) if isinstance(value, dict) and isinstance(beneath, dict) else value
    return result
