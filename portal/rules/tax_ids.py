"""Tax IDs: the known types, the form of each, and the check of their digits.

The table is `tax_id_types.json`: the 117 types of Stripe's customer tax ID page (SDK build 2026-08-21), in the
order they are offered, with the documented examples, and the 18 types that version 2026-10-28 of its API added. The
forms of those are what the authorities that give the numbers publish, and wide where they publish none (Botswana,
Trinidad). A `shape` is a regular expression of the canonical form; where that form has separators they stand between
groups: `([0-9]{2})-([0-9]{7})` is 12-3456789. `check` names the python-stdnum modules that know the check digits (one
suffices), `checked` the slice they read.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files
from string import ascii_uppercase
from types import MappingProxyType
from typing import Any, Literal

from stdnum.exceptions import ValidationError

VerificationStatus = Literal["pending", "verified", "unverified", "unavailable"]

LONGEST_INPUT = 100
LEGACY_TYPES = frozenset({"unknown"})
"""Types that imported tax IDs may carry and nobody can create; every function here answers for them too."""


@dataclass(frozen=True, slots=True)
class TaxIdShape:
    """One documented form of a type; `pattern` is anchored and matches the value without its separators."""

    country: str
    example: str
    pattern: re.Pattern[str]
    separators: tuple[str, ...]
    validators: tuple[str, ...]
    checked: slice


@dataclass(frozen=True, slots=True)
class TaxIdType:
    """A type of tax ID.

    `country` is None where the value determines it (`eu_vat`, `eu_oss_vat`); `countries` are those whose customers may
    choose the type; `affects_tax` is None where the reference does not say.
    """

    type: str
    country: str | None
    countries: frozenset[str]
    label: str
    affects_tax: bool | None
    forms: tuple[TaxIdShape, ...]

    @property
    def examples(self) -> tuple[str, ...]:
        """The documented examples in canonical form, the usual one first."""
        return tuple(form.example for form in self.forms)

    @property
    def pattern(self) -> str:
        """An anchored expression for any form of the type, upper case and without separators."""
        return "|".join(form.pattern.pattern for form in self.forms)

    @property
    def validators(self) -> tuple[str, ...]:
        """The stdnum modules that know check digits of this type, such as `au.abn`; empty where none does."""
        return tuple(dict.fromkeys(name for form in self.forms for name in form.validators))


def normalize_value(type: str, value: str) -> str | None:
    """The documented canonical form of what someone typed, or None where it does not have the type's form.

    Case, surrounding white space and the separators people type do not matter; prefixes and suffixes must be there.
    Canonical values normalise to themselves. A Greek VAT ID typed with GR gets its EL, a Dutch or Belgian one its
    leading zeros, and a Norwegian one loses the country that other countries' programs put before it.
    """
    found = _match_shape(type, value)
    if found is None:
        return None
    form, groups = found
    return "".join(part + separator for part, separator in zip(groups, form.separators, strict=True))


def country_of_value(type: str, value: str) -> str | None:
    """The two-letter country for the wire: DE for DE…, GR for EL…, GB for XI…; None where it cannot be known.

    The reference lists One Stop Shop numbers under EU and Canary Islands ones under IC. Both are reserved in
    ISO 3166-1.
    """
    kind = TYPES.get(type)
    if kind is not None and kind.country is not None:
        return kind.country
    found = _match_shape(type, value)
    return found[0].country if found else None


def verification_status(type: str, value: str, *, livemode: bool) -> VerificationStatus:
    """What can be said of a tax ID without asking a register, as the `status` of the wire's `verification`.

    - `verified`: the check digits hold. That rules out typing errors; it does not prove a registration.
    - `unverified`: they fail, or the value does not have the type's form. A reason to warn, never to refuse.
    - `unavailable`: nobody publishes check digits for this form, so only the form is known to be right.
    - `pending`: never in live mode, as no check is queued.

    In test mode the reference's nine-digit values, with any prefix or suffix of letters, give fixed states:
    000000000 `verified`, 111111111 `unverified`, 222222222 `pending`.
    """
    found = _match_shape(type, value)
    if found is None:
        return "unverified" if type in TYPES else "unavailable"
    form, groups = found
    compact = "".join(groups)
    if not livemode and (state := _TEST_STATES.get(compact.strip(ascii_uppercase))):
        return state
    if not form.validators:
        return "unavailable"
    return "verified" if _check_digits_hold(form, compact) else "unverified"


def types_for_country(code: str) -> list[TaxIdType]:
    """The types a customer in a country may choose, the most common first; empty where there are none.

    VAT and sales tax come before company numbers. Territories have the types of the country that registers them:
    Monaco those of France, the Isle of Man the British ones.
    """
    home = _registering_country(code)
    return [kind for kind in TYPES.values() if home in kind.countries]


def example_value(type: str, country: str | None = None) -> str:
    """A value to show as a hint, for `eu_vat` that of the country; empty for a legacy type."""
    kind = TYPES.get(type)
    if kind is None:
        return ""
    home = _registering_country(country or "")
    local = (form.example for form in kind.forms if form.country == home)
    return next(local, kind.examples[0])


def type_label(type: str) -> str:
    """What documents of the first design print before the value, such as `GB VAT`; `Tax ID` for a legacy type.

    Everything else asks `tax_names.number_name`.
    """
    kind = TYPES.get(type)
    return kind.label if kind else "Tax ID"


_TEST_STATES: Mapping[str, VerificationStatus] = {
    "000000000": "verified",
    "111111111": "unverified",
    "222222222": "pending",
}

# Keyboards and copied text bring these for the plain space and hyphen: no-break, figure, thin, narrow and
# ideographic spaces; hyphens, dashes and the minus sign.
_SEPARATORS = str.maketrans(dict.fromkeys(" .-/\u00a0\u2007\u2009\u202f\u3000\u2010\u2011\u2012\u2013\u2014\u2212"))

# The country part of a VAT prefix where it is not the ISO code (Council Directive 2006/112/EC, article 215).
_COUNTRY_OF_PREFIX = {"EL": "GR", "XI": "GB"}

#: What people write for the documented form of a type, and what becomes of it.
_OTHER_WAYS: Mapping[str, tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]] = {
    "cz_dic": ((re.compile(r"\A(?=[0-9]{8,10}\Z)"), "CZ"),),
    "eu_vat": (
        (re.compile(r"\AGR"), "EL"),
        (re.compile(r"\ABE(?=[0-9]{9}\Z)"), "BE0"),
        (re.compile(r"\ANL([0-9]{7,8})(?=B[0-9]{2}\Z)"), lambda found: f"NL{found[1]:0>9}"),
    ),
    "no_vat": ((re.compile(r"\ANO(?=[0-9]{9}MVA\Z)"), ""),),
    "pt_nif": ((re.compile(r"\APT(?=[0-9]{9}\Z)"), ""),),
}

_VALIDATION_OPTIONS = {"mx.rfc": {"validate_check_digits": True}}


def _match_shape(type: str, value: str) -> tuple[TaxIdShape, tuple[str, ...]] | None:
    compact = _compact_value(type, value)
    if compact is None or type not in TYPES:
        return None
    for form in TYPES[type].forms:
        if match := form.pattern.match(compact):
            return form, match.groups()
    return None


def _compact_value(type: str, value: str) -> str | None:
    if len(value) > LONGEST_INPUT:
        return None
    compact = value.strip().translate(_SEPARATORS)
    # Before upper(): it would turn letters such as the long s or the dotless i into ASCII ones.
    if not compact.isascii():
        return None
    compact = compact.upper()
    for written, canonical in _OTHER_WAYS.get(type, ()):
        compact = written.sub(canonical, compact)
    return compact


def _check_digits_hold(form: TaxIdShape, compact: str) -> bool:
    return any(_is_valid(name, compact[form.checked]) for name in form.validators)


def _is_valid(name: str, number: str) -> bool:
    try:
        _stdnum_module(name).validate(number, **_VALIDATION_OPTIONS.get(name, {}))
    except ValidationError:
        return False
    return True


@cache
def _stdnum_module(name: str) -> Any:
    return import_module(f"stdnum.{name}")


def _registering_country(code: str) -> str:
    return _TERRITORIES.get(code.upper(), code.upper())


def _build_type(name: str, row: Mapping[str, Any]) -> TaxIdType:
    forms = tuple(_build_shape(name, form) for form in row["forms"])
    return TaxIdType(
        type=name,
        country=None if name.startswith("eu_") else name[:2].upper(),
        countries=frozenset({form.country for form in forms} | set(row.get("also_in", ()))),
        label=row.get("label", name.replace("_", " ").upper()),
        affects_tax=row["affects_tax"],
        forms=forms,
    )


def _build_shape(name: str, row: Mapping[str, Any]) -> TaxIdShape:
    shape = row["shape"] if "(" in row["shape"] else f"({row['shape']})"
    _, *parts = re.split(r"\(([^()]*)\)", shape)
    prefix = row["example"][:2] if name == "eu_vat" else name[:2].upper()
    return TaxIdShape(
        country=_COUNTRY_OF_PREFIX.get(prefix, prefix),
        example=row["example"],
        pattern=re.compile(r"\A" + "".join(f"({part})" for part in parts[::2]) + r"\Z"),
        separators=tuple(parts[1::2]),
        validators=tuple(row.get("check", ())),
        checked=slice(*row.get("checked", (None,))),
    )


_TYPE_TABLE: Any = json.loads(files("portal.rules").joinpath("tax_id_types.json").read_text("utf-8"))
_TERRITORIES: Mapping[str, str] = _TYPE_TABLE["territories"]
TYPES: Mapping[str, TaxIdType] = MappingProxyType(
    {name: _build_type(name, row) for name, row in _TYPE_TABLE["types"].items()}
)
"""Every type that can be created, by its name on the wire, in the order of offer."""
