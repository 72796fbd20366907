"""Names in the writing systems of the world are set in fonts that have them, and come out as they went in."""

from __future__ import annotations

import io

import pikepdf
import pytest

from portal import i18n
from portal.documents import render
from portal.documents.parts import Party
from tests.documents import samples
from tests.documents.conftest import read

NAMES = {
    "latin": ("en", "Đặng Łukasz Þórðarson Çelik", "Noto-Sans"),
    "greek": ("el", "Ελληνικά Έγγραφα Α.Ε.", "Noto-Sans"),
    "cyrillic": ("uk", "Об'єднання Їжак ґрунт", "Noto-Sans"),
    "arabic": ("ar", "مؤسسة الأمل", "Noto-Sans-Arabic"),
    "hebrew": ("he", "חברת הדוגמה", "Noto-Sans-Hebrew"),
    "thai": ("th", "บริษัท ตัวอย่าง จำกัด", "Noto-Sans-Thai"),
    "devanagari": ("hi", "उदाहरण प्राइवेट लिमिटेड", "Noto-Sans-Devanagari"),
    "simplified": ("zh_Hans", "示例骨直有限公司", "Noto-Sans-CJK-SC"),
    "traditional": ("zh_Hant_TW", "範例股份有限公司", "Noto-Sans-CJK-TC"),
    "japanese": ("ja", "株式会社骨直サンプル", "Noto-Sans-CJK-JP"),
    "korean": ("ko", "주식회사 예제", "Noto-Sans-CJK-KR"),
}


def written(script: str) -> bytes:
    locale, name, _ = NAMES[script]
    return render.pdf(samples.invoice(1, locale=locale, buyer=Party(name=name, city=name, country="DE")))


def fonts(pdf: bytes) -> set[str]:
    """The families that the file carries, without weight and the letters that mark a part of a font."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        each = [font for font in opened.objects if isinstance(font, pikepdf.Dictionary) and "/FontFamily" in font]
        return {str(font.FontFamily).replace(" ", "-") for font in each}


@pytest.mark.parametrize("script", NAMES)
def test_a_font_of_the_script_is_embedded(script: str) -> None:
    assert NAMES[script][2] in fonts(written(script))


# readers of PDFs put the vowel signs of Thai and Devanagari in other places than they were written in
@pytest.mark.parametrize("script", sorted(NAMES.keys() - {"thai", "devanagari"}))
def test_it_can_be_copied_out_again(script: str) -> None:
    text = "".join(read(written(script)).pages[0].extract_text().split())
    assert "".join(NAMES[script][1].split()) in text


@pytest.mark.parametrize("language", [each for each in i18n.CATALOGUES if each != "en"])
def test_letters_of_a_catalogue_have_a_font(language: str) -> None:
    words = i18n.load_translations(language)
    letters = sorted({letter for text in words._catalog.values() for letter in text if letter.isprintable()})  # type: ignore[attr-defined]
    pdf = render.pdf(samples.invoice(1, locale=language, memo="".join(letters)))
    assert "[U+" not in "".join(read(pdf).pages[0].extract_text().split())
