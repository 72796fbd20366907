"""Settings: one frozen object from `PORTAL_*` variables, checked at start and explained by `portal doctor`."""

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit

#: Where `portal serve` tells its processes since when it has been running a worker beside them, in Unix seconds.
EMBEDDED_SINCE = "PORTAL_EMBEDDED_WORKER_SINCE"

#: The highest limit of requests in a second.
MOST_A_SECOND = 100_000


class InvalidSetting(Exception):
    """A variable with a value the portal can't start with. The message says how to correct it."""


@dataclass(frozen=True)
class Settings:
    """Everything an operator can set. The documentation and `portal doctor` print `metadata['help']`."""

    instance: Path = field(metadata={"help": "Folder for what the embedded defaults keep."})
    production: bool = field(metadata={"help": "`1` refuses weak settings and plain http."})
    database_url: str = field(metadata={"help": "SQLAlchemy URL; SQLite file in the instance folder by default."})
    database_replica_url: str | None = field(
        metadata={"help": "`postgresql://…` of a replica, which calls that read may use; none by default."}
    )
    base_url: str = field(metadata={"help": "Where customers reach the portal, without a trailing slash."})
    hosts: tuple[str, ...] = field(
        metadata={"help": "Host names, comma separated, that accounts may use: `*.example.net`, or `*` for any."}
    )
    secret_key: str = field(
        repr=False, metadata={"help": "Signs document links and forms; 32+ random characters. Made by default."}
    )
    secret_key_fallbacks: tuple[str, ...] = field(
        repr=False, metadata={"help": "Older secret keys, comma separated, still accepted while rotating."}
    )
    smtp_url: str | None = field(
        repr=False, metadata={"help": "`smtp://user:password@host:587` or `smtps://…`; unset writes mails to a folder."}
    )
    mail_from: str = field(metadata={"help": "Sender address of every mail."})
    mail_return_path: str | None = field(
        metadata={"help": "Where undeliverable mails come back to, for `portal mail bounce`; else PORTAL_MAIL_FROM."}
    )
    security_contact: str | None = field(
        metadata={"help": "`mailto:…` or `https://…` for reports of security holes, in /.well-known/security.txt."}
    )
    documents_url: str = field(metadata={"help": "Folder or fsspec URL (`s3://…`) that keeps rendered documents."})
    bank_folder: Path | None = field(
        metadata={"help": "Folder whose `acct_…/live` and `acct_…/test` are watched for bank statements."}
    )
    debit_folder: Path | None = field(
        metadata={"help": "Folder in whose `acct_…/live` and `…/test` direct debits for the bank appear."}
    )
    trusted_proxies: int = field(metadata={"help": "Number of reverse proxies whose X-Forwarded-* are believed."})
    webhook_private_hosts: tuple[str, ...] = field(
        metadata={"help": "Hosts, comma separated, that webhooks reach inside: http, private and loopback addresses."}
    )
    log_format: str = field(metadata={"help": "`json` or `console`; json in production by default."})
    metrics_bind: str | None = field(
        metadata={"help": "`127.0.0.1:9464` serves Prometheus metrics there, on `/metrics`; off by default."}
    )
    rate_limit_live: int = field(
        metadata={"help": "Reads, and as many writes, of an API key of live mode in a second; 0: any number."}
    )
    rate_limit_test: int = field(metadata={"help": "The same of test mode."})
    rate_limit_customer: int = field(metadata={"help": "Requests a second in one customer's visits; 0: any number."})
    rate_limit_network: int = field(metadata={"help": "Requests a second to pages from one network; 0: any number."})
    demo: bool = field(metadata={"help": "`1` serves the sample shop under /demo; never in production."})


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read and check every variable. Raises `InvalidSetting` naming the variable and what to do."""
    instance = Path(environment.get("PORTAL_INSTANCE") or "instance").resolve()
    production = _parse_flag(environment, "PORTAL_PRODUCTION")
    settings = Settings(
        instance=instance,
        production=production,
        database_url=_parse_database_url(environment.get("PORTAL_DATABASE_URL") or f"sqlite:///{instance}/portal.db"),
        database_replica_url=_parse_replica_url(environment.get("PORTAL_DATABASE_REPLICA_URL") or None),
        base_url=_parse_base_url(environment.get("PORTAL_BASE_URL") or "http://127.0.0.1:8000"),
        hosts=_parse_host_patterns(environment.get("PORTAL_HOSTS", "")),
        secret_key=environment.get("PORTAL_SECRET_KEY") or _ensure_secret_key(instance, production),
        secret_key_fallbacks=tuple(filter(None, environment.get("PORTAL_SECRET_KEY_FALLBACKS", "").split(","))),
        smtp_url=environment.get("PORTAL_SMTP_URL") or None,
        mail_from=environment.get("PORTAL_MAIL_FROM") or "billing@localhost",
        mail_return_path=environment.get("PORTAL_MAIL_RETURN_PATH") or None,
        security_contact=_parse_contact(environment.get("PORTAL_SECURITY_CONTACT") or None),
        documents_url=environment.get("PORTAL_DOCUMENTS_URL") or str(instance / "documents"),
        bank_folder=_parse_folder(environment.get("PORTAL_BANK_FOLDER") or None),
        debit_folder=_parse_folder(environment.get("PORTAL_DEBIT_FOLDER") or None),
        trusted_proxies=_parse_count(environment, "PORTAL_TRUSTED_PROXIES", most=10),
        webhook_private_hosts=_parse_hosts(
            environment.get("PORTAL_WEBHOOK_PRIVATE_HOSTS", "" if production else _LOCAL_HOSTS)
        ),
        log_format=_parse_log_format(environment.get("PORTAL_LOG_FORMAT") or ("json" if production else "console")),
        metrics_bind=_parse_bind(environment.get("PORTAL_METRICS_BIND") or None),
        rate_limit_live=_parse_count(environment, "PORTAL_RATE_LIMIT_LIVE", most=MOST_A_SECOND),
        rate_limit_test=_parse_count(environment, "PORTAL_RATE_LIMIT_TEST", most=MOST_A_SECOND),
        rate_limit_customer=_parse_count(environment, "PORTAL_RATE_LIMIT_CUSTOMER", most=MOST_A_SECOND),
        rate_limit_network=_parse_count(environment, "PORTAL_RATE_LIMIT_NETWORK", most=MOST_A_SECOND),
        demo=_parse_flag(environment, "PORTAL_DEMO"),
    )
    _refuse_weak_settings(settings)
    return settings


def variable_name(name: str) -> str:
    """The environment variable of a field: `base_url` -> `PORTAL_BASE_URL`."""
    return f"PORTAL_{name.upper()}"


def describe_variables() -> list[tuple[str, str]]:
    """(variable, explanation) of every setting, in order."""
    return [(variable_name(each.name), each.metadata["help"]) for each in fields(Settings)]


def describe_values(settings: Settings) -> dict[str, str]:
    """The value of every setting by its variable, as text for the operator; of secrets only that they are set."""
    return {
        variable_name(each.name): _describe_value(getattr(settings, each.name), each.repr) for each in fields(Settings)
    }


def _describe_value(value: object, shown: bool) -> str:
    if value is None or value == ():
        return "-"
    if not shown:
        return "(set)"
    if isinstance(value, bool):
        return str(int(value))
    return ",".join(value) if isinstance(value, tuple) else _hide_password(str(value))


def _hide_password(url: str) -> str:
    # within a URL of a database or store it stands before the host, or in the query
    return re.sub(r"(://[^/@]*:)[^/@]*@", r"\1***@", re.sub(r"\?.*", "?***", url))


def _parse_flag(environment: Mapping[str, str], name: str) -> bool:
    value = environment.get(name, "").strip().lower()
    if value not in {"", "0", "1", "true", "false"}:
        raise InvalidSetting(f"{name} must be 1 or 0, not {value!r}.")
    return value in {"1", "true"}


def _parse_count(environment: Mapping[str, str], name: str, *, most: int) -> int:
    value = environment.get(name) or "0"
    if not value.isascii() or not value.isdigit() or int(value[:10]) > most:
        raise InvalidSetting(f"{name} must be a number from 0 to {most}, not {value!r}.")
    return int(value)


def _parse_folder(path: str | None) -> Path | None:
    return Path(path).resolve() if path else None


def _parse_host_patterns(value: str) -> tuple[str, ...]:
    patterns = tuple(filter(None, (each.strip().lower() for each in value.split(","))))
    if not all(each == "*" or _HOST_PATTERN.fullmatch(each) for each in patterns):
        raise InvalidSetting("PORTAL_HOSTS must be host names without ports: billing.example.com,*.example.net")
    return patterns


_HOST_PATTERN = re.compile(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+")


def _parse_hosts(value: str) -> tuple[str, ...]:
    hosts = tuple(filter(None, (each.strip().lower() for each in value.split(","))))
    if any(character in host for host in hosts for character in "/@[] "):
        raise InvalidSetting("PORTAL_WEBHOOK_PRIVATE_HOSTS must be host names or addresses: hooks.internal,::1")
    return hosts


#: Where receivers run while they are being written.
_LOCAL_HOSTS = "localhost,127.0.0.1,::1"


def _parse_log_format(name: str) -> str:
    if name not in {"console", "json"}:
        raise InvalidSetting(f"PORTAL_LOG_FORMAT must be json or console, not {name!r}.")
    return name


def _parse_contact(address: str | None) -> str | None:
    if address is not None and (not re.match("mailto:|https://|tel:", address) or not address.isprintable()):
        raise InvalidSetting("PORTAL_SECURITY_CONTACT must begin with mailto:, https:// or tel:.")
    return address


def _parse_bind(address: str | None) -> str | None:
    if address is not None:
        host, _, port = address.rpartition(":")
        if not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise InvalidSetting(f"PORTAL_METRICS_BIND must be like 127.0.0.1:9464, not {address!r}.")
    return address


def _parse_database_url(url: str) -> str:
    if url.startswith(("postgresql://", "postgres://")):
        return "postgresql+psycopg://" + url.split("://", 1)[1]
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise InvalidSetting("PORTAL_DATABASE_URL must start with sqlite:/// or postgresql://.")
    return url


def _parse_replica_url(url: str | None) -> str | None:
    if url is not None and not url.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
        raise InvalidSetting("PORTAL_DATABASE_REPLICA_URL must start with postgresql://.")
    return url and _parse_database_url(url)


def _parse_base_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.path not in {"", "/"}:
        raise InvalidSetting("PORTAL_BASE_URL must be like https://billing.example.com, without a path.")
    return url.rstrip("/")


def _ensure_secret_key(instance: Path, production: bool) -> str:
    if production:
        return ""
    file = instance / "secret_key"
    if not file.exists():
        instance.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as target:
            target.write(secrets.token_urlsafe(48))
    return file.read_text().strip()


def _refuse_weak_settings(settings: Settings) -> None:
    """Raise `InvalidSetting` for all weak settings at once, so that one restart shows every problem."""
    weak = list(_list_weaknesses(settings))
    if weak:
        raise InvalidSetting("\n".join(weak))


def _list_weaknesses(settings: Settings) -> Iterator[str]:
    if len(settings.secret_key) < 32:
        yield "PORTAL_SECRET_KEY must have 32 or more random characters: openssl rand -base64 48"
    if settings.production and not settings.base_url.startswith("https://"):
        yield "PORTAL_BASE_URL must be https:// in production."
    if settings.database_replica_url and settings.database_url.startswith("sqlite"):
        yield "PORTAL_DATABASE_REPLICA_URL needs a PORTAL_DATABASE_URL of PostgreSQL."
    if settings.production and settings.demo:
        yield "PORTAL_DEMO must not be set in production."
