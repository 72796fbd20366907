"""What mails look like and say: both forms alike, the bill, who sends them, and the undo."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask

from portal import clock, i18n, zones
from portal.models import Subscription
from portal.outbox import mail_contents, previews
from portal.outbox.mail_texts import MailText, OutgoingMail, render_text
from portal.rules import colours
from tests.clients import Api
from tests.factories import Factories
from tests.outbox.test_queue import Mails, mails
from tests.passing import pass_time

__all__ = ["mails"]
pytestmark = pytest.mark.usefixtures("held_clock")
DAY = clock.DAY


class Texts(HTMLParser):
    """The texts between tags, each as one line, and the addresses of links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.texts.append(" ".join(data.split()))


def without_isolates(text: str) -> str:
    return " ".join(re.sub("[\u2066-\u2069\u00ad]", "", text).split())


@pytest.mark.parametrize("locale", i18n.CATALOGUES)
def test_both_forms_say_the_same(locale: str) -> None:
    for name in previews.SAMPLES:
        mail = previews.sample_mail(name, locale)
        text = render_text(name, mail)
        shown, plain = Texts(text.html), without_isolates(text.plain)
        missing = [each for each in shown.texts if without_isolates(each).rstrip(":؟") not in plain + text.subject]
        # the link that ends such mails has other words around it
        assert len(missing) <= (2 if mail.unsubscribe else 0), (name, missing)
        assert [link for link in shown.links if link.removeprefix("mailto:") not in text.plain] == [], name


@pytest.mark.parametrize("locale", i18n.CATALOGUES)
def test_the_plain_form_has_no_trace_of_its_template(locale: str) -> None:
    for name in previews.SAMPLES:
        plain = render_text(name, previews.sample_mail(name, locale)).plain
        assert not re.search(r"<\w|&\w+;|\n\n\n|None|^ | $|\u00ad", plain, re.MULTILINE), name


def test_the_reading_direction_is_that_of_the_language() -> None:
    html = render_text("invoice", previews.sample_mail("invoice", "ar")).html
    assert html.count('dir="rtl"') == 2, "some programs take the document's own tag away"
    assert 'align="left"' in html


def test_a_minus_stands_before_its_number_in_arabic_too() -> None:
    text = render_text("receipt", previews.sample_mail("receipt", "ar"))
    for form in (text.plain, text.html):
        assert re.search("\u2068[^\u2068\u2069]*\u2066-[\\d.,]+\u2069", form)


def test_the_button_is_readable_in_the_merchants_colour() -> None:
    for colour in ("#ffffff", "#ffee00", "#123a6b", "#808080"):
        html = render_text("invoice", replace(previews.sample_mail("invoice", "en"), primary_color=colour)).html
        found = re.search(r'bgcolor="(#\w{6})".*?[;"]color:(#\w{6})', html)
        assert found
        assert colours.contrast_ratio(found[1], found[2]) >= 4.5
        assert colours.contrast_ratio(found[1], "#ffffff") >= 3


def build(app: Flask, make: Factories, mails: Mails) -> tuple[OutgoingMail, MailText]:
    """The newest mail that waits."""
    row = mails()[-1]
    with make.database.reading(make.scope) as db:
        content = mail_contents.build_mail(app.extensions["portal"], db, row)
    assert content is not None
    return content, render_text(row.name, content)


def particulars(api: Api) -> None:
    """What German business mail has to carry."""
    api.post(
        "account",
        business_profile={"support_email": "hilfe@rides.example", "support_phone": "+49 30 123"},
        company={
            "name": "Rides GmbH",
            "address": {"line1": "Torstr. 1", "postal_code": "10119", "city": "Berlin", "country": "DE"},
        },
        settings={
            "invoices": {
                "bank_transfer": {"iban": "DE89370400440532013000", "holder": "Rides GmbH"},
                "e_invoices": {"register_number": "HRB 12345 B"},
                "footer": "Geschäftsführerin: Greta Sommer\nSitz Berlin, Amtsgericht Charlottenburg",
            }
        },
    )
    api.post("tax_ids", type="eu_vat", value="DE136695976")


def test_an_invoice_mail_has_all_that_it_takes_to_pay(app: Flask, api: Api, make: Factories, mails: Mails) -> None:
    particulars(api)
    rate = make.tax_rate()
    invoice = make.invoice(
        make.customer(), 3000, 1000, default_tax_rates=[rate.id], collection_method="send_invoice", days_until_due=14
    )
    api.post(f"invoices/{invoice.id}/send")
    content, text = build(app, make, mails)
    due = i18n.format_day(zones.day_of(invoice.due_date, zones.DEFAULT), "en")
    for words in (
        "Hello Jenny Rosen,",
        f"€47.60 to pay by {due}.",
        "€30.00",
        "€10.00",
        "VAT 19%",
        "€7.60",
        "Rides GmbH",
        "DE89 3704 0044 0532 0130 00",
        invoice.number,
    ):
        assert words in without_isolates(text.plain)
    (url,) = [each for each in Texts(text.html).links if "/i/" in each]
    assert url in text.plain
    assert content.reference == invoice.number


def test_a_mail_says_who_sends_it(app: Flask, api: Api, make: Factories, mails: Mails) -> None:
    particulars(api)
    api.post(f"customers/{make.customer().id}/tax_ids", type="eu_vat", value="DE129273398")
    foot = build(app, make, mails)[1].plain.split("--\n")[1].splitlines()
    for words in (
        "Rides GmbH",
        "Torstr. 1",
        "10119 Berlin",
        "Germany",
        "Register no. HRB 12345 B",
        "+49 30 123",
        "hilfe@rides.example",
        "Geschäftsführerin: Greta Sommer",
        "Sitz Berlin, Amtsgericht Charlottenburg",
    ):
        assert words in foot
    assert "VAT no. DE136695976" in foot


def test_a_register_number_that_stands_in_the_footer_is_not_said_twice(
    app: Flask, api: Api, make: Factories, mails: Mails
) -> None:
    particulars(api)
    api.post("account", settings={"invoices": {"footer": "HRB 12345 B, Amtsgericht Charlottenburg"}})
    api.post(f"invoices/{make.invoice().id}/send")
    assert build(app, make, mails)[1].plain.count("HRB 12345 B") == 1


def test_a_person_is_greeted_by_the_name_of_a_person(app: Flask, api: Api, make: Factories, mails: Mails) -> None:
    customer = make.customer(name="Rosen Ltd", individual_name="Jenny Rosen", business_name="Rosen Ltd")
    api.post(f"invoices/{make.invoice(customer).id}/send")
    assert build(app, make, mails)[1].plain.startswith("Test mode\n\nHello Jenny Rosen,\n")


def test_long_invoices_are_cut_to_their_first_lines(app: Flask, api: Api, make: Factories, mails: Mails) -> None:
    api.post(f"invoices/{make.invoice(make.customer(), *range(100, 1300, 100)).id}/send")
    plain = build(app, make, mails)[1].plain
    assert "4 more lines: €42.00" in plain
    assert "Total: €78.00" in plain


def test_colours_of_the_brand_are_those_of_the_mail(app: Flask, api: Api, make: Factories, mails: Mails) -> None:
    api.post("account", settings={"branding": {"primary_color": "#123a6b", "secondary_color": "#a01030"}})
    api.post(f"invoices/{make.invoice().id}/send")
    html = build(app, make, mails)[1].html
    assert "border-top:4px solid #123a6b" in html
    assert 'bgcolor="#a01030"' in html


def in_trial(api: Api, make: Factories, **sent: Any) -> Any:
    api.post("account", settings={"emails": {"trial_endings": True}})
    item = {"price": make.price().id, "quantity": 2}
    ends = clock.now() + 2 * DAY
    made = api.post("subscriptions", customer=make.customer().id, items=[item], trial_end=ends, **sent)
    pass_time(make, clock.now())
    return made


def test_the_mail_before_a_trial_ends_says_what_will_be_billed_and_when(
    app: Flask, api: Api, make: Factories, mails: Mails
) -> None:
    rate, coupon = make.tax_rate(), make.coupon()
    made = in_trial(api, make, default_tax_rates=[rate.id], discounts=[{"coupon": coupon.id}])
    before = api.get(f"subscriptions/{made['id']}")
    content, text = build(app, make, mails)
    day = i18n.format_day(zones.day_of(made["trial_end"], zones.DEFAULT), "en")
    assert f"Next bill: €42.84 on {day}" in text.plain  # 40.00, a tenth off, and 19 % tax
    assert "Discount: -€4.00" in text.plain
    assert "Tax: €6.84" in text.plain
    assert api.get(f"subscriptions/{made['id']}") == before, "looking ahead changes nothing"
    assert content.context["manage_url"] is None
    (configuration,) = api.get("billing_portal/configurations", is_default=True)["data"]
    page = api.post(f"billing_portal/configurations/{configuration['id']}", login_page={"enabled": True})
    assert f"Manage my plan:\n{page['login_page']['url']}" in build(app, make, mails)[1].plain


@pytest.mark.parametrize(
    ("then", "words"),
    [
        ("cancel", "It stops then, and nothing will be billed for it."),
        ("pause", "It pauses then, and nothing is billed until it goes on."),
    ],
)
def test_a_trial_that_stops_without_a_way_to_pay_says_so(
    app: Flask, api: Api, make: Factories, mails: Mails, then: str, words: str
) -> None:
    in_trial(api, make, trial_settings={"end_behavior": {"missing_payment_method": then}})
    plain = build(app, make, mails)[1].plain
    assert words in plain
    assert "billed:" not in plain
    assert "cancel before" not in plain


def test_a_trial_that_was_canceled_says_that_nothing_comes(app: Flask, api: Api, make: Factories, mails: Mails) -> None:
    made = in_trial(api, make)
    with clock.hold_at(clock.now() + 1):
        api.post(f"subscriptions/{made['id']}", cancel_at_period_end=True)
    (trial, canceled) = mails()
    assert (trial.name, canceled.name) == ("trial_ending", "subscription_canceled")
    with make.database.reading(make.scope) as db:
        content = mail_contents.build_mail(app.extensions["portal"], db, trial)
    assert content is not None
    assert "It stops then" in render_text("trial_ending", content).plain


def test_a_trial_at_no_cost_says_so_in_a_currency_without_decimals(
    app: Flask, api: Api, make: Factories, mails: Mails
) -> None:
    api.post("account", settings={"emails": {"trial_endings": True}})
    price, coupon = make.price(unit_amount=2000, currency="jpy"), make.coupon(percent_off=100)
    api.post(
        "subscriptions",
        customer=make.customer().id,
        items=[{"price": price.id}],
        trial_end=clock.now() + 2 * DAY,
        discounts=[{"coupon": coupon.id}],
    )
    pass_time(make, clock.now())
    plain = build(app, make, mails)[1].plain
    assert "Next bill: ¥0 on" in plain
    assert "Discount: -¥2,000" in plain


def test_where_another_system_bills_the_mail_says_the_price_alone(
    app: Flask, api: Api, make: Factories, mails: Mails
) -> None:
    in_trial(api, make)
    api.post("account", settings={"billing": {"mode": "mirror"}})
    plain = build(app, make, mails)[1].plain
    assert "After that it is billed: €40.00 a month" in plain
    assert "Next bill" not in plain


def test_a_cancellation_is_mailed_with_its_undo(app: Flask, api: Api, make: Factories, mails: Mails) -> None:
    subscription: Subscription = make.subscription(now=clock.now() - 10 * DAY)
    api.post(f"subscriptions/{subscription.id}", cancel_at_period_end=True)
    content, text = build(app, make, mails)
    assert f"Keep my plan:\n{content.context['keep_url']}" in text.plain
    assert content.context["keep_url"] in Texts(text.html).links
