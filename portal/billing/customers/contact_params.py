"""Parameters of a customer's contacts."""

from portal.rules.contacts import Role
from portal.wire.commands import Clearable, ExpandableCommand, Id, Metadata, Name
from portal.wire.texts import Email, Language


class CreateContact(ExpandableCommand):
    """Who it is, and what the person may do. `configuration` is where the invitation leads."""

    email: Email
    role: Role
    name: Clearable[Name] = None
    locale: Clearable[Language] = None
    configuration: Id | None = None
    metadata: Metadata = {}


class UpdateContact(ExpandableCommand):
    """What is sent is changed."""

    email: Email | None = None
    role: Role | None = None
    name: Clearable[Name] = None
    locale: Clearable[Language] = None
    metadata: Metadata = {}


class InviteContact(ExpandableCommand):
    pass
