r"""The shell text that a phone runs while its screen is read: mksh with toybox 0.7.4, no file written.

`uiautomator dump FILE` (DumpCommand.java, API 26 to 36) writes its XML to a file and to nothing else. Here the file is
its own stdout: /proc/self/fd/1 of a pipe can be opened again, while on a terminal nothing comes. It waits until the
screen has been quiet for a second, and prints `ERROR: could not get idle state.` after ten, `ERROR: null root node
returned by UiTestAutomationBridge.` where nothing is in front, `UI hierchary dumped to: FILE` (sic) else.

In XML every `>` of a text is written `&gt;`, so `grep` puts each node on a line of its own. `sed` keeps of each its
package, and of a node on the list of wanted ids also id, place, and its text where that is one of a few labels, else
`?`. Behind the list of linked devices every node keeps whether it can be tapped, and `name` and `status` their text.
A text of any other node stays on the phone.
"""

from collections.abc import Iterable

from agent.screen.known import (
    ENCRYPTION,
    ENCRYPTION_VALUE,
    LINKED_LABELS,
    LISTS,
    NAME,
    PACKAGES,
    SETTINGS_LABELS,
    STATUS,
    WANTED,
)

# `topResumedActivity=` from Android 10 or 12 on, `mResumedActivity: ` before; `ResumedActivity: ` on all.
FRONT = (
    "dumpsys activity activities 2>&1 </dev/null | sed -n -E "
    r"'s/^ *(m|top|)ResumedActivity[:=] *ActivityRecord\{[0-9a-f]+ u[0-9]+ "
    r"([A-Za-z0-9_.]+\/[A-Za-z0-9_.$]+)[ }].*$/front \2/p' | head -n 1"
)
# mWakefulness: PowerManagerService; showing: KeyguardServiceDelegate.dump; deviceLocked: TrustManagerService.dumpUser.
# All are the same from API 26 on.
BEFORE = (
    'u=$(am get-current-user 2>/dev/null </dev/null); echo "user $u"; '
    "dumpsys power 2>&1 </dev/null | sed -n -E 's/^ *(mWakefulness=[A-Za-z]+).*$/\\1/p'; "
    "dumpsys window policy 2>&1 </dev/null | sed -n -E -e '/KeyguardServiceDelegate/,$s/^ *(showing=[a-z]+) *$/\\1/p'; "
    "dumpsys trust 2>&1 </dev/null | sed -n -E 's/^.*\\(current\\).*(deviceLocked=[01]).*$/\\1/p'; "
    f"{FRONT}; "
    'pm list packages --user "$u" com.whatsapp 2>&1 </dev/null | sed -n -E '
    "'s/^package:(com\\.whatsapp(\\.w4b)?) *$/app \\1/p'"
)

_OWN = r"com\.whatsapp(\.w4b)?:id\/"


def _one_of(names: Iterable[str]) -> str:
    return "|".join(names)


# Each tag on a line of its own, and what stands instead of a tree.
_TAGS = r"<[^>]*>|^ERROR: .{0,100}|^Killed|^[^<]{0,60}(inaccessible|not found)|^[a-z]+(\.[A-Za-z]+)+Exception"
_ATTRIBUTES = (
    r's/^<node .*text="([^"]*)" resource-id="([^"]*)" class="[^"]*" package="([^"]*)" content-desc="([^"]*)" '
    r'.* clickable="([a-z]+)" .* scrollable="([a-z]+)" .*bounds="([^"]*)"[^/]*(\/?)>$/'
    r'<node text="\1" resource-id="\2" package="\3" content-desc="\4" clickable="\5" scrollable="\6" bounds="\7"\8>/'
)
_WITHOUT_TEXT = (r's/ text="[^"]+"/ text="?"/', r's/ content-desc="[^"]*"//')
_CUT = (
    r"s/^[^<].*$/!&/p",
    r"s/^<hierarchy.*$/<hierarchy>/p",
    r"/^<\/(node|hierarchy)>$/p",
    r"/^<node /!d",
    _ATTRIBUTES,
    "t known",
    r's/^<node .*[^/]>$/<node package="">/p',
    r's/^<node .*\/>$/<node package=""\/>/p',
    "d",
    ": known",
    rf'/ resource-id="{_OWN}({_one_of(LISTS)})"/,$b list',
    rf'/ resource-id="{_OWN}({_one_of(sorted(WANTED))})"/b wanted',
    r's/ text=.* (package="[^"]*") .* (scrollable="true" bounds="[^"]*")/ \1 \2/',
    r's/ text=.* (package="[^"]*") .*bounds="[^"]*"/ \1/',
    "b whole",
    ": wanted",
    rf'/ resource-id="{_OWN}({ENCRYPTION}|{ENCRYPTION_VALUE})"/b whole',
    rf'/ text="({_one_of([*LINKED_LABELS, *SETTINGS_LABELS])})"/!{_WITHOUT_TEXT[0]}',
    _WITHOUT_TEXT[1],
    "b whole",
    ": list",
    rf'/ resource-id="{_OWN}({NAME}|{STATUS})"/!{_WITHOUT_TEXT[0]}',
    _WITHOUT_TEXT[1],
    ": whole",
    "p",
)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


# What is in front is asked last: by then a screen that was being opened is there.
LOOK = (
    f"date '+at %s'; uiautomator dump /proc/self/fd/1 2>&1 </dev/null | grep -o -E {_quoted(_TAGS)} | "
    f"sed -n -E {' '.join('-e ' + _quoted(each) for each in _CUT)}; {FRONT}"
)
# As a launcher starts an app: a task that is there comes to the front as it was left.
OPEN = (
    'am start --user "$u" -a android.intent.action.MAIN -c android.intent.category.LAUNCHER -f 0x10200000 '
    "-p {package} >/dev/null 2>&1 </dev/null"
)
TAP = "input tap {x} {y} </dev/null"
SCROLL = "input swipe {x} {from_y} {x} {to_y} 900 </dev/null"
BACK = "case $(" + FRONT + ') in "front {package}/"*) input keyevent 4 </dev/null;; esac'
HOME = "input keyevent 3 </dev/null"

LISTED = "\n".join((BEFORE, OPEN, LOOK, TAP, SCROLL, BACK, HOME)).replace("{package}", PACKAGES[0])
"""Every line that may run, for `posture commands`."""
