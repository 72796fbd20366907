"""Contacts of a customer: their roles, and who of them may come in."""

from typing import Literal, Protocol

Role = Literal["accountant", "billing_manager", "owner", "recipient"]
#: Roles that open the portal; a recipient only gets mails.
SIGN_IN_ROLES = ("accountant", "billing_manager", "owner")
MOST_CONTACTS = 50


class Invited(Protocol):
    """What is asked of a contact here."""

    role: Role
    expires_at: int | None
    joined_at: int | None


def status(contact: Invited) -> Literal["active", "invited"]:
    """`active` once the address was proven; a recipient has nothing to prove."""
    return "active" if contact.joined_at is not None or contact.role == "recipient" else "invited"


def may_come_in(contact: Invited, *, now: int) -> bool:
    """Whether a code to the address opens the portal: for who has joined, and while the invitation lasts."""
    if contact.role not in SIGN_IN_ROLES:
        return False
    return contact.joined_at is not None or (contact.expires_at is not None and now < contact.expires_at)
