"""S4: what scanners that everybody can run find: a spider with an open visit, and one that tries SQL in each form."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode, urljoin

from bench.sites import Client
from tests.long_look.figures import Figure, Outcome, Run
from tests.long_look.records import TOP
from tests.long_look.sites import new_client, open_browser, serving
from tests.torture.killing import Portal

BESIDE = TOP / ".venv" / "long-look"
#: What the spider tries: all that can hold of a portal that is no other product.
MODULES = "backup,cookieflags,crlf,csp,csrf,exec,file,http_headers,https_redirect,htaccess,ldap,log4shell,methods,"
MODULES += "permanentxss,redirect,sql,ssl,ssrf,timesql,xss,xxe"
#: Fields that only say where a form belongs.
TOKENS = ("csrf_token",)


class _Forms(HTMLParser):
    """The forms and links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, str, dict[str, str]]] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = {name: value or "" for name, value in attrs}
        if tag == "a" and own.get("href"):
            self.links.append(own["href"])
        if tag == "form":
            self.forms.append((own.get("method", "get").lower(), own.get("action", ""), {}))
        if tag in {"input", "select", "textarea"} and self.forms and own.get("name"):
            self.forms[-1][2].setdefault(own["name"], own.get("value") or "1")


def measure(run: Run) -> Outcome:
    """Both scanners, against a portal with a customer who has one of everything."""
    # a scanner asks more often than people do; what limits refuse would hide what it looks for
    with serving(run, PORTAL_DEMO="1") as portal:
        program = new_client(portal)
        visit, browser = _stock(portal, program)
        forms = collect_forms(browser, visit)
        limit = int((run.minutes or 60) * 60)
        pages, wrong = _spider(portal, visit, browser, run.folder, limit // 2)
        tried, injections = _inject(portal, browser, forms, run, limit // 2)
    log = portal.log.read_text(errors="replace")
    wrong += [f"a trace in the log: {found}" for found in sorted(set(re.findall(r"Traceback.{0,200}", log)))[:5]]
    return Outcome({"forms": tried, "forms in all": len(forms), "requests of the spider": pages}, (*wrong, *injections))


def _stock(portal: Portal, program: Client) -> tuple[str, Client]:
    customer = str(program.post("/v1/customers", {"name": "Ada", "email": "ada@example.com"})["id"])
    product = program.post("/v1/products", {"name": "Gold"})["id"]
    plan = {"product": product, "unit_amount": 900, "currency": "usd", "recurring": {"interval": "month"}}
    price = program.post("/v1/prices", plan)["id"]
    billed = {"collection_method": "send_invoice", "days_until_due": 14}
    program.post("/v1/subscriptions", {"customer": customer, "items": [{"price": price}], **billed})
    for _ in range(3):
        bill = program.post("/v1/invoices", {"customer": customer, "currency": "usd"})["id"]
        program.post("/v1/invoiceitems", {"customer": customer, "invoice": bill, "amount": 100, "currency": "usd"})
        program.post(f"/v1/invoices/{bill}/finalize", {})
    return open_browser(portal, customer)


def collect_forms(browser: Client, visit: str) -> dict[tuple[str, str], dict[str, str]]:
    """Every form of a visit by method and path, with a value for each field; pages are followed from the first on."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    waiting, seen = [f"{visit}/"], set[str]()
    while waiting and len(seen) < 200:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        try:
            page = browser.get(path).decode("utf-8", "replace")
        except RuntimeError:
            continue
        reader = _Forms()
        reader.feed(page)
        for method, action, fields in reader.forms:
            target = urljoin(path, action) if action else path
            if target.startswith(visit) and "sign-out" not in target:
                found.setdefault((method, target.partition("?")[0]), fields)
        links = [urljoin(path, each).partition("#")[0] for each in reader.links]
        waiting += [each for each in links if each.startswith(f"{visit}/") and "sign-out" not in each]
    return found


def _spider(portal: Portal, visit: str, browser: Client, folder: Path, seconds: int) -> tuple[int, list[str]]:
    report = folder / "wapiti.json"
    command = [sys.executable, "-c", _WAPITI, "-u", f"http://127.0.0.1:{portal.port}{visit}/", "--scope", "folder"]
    command += ["-m", MODULES, "--flush-session", "--color", "-v", "1", "-f", "json", "-o", str(report)]
    command += [
        "--max-scan-time",
        str(seconds),
        "--max-links-per-page",
        "60",
        "-x",
        f"http://127.0.0.1:{portal.port}{visit}/sign-out",
    ]
    for name, value in browser.headers.items():
        command += ["-H", f"{name}: {value}"]
    environment = {**os.environ, "PYTHONPATH": str(BESIDE), "HOME": str(folder)}
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=seconds + 300)
    if not report.exists():
        return 0, [f"the spider did not run: {(done.stdout + done.stderr)[-250:]}"]
    told = json.loads(report.read_text())
    found = [(kind, each) for kind, listed in told["vulnerabilities"].items() for each in listed]
    # what it says of plain http, which is for a server before it, is no fault of pages on loopback
    serious = [f"{kind}: {each['info'][:100]} {each['path'][:60]}" for kind, each in found if each["level"] >= 2]
    asked = len(re.findall(r"/p/bps_", portal.log.read_text(errors="replace"))) or portal.log.read_text().count(
        "request"
    )
    return asked, serious


#: Its proxy and its reader of Flash are never used, and bring what no wheel brings.
_WAPITI = """
import sys
from importlib.machinery import ModuleSpec

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"mitmproxy", "yaswfp"}:
            return ModuleSpec(name, self, is_package=True)
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        module.__getattr__ = lambda name: type(name, (), {})

sys.meta_path.append(Absent())
from wapitiCore.main.wapiti import wapiti_asyncio_wrapper
wapiti_asyncio_wrapper()
"""


def _inject(
    portal: Portal, browser: Client, forms: dict[tuple[str, str], dict[str, str]], run: Run, seconds: int
) -> tuple[int, list[str]]:
    """SQL of all kinds in every field of every form."""
    wrong, tried, until = list[str](), 0, run.seconds + seconds
    for (method, path), fields in forms.items():
        names = [name for name in fields if name not in TOKENS]
        if not names or (run.count is not None and tried >= run.count) or run.told_to_end or run.seconds > until:
            continue
        tried += 1
        url = f"http://127.0.0.1:{portal.port}{path}"
        command = [sys.executable, str(BESIDE / "sqlmap" / "sqlmap.py"), "--batch", "--flush-session", "--level=3"]
        command += ["--risk=2", "--smart", "--threads=1", "--timeout=20", "--retries=0", f"--output-dir={run.folder}"]
        command += [f"--cookie={browser.headers.get('Cookie', '')}", f"-p{','.join(names)}", "--disable-coloring"]
        command += ["--ignore-code=400,403,404,410,429"]
        command += (
            ["-u", f"{url}?{urlencode(fields)}"] if method == "get" else ["-u", url, f"--data={urlencode(fields)}"]
        )
        environment = {**os.environ, "PYTHONPATH": str(BESIDE), "HOME": str(run.folder)}
        left = max(30, min(300, int(until - run.seconds)))
        try:
            said = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=left).stdout
        except subprocess.TimeoutExpired as error:
            said = (error.stdout or b"").decode("utf-8", "replace")
        if re.search(r"is vulnerable|appears to be .* injectable|identified the following injection", said):
            wrong.append(f"{method} {path}: {said[-200:]}")
    return tried, wrong


FIGURES = [
    Figure(
        "S4",
        "A spider with an open visit and a scanner for SQL, which tries every field of every form, find nothing of"
        " medium or more.",
        {"forms": 20},
        measure,
    )
]
