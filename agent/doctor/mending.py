"""The changes that `posture doctor --fix` may make, each only when a person agrees to it."""

from dataclasses import dataclass
from pathlib import Path

from agent.messages import Message, PostureError, because

RULE = """\
# Phones with USB debugging may be used by whoever sits at this computer (posture doctor).
SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", ENV{ID_USB_INTERFACES}=="*:ff4201:*", MODE="0660", TAG+="uaccess"
"""
_RULE_FILE = "etc/udev/rules.d/70-phone-posture.rules"  # before 73-seat-late.rules, which acts on uaccess


@dataclass(frozen=True, slots=True)
class UdevRule:
    """Lets the person at this computer use phones on USB, by what they offer and not by a list of makers."""

    root: Path

    @property
    def path(self) -> Path:
        """The rule's file."""
        return self.root / _RULE_FILE

    def shown(self) -> Message:
        """Say what would be done."""
        return Message("write this into {path}", {"path": str(self.path)})

    def text(self) -> str:
        """The rule."""
        return RULE

    def make(self) -> Message:
        """Write the rule."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(RULE)
        except OSError as error:
            raise PostureError(
                Message(
                    "{path} cannot be written: {why}; run it as an administrator: `sudo posture doctor --fix`",
                    {"path": str(self.path), "why": because(error)},
                )
            ) from error
        return Message("written; now `sudo udevadm control --reload`, then plug the phone in again")


@dataclass(frozen=True, slots=True)
class OwnerOnly:
    """Makes a file readable by its owner alone."""

    path: Path

    def shown(self) -> Message:
        """Say what would be done."""
        return Message("make {path} readable by its owner alone", {"path": str(self.path)})

    def text(self) -> str:
        """Nothing is written."""
        return ""

    def make(self) -> Message:
        """Take the rights of all others away."""
        try:
            self.path.chmod(0o700 if self.path.is_dir() else 0o600)
        except OSError as error:
            values: dict[str, str | int | Message] = {"path": str(self.path), "why": because(error)}
            raise PostureError(Message("{path} cannot be changed: {why}", values)) from error
        return Message("done; if others may have read it, make a new key")
