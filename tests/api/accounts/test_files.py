"""Files: uploaded, checked by their content, listed, taken back, linked to, and used as a brand's pictures."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest
import stripe
from flask.testing import FlaskClient

from portal import clock
from portal.billing.accounts.new_accounts import NewAccount
from portal.models import File, FileContent
from tests.clients import Api
from tests.contract import violations
from tests.factories import Factories
from tests.pictures import PDF, SVG, picture

LOGO = ("my logo.png", picture())


@pytest.fixture
def logo(api: Api) -> Any:
    return api.post("files", purpose="business_logo", upload=LOGO)


def kept(make: Factories) -> list[Any]:
    with make.database.reading(make.scope) as db:
        return [*db.query(File), *db.query(FileContent)]


def test_a_file_is_as_documented(api: Api, logo: Any) -> None:
    assert list(violations(logo, stripe.File)) == []
    assert logo["id"].startswith("file_")
    assert logo["url"].endswith(f"/v1/files/{logo['id']}/contents")
    assert (logo["filename"], logo["purpose"], logo["size"], logo["type"]) == (
        "my logo.png",
        "business_logo",
        len(LOGO[1]),
        "png",
    )
    assert logo["links"]["data"] == []
    assert api.get(f"files/{logo['id']}") == logo


@pytest.mark.parametrize(
    ("purpose", "content", "type", "media_type"),
    [
        ("business_icon", picture(kind="JPEG"), "jpg", "image/jpeg"),
        ("business_logo", picture(4096, 128), "png", "image/png"),
        ("tax_document_user_upload", PDF, "pdf", "application/pdf"),
        ("customer_signature", picture(20, 10), "png", "image/png"),
    ],
)
def test_the_content_comes_back(api: Api, purpose: str, content: bytes, type: str, media_type: str) -> None:
    file = api.post("files", purpose=purpose, upload=("a.exe", content))
    assert file["type"] == type
    answer = api.request("GET", f"files/{file['id']}/contents")
    assert (answer.get_data(), answer.mimetype) == (content, media_type)
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (SVG, "PNG or JPEG"),
        (b"GIF89a" + bytes(100), "PNG or JPEG"),
        (picture()[:200], "PNG or JPEG"),
        (PDF, "PNG or JPEG"),
        (picture(127, 500), "128 to 4096 pixels"),
        (picture(4097, 128), "128 to 4096 pixels"),
        (picture() + bytes(512 * 1024), "at most 512 kB"),
    ],
    ids=["empty", "svg", "gif", "half", "pdf", "small", "wide", "heavy"],
)
def test_what_is_no_logo(api: Api, make: Factories, content: bytes, says: str) -> None:
    error = api.error("POST", "files", purpose="business_logo", upload=("logo.png", content))
    assert error["param"] == "file"
    assert says in error["message"]
    assert kept(make) == []


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ({"purpose": "business_logo"}, "file"),
        ({"purpose": "business_logo", "file": "text"}, "file"),
        ({"purpose": "spaceship", "upload": LOGO}, "purpose"),
        ({"upload": LOGO}, "purpose"),
        ({"purpose": "business_logo", "upload": LOGO, "size": 4}, "size"),
        (
            {"purpose": "business_logo", "upload": LOGO, "file_link_data": {"create": True, "expires_at": 1}},
            "expires_at",
        ),
    ],
)
def test_what_is_no_upload(api: Api, make: Factories, sent: dict[str, Any], param: str) -> None:
    assert api.error("POST", "files", **sent)["param"] == param
    assert kept(make) == []


def test_an_upload_is_taken_whatever_its_bytes(api: Api) -> None:
    """A parser that holds bytes back in case they begin a boundary must not count these against the form."""
    for seed in range(12):
        content = b"%PDF-1.7\n" + random.Random(seed).randbytes(480 * 1024)
        assert api.post("files", purpose="tax_document_user_upload", upload=("a.pdf", content))["size"] == len(content)


def test_an_upload_of_many_megabytes_is_refused(api: Api, make: Factories) -> None:
    error = api.error("POST", "files", 413, purpose="business_logo", upload=("a.png", bytes(6 * 1024 * 1024)))
    assert error["type"] == "invalid_request_error"
    assert kept(make) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "C:/secret/passwd", "passwd"])
def test_a_name_has_no_folders(api: Api, name: str) -> None:
    assert api.post("files", purpose="business_logo", upload=(name, LOGO[1]))["filename"] == "passwd"


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.html", b"%PDF-1.7 <script>", "a.html.pdf"),
        ("A.PDF", b"%PDF-1.7", "A.PDF"),
        ("photo.jpeg", picture(200, 200, "JPEG"), "photo.jpeg"),
        ("scan", picture(200, 200), "scan.png"),
    ],
)
def test_a_download_is_named_by_what_it_is(api: Api, client: FlaskClient, name: str, content: bytes, told: str) -> None:
    file = api.post("files", purpose="tax_document_user_upload", upload=(name, content))
    assert file["filename"] == name
    link = api.post("file_links", file=file["id"])["url"].removeprefix("http://localhost")
    for answer in (api.request("GET", f"files/{file['id']}/contents"), client.get(link)):
        assert f'filename="{told}"' in answer.headers["Content-Disposition"]


def test_an_upload_is_done_once(api: Api, make: Factories) -> None:
    sent: Any = {"purpose": "business_logo", "headers": {"Idempotency-Key": "a"}}
    first, again = (api.request("POST", "files", upload=LOGO, **sent) for _ in range(2))
    assert first.get_json() == again.get_json()
    assert len(kept(make)) == 2
    assert api.request("POST", "files", upload=("my logo.png", picture(200, 200)), **sent).status_code == 400


def test_lists_by_purpose(api: Api, logo: Any) -> None:
    icon = api.post("files", purpose="business_icon", upload=LOGO)
    assert [each["id"] for each in api.get("files")["data"]] == [icon["id"], logo["id"]]
    assert [each["id"] for each in api.get("files", purpose="business_logo")["data"]] == [logo["id"]]


def test_a_link_shows_the_file_to_anyone(api: Api, client: FlaskClient, logo: Any) -> None:
    link = api.post("file_links", file=logo["id"], metadata={"for": "mail"})
    assert list(violations(link, stripe.FileLink)) == []
    answer = client.get(link["url"])
    assert (answer.get_data(), answer.mimetype) == (LOGO[1], "image/png")
    assert api.get(f"files/{logo['id']}")["links"]["data"] == [link]
    assert api.get("file_links", file=logo["id"])["data"] == [link]
    assert client.get(link["url"] + "x").status_code == 404


def test_a_link_comes_with_the_upload(api: Api) -> None:
    data = {"create": True, "expires_at": clock.now() + 60, "metadata": {"a": "b"}}
    file = api.post("files", purpose="business_icon", upload=LOGO, file_link_data=data)
    (link,) = file["links"]["data"]
    assert (link["expires_at"], link["metadata"], link["file"]) == (data["expires_at"], {"a": "b"}, file["id"])


def test_a_link_ends(api: Api, client: FlaskClient, logo: Any) -> None:
    link = api.post("file_links", file=logo["id"])
    url = link["url"]
    ended = api.post(f"file_links/{link['id']}", expires_at="now")
    assert (ended["expired"], ended["url"]) == (True, None)
    assert client.get(url).status_code == 404
    assert [each["id"] for each in api.get("file_links", expired=True)["data"]] == [link["id"]]
    assert api.get("file_links", expired=False)["data"] == []
    assert api.error("POST", f"file_links/{link['id']}", expires_at="")["param"] == "expires_at"


def test_a_link_to_nothing(api: Api) -> None:
    assert api.error("POST", "file_links", 400, file="file_1")["param"] == "file"


def test_a_brand_shows_its_pictures(api: Api, client: FlaskClient, make: Factories, logo: Any) -> None:
    icon = api.post("files", purpose="business_icon", upload=("i.jpg", picture(kind="JPEG")))
    account = api.post("account", settings={"branding": {"icon": icon["id"], "logo": logo["id"]}})
    assert account["settings"]["branding"]["icon"] == icon["id"]
    page = client.get(make.portal_link(make.customer()), base_url="https://localhost", follow_redirects=True)
    html = page.get_data(as_text=True)
    start = html.index('<img class="mark" src="') + 23
    address = html[start : html.index('"', start)]
    answer = client.get(address)
    assert (answer.get_data(), answer.mimetype) == (picture(kind="JPEG"), "image/jpeg")
    assert "immutable" in answer.headers["Cache-Control"]
    assert f'<link rel="icon" href="{address}">' in html
    assert client.get(address.replace("/icon", "/logo")).get_data() == LOGO[1]
    api.post("account", settings={"branding": {"icon": ""}})
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("name", ["icon", "logo"])
def test_what_can_not_be_a_brands_picture(api: Api, name: str) -> None:
    paper = api.post("files", purpose="tax_document_user_upload", upload=("a.pdf", PDF))
    for id in ("file_1", paper["id"]):
        error = api.error("POST", "account", settings={"branding": {name: id}})
        assert error["param"] == f"settings[branding][{name}]"


def test_both_modes_share_the_brand(api: Api, merchant: NewAccount, logo: Any) -> None:
    api.post("account", settings={"branding": {"logo": logo["id"]}})
    live = Api(api.client, merchant.live_key)
    branding = live.get("account")["settings"]["branding"]
    assert branding["logo"] == logo["id"]
    kept = {name: value for name, value in branding.items() if value}
    assert live.post("account", settings={"branding": kept})["settings"]["branding"] == branding
    live.error("GET", f"files/{logo['id']}", 404)


def test_the_official_client_uploads(live: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    shop, connection = live.shop(), stripe.RequestsClient()
    for name, value in (("api_base", live.url), ("upload_api_base", live.url), ("api_key", shop.keys.test_key)):
        monkeypatch.setattr(stripe, name, value)
    monkeypatch.setattr(stripe, "default_http_client", connection)
    content = io.BytesIO(picture(300, 200))
    file = stripe.File.create(purpose="business_logo", file=content, file_link_data={"create": True})
    assert (file.type, file.size) == ("png", len(content.getvalue()))
    assert stripe.File.retrieve(file.id).id == file.id
    assert [each.id for each in stripe.File.list(purpose="business_logo")] == [file.id]
    links: Any = file.links
    assert stripe.FileLink.retrieve(links.data[0].id).url.startswith(live.url)
    connection.close()
