"""Which of the components that can read along did not come with the phone.

Makers ship keyboards, launchers and assistants of their own, under names that no list of allowed ones can follow;
what a person put on the phone is what a stranger would have used. Whether an app came with the phone is Android's
FLAG_SYSTEM, which updates keep: `pm list packages -s` and `-3` (PackageManagerShellCommand.runListPackages, API 26
to 36), the flags of a dump of all apps, and androidqf's `third_party` (see `app_list`). An app that stands in
neither list, or in both, makes the fact unknown: its component is on, and nobody tells where it is from.
"""

from collections.abc import Iterator, Mapping

from agent.capture import Capture, Unanswered
from agent.facts import Evidence, Fact, known, unknown
from agent.messages import Message
from agent.probes import accessibility, advised, app_list, device_admins, keyboards, notification_listeners
from agent.probes.proof import proved

_OF = {
    "apps.added_device_admins": device_admins,
    "apps.added_accessibility_services": accessibility,
    "apps.added_notification_listeners": notification_listeners,
    "apps.added_keyboards": keyboards,
}
COMMANDS = tuple({each.key: each for needed in (app_list, *_OF.values()) for each in needed.COMMANDS}.values())
FACTS = tuple(_OF)
PROOF = {name: (proved(limit="unknown where the phone does not list its apps"),) for name in FACTS}


def probe(capture: Capture) -> Iterator[Fact]:
    """Tell, of each list of components, those whose app did not come with the phone."""
    came, added = app_list.origins(capture)
    for name, listing in _OF.items():
        try:
            (listed,) = listing.probe(capture)
        except Unanswered as error:
            yield unknown(name, advised(error, listing.BY_HAND))
        else:
            yield _added(name, listed, came, added)


_Origins = Mapping[str, Evidence]


def _added(name: str, listed: Fact, came: _Origins, added: _Origins) -> Fact:
    packages = list(dict.fromkeys(component.partition("/")[0] for component in listed.value))
    for package in packages:
        if (package in came) is (package in added):
            return unknown(
                name,
                Message(
                    "whether {package} came with the phone is not told; look at it in Settings › Apps",
                    {"package": package},
                ),
                *listed.evidence,
            )
    strangers = [component for component in listed.value if component.partition("/")[0] in added]
    origins = [added.get(package) or came[package] for package in packages]
    return known(name, strangers, *listed.evidence, *origins[:10])
