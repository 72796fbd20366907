"""Records events and audit entries, derived from the rows that a transaction has changed."""

from portal.recording.changes import record_change, record_occurrence, record_upcoming, remember_rendered
from portal.recording.recorder import ChangeRecorder, stage

__all__ = ["ChangeRecorder", "record_change", "record_occurrence", "record_upcoming", "remember_rendered", "stage"]
