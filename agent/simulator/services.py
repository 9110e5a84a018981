"""The services that a host can open, by their names.

Source: packages/modules/adb, daemon/services.cpp (daemon_service_to_fd) and shell_service.cpp (ShellService).
"""

from dataclasses import dataclass

from agent.simulator.child import Console


@dataclass(frozen=True, slots=True)
class ShellService:
    """A shell as a host asks for it. No line: an interactive one. `framed`: in the shell protocol (v2)."""

    line: str
    console: Console
    framed: bool
    terminal_type: str


def read_service(name: str, *, shell_v2: bool) -> ShellService | None:
    """Read `shell:LINE`, `shell,v2,raw,TERM=dumb:LINE` or `exec:LINE`.

    None for what this phone does not have (sync, tcpip, reboot …) and, without `shell_v2`, for options.
    """
    kind, separator, line = name.partition(":")
    service, *options = kind.split(",")
    if not separator:
        return None
    if service == "exec" and not options:
        return ShellService(line, Console.RAW_TERMINAL, framed=False, terminal_type="")
    if service != "shell" or (options and not shell_v2):
        return None
    framed = "v2" in options
    terminal = not line
    terminal_type = "dumb"
    for option in options:  # adbd ignores those that it does not know
        terminal = {"raw": False, "pty": True}.get(option, terminal)
        if option.startswith("TERM="):
            terminal_type = option.removeprefix("TERM=")
    piped = Console.SOCKETS if framed else Console.RAW_TERMINAL
    return ShellService(line, Console.TERMINAL if terminal else piped, framed, terminal_type)
