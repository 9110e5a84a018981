"""What the commands that judge have in common: the judge they set up, and how they show its verdicts."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent import configuration
from agent.cli.language import t
from agent.cli.terminal import console
from agent.cli.verdicts import show_phone, show_table
from agent.data_dir import DataDir
from agent.indicators import Store
from agent.messages import Language, Message, PostureError
from agent.policy import load
from agent.policy.terms import Profile
from agent.policy.trust import Trust
from agent.report.signature import AgentKey, RequestKey
from agent.scan import Failed, Judge, Judged

if TYPE_CHECKING:
    from agent.delivery.published import Published

IN_FULL = 3  # up to so many phones are shown with all their findings, more as a table


def set_up(
    data: DataDir, policy_path: Path | None, profile: Profile, language: Language, now: datetime | None = None
) -> Judge:
    """Load the policy, the agent's key and the indicators; raise PostureError where one cannot be had.

    Without a policy of its own, a command judges by CM-G-03 with the configured overlays. Where publishers are
    pinned, only what they signed is taken. Where `policy: collector` is configured, each phone is judged by what the
    collector publishes for it; by the own policy where it publishes nothing.
    """
    indicators = Store(data.indicators).load()
    trust, settings = Trust(data.policy_trust), configuration.load(data)
    published = None if policy_path or not settings.published else published_by_collector(data)
    policy = (published.policy_for("") if published else None) or load(
        policy_path, overlays=() if policy_path else settings.overlays, trust=trust
    )
    if published is not None and published.trouble is not None:
        click.echo(f"posture: {published.trouble(language)}", err=True)
        click.echo(t("Phones are judged by what the collector published before, else by the own policy."), err=True)
    choose = published.policy_for if published else None
    return Judge(policy, profile, language, AgentKey.open(data.agent_key), now, indicators, data.root, choose)


def published_by_collector(data: DataDir) -> "Published":
    """What the configured collector publishes. Raises PostureError where there is none."""
    from agent.delivery import Collector  # noqa: PLC0415 - only where it is asked for
    from agent.delivery.published import Published  # noqa: PLC0415

    url = configuration.collector(data)
    if url is None:
        raise PostureError(Message("`policy: collector` needs a collector; enrol with `posture enroll`"))
    return Published(data.published, Collector(url), RequestKey.open(data.agent_key), Trust(data.policy_trust))


def show(seen: Sequence[Judged | Failed], language: Language, *, as_json: bool) -> None:
    """Print the verdicts: JSON lines of the reports alone, or for a person."""
    if as_json:
        for each in seen:
            if isinstance(each, Judged):
                click.echo(each.report.to_json())
        return
    out = console()
    judged = [each for each in seen if isinstance(each, Judged)]
    if len(judged) > IN_FULL:
        show_table(seen, language, out)
        return
    for each in judged:
        show_phone(each, language, out)
        out.print()
