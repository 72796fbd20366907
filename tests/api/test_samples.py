"""The samples of the reference: recorded from the application, run as they are shown, by a shell and by a program."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from stripe import StripeClient, StripeResponse

from portal.api import openapi, samples
from portal.api.endpoint import CALLS
from portal.api.samples import Sample
from portal.assembly import build_seal
from portal.billing.accounts.new_accounts import NewAccount
from tests import goldens, official
from tests.clients import Api
from tests.factories import Factories
from tests.live import Live
from tests.pictures import picture
from tests.sample_calls import STATEMENT, Day

#: What no sample can show: these are there for programs that ask, and answer with status 404.
WITHOUT_SAMPLE = {"GET /products/{product}/features/{feature}"}
#: What is made up anew each time, and what stands for it.
_MADE_UP = {r'\bwhsec_[^"]+': "whsec_<secret>", r"\bupcoming_in_\w+": "upcoming_in_1"}


def _read_client() -> dict[tuple[str, str], str]:
    """The methods of the official client by HTTP method and address, such as `customers.retrieve`."""
    found: dict[tuple[str, str], str] = {}
    waiting: list[tuple[str, Any]] = [("", StripeClient("sk_test_1").v1)]
    while waiting:
        name, service = waiting.pop()
        module = import_module(type(service).__module__)
        for function, method, path in _METHOD.findall(Path(str(module.__file__)).read_text()):
            found.setdefault((method, re.sub(r"\{\w+\}", "{}", path)), f"{name}{function}")
        parts = getattr(module, "_subservices", {})
        waiting += [(f"{name}{part}.", getattr(service, part)) for part in parts]
    return found


#: In the source of a service: the name of a function, the method and the address of its call.
_METHOD = re.compile(
    r'^    def (\w+)\((?:(?!^    (?:async )?def ).)*?"(get|post|delete)",\s+"/v1(/[^"]+)"', re.S | re.M
)
CLIENT_METHODS = _read_client()


def _build_sample(call: str, ids: tuple[str, ...], sent: dict[str, Any], saved_as: str | None) -> Sample:
    method, path = call.split(" ")
    client = CLIENT_METHODS.get((method.lower(), re.sub(r"\{\w+\}", "{}", path)))
    for id in ids:
        path = re.sub(r"\{\w+\}", id, path, count=1)
    return Sample(method, f"/v1{path}", ids, sent, None, client, saved_as)


def _sender(run: Callable[[str, Sample], Any]) -> Callable[..., Any]:
    """`send` of `Day`, whose calls are made by `run`."""

    def send(call: str, *ids: str, saved_as: str | None = None, **sent: Any) -> Any:
        return run(call, _build_sample(call, ids, sent, saved_as))

    return send


def _order_keys(value: Any) -> Any:
    """The keys of each hash in one order, as the databases store those of JSON differently."""
    if isinstance(value, list):
        return [_order_keys(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: _order_keys(value[key]) for key in sorted(value, key=lambda key: (key not in {"id", "object"}, key))}


#: The files that samples send, by their names.
UPLOADS = {"logo.png": picture(), "statement.xml": STATEMENT}


def _write_uploads(folder: Path) -> None:
    for name, content in UPLOADS.items():
        (folder / name).write_bytes(content)


def play_day(api: Api, make: Factories, note: Callable[[str, Sample, Any], object]) -> None:
    """Make every call; `note` gets each with its sample and what it answered."""

    def run(call: str, sample: Sample) -> Any:
        name = str(sample.sent.get("file")).removeprefix("@")
        upload = (name, UPLOADS[name]) if name in UPLOADS else None
        sent = {key: value for key, value in sample.sent.items() if not (upload and key == "file")}
        answer = api.request(sample.method, sample.path.removeprefix("/v1/"), upload=upload, **sent)
        assert answer.status_code == 200, (call, answer.get_data(as_text=True))
        shown = None if sample.saved_as else answer.get_json()
        note(call, sample, shown)
        return shown

    Day(_sender(run), make, api.client.application.extensions["portal"].seal).play()


@pytest.mark.usefixtures("held_clock")
def test_samples_are_what_the_application_answers(api: Api, make: Factories) -> None:
    recorded: dict[str, dict[str, Any]] = {}

    def note(call: str, sample: Sample, shown: Any) -> None:
        path = f"/v1{call.split(' ')[1]}"
        recorded.setdefault(call, {**asdict(sample), "call": path, "answer": _order_keys(shown)})

    play_day(api, make, note)
    text = json.dumps(list(recorded.values()), indent=1, ensure_ascii=False) + "\n"
    text = goldens.numbered(text)
    for pattern, shown in _MADE_UP.items():
        text = re.sub(pattern, shown, text)
    if os.environ.get("UPDATE_GOLDENS"):
        samples.FILE.write_text(text, "utf-8")
    command = f"run `{goldens.COMMAND}` and read the diff"
    assert text == samples.FILE.read_text("utf-8"), f"{samples.FILE.name} is another: {command}"


@pytest.mark.usefixtures("app")
def test_every_call_has_a_sample() -> None:
    calls = {f"{method} {openapi.openapi_path(rule)}" for method, rule in CALLS}
    assert calls - {" ".join(key) for key in samples.read_samples()} == WITHOUT_SAMPLE


def test_samples_run_as_shell_commands(live: Live, tmp_path: Path) -> None:
    shop = live.shop()
    _write_uploads(tmp_path)
    environment = {**os.environ, "SECRET_KEY": shop.keys.test_key}

    def run(call: str, sample: Sample) -> Any:
        command = sample.curl_command(live.url).replace("curl", "curl --silent --fail-with-body", 1)
        done = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, timeout=60)
        assert done.returncode == 0, (command, done.stdout)
        return None if sample.saved_as else json.loads(done.stdout)

    Day(_sender(run), shop.make, build_seal(live.settings)).play()


# a line that uploads a file leaves it to Python to close it
@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("held_clock")
def test_samples_run_as_python(
    app: Flask, api: Api, merchant: NewAccount, make: Factories, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _write_uploads(tmp_path)
    client = official.client(app, merchant.test_key)

    def run(call: str, sample: Sample) -> Any:
        code = sample.python_code()
        if code is None and not sample.saved_as:
            name = str(sample.sent["file"]).removeprefix("@")
            path = sample.path.removeprefix("/v1/")
            return api.request(sample.method, path, upload=(name, UPLOADS[name])).get_json()
        answer = eval(code, {"client": client}) if code else None  # noqa: S307 - our own text
        if sample.saved_as:
            return None
        return answer.data if isinstance(answer, StripeResponse) else answer.to_dict()

    Day(_sender(run), make, app.extensions["portal"].seal).play()
