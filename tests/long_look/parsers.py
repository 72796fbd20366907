"""S3: what reads text from outside, fed by a fuzzer that is led by the code that each input reaches.

`python -m tests.long_look.parsers NAME SECONDS` feeds one of them; libFuzzer ends the process by itself.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.long_look.figures import NEITHER, Figure, Outcome, Run
from tests.long_look.records import TOP

BESIDE = TOP / ".venv" / "long-look"
MINUTES = 30


def _form(text: str, data: bytes) -> None:
    from portal.wire import form

    form.parse(data)


def _return_url(text: str, data: bytes) -> None:
    from portal.wire import urls

    rebuilt = urls.canonical_url(text)
    assert urls.canonical_url(rebuilt) == rebuilt, rebuilt


def _webhook_url(text: str, data: bytes) -> None:
    from portal.wire import urls

    urls.parse_url(text)
    urls.parse_origin(text)


def _host_name(text: str, data: bytes) -> None:
    from portal.wire import urls

    urls.parse_host_name(text)


def _file_name(text: str, data: bytes) -> None:
    from portal.rules import file_names

    name = file_names.safe_file_name(text)
    assert not set(name) & set('/\\\0\r\n"'), name


def _tax_id(text: str, data: bytes) -> None:
    from portal.rules import tax_ids

    for type in ("eu_vat", "us_ein", "gb_vat", "ch_vat", "br_cnpj", "in_gst"):
        tax_ids.normalize_value(type, text)


def _address(text: str, data: bytes) -> None:
    from email_validator import validate_email

    validate_email(text, check_deliverability=False)


def _language(text: str, data: bytes) -> None:
    from werkzeug.datastructures import LanguageAccept
    from werkzeug.http import parse_accept_header

    from portal import i18n

    i18n.best_locale(tag for tag, _ in parse_accept_header(text, LanguageAccept))


def _search(text: str, data: bytes) -> None:
    from portal.wire import search

    search.parse_query(text)


def _amount(text: str, data: bytes) -> None:
    from portal import i18n

    for locale in ("en", "de", "ar", "fr"):
        i18n.parse_amount(text, "eur", locale)


def _bank_statement(text: str, data: bytes) -> None:
    from portal.bank_files import reading

    for _ in reading.read_entries(io.BytesIO(data)):
        pass


def _json(text: str, data: bytes) -> None:
    import orjson

    json.dumps(orjson.loads(data))


#: By what is read.
PARSERS: dict[str, Callable[[str, bytes], None]] = {
    "json": _json,
    "return_url": _return_url,
    "webhook_url": _webhook_url,
    "host_name": _host_name,
    "file_name": _file_name,
    "tax_id": _tax_id,
    "address": _address,
    "language": _language,
    "form": _form,
    "search": _search,
    "amount": _amount,
    "bank_statement": _bank_statement,
}


def feed(name: str, seconds: int) -> None:
    """Feed one parser until the time is over; what it may refuse with is no crash. Ends the process."""
    import atheris  # type: ignore[import-not-found, unused-ignore]

    with atheris.instrument_imports(include=["portal", "email_validator", "qs_codec", "stdnum"]):
        try:
            PARSERS[name]("", b"")
        except Exception as error:  # an empty input may be refused
            print(f"nothing is refused with {type(error).__name__}")
    from portal.bank_files.values import UnreadableFile
    from portal.errors import PortalError

    def once(data: bytes) -> None:
        try:
            PARSERS[name](data.decode("utf-8", "surrogateescape"), data)
        except (ValueError, PortalError, UnreadableFile):
            return

    atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", "-max_len=4096", "-timeout=10"], once)
    atheris.Fuzz()


def measure(run: Run) -> Outcome:
    """Each parser for its share of the time."""
    minutes = run.minutes if run.minutes is not None else MINUTES * len(PARSERS)
    seconds = max(5, int(minutes * 60 / len(PARSERS)))
    inputs, wrong, done = 0, list[str](), 0
    for name in PARSERS:
        if run.told_to_end:
            break
        said = _run_alone(name, seconds, run.folder)
        found = re.search(r"Done (\d+) (?:runs )?in", said)
        inputs += int(found[1]) if found else 0
        done += 1
        if not found:
            wrong.append(f"{name}: {said[-250:]}")
    return Outcome({"minutes": round(seconds * done / 60, 1), "parsers": done, "inputs": inputs}, tuple(wrong))


def _run_alone(name: str, seconds: int, folder: Path) -> str:
    # the packages of the portal come first: those beside are older
    path = f"import sys; sys.path.append({str(BESIDE)!r})"
    program = f"{path}; from tests.long_look import parsers; parsers.feed({name!r}, {seconds})"
    command = [sys.executable, "-c", program]
    environment = {**os.environ, "PYTHONPATH": str(TOP)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace")
    return done.stdout + done.stderr


FIGURES = [
    Figure(
        "S3",
        f"No input crashes what reads it: {len(PARSERS)} parsers, each fed for half an hour by a fuzzer that is led by"
        " the code that an input reaches.",
        {"minutes": MINUTES * len(PARSERS)},
        measure,
        databases=NEITHER,
        adds_up=True,
    )
]
