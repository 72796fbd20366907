"""In which countries an address is not complete without a postal code.

The countries whose `require` names it in the address metadata of libaddressinput, as of November 2026.
"""

_NEEDED = frozenset(
    """
    AS AT AU AX BE BL BR CA CH CN CZ DE DK EE ES FI FK FM FR GB GF GG GL GP GR GS GU HU IM IN IO IT JE JP KR LI LT LU
    LV MF MH MP MQ MX MY NC NL NO NZ PF PL PM PN PR PT PW RE RO RU SE SG SH SJ SK SM TC TR TW UA US VI WF YT ZA
    """.split()
)


def needs_postal_code(country: str) -> bool:
    """Whether every address of a country (ISO 3166-1 alpha-2) has a postal code."""
    return country in _NEEDED
