"""Names of files that every system takes."""

import re

#: What no file name may have on some system, and what turns the direction of the rest.
_UNSAFE_CHARACTERS = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]+')


def safe_file_name(words: str) -> str:
    """`words` with a hyphen for what can't stand in a file name, such as the slashes of an invoice number."""
    return _UNSAFE_CHARACTERS.sub("-", words)
