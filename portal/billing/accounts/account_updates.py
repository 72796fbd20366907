"""What a merchant changes of its account."""

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.accounts import default_tax_ids, files, numbers, payment_providers
from portal.billing.accounts.settings import AccountSettings, BusinessProfile, Company
from portal.billing.configurations import addresses
from portal.models import Account
from portal.wire.commands import Clearable, Command, Country, Currency, ExpandableCommand, Metadata, merge_metadata
from portal.wire.hashes import merge_hashes
from portal.wire.texts import Email


class UpdateAccount(ExpandableCommand):
    """What a merchant can change of its account; hashes are merged key by key into what is stored."""

    business_profile: BusinessProfile | None = None
    company: Company | None = None
    country: Country | None = None
    default_currency: Currency | None = None
    email: Clearable[Email] = None
    metadata: Metadata = {}
    settings: AccountSettings | None = None


def update_account(db: Session, account: Account, command: UpdateAccount) -> Account:
    """Change what was sent and leave the rest. Raises `ResourceMissing` for tax ids that are not the account's."""
    for key, value in command.sent_values("country", "default_currency", "email").items():
        setattr(account, key, value)
    if command.business_profile:
        account.business_profile = merge_hashes(account.business_profile, _sent_fields(command.business_profile))
    if command.company:
        account.company = merge_hashes(account.company, _sent_fields(command.company))
    if command.settings:
        _update_settings(db, account, command.settings)
    if command.was_sent("metadata"):
        account.metadata_ = merge_metadata(account.metadata_, command.metadata)
    return account


def _update_settings(db: Session, account: Account, settings: AccountSettings) -> None:
    sent = _sent_fields(settings)
    words = sent.get("dashboard", {})
    if "display_name" in words:
        account.business_profile = {**account.business_profile, "name": words.pop("display_name")}
    _refuse_unusable_pictures(db, account, sent.get("branding", {}))
    payment_providers.refuse_unreal(db, sent.get("payments", {}).get("provider"))
    chosen = sent.get("invoices", {}).pop("default_account_tax_ids", None)
    following = sent.get("invoices", {}).get("numbering", {}).pop("next_sequence", None)
    if following is not None:
        numbers.continue_from(db, following)
    account.settings = merge_hashes(account.settings, sent)
    if "host" in sent.get("portal", {}):
        addresses.give_to_account(db, account, sent["portal"]["host"])
    if chosen is not None:
        default_tax_ids.choose_tax_ids(db, account, chosen)


def _refuse_unusable_pictures(db: Session, account: Account, sent: dict[str, Any]) -> None:
    """Pictures chosen in the other mode may be sent back unchanged, as both modes share the account."""
    stored = account.settings.get("branding", {})
    for name in ("icon", "logo"):
        if name in sent and sent[name] != stored.get(name):
            files.refuse_unusable(db, sent[name], f"settings[branding][{name}]")


def _sent_fields(command: Command) -> dict[str, Any]:
    return command.model_dump(exclude_unset=True)
