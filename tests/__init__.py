"""The tests of the portal; `tests/README.md` names the helpers and fixtures."""
