"""`posture collector`: the collector and its administration. Django is loaded only when one of these runs."""

from pathlib import Path

import click

from agent.cli import collector_audit, options
from agent.cli.agreeing import agrees
from agent.cli.language import language, t
from agent.cli.opening import migrated, opened
from agent.messages import Message, PostureError

SCOPES = (
    "fleet:read", "agents:read", "holders:read", "holders:write", "audit:read", "decisions:read", "reports:read",
    "alerts:read",
)  # fmt: skip
ROLES = ("viewer", "auditor", "operator", "approver", "administrator", "admin")  # the last means the one before it


@click.group("collector", help=t("Run the collector and its dashboard."))
@options.lang
def command() -> None:
    """The group of the collector's commands."""


for _each in (collector_audit.stamp_audit, collector_audit.verify_audit, collector_audit.audit_pack):
    command.add_command(_each)


@command.command("serve", help=t("Serve the API and the dashboard until Ctrl-C."))
@click.option("--host", default="127.0.0.1", show_default=True, help=t("Address to listen on."))
@click.option("--port", default=8437, show_default=True, type=click.IntRange(0, 65535), help=t("0: any free port."))
@click.option("--no-worker", is_flag=True, help=t("Leave the background work to `posture collector worker`."))
@options.data
@options.lang
def serve(host: str, port: int, no_worker: bool, data: Path | None) -> None:
    """Serve. Migrates first on SQLite, since nobody else uses that file."""
    run = opened(data)
    if run.on_sqlite():
        run.migrate()
    try:
        run.serve(host, port, lambda url: click.echo(t("The dashboard is at {url}", url=url)), background=not no_worker)
    except OSError as error:
        raise PostureError(
            Message(
                "cannot listen on {host} port {port}: {why}; choose another with --port",
                {"host": host, "port": port, "why": error.strerror or str(error)},
            )
        ) from error
    click.echo(t("Stopped."), err=True)


@command.command("worker", help=t("Do the background work alone, and serve nobody, until Ctrl-C."))
@options.data
@options.lang
def worker(data: Path | None) -> None:
    """Work. As many of them as one likes may share a PostgreSQL."""
    migrated(data).work(lambda: click.echo(t("Working. Ctrl-C ends it.")))
    click.echo(t("Stopped."), err=True)


@command.command("migrate", help=t("Bring the database to this version."))
@options.data
@options.lang
def migrate(data: Path | None) -> None:
    """Migrate."""
    opened(data).migrate()
    click.echo(t("The database is up to date."))


@command.command("backup", help=t("Copy the SQLite database to FILE, also while the collector runs."))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@options.data
@options.lang
def backup(file: Path, data: Path | None) -> None:
    """Copy the database."""
    run = migrated(data)
    try:
        run.backup(file)
    except (ValueError, OSError) as error:
        raise PostureError(Message("no copy was made: {why}", {"why": str(error)})) from error
    click.echo(t("The copy is at {path}", path=str(file)))


@command.command("restore", help=t("Put a copy made by `backup` back, also while the collector runs."))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@options.data
@options.lang
def restore(file: Path, data: Path | None) -> None:
    """Put a copy back: what came after it is gone."""
    run = migrated(data)
    try:
        run.restore(file)
    except (ValueError, OSError) as error:
        raise PostureError(Message("nothing was changed: {why}", {"why": str(error)})) from error
    click.echo(t("The database is as it was in the copy."))


@command.command("create-user", help=t("Make a user of the dashboard, or give one a new password and role."))
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="viewer", show_default=True)
@click.option("--email", default="", help=t("An address that you vouch for; a provider's account may be linked by it."))
@click.option(
    "--password",
    envvar="POSTURE_PASSWORD",
    prompt=t("Password"),
    hide_input=True,
    confirmation_prompt=True,
    help=t("Asked for when left out, or read from POSTURE_PASSWORD."),
)
@options.data
@options.lang
def create_user(name: str, role: str, email: str, password: str, data: Path | None) -> None:
    """Make or change a user."""
    run = migrated(data)
    try:
        run.create_person(name, password, role, email)
    except ValueError as error:
        raise PostureError(Message("no user was made: {why}", {"why": str(error)})) from error
    click.echo(t("{name} may sign in now.", name=name))


@command.command("remove-user", help=t("Remove a user: no more sign-in, and what was kept of the person goes."))
@click.argument("name")
@options.data
@options.lang
def remove_user(name: str, data: Path | None) -> None:
    """Delete the account, or empty and lock it where something that stands came by it."""
    how = migrated(data).remove_person(name)
    if how is None:
        raise PostureError(Message("there is no user “{name}”", {"name": name}))
    click.echo(
        t("{name} was removed.", name=name)
        if how == "deleted"
        else t("{name} was locked and emptied; the name stays beside what it asked for or decided.", name=name)
    )


@command.command("create-token", help=t("Make an API token by which a program reads as a user."))
@click.argument("name")
@click.option("--user", "person", required=True, help=t("As whom it reads; it never may more than this user."))
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(SCOPES),
    help=t("What it may read (repeatable)."),
)
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 730), help=t("For how long."))
@options.data
@options.lang
def create_token(name: str, person: str, scopes: tuple[str, ...], days: int, data: Path | None) -> None:
    """Print the token alone on stdout, so that a script can use it."""
    try:
        token, expires_at = migrated(data).make_token(name, person, list(scopes), days)
    except ValueError as error:
        raise PostureError(Message("no token was made: {why}", {"why": str(error)})) from error
    click.echo(token)
    click.echo(t("It works until {when} UTC.", when=f"{expires_at:%Y-%m-%d %H:%M}"), err=True)


@command.command("revoke-token", help=t("End the API tokens of that name."))
@click.argument("name")
@options.data
@options.lang
def revoke_token(name: str, data: Path | None) -> None:
    """End tokens."""
    if not migrated(data).revoke_tokens(name):
        raise PostureError(Message("there is no token “{name}”", {"name": name}))
    click.echo(t("{name} may read nothing any more.", name=name))


@command.command("enrol-code", help=t("Make a one-time code for `posture enroll`."))
@options.data
@options.lang
def enrol_code(data: Path | None) -> None:
    """Print the code alone on stdout, so that a script can use it."""
    code, expires_at = migrated(data).enrolment_code()
    click.echo(code)
    click.echo(t("It works once, until {when} UTC.", when=f"{expires_at:%Y-%m-%d %H:%M}"), err=True)


@command.command("agents", help=t("List the agents, or end one."))
@click.option("--revoke", metavar="KEY-ID", help=t("From now on, refuse what this key signs."))
@options.data
@options.lang
def agents(revoke: str | None, data: Path | None) -> None:
    """List agents, one a line: key id, name, last seen, version."""
    run = migrated(data)
    if revoke is not None and not run.revoke_agent(revoke):
        raise PostureError(Message("there is no agent “{key_id}”", {"key_id": revoke}))
    for agent in run.agents():
        state = agent.last_seen_at or t("never seen")
        if agent.revoked_at or agent.replaced_at:
            state = t("revoked") if agent.revoked_at else t("key replaced")
        click.echo(f"{agent.id}  {agent.name}  {state}  {agent.version}")


@command.command("import-holders", help=t("Bring holders, groups and their phones to what a CSV says."))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help=t("Change nothing; say what would change."))
@options.data
@options.lang
def import_holders(file: Path, dry_run: bool, data: Path | None) -> None:
    """Import all of the file or nothing of it; exit 1 when a line is wrong."""
    outcome = migrated(data).import_holders(file.read_bytes(), language(), dry_run=dry_run)
    for problem in outcome.problems:
        click.echo(f"{file}:{problem.line}: {problem.sentence}", err=True)
    if outcome.problems:
        click.echo(t("Nothing was imported."), err=True)
        raise SystemExit(1)
    if dry_run:
        click.echo(t("A trial: nothing was changed."), err=True)
    numbers = {"new": outcome.new, "changed": outcome.changed, "unchanged": outcome.unchanged}
    click.echo(t("Phones: {new} new, {changed} changed, {unchanged} as before.", **numbers))


@command.command(
    "retention", help=t("Let go of what was kept long enough now; the background work does it each night.")
)
@click.option("--dry-run", is_flag=True, help=t("Change nothing; say what would change."))
@options.data
@options.lang
def retention(dry_run: bool, data: Path | None) -> None:
    """Say how many of each kind, one a line."""
    gone = migrated(data).retention(dry_run=dry_run)
    if dry_run:
        click.echo(t("A trial: nothing was changed."), err=True)
    click.echo(t("Reports emptied: {number}", number=gone.contents))
    click.echo(t("Lines of the history deleted: {number}", number=gone.reports))
    click.echo(t("Exceptions and statements deleted: {number}", number=gone.decisions))
    click.echo(t("Enrolment codes deleted: {number}", number=gone.codes))
    click.echo(t("Sessions deleted: {number}", number=gone.sessions))


@command.command("erase-holder", help=t("Erase a holder's name, and what the reports of the holder's phones tell."))
@click.argument("holder")
@click.option("--yes", is_flag=True, help=t("Do not ask."))
@options.data
@options.lang
def erase_holder(holder: str, yes: bool, data: Path | None) -> None:
    """Erase by the holder's number, or the name where there is none."""
    run = migrated(data)
    if not yes and not agrees(t("Erase “{holder}”? It cannot be taken back.", holder=holder)):
        raise click.Abort
    erased = run.erase_holder(holder)
    if erased is None:
        raise PostureError(Message("there is no holder “{holder}”", {"holder": holder}))
    click.echo(t("Phones: {phones}. Reports emptied: {reports}.", phones=erased.phones, reports=erased.reports))


@command.command("rejudge", help=t("Judge now the phones that a newly published policy has not judged yet."))
@options.data
@options.lang
def rejudge(data: Path | None) -> None:
    """The collector's background does the same while it serves."""
    click.echo(t("Phones judged: {number}", number=migrated(data).rejudge()))
