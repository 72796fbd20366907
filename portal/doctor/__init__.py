"""Checks a deployment. Each check says what to do when it fails."""
