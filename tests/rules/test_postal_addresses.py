"""How addresses are written in their countries."""

from __future__ import annotations

import pytest
from babel import Locale

from portal.rules.postal_addresses import FIELDS, postal_lines

#: Country, streets, city, state, postal code, and the lines as they stand on an envelope.
ADDRESSES = (
    ("DE", "Torstraße 12", "Berlin", None, "10119", "Torstraße 12|10119 Berlin"),
    ("FR", "8 rue de l'Abbaye", "Paris", None, "75006", "8 rue de l'Abbaye|75006 Paris"),
    ("AT", "Ring 1", "Wien", None, "1010", "Ring 1|1010 Wien"),
    ("CH", "Bahnhofstrasse 1", "Zürich", None, "8001", "Bahnhofstrasse 1|8001 Zürich"),
    ("NL", "Damrak 1", "Amsterdam", None, "1012 LG", "Damrak 1|1012 LG Amsterdam"),
    ("SE", "Storgatan 1", "Malmö", None, "211 20", "Storgatan 1|211 20 Malmö"),
    ("PL", "ul. Długa 1", "Kraków", None, "30-001", "ul. Długa 1|30-001 Kraków"),
    ("IT", "Via Roma 1", "Milano", "MI", "20121", "Via Roma 1|20121 Milano MI"),
    ("ES", "Calle Mayor 1", "Getafe", "Madrid", "28901", "Calle Mayor 1|28901 Getafe|Madrid"),
    ("GB", "10 Downing Street", "London", None, "SW1A 2AA", "10 Downing Street|London|SW1A 2AA"),
    ("GB", "1 High Street", "Lewes", "East Sussex", "BN7 1AA", "1 High Street|Lewes|East Sussex|BN7 1AA"),
    ("IE", "1 Main Street", "Cork", "Co. Cork", "T12 X70A", "1 Main Street|Cork|Co. Cork|T12 X70A"),
    ("US", "1 Main St", "Springfield", "IL", "62701", "1 Main St|Springfield, IL 62701"),
    ("CA", "1 Elgin St", "Ottawa", "ON", "K1P 5K7", "1 Elgin St|Ottawa ON K1P 5K7"),
    ("AU", "1 George St", "Sydney", "NSW", "2000", "1 George St|Sydney NSW 2000"),
    ("NZ", "1 Queen Street", "Auckland", None, "1010", "1 Queen Street|Auckland 1010"),
    ("SG", "1 Raffles Place", "Singapore", None, "048616", "1 Raffles Place|Singapore 048616"),
    ("IN", "12 MG Road", "Mumbai", "Maharashtra", "400001", "12 MG Road|Mumbai 400001|Maharashtra"),
    ("BR", "Rua Augusta 1", "São Paulo", "SP", "01304-000", "Rua Augusta 1|São Paulo - SP|01304-000"),
    ("MX", "Reforma 1", "Cuauhtémoc", "CDMX", "06500", "Reforma 1|06500 Cuauhtémoc, CDMX"),
    ("AR", "Florida 1", "Rosario", "Santa Fe", "S2000", "Florida 1|S2000 Rosario|Santa Fe"),
    ("HU", "Fő utca 1.", "Budapest", None, "1011", "Budapest|Fő utca 1.|1011"),
    ("LV", "Brīvības 1", "Rīga", None, "LV-1010", "Brīvības 1|Rīga, LV-1010"),
    ("TR", "Cadde 1", "Kadıköy", "İstanbul", "34710", "Cadde 1|34710 Kadıköy/İstanbul"),
    ("ZA", "1 Long Street", "Cape Town", None, "8001", "1 Long Street|Cape Town|8001"),
    ("TH", "1 Silom Rd", "Bang Rak", "Bangkok", "10500", "1 Silom Rd|Bang Rak|Bangkok 10500"),
    ("AE", "Sheikh Zayed Road 12", "Dubai", "Dubai", None, "Sheikh Zayed Road 12|Dubai, Dubai"),
    ("JP", "千代田1-1", "千代田区", "東京都", "100-0001", "〒100-0001|東京都千代田区|千代田1-1"),
    ("JP", "1-1 Chiyoda", "Chiyoda-ku", "Tokyo", "100-0001", "1-1 Chiyoda|Chiyoda-ku, Tokyo 100-0001"),
    ("KR", "세종대로 1", "종로구", "서울특별시", "03172", "서울특별시 종로구|세종대로 1|03172"),
    ("KR", "1 Sejong-daero", "Jongno-gu", "Seoul", "03172", "1 Sejong-daero|Jongno-gu, Seoul 03172"),
    ("TW", "信義路1號", "信義區", "台北市", "110", "110|台北市信義區|信義路1號"),
    ("CN", "建国路1号", "朝阳区", "北京市", "100022", "100022|北京市朝阳区|建国路1号"),
    ("CN", "1 Jianguo Rd", "Chaoyang", "Beijing", "100022", "1 Jianguo Rd|Chaoyang|Beijing, 100022"),
    ("HK", "皇后大道中1號", "中環", "香港島", None, "香港島|中環|皇后大道中1號"),
)


def address(
    country: str | None, line1: str | None, city: str | None, state: str | None, code: str | None
) -> dict[str, str | None]:
    return {"country": country, "line1": line1, "line2": None, "city": city, "state": state, "postal_code": code}


@pytest.mark.parametrize("case", ADDRESSES, ids=lambda case: f"{case[0]} {case[2]}")
def test_an_address_is_written_as_in_its_country(case: tuple[str, ...]) -> None:
    *parts, lines = case
    assert postal_lines(address(*parts)) == tuple(lines.split("|"))


def test_nothing_of_an_address_is_lost_wherever_it_is() -> None:
    for country in (code for code in Locale("en").territories if len(code) == 2):
        for street, city, state in (("Street 1", "City", "State"), ("通り1", "市", "県")):
            said = " ".join(postal_lines({**address(country, street, city, state, "12345"), "line2": "Floor 2"}))
            assert all(part in said for part in (street, "Floor 2", city, state, "12345")), (country, said)


@pytest.mark.parametrize("country", ["DE", "GB", "US", "JP", "HU", "BR", None])
def test_what_is_unknown_leaves_no_gap(country: str | None) -> None:
    assert postal_lines(address(country, None, "Springfield", None, None)) == ("Springfield",)
    assert postal_lines(dict.fromkeys(FIELDS)) == ()
    (code,) = postal_lines(address(country, None, None, None, "62701"))
    assert code.removeprefix("〒") == "62701"
