"""The wire form of a customer's contacts. Beyond the reference."""

from portal.models import Contact
from portal.objects.kinds import ObjectType, register
from portal.objects.types import customers as schemas
from portal.rules import contacts
from portal.wire.shape import Ref, Shape

CONTACT = register(
    ObjectType(
        Shape(
            "contact",
            same=("created", "email", "expires_at", "invited_at", "joined_at", "locale", "name", "role"),
            fields={
                "configuration": Ref("configuration_id", "billing_portal.configuration"),
                "customer": Ref("customer_id", "customer"),
                "metadata": "metadata_",
                "status": lambda row, context: contacts.status(row),
            },
        ),
        Contact,
        "contact",
        schemas=schemas.CONTACT,
    )
)
