"""Settings are read once, checked, documented, and weak ones refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.settings import InvalidSetting, describe_variables, from_environment

TOP = Path(__file__).parent.parent
GOOD = {
    "PORTAL_PRODUCTION": "1",
    "PORTAL_BASE_URL": "https://billing.example.com",
    "PORTAL_SECRET_KEY": "k" * 32,
}


@pytest.mark.parametrize("variable", [name for name, _ in describe_variables()])
def test_every_setting_is_in_the_readme(variable: str) -> None:
    assert f"`{variable}`" in (TOP / "README.md").read_text()


def test_production_settings_are_accepted() -> None:
    assert from_environment(GOOD).production


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORTAL_SECRET_KEY", "short"),
        ("PORTAL_SECRET_KEY", ""),
        ("PORTAL_BASE_URL", "http://billing.example.com"),
        ("PORTAL_BASE_URL", "https://billing.example.com/portal"),
        ("PORTAL_BASE_URL", "billing.example.com"),
        ("PORTAL_DATABASE_URL", "mysql://localhost/portal"),
        ("PORTAL_TRUSTED_PROXIES", "many"),
        ("PORTAL_LOG_FORMAT", "xml"),
        ("PORTAL_METRICS_BIND", "9464"),
        ("PORTAL_METRICS_BIND", "localhost:high"),
        ("PORTAL_WEBHOOK_PRIVATE_HOSTS", "http://hooks.internal"),
        ("PORTAL_PRODUCTION", "perhaps"),
        ("PORTAL_DEMO", "1"),
    ],
)
def test_a_weak_or_wrong_setting_is_refused_by_name(variable: str, value: str) -> None:
    with pytest.raises(InvalidSetting, match=variable):
        from_environment({**GOOD, variable: value})


def test_the_embedded_default_keeps_a_secret_of_its_own(tmp_path: Path) -> None:
    environment = {"PORTAL_INSTANCE": str(tmp_path)}
    first = from_environment(environment)
    assert from_environment(environment).secret_key == first.secret_key
    assert len(first.secret_key) >= 48
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
    assert first.secret_key not in repr(first)


def test_postgresql_urls_get_their_driver() -> None:
    settings = from_environment({**GOOD, "PORTAL_DATABASE_URL": "postgres://db/portal"})
    assert settings.database_url == "postgresql+psycopg://db/portal"


def test_all_that_is_weak_is_told_at_once() -> None:
    with pytest.raises(InvalidSetting) as refused:
        from_environment({"PORTAL_PRODUCTION": "1", "PORTAL_DEMO": "1"})
    told = str(refused.value).splitlines()
    assert [line.split()[0] for line in told] == ["PORTAL_SECRET_KEY", "PORTAL_BASE_URL", "PORTAL_DEMO"]
