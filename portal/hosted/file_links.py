"""Files of merchants behind a signed link."""

from flask import Blueprint, abort

from portal import clock
from portal.billing.accounts import files
from portal.billing.accounts.pictures import MEDIA_TYPES
from portal.db import Scope
from portal.hosted.page import PageResponse
from portal.models import Tenant
from portal.web.policies import declare_policy
from portal.web.responses import file_response
from portal.web.services import services

blueprint = Blueprint("file_links", __name__)


@blueprint.get("/files/<token>")
def file(token: str) -> PageResponse:
    """A file that its merchant has made a link to, until the link expires."""
    link = services().links.read(token, "file_link") or abort(404)
    with services().database.reading() as db:
        tenant = db.get(Tenant, link.tenant_id) or abort(404)
        scope = Scope.of_tenant(tenant)
    with services().database.reading(scope) as db:
        row, content = files.find_by_link(db, link.id, now=clock.now()) or abort(404)
    return file_response(content, MEDIA_TYPES[row.type], files.download_name(row))


declare_policy("file_links.file", "link")
