"""Account numbers of the SEPA area: how they are typed, what is wrong with them, what they say of the bank."""

from __future__ import annotations

import pytest

from portal.rules import sepa
from portal.rules.creditors import creditor_of


@pytest.mark.parametrize(
    ("iban", "bank", "branch"),
    [
        ("DE89370400440532013000", "37040044", None),
        ("FR1420041010050500013M02606", "20041", "01005"),
        ("ES9121000418450200051332", "2100", "0418"),
        ("IT60X0542811101000000123456", "05428", "11101"),
        ("GB29NWBK60161331926819", "NWBK", "601613"),
        ("NL91ABNA0417164300", "ABNA", None),
        ("AT611904300234573201", "19043", None),
        ("CH9300762011623852957", "00762", None),
        ("PT50000201231234567890154", "0002", "0123"),
        ("IE29AIBK93115212345678", "AIBK", "931152"),
    ],
)
def test_a_number_names_bank_and_branch(iban: str, bank: str, branch: str | None) -> None:
    account = sepa.parse_iban(iban)
    assert (account.iban, account.bank_code, account.branch_code) == (iban, bank, branch)
    assert (account.country, account.last4) == (iban[:2], iban[-4:])


@pytest.mark.parametrize(
    "typed", ["de89 3704 0044 0532 0130 00", "IBAN: DE89-3704-0044-0532-0130-00", "DE89\u00a037040044 0532013000"]
)
def test_any_grouping_is_read(typed: str) -> None:
    assert sepa.parse_iban(typed).iban == "DE89370400440532013000"


@pytest.mark.parametrize(
    ("typed", "mistake"),
    [
        ("DE88370400440532013000", "checksum"),
        ("DE8937040044053201300", "length"),
        ("US64SVBKUS6S3300958879", "country"),
        ("TR330006100519786457841326", "country"),
        ("", "form"),
        ("0532013000", "form"),
        ("NL91ABNA04171643OO", "checksum"),
        ("DE89\u0663704004405320130", "form"),
    ],
)
def test_what_is_wrong_has_a_name(typed: str, mistake: str) -> None:
    with pytest.raises(sepa.BadIban) as failure:
        sepa.parse_iban(typed)
    assert failure.value.mistake == mistake
    assert not typed or typed not in str(failure.value)


def test_an_account_does_not_show_itself() -> None:
    assert "37040044" not in repr(sepa.parse_iban("DE89370400440532013000"))


def test_every_country_has_a_form() -> None:
    assert all(sepa._structure(country) for country in sepa.COUNTRIES)


def test_a_creditor_is_complete_without_a_bic() -> None:
    whole = {"creditor_id": "DE98ZZZ09999999999", "creditor_name": "Rocket Rides", "iban": "DE02120300000000202051"}
    assert creditor_of({"direct_debit": whole}) is not None
    for name in whole:
        assert creditor_of({"direct_debit": {**whole, name: None}}) is None
    assert creditor_of({}) is None
