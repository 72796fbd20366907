"""Schemas of what no column of a failed step describes."""

from portal.wire.schemas import STRING, Schema, hash_of

FAILED_STEP: dict[str, Schema] = {"related_object": hash_of(id=STRING, type=STRING)}
