r"""The task by which Windows runs the nightly scans: for a user without administrator's rights, from start to end.

Elements as Task Scheduler's schema has them ([MS-TSCH] 2.5, version 1.2). `schtasks /XML` takes the file in UTF-16.
"""

from pathlib import PurePath
from xml.etree import ElementTree as Xml

_SPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
FILE, USER, STATE = "phone-posture-task.xml", "posture", r"C:\ProgramData\PhonePosture"
ENCODING = "utf-16"


def task(program: PurePath) -> dict[str, str]:
    """The file by its name. `program`: the `posture` that is to run."""
    root = Xml.Element("Task", version="1.2", xmlns=_SPACE)
    _put(root, "RegistrationInfo", {"Description": "Nightly scans of issued phones (Phone Posture)"})
    _put(root, "Triggers", {"BootTrigger": {"Enabled": "true", "Delay": "PT1M"}})
    principal = _put(root, "Principals", {"Principal": {
        "UserId": USER, "LogonType": "Password", "RunLevel": "LeastPrivilege",
    }})[0]  # fmt: skip
    principal.set("id", "posture")
    _put(root, "Settings", {
        "MultipleInstancesPolicy": "IgnoreNew",
        "DisallowStartIfOnBatteries": "false",
        "StopIfGoingOnBatteries": "false",
        "StartWhenAvailable": "true",
        "WakeToRun": "true",
        "RestartOnFailure": {"Interval": "PT5M", "Count": "100"},
        "ExecutionTimeLimit": "PT0S",
        "Enabled": "true",
    })  # fmt: skip
    actions = _put(root, "Actions", {"Exec": {"Command": str(program), "Arguments": f'schedule run --data "{STATE}"'}})
    actions.set("Context", "posture")
    Xml.indent(root)
    return {FILE: f'<?xml version="1.0" encoding="UTF-16"?>\n{Xml.tostring(root, encoding="unicode")}\n'}


def steps() -> tuple[str, ...]:
    """What to type next, as an administrator. `/RP *` asks for the user's password."""
    return (
        rf'icacls "{STATE}" /inheritance:r /grant:r {USER}:(OI)(CI)F',
        f'schtasks /Create /TN "Phone Posture" /XML {FILE} /RU {USER} /RP *',
        'schtasks /Run /TN "Phone Posture"',
    )


def _put(parent: Xml.Element, name: str, content: "str | dict[str, object]") -> Xml.Element:
    """Put an element with its text, or with the elements in it, into another; return it."""
    made = Xml.SubElement(parent, name)
    if isinstance(content, str):
        made.text = content
        return made
    for inner, value in content.items():
        assert isinstance(value, str | dict)  # noqa: S101 - as written above
        _put(made, inner, value)
    return made
