"""`portal serve` and `portal worker`: runs the server, and the jobs beside it."""

from functools import partial

import click

from portal.commands import demo
from portal.commands.environment import exit_with_error, load_settings, upgrade_schema


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option("--workers", type=click.IntRange(1, 64), help="Worker processes; one per core by default.")
@click.option("--with-demo", is_flag=True, help="Bring the schema up to date, make the demo data, print ways in.")
def serve(host: str, port: int, workers: int | None, with_demo: bool) -> None:
    """Run the production server.

    With the embedded database it runs the worker, too.
    """
    from portal import embedded_worker, forks, monitoring

    settings = load_settings()
    embedded = settings.database_url.startswith("sqlite")
    monitoring.share_between_processes(settings)
    if embedded:
        embedded_worker.note_begin()
    # loads while the rest of the server is imported
    forks.start_loader()
    from portal import ports, server

    if with_demo:
        click.echo("Starting the portal and making a sample shop. The first time it takes a moment.")
    prepare = partial(upgrade_schema, settings) if with_demo or embedded else None
    when_up = partial(demo.print_addresses, settings) if with_demo else None
    try:
        server.serve(settings, host=host, port=port, workers=workers, prepare=prepare, when_up=when_up)
    except ports.PortTaken as error:
        exit_with_error(str(error))


@click.command()
@click.option("--once", is_flag=True, help="Do what is due and end.")
def worker(once: bool) -> None:
    """Run what is due: mails, webhooks, renewals, documents.

    It also forgets what has run out.
    """
    from portal import clock, logs, monitoring
    from portal.assembly import assemble_services
    from portal.origins import Origin
    from portal.worker import running

    settings = load_settings()
    settings.instance.mkdir(parents=True, exist_ok=True)
    logs.configure(settings.log_format)
    monitoring.start_server(settings)
    services = assemble_services(settings, pool_size=2, origin=Origin("worker"))
    if not once:
        return running.run(services)
    for name, done in running.run_once(services, now=clock.now()).items():
        click.echo(f"{name:<12} {done}")
    return None
