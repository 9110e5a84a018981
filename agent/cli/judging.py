"""What the commands that judge have in common: the judge they set up, and how they show its verdicts."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from agent import configuration
from agent.cli.terminal import console
from agent.cli.verdicts import show_phone, show_table
from agent.data_dir import DataDir
from agent.indicators import Store
from agent.messages import Language
from agent.policy import load
from agent.policy.terms import Profile
from agent.policy.trust import Trust
from agent.report.signature import AgentKey
from agent.scan import Failed, Judge, Judged

IN_FULL = 3  # up to so many phones are shown with all their findings, more as a table


def set_up(
    data: DataDir, policy_path: Path | None, profile: Profile, language: Language, now: datetime | None = None
) -> Judge:
    """Load the policy, the agent's key and the indicators; raise PostureError where one cannot be had.

    Without a policy of its own, a command judges by CM-G-03 with the configured overlays. Where publishers are
    pinned, only what they signed is taken.
    """
    indicators = Store(data.indicators).load()
    trust = Trust(data.policy_trust)
    overlays = () if policy_path else configuration.load(data).overlays
    policy = load(policy_path, overlays=overlays, trust=trust)
    return Judge(policy, profile, language, AgentKey.open(data.agent_key), now, indicators, data.root)


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
