"""The operator's `portal` command. Each group of commands is a module of `portal.commands`.

A command parses its arguments, calls a use case and prints the result. It imports what it needs when it runs, so that
`portal --help` answers at once.
"""

import click

from portal.commands import (
    accounts,
    audit,
    bank,
    bank_imports,
    configurations,
    database,
    debits,
    declarations,
    demo,
    doctor,
    documents,
    events,
    keys,
    mail,
    previews,
    providers,
    serving,
    sessions,
    templates,
    transfer,
    webhooks,
)
from portal.commands.environment import Commands, keep_files_private, load_settings, open_database


@click.group(cls=Commands)
@click.version_option(package_name="billing-portal")
@click.pass_context
def main(context: click.Context) -> None:
    """A self-hosted customer billing portal. Settings come from PORTAL_* variables; see `portal doctor`."""
    keep_files_private()
    context.obj = lambda: open_database(load_settings())


for _command in (
    serving.serve,
    serving.worker,
    database.db,
    accounts.account,
    keys.key,
    sessions.session,
    configurations.configuration,
    previews.preview,
    declarations.apply_file,
    audit.show_audit,
    bank.bank,
    debits.debit,
    documents.documents,
    mail.mail,
    providers.provider,
    templates.templates,
    transfer.import_file,
    transfer.export_file,
    webhooks.webhooks,
    events.events,
    demo.demo,
    doctor.doctor,
):
    main.add_command(_command)
bank.bank.add_command(bank_imports.import_statements)


if __name__ == "__main__":
    main()
