"""The examples for web frameworks, each run as it says: a customer goes to the portal, and the plan comes back."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, OpenerDirector, Request, build_opener

import pytest
import stripe

from tests.live import Live, free_port

TOP = Path(__file__).parents[2]
EXAMPLES = TOP / "examples" / "frameworks"
PATIENCE = 60.0
NEXT = "node_modules/next/dist/bin/next"
COMMANDS = {
    "flask": [sys.executable, "-m", "flask", "--app", "flask_app", "run", "--port"],
    "django": [sys.executable, "django_app.py", "runserver", "--noreload"],
    "fastapi": [sys.executable, "-m", "uvicorn", "fastapi_app:app", "--port"],
    "express": ["node", "app.mjs"],
    "nextjs": ["node", NEXT, "start", "--hostname", "127.0.0.1", "--port"],
}

# one at a time, as the build of one of them takes the processor for itself
pytestmark = pytest.mark.xdist_group("frameworks")


class StayHere(HTTPRedirectHandler):
    """Answers a redirect instead of following it."""

    def redirect_request(self, *arguments: Any, **options: Any) -> None:
        return None


@pytest.mark.parametrize("framework", sorted(COMMANDS))
def test_customers_go_to_the_portal_and_their_plan_comes_back(live: Live, tmp_path: Path, framework: str) -> None:
    shop, port = live.shop(), free_port()
    client = stripe.StripeClient(shop.keys.test_key, base_addresses={"api": live.url})
    customer = client.v1.customers.create({"name": "Jenny Rosen"})
    own = f"http://127.0.0.1:{port}"
    endpoint = client.v1.webhook_endpoints.create(
        {"url": f"{own}/webhooks", "enabled_events": ["customer.subscription.created", "customer.subscription.updated"]}
    )
    environment = {
        "PORTAL_URL": live.url,
        "PORTAL_API_KEY": shop.keys.test_key,
        "PORTAL_WEBHOOK_SECRET": endpoint.secret or "",
        "PORTAL_CUSTOMER": customer.id,
        "SHOP_URL": f"{own}/",
    }
    browser = build_opener(with_cookies(), StayHere)
    with running(framework, port, environment, tmp_path):
        page = wait_for(browser, own, "Plan: none")
        token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        status, headers = post(browser, f"{own}/billing", urlencode({"csrfmiddlewaretoken": "".join(token)}).encode())
        assert (status, headers["Location"].startswith(f"{live.url}/p/session/")) == (303, True)
        portal = build_opener(with_cookies()).open(headers["Location"], timeout=PATIENCE)
        assert f'href="{own}/"' in portal.read().decode()
        assert post(browser, f"{own}/webhooks", b"{}")[0] == 400
        price = client.v1.prices.create(
            {
                "currency": "eur",
                "unit_amount": 900,
                "recurring": {"interval": "month"},
                "product_data": {"name": "Plan"},
            }
        )
        client.v1.subscriptions.create(
            {
                "customer": customer.id,
                "items": [{"price": price.id}],
                "collection_method": "send_invoice",
                "days_until_due": 30,
            }
        )
        wait_for(browser, own, "Plan: active")
    client.v1.webhook_endpoints.delete(endpoint.id)


def with_cookies() -> HTTPCookieProcessor:
    """Keeps cookies as a browser does, which takes this machine for safe."""
    return HTTPCookieProcessor(CookieJar(DefaultCookiePolicy(secure_protocols=("https", "http"))))


@contextmanager
def running(framework: str, port: int, environment: dict[str, str], folder: Path) -> Iterator[None]:
    """An example at work, in a folder of its own where it builds something."""
    place = EXAMPLES / framework if (EXAMPLES / framework).is_dir() else EXAMPLES
    given = {**os.environ, **environment, "PORT": str(port), "NEXT_TELEMETRY_DISABLED": "1"}
    given["PYTHONPATH"] = str(TOP / ".venv" / "frameworks")
    if framework == "nextjs":
        place = built(place, folder / "nextjs", given)
    command = COMMANDS[framework] if framework == "express" else [*COMMANDS[framework], str(port)]
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(command, cwd=place, env=given, stdout=said, stderr=said)
        try:
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE)
            print((folder / "said").read_text()[-4000:])


def built(source: Path, target: Path, environment: dict[str, str]) -> Path:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("node_modules", ".next"))
    (target / "node_modules").symlink_to(source / "node_modules")
    done = subprocess.run(["node", NEXT, "build"], cwd=target, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


def wait_for(browser: OpenerDirector, url: str, words: str) -> str:
    """The page once it says these words."""

    def look() -> str:
        try:
            page: str = browser.open(url, timeout=PATIENCE).read().decode()
        except (URLError, ConnectionError):
            return ""
        return page if words in page else ""

    return wait_until(look)


def wait_until(look: Callable[[], str]) -> str:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        if found := look():
            return found
        time.sleep(0.1)
    raise TimeoutError


def post(browser: OpenerDirector, url: str, body: bytes) -> tuple[int, Any]:
    try:
        answer = browser.open(Request(url, body), timeout=PATIENCE)  # noqa: S310 - an example on this machine
        return answer.status, answer.headers
    except HTTPError as error:
        return error.code, error.headers
