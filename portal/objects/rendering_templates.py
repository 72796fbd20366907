"""The wire form of a merchant's own document templates."""

from portal.models import RenderingTemplate
from portal.objects.kinds import ObjectType, register
from portal.wire.shape import Shape

RENDERING_TEMPLATE = register(
    ObjectType(
        Shape(
            "invoice_rendering_template",
            same=("created", "nickname", "status", "version"),
            fields={"metadata": "metadata_"},
        ),
        RenderingTemplate,
        "invoice rendering template",
    )
)
