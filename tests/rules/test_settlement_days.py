"""The days on which banks settle, and what reasons lead to."""

from datetime import date, timedelta

import pytest

from portal.rules.return_reasons import outcome_of
from portal.rules.sepa_texts import write_text
from portal.rules.settlement_days import add_settlement_days, first_settlement_day, is_settlement_day


@pytest.mark.parametrize(
    "day",
    [
        "2026-01-01", "2026-04-03", "2026-04-06", "2026-05-01", "2026-12-25", "2026-12-26", "2027-03-26", "2027-03-29",
        "2038-04-23", "2038-04-26", "2026-11-28", "2026-11-29",
    ],
)  # fmt: skip
def test_banks_settle_on_no_closing_day(day):
    assert not is_settlement_day(date.fromisoformat(day))


def test_a_year_has_as_many_settlement_days_as_the_calendar_of_target():
    days = (date(2026, 1, 1) + timedelta(days=number) for number in range(365))
    assert sum(map(is_settlement_day, days)) == 256


def test_days_are_counted_past_christmas():
    assert first_settlement_day(date(2026, 12, 25)) == date(2026, 12, 28)
    assert add_settlement_days(date(2026, 12, 23), 2) == date(2026, 12, 28)
    assert add_settlement_days(date(2026, 4, 2), 1) == date(2026, 4, 7)


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [("AM04", "retry"), ("ms03", "retry"), ("MS02", "stop"), ("MD06", "stop"), ("AC04", "end"), ("MD01", "end"),
     ("XY99", "stop"), (None, "stop")],
)  # fmt: skip
def test_a_reason_leads_to_what_the_guidance_says(reason, outcome):
    assert outcome_of(reason) == outcome


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Jörg Müller & Söhne", "Joerg Mueller + Soehne"),
        ("Société Générale", "Societe Generale"),
        ("Đặng // Łukasz", "Dang / Lukasz"),
        ("شركة", "...."),
        ("/a/", "a"),
    ],
)
def test_texts_have_only_letters_that_every_bank_takes(text, written):
    assert write_text(text, 70) == written
