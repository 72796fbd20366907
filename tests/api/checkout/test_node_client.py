"""Checkout and payment methods by the official Node client, against a live server."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.live import Live

TOP = Path(__file__).parent.parent.parent.parent


def test_a_card_is_kept_and_pays_at_checkout(served: Live) -> None:
    known = {"PORTAL_URL": served.url, "PORTAL_KEY": served.shop().keys.test_key}
    ended = subprocess.run(
        ["node", "tests/node/paying.mjs"],
        cwd=TOP,
        env={**os.environ, **known},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == {
        "setup": "succeeded",
        "kept": ["4242"],
        "pressed": 303,
        "session": ["complete", "paid", 4900, 1],
        "invoice": ["paid", 4900],
        "asked": ["XL", 10300, 500],
        "sent": "Lindenstr. 3",
        "link": False,
        "expired": "expired",
        "refused": True,
        "detached": None,
    }
