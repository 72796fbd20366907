"""Records events and audit entries, derived from the rows that a transaction has changed."""

from portal.recording.changes import record_change, record_occurrence, record_upcoming, remember_rendered
from portal.recording.recorder import ChangeRecorder, stage
from portal.recording.shown import note_unrecorded

__all__ = [
    "ChangeRecorder",
    "note_unrecorded",
    "record_change",
    "record_occurrence",
    "record_upcoming",
    "remember_rendered",
    "stage",
]
