"""Mails as a mail server on loopback gets them, and as files where there is none."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, Session

from portal.errors import Unavailable
from portal.outbox import mail_texts, mails, previews
from portal.outbox.messages import UndeliverableMail
from portal.settings import Settings

CODE: dict[str, Any] = {
    "to": "jenny@example.com",
    "locale": "en",
    "merchant": "Rocket Rides",
    "code": "12345678",
    "minutes": 10,
}


def mail(**values: Any) -> mail_texts.OutgoingMail:
    """A mail whose words get what is not of its frame."""
    frame = {key: values.pop(key) for key in ("to", "locale", "merchant", "reply_to") if key in values}
    return mail_texts.OutgoingMail(**frame, context=values)


def send(settings: Settings, name: str, mail: mail_texts.OutgoingMail) -> None:
    """One mail, on a connection of its own."""
    with mails.open_carrier(settings) as carrier:
        carrier.send(name, mail)


class Box:
    """Keeps what it is handed, and refuses what the test tells it to."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.encrypted: list[bool] = []
        self.refuses: str | None = None

    async def handle_RCPT(self, server: Any, session: Session, envelope: Envelope, to: str, options: Any) -> str:
        if self.refuses:
            return self.refuses
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        self.envelopes.append(envelope)
        self.encrypted.append(session.ssl is not None)
        return "250 OK"


def message(box: Box) -> EmailMessage:
    """The one mail in the box."""
    (envelope,) = box.envelopes
    found = message_from_bytes(envelope.content or b"", policy=default)
    assert isinstance(found, EmailMessage)
    return found


def text(box: Box, kind: str) -> str:
    """The `plain` or `html` words of the one mail in the box."""
    body = message(box).get_body((kind,))
    assert isinstance(body, EmailMessage)
    words: str = body.get_content()
    return words


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Hasty(Controller):
    """Without the look-up of this machine's name, which takes a second."""

    def __init__(self, box: Box, **options: Any) -> None:
        super().__init__(box, "127.0.0.1", free_port(), server_hostname="localhost", **options)

    def __enter__(self) -> Hasty:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def server(box: Box) -> Iterator[Controller]:
    with Hasty(box, enable_SMTPUTF8=True) as running:
        yield running


@pytest.fixture
def smtp(settings: Settings, server: Controller) -> Settings:
    return replace(settings, smtp_url=f"smtp://127.0.0.1:{server.port}", mail_from="billing@rides.example.com")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    new = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        *name,
        "-keyout",
        file,
        "-out",
        "-",
    ]
    made = subprocess.run(new, check=True, capture_output=True)
    file.write_bytes(file.read_bytes() + made.stdout)
    return file


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


@pytest.fixture
def guarded(box: Box, tls: ssl.SSLContext) -> Iterator[Controller]:
    """A server that wants STARTTLS and a login."""

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"user@rides", b"s3cret/"), handled=False)

    with Hasty(box, authenticator=check, auth_required=True, tls_context=tls) as running:
        yield running


def test_a_mail_has_both_texts_and_the_merchant_as_sender(smtp: Settings, box: Box) -> None:
    send(smtp, "email_code", mail(**CODE, reply_to="help@rides.example.com"))
    assert message(box)["From"] == "Rocket Rides <billing@rides.example.com>"
    assert message(box)["Reply-To"] == "help@rides.example.com"
    assert message(box)["Subject"] == "Your code for Rocket Rides"
    assert message(box)["Auto-Submitted"] == "auto-generated"
    assert "12345678" in text(box, "plain")
    assert "12345678" in text(box, "html")


def test_only_the_html_is_escaped(smtp: Settings, box: Box) -> None:
    name = "Fish & <b>Chips</b>"
    send(smtp, "email_code", replace(mail(**{**CODE, "merchant": name}), greeted=name))
    assert "Fish & <b>Chips</b>" in text(box, "plain")
    assert "Fish &amp; &lt;b&gt;Chips&lt;/b&gt;" in text(box, "html")


def test_a_name_can_not_add_headers(smtp: Settings, box: Box) -> None:
    send(smtp, "email_code", mail(**{**CODE, "merchant": "Rides\r\nBcc: everyone@example.com\n\nHello"}))
    assert message(box)["Bcc"] is None
    assert message(box)["Subject"] == "Your code for Rides Bcc: everyone@example.com Hello"
    assert box.envelopes[0].rcpt_tos == ["jenny@example.com"]


@pytest.mark.parametrize("to", ["jenny@example.com\r\nBcc: all@example.com", "jenny", "@example.com", ""])
def test_what_is_no_address_is_refused(smtp: Settings, box: Box, to: str) -> None:
    with pytest.raises(UndeliverableMail):
        send(smtp, "email_code", mail(**{**CODE, "to": to}))
    assert not box.envelopes


def test_international_addresses_arrive(smtp: Settings, box: Box) -> None:
    send(smtp, "email_code", mail(**{**CODE, "to": "jörg@bücher.example.com"}))
    assert box.envelopes[0].rcpt_tos == ["jörg@xn--bcher-kva.example.com"]


def test_the_text_is_in_the_readers_direction() -> None:
    words = mail_texts.render_text("email_code", mail(**{**CODE, "locale": "ar_EG"}))
    assert '<html lang="ar" dir="rtl">' in words.html


@pytest.mark.parametrize("name", sorted(previews.SAMPLES))
def test_no_mail_loads_anything(name: str) -> None:
    html = mail_texts.render_text(name, previews.sample_mail(name, "en")).html
    assert not any(sign in html for sign in ("src=", "<link", "<style", "url(", "<script", "@import"))


@pytest.mark.parametrize(
    ("answer", "failure"), [("550 no such user", UndeliverableMail), ("451 try later", Unavailable)]
)
def test_a_refused_recipient(smtp: Settings, box: Box, answer: str, failure: type[Exception]) -> None:
    box.refuses = answer
    with pytest.raises(failure):
        send(smtp, "email_code", mail(**CODE))


def test_a_server_that_is_away(settings: Settings) -> None:
    with pytest.raises(Unavailable, match="try again later"):
        send(replace(settings, smtp_url=f"smtp://127.0.0.1:{free_port()}"), "email_code", mail(**CODE))


def test_without_a_server_mails_are_private_files(settings: Settings, tmp_path: Path) -> None:
    send(replace(settings, instance=tmp_path, smtp_url=None), "email_code", mail(**CODE))
    (file,) = (tmp_path / "mail").iterdir()
    assert message_from_bytes(file.read_bytes(), policy=default)["To"] == "jenny@example.com"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_password_never_goes_in_the_clear(smtp: Settings, server: Controller, box: Box) -> None:
    with pytest.raises(Unavailable):
        send(replace(smtp, smtp_url=f"smtp://user:secret@127.0.0.1:{server.port}"), "email_code", mail(**CODE))
    assert not box.envelopes


@pytest.mark.usefixtures("trusted")
def test_starttls_and_login(settings: Settings, box: Box, guarded: Controller) -> None:
    url = f"smtp://user%40rides:s3cret%2F@localhost:{guarded.port}"
    send(replace(settings, smtp_url=url), "email_code", mail(**CODE))
    assert box.encrypted == [True]


@pytest.mark.usefixtures("trusted")
def test_a_wrong_password(settings: Settings, box: Box, guarded: Controller) -> None:
    with pytest.raises(Unavailable):
        send(replace(settings, smtp_url=f"smtp://user:no@localhost:{guarded.port}"), "email_code", mail(**CODE))
    assert not box.envelopes


def test_a_certificate_that_nobody_signed(settings: Settings, box: Box, guarded: Controller) -> None:
    url = f"smtp://user%40rides:s3cret%2F@localhost:{guarded.port}"
    with pytest.raises(Unavailable):
        send(replace(settings, smtp_url=url), "email_code", mail(**CODE))
    assert not box.envelopes


@pytest.mark.usefixtures("trusted")
def test_smtps(settings: Settings, box: Box, tls: ssl.SSLContext) -> None:
    with Hasty(box, ssl_context=tls) as server:
        send(replace(settings, smtp_url=f"smtps://localhost:{server.port}"), "email_code", mail(**CODE))
    assert message(box)["To"] == "jenny@example.com"
