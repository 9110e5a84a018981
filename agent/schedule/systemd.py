"""The units by which systemd runs the nightly scans: no root, and as little of the system as works."""

from pathlib import Path

USER = "phone-posture"
_STATE = f"/var/lib/{USER}"

_SERVICE = f"""\
[Unit]
Description=Nightly scans of issued phones (Phone Posture)
Wants=network-online.target
After=network-online.target time-sync.target

[Service]
ExecStart=@POSTURE@ schedule run --data {_STATE}
User={USER}
Group={USER}
StateDirectory={USER}
StateDirectoryMode=0700
UMask=0077
Restart=on-failure
RestartSec=30
TimeoutStopSec=30
MemoryMax=1G
TasksMax=256

# Phones on USB: the group that the udev rules of adb give them to, and no other device.
SupplementaryGroups=plugdev
DevicePolicy=closed
DeviceAllow=char-usb_device rw

NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=@HOME@
PrivateTmp=yes
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
PrivateMounts=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""

_SYSUSERS = f"""\
u {USER} - "Phone Posture" {_STATE}
m {USER} plugdev
"""


def units(program: Path) -> dict[str, str]:
    """The files by the path that each is to have. `program`: the `posture` that the service runs."""
    home = "read-only" if program.is_relative_to("/home") or program.is_relative_to("/root") else "yes"
    service = _SERVICE.replace("@POSTURE@", _quoted(program)).replace("@HOME@", home)
    return {
        f"/etc/systemd/system/{USER}.service": service,
        f"/etc/sysusers.d/{USER}.conf": _SYSUSERS,
    }


def steps(program: Path) -> tuple[str, ...]:
    """What to type next, as root."""
    return (
        "systemd-sysusers && systemctl daemon-reload",
        f"install -d -o {USER} -g {USER} -m 0700 {_STATE}",
        f"sudo -u {USER} {program} enroll CODE --collector URL --data {_STATE}",
        f"sudo -u {USER} {program} schedule init --data {_STATE}",
        f"systemctl enable --now {USER}",
    )


def _quoted(program: Path) -> str:
    r"""A path as `ExecStart=` reads it: `%` and `$` mean something there, and so do blanks, `"` and `\`."""
    text = str(program).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{text}"' if any(character in text for character in ' \t"\\') else text
