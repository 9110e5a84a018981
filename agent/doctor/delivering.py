"""Whether reports reach the collector: its address, its certificate, our enrolment, the clocks, what waits."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from agent.delivery import Collector, DeliveryError, Outbox
from agent.doctor.finding import Finding, Workstation, by_system
from agent.messages import Message, PostureError
from agent.report.signature import AgentKey

_CLOCK_S = 60
_WAITS_LONG = timedelta(days=1)
_MANY = 100

_NO_COLLECTOR = Message("no collector is set: reports are shown here and sent nowhere")
_ENROL = Message("`posture enroll CODE --collector URL`, with a code from the collector's page Agents")


def collector(workstation: Workstation) -> Iterator[Finding]:
    """Yield why the collector cannot be reached, is not who it says it is, or does not know this workstation."""
    if workstation.collector is None:
        yield Finding("note", _NO_COLLECTOR, _ENROL)
        return
    known = Collector(workstation.collector)
    try:
        known.clock()
    except DeliveryError as error:
        yield Finding("problem", error.message, _reach(error, known.url, workstation.system))
        return
    enrolled = workstation.data.collector()
    if enrolled is None or enrolled.rstrip("/") != known.url:
        yield Finding(
            "problem",
            Message("this workstation is not enrolled with {url}", {"url": known.url}),
            Message("`posture enroll CODE --collector {url}`, with a code from its page Agents", {"url": known.url}),
        )
        return
    yield from _refused(known, workstation)


def _reach(error: DeliveryError, url: str, system: str) -> Message:
    if error.kind == "certificate":
        return Message(
            "compare the address with the certificate's name and dates; for an authority of your own: `{command}`",
            {"command": by_system(system, "export REQUESTS_CA_BUNDLE=FILE", "setx REQUESTS_CA_BUNDLE FILE")},
        )
    return Message(
        "`{command}` tells how far it gets; check address, VPN and proxy",
        {"command": by_system(system, f"curl -v {url}/healthz", f"curl.exe -v {url}/healthz")},
    )


def _refused(known: Collector, workstation: Workstation) -> Iterator[Finding]:
    """Yield what the collector holds against our signature: a document that is signed and is no report tells it."""
    try:
        known.post_report(AgentKey.open(workstation.data.agent_key).sign(b"{}"))
    except DeliveryError as error:
        if error.kind != "wrong-form":  # that is the answer to one whose signature it accepts
            yield Finding(
                "problem",
                error.message,
                Message("`posture enroll CODE --collector {url}`, with a new code", {"url": known.url})
                if error.permanent
                else Message("try again in a minute: `posture doctor`"),
            )


def clock(workstation: Workstation) -> Iterator[Finding]:
    """Yield how far this computer's clock is from the collector's."""
    try:
        told = Collector(workstation.collector).clock() if workstation.collector else None
    except PostureError:
        told = None
    if told is None:
        yield Finding(
            "note",
            Message("the clock was compared with nothing: no collector told the time"),
            Message("compare this computer's clock with a phone's"),
        )
        return
    ahead = round((datetime.now(UTC) - told).total_seconds())
    if abs(ahead) > _CLOCK_S:
        sentence = (
            "this computer's clock is {seconds} s ahead of the collector's"
            if ahead > 0
            else "this computer's clock is {seconds} s behind the collector's"
        )
        yield Finding(
            "problem",
            Message(sentence, {"seconds": abs(ahead)}),
            by_system(
                workstation.system,
                unix=Message("`sudo timedatectl set-ntp true`"),
                darwin=Message("`sudo sntp -sS time.apple.com`"),
                windows=Message("as an administrator: `w32tm /resync`"),
            ),
        )


def outbox(workstation: Workstation) -> Iterator[Finding]:
    """Yield what waits for too long, and what the collector refused."""
    waiting = Outbox(workstation.data.outbox).waiting()
    refused = [item for item in waiting if item.refused]
    if refused:
        yield Finding(
            "problem",
            Message(
                "the collector refused {count} reports: {why}",
                {"count": len(refused), "why": refused[-1].last_error or "?"},
            ),
            Message("mend what it says, then `posture outbox --retry`"),
        )
    late = [item for item in waiting if not item.refused]
    if late and (len(late) > _MANY or workstation.now - datetime.fromisoformat(late[0].created_at) > _WAITS_LONG):
        yield Finding(
            "warning",
            Message(
                "{count} reports wait to be delivered, the oldest since {at}",
                {"count": len(late), "at": late[0].created_at},
            ),
            Message("`posture outbox` tells why; once that is mended: `posture outbox --retry`"),
        )
