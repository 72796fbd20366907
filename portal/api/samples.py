"""A request and an answer for each call, as the reference shows them.

`samples.json` is recorded by `tests/api/test_samples.py`, which sends each request to the application; ids are
numbered, so that they stay the same. What is shown here as a command or as a program is what those tests run.
"""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "samples.json"
#: Where the portal was when the samples were recorded.
RECORDED_AT = "http://localhost"
_PLAIN = re.compile(r"[A-Za-z0-9_.,:/*@-]*")
_LINE = 70


@dataclass(frozen=True)
class Sample:
    """A request by method, path and nested parameters; `answer` is None where it is a file.

    `client` is the method of the official Python client that makes the call, or None where it has none; `ids` are those
    in the path. A parameter that is a file holds its name with an `@` before it; `saved_as` names a file that is the
    answer.
    """

    method: str
    path: str
    ids: tuple[str, ...]
    sent: dict[str, Any]
    answer: Any
    client: str | None = None
    saved_as: str | None = None

    def curl_command(self, base_url: str) -> str:
        """The request as a shell command, which takes the key from `SECRET_KEY`."""
        saved = f" -o {self.saved_as}" if self.saved_as else ""
        # without a method, curl takes GET, and POST as soon as parameters are sent
        written = {"GET": " -G" if self.sent else "", "POST": "" if self.sent else " -X POST", "DELETE": " -X DELETE"}
        command = f'curl{written[self.method]} {base_url}{self.path} -u "$SECRET_KEY:"{saved}'
        lines = [command, *self._curl_parameters()]
        return " \\\n  ".join(lines)

    def _curl_parameters(self) -> Iterator[str]:
        pairs = list(flatten_parameters(self.sent))
        uploads = any(value.startswith("@") for _, value in pairs)
        for name, value in pairs:
            option = "-F" if uploads else "-d" if _PLAIN.fullmatch(value) else "--data-urlencode"
            yield f"{option} {_shell_word(f'{name}={value}')}"

    def python_code(self) -> str | None:
        """The request as a line of Python, with `client` as the README makes it; None where the client has no way."""
        uploads = any(str(value).startswith("@") for value in self.sent.values())
        if self.client is None and (self.saved_as or uploads):
            return None
        if self.client is None:
            named = [f'"{self.method.lower()}", "{self.path}"']
            keywords = [f"{name}={_python_literal(value)}" for name, value in self.sent.items()]
            return _python_call("client.raw_request", named + keywords)
        sent = [_python_literal(self.sent)] if self.sent else []
        return _python_call(f"client.v1.{self.client}", [*(json.dumps(id) for id in self.ids), *sent])

    def answer_text(self, base_url: str) -> str:
        """The answer as indented JSON."""
        text = json.dumps(self.answer, indent=2, ensure_ascii=False)
        return text.replace(RECORDED_AT, base_url)


@cache
def read_samples() -> dict[tuple[str, str], Sample]:
    """The samples by method and OpenAPI path."""
    recorded = json.loads(FILE.read_text("utf-8"))
    return {
        (each["method"], each["call"].removeprefix("/v1")): Sample(
            **{key: value for key, value in each.items() if key not in {"call", "ids"}}, ids=tuple(each["ids"])
        )
        for each in recorded
    }


def flatten_parameters(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Nested parameters as the pairs of a form: `{"a": {"b": [1]}}` gives `a[b][0]=1`."""
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for key, each in inner:
            yield from flatten_parameters(each, f"{name}[{key}]" if name else str(key))
    else:
        yield name, str(value).lower() if isinstance(value, bool) else str(value)


def _shell_word(text: str) -> str:
    """The text quoted for a shell, in the marks that are easier to read."""
    return f'"{text}"' if "'" in text and not re.search(r'["$`\\]', text) else shlex.quote(text)


def _python_call(function: str, arguments: list[str]) -> str:
    line = f"{function}({', '.join(arguments)})"
    if len(line) <= _LINE or (len(arguments) == 1 and "\n" in line):
        return line
    inner = "".join(f"    {each},\n".replace("\n    ", "\n        ") for each in arguments)
    return f"{function}(\n{inner})"


def _python_literal(value: Any, indent: str = "") -> str:
    if isinstance(value, str) and value.startswith("@"):
        return f'open("{value[1:]}", "rb")'
    if not isinstance(value, dict | list):
        return repr(value) if isinstance(value, bool) else json.dumps(value, ensure_ascii=False)
    deeper = f"{indent}    "
    if isinstance(value, dict):
        opened, closed = "{", "}"
        parts = [f"{json.dumps(key)}: {_python_literal(each, deeper)}" for key, each in value.items()]
    else:
        opened, closed = "[", "]"
        parts = [_python_literal(each, deeper) for each in value]
    line = f"{opened}{', '.join(parts)}{closed}"
    if len(line) + len(indent) <= _LINE - 20 and "\n" not in line:
        return line
    return f"{opened}\n" + "".join(f"{deeper}{part},\n" for part in parts) + f"{indent}{closed}"
