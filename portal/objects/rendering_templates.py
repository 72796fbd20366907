"""A merchant's own templates of documents."""

from __future__ import annotations

from portal.models import RenderingTemplate
from portal.objects.kinds import Kind, register
from portal.wire.shape import Shape

TEMPLATE = register(
    Kind(
        Shape(
            "invoice_rendering_template",
            same=("created", "nickname", "status", "version"),
            fields={"metadata": "metadata_"},
        ),
        RenderingTemplate,
        "invoice rendering template",
    )
)
