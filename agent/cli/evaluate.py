"""`posture evaluate FILE…`: the same verdict from what was saved of a phone."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from agent.capture.sources import open_capture
from agent.cli import asking as bench
from agent.cli import exits, options
from agent.cli.judging import set_up, show
from agent.cli.language import language, t
from agent.data_dir import DataDir
from agent.messages import PostureError
from agent.policy.terms import Profile
from agent.scan import Failed, Judge, Judged


class Rfc3339(click.ParamType[datetime]):
    """An instant such as 2026-03-01T12:00:00Z."""

    name = "RFC3339"

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it, or fail with what it should look like."""
        if isinstance(value, datetime):
            return value
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            self.fail(t("“{value}” is no instant; write 2026-03-01T12:00:00Z", value=value), param, ctx)
        return at.astimezone(UTC)


@click.command("evaluate", help=t("Judge saved captures, Android bugreports, androidqf folders or folders of dumps."))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.judging
@click.option("--now", type=Rfc3339(), help=t("Judge as if at this instant instead of when the capture was made."))
@bench.options
@options.as_json
@options.data
@options.lang
def command(
    files: tuple[Path, ...],
    policy_path: Path | None,
    profile: Profile,
    now: datetime | None,
    asking: bench.Asking | None,
    as_json: bool,
    data: Path | None,
) -> int:
    """Judge each file; print in the order given."""
    judge = set_up(DataDir.find(data), policy_path, profile, language(), now)
    if asking is not None:
        asking.check(judge.policy, len(files))
    seen = [_evaluate(path, judge) for path in files]
    if asking is not None:
        seen = [asking.ask(each, judge) if isinstance(each, Judged) else each for each in seen]
    show(seen, language(), as_json=as_json)
    for each in seen:
        if isinstance(each, Failed):
            click.echo(f"posture: {each.reason(language())}", err=True)
    if all(isinstance(each, Failed) for each in seen):
        return exits.USAGE
    return exits.status(seen)


def _evaluate(path: Path, judge: Judge) -> Judged | Failed:
    try:
        capture = open_capture(path)
    except PostureError as error:
        return Failed(str(path), error.message)
    if judge.now is not None:
        capture = replace(capture, captured_at=judge.now)
    return judge.judge(replace(capture, source="capture") if capture.source == "live" else capture)
