"""Electronic addresses of e-invoices: a scheme of the EAS list and an identifier, written `0204:991-12345-67`.

The list is the one that the rules of EN 16931 hold in release 1.3.16 (BR-CL-25). Peppol reaches fewer schemes
(PEPPOL-EN16931-CL008), and looks at the digits of some (PEPPOL-COMMON-R040 to R050).
"""

import re
from collections.abc import Callable

from email_validator import EmailNotValidError, validate_email
from stdnum import ean, luhn
from stdnum.au import abn
from stdnum.be import vat as be_vat
from stdnum.dk import cvr
from stdnum.fr import siren, siret
from stdnum.no import orgnr

#: Schemes of the EAS list that Peppol does not reach: mail and other networks, and some younger registers.
_NOT_ON_PEPPOL = frozenset("AN AQ AS AU EM 0219 0220 0242 0246 0248".split())
PEPPOL_SCHEMES = frozenset(
    (
        "0002 0007 0009 0037 0060 0088 0096 0097 0106 0130 0135 0142 0147 0151 0154 0158 0170 0177 0183 0184 0188 0190 "
        "0191 0192 0193 0194 0195 0196 0198 0199 0200 0201 0202 0203 0204 0205 0208 0209 0210 0211 0212 0213 0215 0216 "
        "0217 0218 0221 0225 0230 0235 0240 0244 0245 9910 9913 9914 9915 9918 9919 9920 9922 9923 9924 9925 9926 9927 "
        "9928 9929 9930 9931 9932 9933 9934 9935 9936 9937 9938 9939 9940 9941 9942 9943 9944 9945 9946 9947 9948 9949 "
        "9950 9951 9952 9953 9957 9959"
    ).split()
)
EAS_SCHEMES = PEPPOL_SCHEMES | _NOT_ON_PEPPOL


class BadAddress(ValueError):
    """No electronic address; the message says what is wrong with it."""


def parse_address(text: str) -> tuple[str, str]:
    """Scheme and identifier of an address. Raises `BadAddress`."""
    scheme, colon, identifier = (part.strip() for part in text.partition(":"))
    if not (colon and identifier):
        raise BadAddress("Write its scheme and the identifier, such as 0204:991-12345-67.")
    if scheme not in EAS_SCHEMES:
        raise BadAddress(f"{scheme[:20]} is no scheme of the EAS list, such as 0204, 9930 or EM.")
    if not is_well_formed(scheme, identifier):
        raise BadAddress(f"{identifier[:50]} is no identifier of scheme {scheme}: its form or check digits are wrong.")
    return scheme, identifier


def is_well_formed(scheme: str, identifier: str) -> bool:
    """Whether form and check digits are right, as far as they are known for a scheme of the EAS or the ICD list."""
    check = _CHECKS.get(scheme)
    return check is None or check(identifier)


def _is_mail_address(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


def _digits_check(length: int, is_valid: Callable[[str], bool] = lambda _: True) -> Callable[[str], bool]:
    """A check for exactly `length` digits that `is_valid`."""
    return lambda text: bool(re.fullmatch(rf"[0-9]{{{length}}}", text)) and is_valid(text)


_is_cvr = _digits_check(8, cvr.is_valid)

_CHECKS: dict[str, Callable[[str], bool]] = {
    "0002": _digits_check(9, siren.is_valid),
    "0007": _digits_check(10, luhn.is_valid),
    "0009": _digits_check(14, siret.is_valid),
    "0088": _digits_check(13, ean.is_valid),
    "0106": _digits_check(8),
    "0151": _digits_check(11, abn.is_valid),
    "0184": lambda text: _is_cvr(text.removeprefix("DK")),
    "0190": _digits_check(20),
    "0192": _digits_check(9, orgnr.is_valid),
    "0208": _digits_check(10, be_vat.is_valid),
    "EM": _is_mail_address,
}
