"""USB as far as a machine without phones can show it: nothing plugged in, and what libusb's refusals mean."""

import pytest
import usb1
from adb_shell.auth.sign_cryptography import CryptographySigner

from agent.transport import TransportError
from agent.transport.usb import open_usb, trouble


def test_a_phone_that_is_not_plugged_in(key: CryptographySigner) -> None:
    with pytest.raises(TransportError, match="no phone R58N000TEST on USB"):
        open_usb("R58N000TEST", key)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (usb1.USBErrorBusy(), "most likely an adb server; scan with --adb-server"),
        (usb1.USBErrorAccess(), "udev rule"),
        (usb1.USBErrorNoDevice(), "went away"),
        (usb1.USBErrorIO(), "cannot be used over USB"),
    ],
)
def test_says_what_libusbs_refusal_means(error: Exception, sentence: str) -> None:
    said = str(trouble("R58N000TEST", error))
    assert sentence in said
    assert "R58N000TEST" in said
