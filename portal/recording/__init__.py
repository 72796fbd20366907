"""Events and audit entries, derived from the rows that a transaction has changed."""

from portal.recording.changes import happened, touched
from portal.recording.recorder import Recorder, step

__all__ = ["Recorder", "happened", "step", "touched"]
