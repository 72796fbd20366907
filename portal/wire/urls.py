"""Parses web addresses from outside and rebuilds them before they are stored."""

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from pydantic import AfterValidator

from portal.wire.commands import parameter_error, schema_override, text_up_to

MAX_LENGTH = 2048
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[^][:%]+)(:[0-9]*)?", re.ASCII | re.IGNORECASE)
_HOST_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*\.?", re.ASCII)
# browsers read such a last label as part of an IPv4 address, in octal and hexadecimal too
_NUMERIC = re.compile(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)\.?", re.ASCII)
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_PATH_CHARACTERS = "/:@!$&'()*+,;=-._~%"


def canonical_url(url: str) -> str:
    """The URL in canonical ASCII form. Raises `ValueError` unless it is plain http(s) to a named host.

    Refused are other schemes, user names, backslashes, control characters and blanks, hosts that IDNA turns
    into others, addresses in odd notations, port 0 and more than 2,048 characters.
    """
    if "\\" in url or " " in url or not url.isprintable():
        raise ValueError("it holds blanks, backslashes or control characters")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or "@" in parts.netloc:
        raise ValueError("it must start with https:// and a host name, without a user name")
    path, query, fragment = (
        quote(part, safe=_PATH_CHARACTERS + more) for part, more in zip(parts[2:], ("", "?/", "?/"), strict=True)
    )
    result = urlunsplit((parts.scheme, _canonical_authority(parts), path, query, fragment))
    if len(result) > MAX_LENGTH:
        raise ValueError(f"it is longer than {MAX_LENGTH} characters")
    return result


def parse_origin(url: str) -> str:
    """`https://host:port` for a parameter, without path, query and fragment. Raises the wire's error."""
    parts = urlsplit(parse_url(url))
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise parameter_error("url_invalid", "Not a valid origin: send scheme, host and port alone.")
    usual = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{parts.netloc.removesuffix(f':{usual}')}"


def parse_host_name(name: str) -> str:
    """A host name for a parameter, in lower case. Raises the wire's error for an address, a port or more."""
    try:
        host = _canonical_host(name.lower())
    except (ValueError, UnicodeError):
        host = ""
    if "." not in host or host.endswith(".") or _NUMERIC.fullmatch(host):
        raise parameter_error("", "Not a valid host: send the name alone, such as billing.example.com.")
    return host


def is_local_url(url: str) -> bool:
    """Whether the host is this machine, the only place where plain http is safe."""
    return urlsplit(url).hostname in _LOCAL_HOSTS


def _canonical_authority(parts: SplitResult) -> str:
    host, port = parts.hostname or "", parts.port
    if port == 0:
        raise ValueError("its port is not valid")
    if not _AUTHORITY.fullmatch(parts.netloc):
        raise ValueError("its host name is not valid")
    name = f"[{IPv6Address(host)}]" if "[" in parts.netloc else _canonical_host(host)
    return name + (f":{port}" if port else "")


def _canonical_host(host: str) -> str:
    name = host.encode("idna").decode("ascii").lower()
    if not _HOST_NAME.fullmatch(name) or len(name) > 253:
        raise ValueError("its host name is not valid")
    if name != host and name.encode("ascii").decode("idna") != host:
        raise ValueError("its host name stands for another one; write it in ASCII (xn--…)")
    return str(IPv4Address(name)) if _NUMERIC.fullmatch(name) else name


def parse_url(url: str) -> str:
    """`canonical_url` for a parameter: the error is the wire's."""
    try:
        return canonical_url(url)
    except (ValueError, UnicodeError) as error:
        raise parameter_error("url_invalid", f"Not a valid URL: {error}.") from None


WebUrl = Annotated[
    str,
    text_up_to(MAX_LENGTH),
    AfterValidator(parse_url),
    schema_override(type="string", format="uri", maxLength=MAX_LENGTH),
]
HostName = Annotated[str, text_up_to(253), AfterValidator(parse_host_name)]
#: What a browser calls the origin of a page: where it comes from, without what it is.
WebOrigin = Annotated[
    str,
    text_up_to(MAX_LENGTH),
    AfterValidator(parse_origin),
    schema_override(type="string", format="uri", maxLength=MAX_LENGTH),
]
