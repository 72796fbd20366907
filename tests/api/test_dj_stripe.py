"""dj-stripe 2.11 keeps copies of what a portal holds, unchanged but for the address."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.live import TOP, Live

PROGRAM = Path(__file__).parent.parent / "documented" / "dj_stripe_sync.py"


def test_dj_stripe_synchronizes_customer_subscription_invoice_and_price(live_server: Live, tmp_path: Path) -> None:
    command = [sys.executable, str(PROGRAM), live_server.url, live_server.shop().keys.test_key, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(TOP / ".venv" / "dj-stripe")}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert (run.returncode, run.stderr) == (0, "")
    found = json.loads(run.stdout)
    assert found["stored"] == found["made"]
    assert set(found["made"]) == {"Customer", "Product", "Price", "Subscription", "Invoice"}
    assert found["facts"] == {
        "customer": "jenny.rosen@example.com",
        "invoice": [True, "4000", "open"],
        "items": [[2000, 2]],
        "product": "Gold plan",
        "status": "incomplete",
    }
