"""What the files that a bank is asked by have in common."""

from xml.sax.saxutils import escape

from portal.rules.sepa_texts import write_text

NOT_PROVIDED = "<Othr><Id>NOTPROVIDED</Id></Othr>"


def write_amount(cents: int) -> str:
    """An amount in euros."""
    return f"{cents // 100}.{cents % 100:02}"


def write_words(text: str, longest: int) -> str:
    """A text in the letters that banks pass on; a dash where nothing is left of it."""
    return escape(write_text(text, longest) or "-")
