"""Languages: kept formats equal Babel's, every wire locale works, catalogues are current and complete."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from babel.messages import pofile
from babel.messages.catalog import Catalog
from babel.numbers import format_currency

from portal import i18n

TOP = Path(__file__).parent.parent
TRANSLATIONS = TOP / "translations"


@pytest.mark.parametrize("tag", i18n.WIRE_LOCALES)
def test_every_locale_of_the_wire_formats_money_and_dates(tag: str) -> None:
    locale = i18n.best_locale([tag])
    assert i18n.format_money(-199999, "eur", locale) == format_currency(
        i18n.decimal_amount(-199999, "eur"), "EUR", locale=locale
    )
    assert i18n.format_day(date(2026, 11, 21), locale)
    assert len(i18n.list_countries(locale)) > 240
    assert i18n.text_direction(locale) == "ltr"


def test_there_are_47_locales_of_the_wire() -> None:
    assert len(i18n.WIRE_LOCALES) == 47


#: Those with other digits than two on the wire (docs.stripe.com/currencies), and those that CLDR shows otherwise.
ZERO = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split()
THREE = "bhd jod kwd omr tnd".split()
TWO = "eur usd huf twd afn all isk lak lbp mmk rsd sos std ugx yer".split()


@pytest.mark.parametrize(("currencies", "digits"), [(ZERO, 0), (TWO, 2), (THREE, 3)])
def test_amounts_have_the_minor_units_of_the_wire(currencies: list[str], digits: int) -> None:
    assert {-i18n.decimal_amount(1, each).as_tuple().exponent for each in currencies} == {digits}


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "text"),
    [
        (120050, "rsd", "en", "RSD1,200.50"),
        (120000, "rsd", "sr", "1.200,00\xa0RSD"),
        (100, "lbp", "en", "LBP1.00"),
        (500000, "ugx", "en", "UGX5,000"),
        (500000, "isk", "de", "5.000\xa0ISK"),
        (500050, "isk", "de", "5.000,50\xa0ISK"),
        (-500, "jpy", "en", "-¥500"),
        (1234, "bhd", "en", "BHD1.234"),
    ],
)
def test_amounts_are_shown_whole(amount: int, currency: str, locale: str, text: str) -> None:
    assert i18n.format_money(amount, currency, locale) == text


@pytest.mark.parametrize("locale", i18n.WIRE_LOCALES)
def test_every_locale_shows_hundredths_where_they_count(locale: str) -> None:
    text = i18n.format_money(120050, "rsd", i18n.best_locale([locale]))
    assert re.search(r"1\W?200\W50(?!\d)", text), text


@pytest.mark.parametrize(
    ("count", "locale", "words"),
    [
        (1, "en", "1 kB"),
        (132_001, "en", "133 kB"),
        (999_999, "en", "1,000 kB"),
        (1_000_000, "de", "1,0 MB"),
        (16_777_216, "fr", "16,8\u202fMo"),
        (2_500_000_000, "en", "2.5 GB"),
    ],
)
def test_sizes_of_files_are_rounded_up(count: int, locale: str, words: str) -> None:
    assert i18n.format_file_size(count, locale) == words


def test_arabic_runs_from_right_to_left() -> None:
    assert i18n.text_direction("ar") == "rtl"


@pytest.mark.parametrize("hostile", ["", "../../etc", "x" * 1000, "de\x00", "%s", "zz-ZZ", None])
def test_an_unknown_tag_is_english(hostile: str | None) -> None:
    assert i18n.best_locale([hostile]) == "en"


def _catalogue(path: Path) -> Catalog:
    return pofile.read_po(io.BytesIO(path.read_bytes()))


def test_the_template_has_every_text_of_the_program(tmp_path: Path) -> None:
    fresh = tmp_path / "messages.pot"
    command = [
        sys.executable,
        "-m",
        "babel.messages.frontend",
        "-q",
        "extract",
        "-F",
        "pyproject.toml",
        "-o",
        str(fresh),
    ]
    subprocess.run([*command, "-k", "_l", "-k", "lazy_gettext", "."], cwd=TOP, check=True)
    kept = {(message.context, message.id) for message in _catalogue(TRANSLATIONS / "messages.pot") if message.id}
    found = {(message.context, message.id) for message in _catalogue(fresh) if message.id}
    assert found == kept, f"`make translations` collects and drops these: {sorted(map(str, found ^ kept))}"


def test_every_catalogue_is_offered() -> None:
    folders = {folder.parent.name for folder in TRANSLATIONS.glob("*/LC_MESSAGES")}
    assert {"en", *folders} == set(i18n.CATALOGUES)


TRANSLATED = [each for each in i18n.CATALOGUES if each != "en"]


def _messages(language: str) -> Catalog:
    return _catalogue(TRANSLATIONS / language / "LC_MESSAGES" / "messages.po")


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated(language: str) -> None:
    wanted = {(each.context, each.id) for each in _catalogue(TRANSLATIONS / "messages.pot") if each.id}
    done = {
        (each.context, each.id)
        for each in _messages(language)
        if each.id and all(_strings(each.string)) and not each.fuzzy
    }
    missing = sorted(map(str, wanted - done))
    assert not missing, f"fill translations/{language}/LC_MESSAGES/messages.po: {missing}"


#: A placeholder, a sign that stands for itself, or the end of a line.
MARKS = re.compile(r"%\(\w+\)[sd]|%%|\n")


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_keep_placeholders_and_lines(language: str) -> None:
    messages = _messages(language)
    assert [str(message.id) for message, errors in messages.check() if errors] == []
    for message in messages:
        if not message.id:
            continue
        wanted = set(MARKS.findall(_strings(message.id)[-1]))
        strings = _strings(message.string)
        assert len(strings) == (messages.num_plurals if message.pluralizable else 1), message.id
        for text in strings:
            found = set(MARKS.findall(text))
            assert found == wanted or (message.pluralizable and found < wanted), (message.id, text)
            assert text == text.strip(), message.id
        # one form may say "one" and another "none", but not all of them
        assert {mark for text in strings for mark in MARKS.findall(text)} == wanted, message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_sentence_is_left_in_english(language: str) -> None:
    left = [
        text
        for message in _messages(language)
        for text in _strings(message.string)
        if text in _strings(message.id) and len(re.findall("[a-z]{3,}", MARKS.sub("", text))) > 2
    ]
    assert left == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_word_is_wider_than_a_phone(language: str) -> None:
    """A page of 360 pixels takes about 36 letters in a line; soft hyphens and Asian signs break by themselves."""
    words = (word for text in _translated(language) for word in re.split(r"[\s\u00ad/–—-]", text))
    assert [word for word in words if len(word) > 32 and word.isascii()] == []


@pytest.mark.parametrize("language", [each for each in TRANSLATED if i18n.text_direction(each) == "rtl"])
def test_a_percentage_keeps_its_sign_on_its_right(language: str) -> None:
    """By itself a sign behind digits goes to their left where text runs from right to left."""
    texts = [text for message in _messages(language) if message.id for text in _strings(message.string)]
    assert [text for text in texts if re.search(r"(?<!\u2066)%\(percentage\)s\s?%%", text)] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_each_language_has_its_glossary(language: str) -> None:
    glossary = (TRANSLATIONS / "glossary" / f"{language}.md").read_text()
    assert glossary.startswith("# ")
    assert glossary.count("\n| ") > 30


def test_the_guide_for_translators_names_each_language() -> None:
    guide = (TOP / "docs" / "translating.md").read_text()
    assert [name for name in i18n.CATALOGUES if f"| `{name}` |" not in guide] == []


def _translated(language: str) -> list[str]:
    """Every text of a catalogue, with a box for each placeholder, and another one for each sum of money."""
    texts = [text for message in _messages(language) if message.id for text in _strings(message.string)]
    sums = [re.sub(r"%\((amount|discount|due|total)\)s", "\u25a2", text) for text in texts]
    return [re.sub(r"%\(\w+\)[sd]", "\u25a1", text) for text in sums]


#: What a language does not write: typewriter's quotes, doubled stops, marks of another script. Arabic currencies end
#: with a stop themselves.
ODDITIES = {
    "de": r"['\"”]|\.\.|,,",
    "fr": r"['\"]|\.\.|,,",
    "ar": r"['\",;?]|\.\.|،،|؟\.|\u25a2\.",
}


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_are_set_as_their_language_is(language: str) -> None:
    odd = ODDITIES.get(language, r"""["]|(?<=\w)'(?=\w)|\.\.|,,|  """)
    assert [text for text in _translated(language) if re.search(odd, text)] == []


#: Words in Arabic that end as a singular "your" does.
NO_ADDRESS = {"اشتراك", "مالك", "المالك", "بنوك", "بنك", "تُرك", "ذلك", "هناك", "هوك"}


def test_arabic_addresses_everybody_in_the_plural() -> None:
    # with their vowel signs, and without the particles that are written with a word
    found = (
        word for text in _translated("ar") for word in re.findall(r"[\w\u064b-\u0652]+ك(?![\w\u064b-\u0652])", text)
    )
    assert {word for word in found if re.sub("^[فبلو]?(ال)?", "", word) not in NO_ADDRESS} == set()


#: Other words for what the pages call Abo, abonnement and اشتراك.
OTHER_WORDS_FOR_A_PLAN = {"de": r"Tarif|Abonnement", "fr": r"\bformule|\bforfait\b", "ar": "باق"}


@pytest.mark.parametrize(("language", "other"), OTHER_WORDS_FOR_A_PLAN.items())
def test_a_plan_has_one_word_in_each_language(language: str, other: str) -> None:
    assert [text for text in _translated(language) if re.search(other, text)] == []


def test_names_are_listed_as_the_language_lists_them() -> None:
    names = ["Gold plan", "Seats", "Gold plan", "Support"]
    assert i18n.join_names(names) == "Gold plan, Seats, and Support"
    assert i18n.join_names(names, "de_AT") == "Gold plan, Seats und Support"
    assert "," not in i18n.join_names(names, "ar")
    assert i18n.join_names(names[:2], "sw") == "Gold plan and Seats", "as the words around it are English"
    assert i18n.join_names([]) == ""


def _strings(string: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string)
