"""Events and audit entries, derived from the rows that a transaction has changed."""

from portal.recording.changes import foretold, happened, touched
from portal.recording.recorder import Recorder, step

__all__ = ["Recorder", "foretold", "happened", "step", "touched"]
