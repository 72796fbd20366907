"""Tax IDs: every documented example is accepted as it stands, near misses are not, and check digits are read."""

from string import digits

import pytest

from portal.rules import tax_ids

EXAMPLES = [(kind.type, example) for kind in tax_ids.TYPES.values() for example in kind.examples]

# Numbers whose check digits hold, most of them python-stdnum's samples, in canonical form.
GENUINE_OF_TYPE = {
    "ar_cuit": "20-0553616-82",
    "au_abn": "51824753556",
    "au_acn": "004085616",
    "az_tin": "1400057421",
    "bg_uic": "175074752",
    "br_cnpj": "16.727.230/0001-97|12.ABC.345/01DE-35",
    "br_cpf": "390.533.447-05",
    "by_tin": "200988541",
    "ca_bn": "123026635",
    "ca_gst_hst": "123026635RT0001",
    "ch_uid": "CHE-100.155.212 HR",
    "ch_vat": "CHE-107.787.577 MWST",
    "cl_tin": "76.086.428-5",
    "cn_tin": "360426199101010071|91110000600037341L",
    "co_nit": "213.123.432-1",
    "cz_dic": "CZ25123891|CZ7103192745",
    "do_rcn": "001-1391820-5|1-01-85004-3",
    "ec_ruc": "1792060346001",
    "es_cif": "B64717838",
    "eu_vat": "ATU13585627|BE0428759497|BG175074752|CY10259033P|CZ25123891|DE136695976|DK13585628"
    "|EE100931558|EL094259216|ESB58378431|FI20774740|FR40303265045|HR33392005961|HU12892312"
    "|IE6433435F|IT00743110157|LT119511515|LU15027442|LV40003521600|MT11679112|NL004495445B01"
    "|PL8567346215|PT501964843|RO18547290|SE123456789701|SI50223054|SK2022749619|XI980780684",
    "fr_siren": "404833048",
    "fr_siret": "73282932000074",
    "fr_spi": "3023217600053",
    "gb_vat": "GB980780684",
    "gh_tin": "C0000803561",
    "hr_oib": "33392005961",
    "hu_tin": "12892312-2-41",
    "ic_nif": "B64717838",
    "id_npwp": "01.300.066.6-091.000|001.300.066.6-091.000",
    "il_vat": "516179157",
    "in_gst": "27AAPFU0939F1ZV",
    "is_kt": "450401-3150|120174-3399",
    "it_cf": "RCCMNL83S18D969H",
    "jp_cn": "5835678256246",
    "jp_trn": "T5835678256246",
    "li_uid": "CHE100155212",
    "ma_vat": "001561191000066",
    "md_cf": "1008600038413",
    "md_vat": "1008600038413",
    "me_pib": "02655284",
    "mk_vat": "MK4030000375897",
    "mx_rfc": "GODE561231GR8",
    "mz_nuit": "400339910",
    "no_vat": "995525828MVA",
    "nz_bn": "9429041525746",
    "nz_gst": "49098576",
    "pe_ruc": "20512333797",
    "pl_nip": "8567346215",
    "pt_nif": "501964843",
    "py_ruc": "800280610",
    "ro_tin": "1630615123457",
    "rs_pib": "101134702",
    "ru_inn": "1234567894",
    "sg_uen": "00192200M",
    "si_tin": "50223054",
    "sn_ninea": "30672212G2",
    "sv_nit": "0614-050707-104-8",
    "th_vat": "1234545678781",
    "tr_tin": "17291716060|4540536920",
    "tw_vat": "00501503",
    "uy_ruc": "211003420017",
    "ve_rif": "V-11470283-4",
    "vn_tin": "0100233488|0314409058-002",
}
GENUINE = [(type, value) for type, values in GENUINE_OF_TYPE.items() for value in values.split("|")]
TYPED = [
    ("br_cnpj", "16727230000197", "16.727.230/0001-97"),
    ("ch_vat", "che107787577mwst", "CHE-107.787.577 MWST"),
    ("cl_tin", "76086428-5", "76.086.428-5"),
    ("cz_dic", "25123891", "CZ25123891"),
    ("eu_vat", " de 136.695.976\n", "DE136695976"),
    ("eu_vat", "GR 094259216", "EL094259216"),
    ("eu_vat", "NL4495445B01", "NL004495445B01"),
    ("eu_vat", "BE 428.759.497", "BE0428759497"),
    ("fr_siret", "732 829 320 00074", "73282932000074"),
    ("is_kt", "4504013150", "450401-3150"),
    ("no_vat", "NO 974761076 MVA", "974761076MVA"),
    ("pt_nif", "PT 501 964 843", "501964843"),
    ("eu_vat", "DK\u00a013\u202f58\u00a056\u202f28", "DK13585628"),
    ("gb_vat", "gb980 7806 84", "GB980780684"),
    ("my_itn", "C1234567890", "C 1234567890"),
    ("ng_tin", "1234567890123", "1234567890123"),
    ("ng_tin", "123456780001", "12345678-0001"),
    ("us_ein", "123456789", "12-3456789"),
    ("us_ein", "12\u20133456789", "12-3456789"),
]
NEAR_MISSES = (
    "au_abn 1234567890|br_cpf 123.456.789-8X|ch_vat CHE-107.787.577|eu_vat 136695976|eu_vat GB123456789"
    "|eu_vat NL123456789C12|gb_vat GB1234567890|jp_trn 5835678256246|no_vat 995525828|ua_vat 12345678"
    "|us_ein 12-345678|za_vat 5123456789|unknown 123456789"
).split("|")
# The long s becomes an ASCII S in upper case.
HOSTILE = ["", " ", "-./", "DE136695976\0", "\ud800", "DE13669597\u0666", "\uff24E136695976", "DE\n136695976"]
HOSTILE += ["\u017fe123456789701", "1" * 10**5]


def test_every_documented_type_is_there():
    assert len(tax_ids.TYPES) == 135
    assert not tax_ids.LEGACY_TYPES & tax_ids.TYPES.keys()


@pytest.mark.parametrize(("type", "value"), EXAMPLES + GENUINE)
def test_canonical_values_stay_as_they_are(type, value):
    assert tax_ids.normalize_value(type, value) == value
    assert tax_ids.normalize_value(type, f" {value.lower()} ") == value


@pytest.mark.parametrize(("type", "example"), EXAMPLES)
@pytest.mark.parametrize("mutation", ["{0}{0}", "{0:.1}", "{0}!", "\u0661{0}", "xyz{0}"])
def test_mutated_examples_are_refused(type, example, mutation):
    assert tax_ids.normalize_value(type, mutation.format(example)) is None


@pytest.mark.parametrize(("type", "typed", "canonical"), TYPED)
def test_separators_and_case_do_not_matter(type, typed, canonical):
    assert tax_ids.normalize_value(type, typed) == canonical


@pytest.mark.parametrize("near_miss", NEAR_MISSES)
def test_near_misses_are_refused(near_miss):
    assert tax_ids.normalize_value(*near_miss.split()) is None


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_hostile_values_are_refused_by_every_type(value):
    for type in tax_ids.TYPES:
        assert tax_ids.normalize_value(type, value) is None
        assert tax_ids.verification_status(type, value, livemode=True) == "unverified"


def test_every_module_has_a_genuine_number():
    assert GENUINE_OF_TYPE.keys() == {kind.type for kind in tax_ids.TYPES.values() if kind.validators}


@pytest.mark.parametrize(("type", "value"), GENUINE)
def test_check_digits_find_most_typing_errors(type, value):
    typos = [value[:i] + d + value[i + 1 :] for i, c in enumerate(value) if c in digits for d in digits if d != c]
    states = [tax_ids.verification_status(type, t, livemode=True) for t in typos if tax_ids.normalize_value(type, t)]
    assert tax_ids.verification_status(type, value, livemode=True) == "verified"
    assert states.count("unverified") > len(states) / 2


@pytest.mark.parametrize(("type", "value"), [("us_ein", "12-3456789"), ("gb_vat", "GBGD123"), ("unknown", "1")])
def test_without_check_digits_verification_is_unavailable(type, value):
    assert tax_ids.verification_status(type, value, livemode=True) == "unavailable"


@pytest.mark.parametrize(("digit", "state"), [("0", "verified"), ("1", "unverified"), ("2", "pending")])
@pytest.mark.parametrize(("type", "form"), [("eu_vat", "DE{}"), ("us_ein", "{}"), ("no_vat", "{}MVA")])
def test_magic_values_count_in_test_mode_only(type, form, digit, state):
    value = form.format(digit * 9)
    assert tax_ids.verification_status(type, value, livemode=False) == state
    assert tax_ids.verification_status(type, value, livemode=True) != "pending"


@pytest.mark.parametrize(
    ("type", "value", "country"),
    [
        ("eu_vat", "DE136695976", "DE"),
        ("eu_vat", "EL094259216", "GR"),
        ("eu_vat", "XI980780684", "GB"),
        ("eu_vat", "136695976", None),
        ("eu_oss_vat", "EU372022452", "EU"),
        ("ic_nif", "B64717838", "IC"),
        ("unknown", "1", None),
    ],
)
def test_country_follows_the_value(type, value, country):
    assert tax_ids.country_of_value(type, value) == country


@pytest.mark.parametrize(
    ("code", "types"),
    [
        ("DE", "eu_vat de_stn"),
        ("ES", "eu_vat es_cif ic_nif"),
        ("GB", "gb_vat eu_vat"),
        ("ch", "ch_vat ch_uid"),
        ("US", "us_ein"),
        ("MC", "eu_vat fr_siren fr_siret fr_spi"),
        ("AU", "au_abn au_arn au_acn au_wpn"),
        ("AQ", ""),
    ],
)
def test_types_for_country(code, types):
    assert [kind.type for kind in tax_ids.types_for_country(code)] == types.split()


def test_examples_follow_the_country():
    assert tax_ids.example_value("eu_vat", "GR") == "EL123456789"
    assert tax_ids.example_value("eu_vat", "MC") == "FRAB123456789"
    assert tax_ids.example_value("us_ein", "US") == "12-3456789"


@pytest.mark.parametrize(
    ("type", "label"),
    [("eu_vat", "EU VAT"), ("us_ein", "US EIN"), ("ca_gst_hst", "CA GST/HST"), ("unknown", "Tax ID")],
)
def test_label(type, label):
    assert tax_ids.type_label(type) == label
