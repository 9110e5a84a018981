"""Apps that a person installed, and which of them came from no known store.

An app counts when it did not come with the phone (see `app_list`). What installed it is Android's word
(`installerPackageName`; anybody with a cable can set it with `adb install -i`, so a store's name is no proof that
an app is good, and `null` or the package installer is none that it is bad): the policy decides what it allows.

Android's package installer, file managers and browsers are no store. F-Droid, a manager's own agent and what
restores an old phone's apps are listed too, for the policy to allow. Not listed: the stores of Google and of the
phones' makers, and the makers' and carriers' own set-up programs, which put apps on a phone that nobody chose.
Those count for nobody either.

Makers also leave apps in the data partition without any installer, as a cable does (seen on phones of Google,
Sunmi and vivo). Alone they prove no person at work, so then the number is unknown.
"""

from collections.abc import Iterator

from agent.capture import Capture, Unanswered
from agent.facts import Evidence, Fact, known, unknown
from agent.messages import Message
from agent.probes import advised, app_list
from agent.probes.app_list import App
from agent.probes.proof import partly

COMMANDS = app_list.COMMANDS
FACTS = ("apps.sideloaded", "handover.user_apps")
PROOF = {
    "apps.sideloaded": (partly("the installer is Android's word, and whoever has a cable can set it"),),
    "handover.user_apps": (partly("apps without any installer prove no person; unknown where there are no others"),),
}
BY_HAND = Message("Settings › Apps › See all apps")

STORES = frozenset(
    (
        "com.android.vending",  # Google Play, and what a manager sends through it
        "com.google.android.feedback",  # Play's name on old phones
        "com.sec.android.app.samsungapps",
        "com.huawei.appmarket",
        "com.hihonor.appmarket",
        "com.xiaomi.mipicks",
        "com.xiaomi.market",
        "com.oppo.market",
        "com.heytap.market",
        "com.bbk.appstore",
        "com.vivo.appstore",
        "com.amazon.venezia",
        "com.transsnet.store",
        "com.lenovo.leos.appstore",
        "com.meizu.mstore",
    )
)
SET_UP = frozenset(
    (
        "com.sec.android.preloadinstaller",
        "com.samsung.android.app.omcagent",
        "com.google.android.setupwizard",
        "com.google.android.partnersetup",
        "com.facebook.system",  # Meta's manager, preinstalled
        "com.aura.oobe.samsung",
        "com.aura.oobe.samsung.gl",
        "com.dti.samsung",
        "com.LogiaGroup.LogiaDeck",
        "com.ironsource.appcloud.oobe",
        "com.ironsource.appcloud.oobe.hutchison",
    )
)


def probe(capture: Capture) -> Iterator[Fact]:
    """List the apps from no store, and count those of a person."""
    try:
        source, apps = app_list.installed(capture)
    except Unanswered as error:
        for name in FACTS:
            yield unknown(name, advised(error, BY_HAND))
        return
    yield _sideloaded(source, apps)
    yield _user_apps(source, apps)


def _sideloaded(source: str, apps: tuple[App, ...]) -> Fact:
    found = {app.package: app for app in apps if app.installer not in STORES | SET_UP}
    values = [{"package": name, "installer": found[name].installer} for name in sorted(found)]
    none = Evidence.of(source, f"{len(apps)} apps that did not come with the phone")
    return known(FACTS[0], values, *([found[name].evidence for name in sorted(found)] or [none]))


def _user_apps(source: str, apps: tuple[App, ...]) -> Fact:
    chosen = {app.package: app.evidence for app in apps if app.installer is not None and app.installer not in SET_UP}
    nameless = {app.package: app.evidence for app in apps if app.installer is None}
    if nameless and not chosen:
        names = ", ".join(sorted(nameless)[:5])
        return unknown(
            FACTS[1],
            Message(
                "{count} apps have no installer ({names}): the maker left them, or somebody with a cable did; "
                "look at them in Settings › Apps",
                {"count": len(nameless), "names": names},
            ),
            *list(nameless.values())[:5],
        )
    count = len(chosen.keys() | nameless.keys())
    line = f"{count} apps that did not come with the phone, {len(nameless.keys() - chosen.keys())} without installer"
    return known(FACTS[1], count, Evidence.of(source, line), *list(chosen.values())[:10])
