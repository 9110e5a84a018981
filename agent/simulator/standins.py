"""The phone's commands: a folder of stand-ins for Android's own, one of common tools, and their answers.

Each stand-in is `standin.sh` under another name. It finds its answer among files that are laid out here
once, when the phone starts: `answers/NAME` (stdout), `errors/NAME`, `behaviour/NAME` and `tables/NAME`
(shell text: how it behaves, and `case` lists that pick one value out of a listing), `short/NAME`.
"""

import hashlib
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from agent.messages import Message, PostureError
from agent.simulator.log import FIELD_END, RECORD_END
from agent.simulator.moments import Clock, Misplaced, fill, has_places
from agent.simulator.scenario import Reply, Scenario, answer_name, properties

_SCRIPT = Path(__file__).parent / "standin.sh"
# Android's own commands, there whether or not the scenario answers them.
_ALWAYS = """
    am appops cmd content device_config dpm dumpsys getenforce getprop id ime input locksettings pm service settings
    uiautomator wm
"""
# What toybox has on Android 8 and a read-only scan may want.
_TOOLS = """
    base64 basename cat cmp comm cp cut dd df dirname du echo egrep env expand expr false fgrep file find fold free
    getconf grep groups gunzip gzip head hostname kill ln ls md5sum mkdir mkfifo mktemp mv nice nl nohup od paste
    printenv printf ps pwd readlink realpath rm rmdir sed seq setsid sha1sum sha256sum sleep sort split stat strings
    tac tail tar tee test time touch tr true truncate tty uname uniq uptime uudecode uuencode wc which whoami xargs
    xxd yes zcat
"""
_INTERPRETERS = ("mksh", "bash", "sh")
_SHORT_BYTES = 8192
_GARBAGE_SEED = b"noise of a phone"


def interpreter(scenario: Scenario) -> Path:
    """Find the shell that plays /system/bin/sh; PostureError if the one that the scenario wants is absent."""
    for name in (scenario.interpreter,) if scenario.interpreter else _INTERPRETERS:
        if name and (found := shutil.which(name)):
            return Path(found).resolve()
    raise PostureError(
        Message("no shell `{name}` on this computer", {"name": scenario.interpreter or "sh"}), permanent=True
    )


def build(root: Path, scenario: Scenario, clock: Clock) -> None:
    """Lay out `bin`, `tools` and everything that the stand-ins read, below `root`."""
    for folder in ("bin", "tools", "answers", "errors", "behaviour", "tables", "short"):
        (root / folder).mkdir()
    (root / "log").touch()
    for name, text in _generated(scenario).items():
        (root / "answers" / name).write_text(text, "utf-8")
    for name, path in _files(scenario):
        _serve_file(root / "answers" / name, path, clock)
    for command, reply in scenario.answers.items():
        _serve_reply(root, answer_name(command), reply, clock)
    _derive_plain_lists(root / "answers")
    for listing in (root / "answers").iterdir():
        if listing.name == "getprop" or listing.name.startswith("settings-"):
            _tabulate(root / "tables" / listing.name, listing)
    for answer in (root / "answers").iterdir():
        _shorten(root / "short" / answer.name, answer)
    _link_tools(root, scenario)
    _link_standins(root, scenario)


def _generated(scenario: Scenario) -> dict[str, str]:
    """Answers that follow from scenario.yaml where no file gives them."""
    release = str(scenario.android)
    listing = {
        "persist.sys.timezone": scenario.timezone,
        "ro.build.version.release": release,
        "ro.build.version.sdk": str(scenario.api),
        "ro.product.device": scenario.device,
        "ro.product.manufacturer": scenario.maker,
        "ro.product.model": scenario.model,
        "ro.product.name": scenario.product,
        "ro.serialno": scenario.serial,
        "sys.user.0.ce_available": "false" if scenario.locked_since_boot else "true",
    }
    texts = {"getprop": "".join(f"[{name}]: [{value}]\n" for name, value in listing.items())}
    if scenario.users:
        rows = [
            f"\tUserInfo{{{user.id}:{user.name}:{user.flags}}}{' running' if user.running else ''}\n"
            for user in scenario.users
        ]
        texts["pm-list-users"] = "Users:\n" + "".join(rows)
    return texts


def _files(scenario: Scenario) -> Iterator[tuple[str, Path]]:
    if scenario.folder is not None:
        for path in sorted(scenario.folder.glob("*.txt")):
            yield answer_name(path.stem.removesuffix(".fragment")), path


def _serve_file(target: Path, source: Path, clock: Clock) -> None:
    target.unlink(missing_ok=True)
    data = source.read_bytes()
    if not has_places(data):
        target.symlink_to(source)
        return
    try:
        target.write_bytes(fill(data, clock))
    except Misplaced as error:
        raise PostureError(
            Message("{file}:{line}: {why}", {"file": str(source), "line": error.line, "why": str(error)}),
            permanent=True,
        ) from error


def _serve_reply(root: Path, name: str, reply: Reply, clock: Clock) -> None:
    target = root / "answers" / name
    if reply.missing or reply.text is not None or reply.garbage:
        target.unlink(missing_ok=True)
    if reply.missing:
        return
    if reply.text is not None:
        target.write_bytes(fill(reply.text.encode("utf-8"), clock))
    elif reply.garbage:
        target.write_bytes(hashlib.shake_128(_GARBAGE_SEED).digest(reply.garbage))
    if reply.errors is not None:
        (root / "errors" / name).write_text(reply.errors, "utf-8")
    behaviour = [f"code={reply.exit_code}"]
    if reply.delay_ms is not None:
        behaviour.append(f"delay={_seconds(reply.delay_ms)}")
    if reply.hang:
        behaviour.append("hang=forever" if reply.hang == "forever" else "hang=service")
    if reply.flood:
        behaviour.append("flood=1")
    (root / "behaviour" / name).write_text("\n".join(behaviour) + "\n", "utf-8")


def _derive_plain_lists(answers: Path) -> None:
    """Have `pm list packages` follow from a user's list with installers and uids, where only that is given."""
    for listing in list(answers.glob("pm-list-packages-i-U*")):
        plain = answers / listing.name.replace("-i-U", "")
        if not plain.exists():
            plain.write_bytes(b"".join(line.split(b"  ")[0] + b"\n" for line in listing.read_bytes().splitlines()))


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.3f}" if milliseconds else ""


def _tabulate(target: Path, listing: Path) -> None:
    """Write a `case` that sets $value for the name in $wanted."""
    data = listing.read_bytes()
    if listing.name == "getprop":
        rows = properties(data)
    else:
        text = data.decode("utf-8", "surrogateescape")
        rows = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    cases = "".join(f"{shlex.quote(name)}) value={shlex.quote(value)} ;;\n" for name, value in rows.items())
    script = f"case $wanted in\n{cases}esac\n".replace("\0", "")
    target.write_bytes(script.encode("utf-8", "surrogateescape"))


def _shorten(target: Path, answer: Path) -> None:
    """Write a short answer as shell text too: a stand-in that starts no `cat` costs half as much."""
    data = answer.read_bytes() if answer.stat().st_size <= _SHORT_BYTES else b"\0"
    if b"\0" not in data:
        text = shlex.quote(data.decode("utf-8", "surrogateescape"))
        target.write_bytes(f"text={text}\n".encode("utf-8", "surrogateescape"))


def _link_tools(root: Path, scenario: Scenario) -> None:
    tools = [*_TOOLS.split(), "date", *(["timeout"] if scenario.has_timeout else [])]
    for name in tools:
        if (found := _find_tool(name)) is not None:
            (root / "tools" / name).symlink_to(found)
    shell = interpreter(scenario)
    for name in {"sh", shell.name}:
        (root / "tools" / name).symlink_to(shell)


@cache
def _applets(toybox: str) -> frozenset[str]:
    listing = subprocess.run([toybox], capture_output=True, text=True, check=False, timeout=10)  # noqa: S603 - no input
    return frozenset(listing.stdout.split())


def _find_tool(name: str) -> Path | None:
    toybox = shutil.which("toybox")
    found = toybox if toybox and name in _applets(toybox) else shutil.which(name)
    return Path(found) if found else None


def _link_standins(root: Path, scenario: Scenario) -> None:
    names = {*_ALWAYS.split(), *(answer.name.split("-")[0] for answer in (root / "answers").iterdir())}
    if scenario.rooted:
        names.add("su")
    if scenario.clock_offset_s:
        names.add("date")
    if scenario.has_timeout and scenario.android <= 9:
        names.add("timeout")
    (root / "settings.sh").write_text(_settings(root, scenario), "utf-8")
    script = root / "bin" / ".standin"
    script.write_text(f"#!{shutil.which('sh')}\n" + _SCRIPT.read_text("utf-8"), "utf-8")
    script.chmod(0o755)
    for name in names:
        (root / "bin" / name).symlink_to(script)


def _settings(root: Path, scenario: Scenario) -> str:
    answers = {path.name for folder in ("answers", "behaviour") for path in (root / folder).iterdir()}

    def second_words(command: str) -> str:
        return " ".join(sorted({name.split("-")[1] for name in answers if name.startswith(f"{command}-")}))

    services = second_words("dumpsys")
    if "package" not in services.split() and any(name.startswith("pm-") for name in answers):
        services += " package"

    values = {
        "fs": FIELD_END,
        "rs": RECORD_END,
        "cat": shutil.which("cat") or "cat",
        "sleep": shutil.which("sleep") or "sleep",
        "date": str(root / "tools" / "date"),
        "timeout": str(root / "tools" / "timeout"),
        "shell": str(interpreter(scenario)),
        "api": str(scenario.api),
        "clock_offset_s": str(scenario.clock_offset_s),
        "default_delay": _seconds(scenario.delay_ms),
        "services": services,
        "commanded": f" {second_words('cmd')} ",
    }
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())
