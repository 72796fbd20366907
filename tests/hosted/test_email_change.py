"""Changing the email address: a code to the new one, a notice with a way back to the old one."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from flask.testing import FlaskClient

from portal.billing.customer_portal import codes
from portal.billing.customers import customers
from portal.billing.customers.params import CreateCustomer, UpdateCustomer
from portal.models import Customer, EmailChange, Mail
from portal.outbox import mails
from tests.clients import Api, Portal
from tests.factories import Factories
from tests.live import free_port
from tests.mailing import send_due_mails

Open = Callable[..., Portal]


class Mailbox:
    """The mails that the portal has written since the test began."""

    def __init__(self, app: Flask) -> None:
        # those of other tests
        send_due_mails(app.extensions["portal"])
        self.app = app
        self.folder: Path = app.extensions["portal"].settings.instance / "mail"
        self.before = set(self.folder.glob("*.eml"))

    def to(self, address: str) -> list[EmailMessage]:
        send_due_mails(self.app.extensions["portal"])
        new = sorted(set(self.folder.glob("*.eml")) - self.before, key=lambda file: file.stat().st_mtime_ns)
        mails = [message_from_bytes(file.read_bytes(), policy=default) for file in new]
        return [mail for mail in mails if isinstance(mail, EmailMessage) and mail["To"] == address]

    def code(self, address: str = "new@example.com") -> str:
        return self.found(address, r"\b\d{8}\b")

    def link(self, address: str = "jenny.rosen@example.com") -> str:
        return self.found(address, r"/undo/\S+")

    def found(self, address: str, pattern: str) -> str:
        found = re.search(pattern, self.words(address))
        assert found
        return found[0]

    def words(self, address: str) -> str:
        body = self.to(address)[-1].get_body(("plain",))
        assert isinstance(body, EmailMessage)
        words: str = body.get_content()
        return words


@pytest.fixture
def mailbox(app: Flask) -> Mailbox:
    return Mailbox(app)


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


@pytest.fixture
def visit(portal: Open, make: Factories, customer: Customer) -> Portal:
    return portal(customer, make.configuration())


@pytest.fixture
def mail_server(app: Flask) -> Iterator[Callable[[str], None]]:
    """`mail_server(url)` is where mails go until the test ends."""
    parts = app.extensions["portal"]

    def use(url: str) -> None:
        app.extensions["portal"] = replace(parts, settings=replace(parts.settings, smtp_url=url))

    yield use
    app.extensions["portal"] = parts


@pytest.fixture
def silent_server() -> Iterator[str]:
    """The address of a mail server that accepts and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield f"smtp://127.0.0.1:{listener.getsockname()[1]}"


class Refusing:
    """A mail server that knows nobody."""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, to: str, options: Any) -> str:
        return "550 no such user"


def email_of(make: Factories, customer: Customer) -> str | None:
    with make.database.reading(make.scope) as db:
        found: Any = db.get(Customer, (customer.tenant_id, customer.id))
    email: str | None = found.email
    return email


def changed(visit: Portal, mailbox: Mailbox, email: str = "new@example.com") -> None:
    visit.post("details/email", email=email)
    assert visit.post("details/email/code", code=mailbox.code(email)).location.endswith("/details")


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08}"


def test_a_code_goes_to_the_new_address_and_nothing_changes_yet(
    visit: Portal, mailbox: Mailbox, make: Factories, customer: Customer
) -> None:
    answer = visit.post("details/email", email=" New@EXAMPLE.com ")
    assert answer.location.endswith("/details/email/code")
    assert "New@example.com" in visit.get("details/email/code").get_data(as_text=True)
    assert mailbox.to("New@example.com")[0]["From"].startswith("Rocket Rides <")
    assert mailbox.to("jenny.rosen@example.com") == []
    assert email_of(make, customer) == "jenny.rosen@example.com"


def test_no_answer_holds_the_code(visit: Portal, mailbox: Mailbox) -> None:
    first = visit.post("details/email", email="new@example.com").get_data(as_text=True)
    code = mailbox.code()
    assert code not in first + visit.get("details/email/code").get_data(as_text=True)
    assert code not in visit.post("details/email/code", code=wrong(code)).get_data(as_text=True)


def test_the_right_code_changes_the_address(
    visit: Portal, mailbox: Mailbox, make: Factories, customer: Customer
) -> None:
    changed(visit, mailbox)
    assert email_of(make, customer) == "new@example.com"
    assert "Your email address is changed." in visit.get("details").get_data(as_text=True)


@pytest.mark.parametrize("written", ["{0[0]} {0[1]}", " {0[0]}-{0[1]} ", "arabic"])
def test_a_code_may_be_typed_in_groups_or_other_digits(
    visit: Portal, mailbox: Mailbox, make: Factories, customer: Customer, written: str
) -> None:
    visit.post("details/email", email="new@example.com")
    code = mailbox.code()
    arabic = "".join(chr(0x660 + int(digit)) for digit in code)
    visit.post("details/email/code", code=arabic if written == "arabic" else written.format((code[:4], code[4:])))
    assert email_of(make, customer) == "new@example.com"


def test_other_visits_end_and_this_one_goes_on(
    portal: Open, visit: Portal, mailbox: Mailbox, make: Factories, customer: Customer
) -> None:
    other = portal(customer, make.configuration())
    changed(visit, mailbox)
    assert other.get().status_code == 410
    assert visit.get().status_code == 200


def test_the_old_address_is_told_without_learning_the_new_one(visit: Portal, mailbox: Mailbox) -> None:
    changed(visit, mailbox)
    words = mailbox.words("jenny.rosen@example.com")
    assert "n•••@example.com" in words
    assert "new@example.com" not in words


def test_without_an_old_address_nobody_is_told(portal: Open, mailbox: Mailbox, make: Factories, database: Any) -> None:
    customer = make.run(customers.create, CreateCustomer, name="No Mail")
    changed(portal(customer, make.configuration()), mailbox)
    assert email_of(make, customer) == "new@example.com"
    with database.reading(make.scope) as db:
        assert db.query(EmailChange).one().undo_hash is None


def test_the_mails_are_in_the_language_of_the_page(portal: Open, mailbox: Mailbox, make: Factories) -> None:
    customer = make.customer(preferred_locales=["ar"])
    portal(customer, make.configuration()).post("details/email", email="new@example.com")
    assert mailbox.to("new@example.com")[0]["Content-Language"] == "ar"


def test_five_wrong_codes_burn_it_and_the_sixth_right_one_is_too_late(
    visit: Portal, mailbox: Mailbox, make: Factories, customer: Customer
) -> None:
    visit.post("details/email", email="new@example.com")
    code = mailbox.code()
    pages = [visit.post("details/email/code", code=wrong(code)).get_data(as_text=True) for _ in range(5)]
    assert [re.findall(r"You have (\d)", page)[:1] for page in pages] == [["4"], ["3"], ["2"], ["1"], []]
    assert visit.post("details/email/code", code=code).location.endswith("/details/email")
    assert email_of(make, customer) == "jenny.rosen@example.com"


def test_something_that_is_no_code_costs_no_try(visit: Portal, mailbox: Mailbox, make: Factories) -> None:
    visit.post("details/email", email="new@example.com")
    for typed in ("", "123", "abcdefgh", "123456789"):
        assert visit.post("details/email/code", code=typed).status_code == 400
    with make.database.reading(make.scope) as db:
        assert db.query(EmailChange).one().tries == 0


def test_a_code_of_another_visit_is_not_taken(portal: Open, visit: Portal, mailbox: Mailbox, make: Factories) -> None:
    other = make.customer()
    visit.post("details/email", email="new@example.com")
    answer = portal(other, make.configuration()).post("details/email/code", code=mailbox.code())
    assert answer.location.endswith("/details/email")
    assert email_of(make, other) == "jenny.rosen@example.com"


def test_the_second_click_finds_it_done(visit: Portal, mailbox: Mailbox) -> None:
    changed(visit, mailbox)
    again = visit.post("details/email/code", code=mailbox.code())
    assert again.location.endswith("/details")
    assert "Your email address is changed." in visit.get("details").get_data(as_text=True)
    assert len(mailbox.to("jenny.rosen@example.com")) == 1


@pytest.mark.parametrize(
    ("email", "message"),
    [
        ("", "Enter your new email address."),
        ("nobody", "Write the address like name@example.com."),
        ("a@b.example.com\r\nBcc: c@example.com", "Write the address like"),
        ("Jenny.Rosen@example.com", "This is your email address already."),
    ],
)
def test_mistakes_are_explained_and_send_nothing(visit: Portal, mailbox: Mailbox, email: str, message: str) -> None:
    answer = visit.post("details/email", email=email)
    assert answer.status_code == 400
    assert message in answer.get_data(as_text=True)
    assert set(mailbox.folder.glob("*.eml")) == mailbox.before


def test_an_address_of_someone_else_is_treated_like_any(visit: Portal, mailbox: Mailbox, make: Factories) -> None:
    make.customer(email="taken@example.com")
    assert visit.post("details/email", email="taken@example.com").status_code == 303
    assert visit.post("details/email", email="free@example.com").status_code == 303


def test_the_sixth_code_in_an_hour_is_refused(visit: Portal, mailbox: Mailbox) -> None:
    for number in range(5):
        assert visit.post("details/email", email=f"new{number}@example.com").status_code == 303
    answer = visit.post("details/email", email="new@example.com")
    assert answer.status_code == 429
    assert "Too many codes" in answer.get_data(as_text=True)
    assert mailbox.to("new@example.com") == []


def test_a_mail_server_that_never_answers_holds_no_page(
    visit: Portal, mailbox: Mailbox, mail_server: Callable[[str], None], silent_server: str, make: Factories, app: Flask
) -> None:
    mail_server(silent_server)
    began = time.monotonic()
    assert visit.post("details/email", email="new@example.com").status_code == 303
    page = visit.get("details/email/code").get_data(as_text=True)
    with make.database.reading(make.scope) as db:
        mail = db.query(Mail).one()
    assert "on its way" in page
    assert (mail.name, mail.status, mail.customer_id) == ("email_code", "queued", None)
    assert abs(mail.expires_at - mail.created - codes.LIFETIME) <= 1  # a second may pass between the two
    digits = app.extensions["portal"].seal.decrypt(mail.sealed).decode()
    assert visit.post("details/email/code", code=digits).location.endswith("/details")
    assert time.monotonic() - began < mails.TIMEOUT


def test_a_change_is_made_once_its_notice_waits(
    visit: Portal, mailbox: Mailbox, make: Factories, customer: Customer
) -> None:
    visit.post("details/email", email="new@example.com")
    assert visit.post("details/email/code", code=mailbox.code()).location.endswith("/details")
    with make.database.reading(make.scope) as db:
        (notice,) = db.query(Mail).filter_by(name="email_changed")
    assert (notice.status, notice.address, email_of(make, customer)) == (
        "queued",
        "jenny.rosen@example.com",
        "new@example.com",
    )
    assert "/undo/" not in str(notice.data)


def test_an_address_that_takes_no_mail_is_told_on_the_next_look(
    visit: Portal, app: Flask, mail_server: Callable[[str], None], api: Api, customer: Customer
) -> None:
    server = Controller(Refusing(), "127.0.0.1", free_port(), server_hostname="localhost")
    server.start()
    try:
        mail_server(f"smtp://127.0.0.1:{server.port}")
        visit.post("details/email", email="new@example.com")
        send_due_mails(app.extensions["portal"])
    finally:
        server.stop()
    assert visit.get("details/email/code").location.endswith("/details/email")
    assert "This address does not accept mail." in visit.get("details/email").get_data(as_text=True)
    # the address that the customer still has takes mail
    assert api.get(f"customers/{customer.id}")["mail_failure"] is None


def test_a_code_that_was_replaced_is_not_mailed_any_more(visit: Portal, mailbox: Mailbox) -> None:
    visit.post("details/email", email="first@example.com")
    visit.post("details/email", email="second@example.com")
    assert mailbox.code("second@example.com")
    assert mailbox.to("first@example.com") == []


def test_a_code_that_is_refused_is_not_made(visit: Portal, count_scrypt: list[int]) -> None:
    for number in range(8):
        visit.post("details/email", email=f"new{number}@example.com")
    assert len(count_scrypt) == 5


def test_looking_at_the_undo_link_changes_nothing(
    visit: Portal, mailbox: Mailbox, make: Factories, customer: Customer, client: FlaskClient
) -> None:
    changed(visit, mailbox)
    page = client.get(mailbox.link()).get_data(as_text=True)
    assert "j•••@example.com" in page
    assert "jenny.rosen" not in page
    assert email_of(make, customer) == "new@example.com"


def test_the_undo_button_brings_the_old_address_back(
    visit: Portal, mailbox: Mailbox, make: Factories, customer: Customer, client: FlaskClient
) -> None:
    changed(visit, mailbox)
    link = mailbox.link()
    assert client.post(link).location == link
    assert "is back" in client.get(link).get_data(as_text=True)
    assert email_of(make, customer) == "jenny.rosen@example.com"
    assert visit.get().status_code == 410


def test_an_undo_link_works_once(visit: Portal, mailbox: Mailbox, make: Factories, client: FlaskClient) -> None:
    changed(visit, mailbox)
    link, customer = mailbox.link(), make.customer()
    client.post(link)
    with make.database.reading(make.scope) as db:
        (change,) = db.query(EmailChange)
        customer = db.get(Customer, (change.tenant_id, change.customer_id))  # type: ignore[assignment]
    make.run(customers.update, UpdateCustomer, customer, email="third@example.com")
    client.post(link)
    assert email_of(make, customer) == "third@example.com"


@pytest.mark.parametrize("token", ["nothing", "a" * 43])
def test_an_unknown_undo_link(client: FlaskClient, token: str) -> None:
    for answer in (client.get(f"/undo/{token}"), client.post(f"/undo/{token}")):
        assert answer.status_code == 410
        assert "doesn&#39;t work any more" in answer.get_data(as_text=True).replace("n't", "n&#39;t")


def test_another_site_can_not_press_the_undo_button(
    visit: Portal, mailbox: Mailbox, make: Factories, customer: Customer, client: FlaskClient
) -> None:
    changed(visit, mailbox)
    assert client.post(mailbox.link(), headers={"Sec-Fetch-Site": "cross-site"}).status_code == 400
    assert email_of(make, customer) == "new@example.com"
