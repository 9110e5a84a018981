"""The closed values of facts in words. Abbreviations that are the same in every language stand as they are."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_CHOICES: Mapping[str, Mapping[str, str | Promise]] = {
    "screen_lock.credential": {
        "none": _("no lock"),
        "pattern": _("pattern"),
        "pin": "PIN",
        "password": _("password"),
    },
    "screen_lock.biometrics": {"fingerprint": _("fingerprint"), "face": _("face"), "iris": _("iris")},
    "screen_lock.notifications": {
        "full": _("shown in full"),
        "redacted": _("shown without their content"),
        "hidden": _("not shown"),
    },
    "network.transport": {
        "wifi": "Wi-Fi",
        "cellular": _("mobile data"),
        "ethernet": "Ethernet",
        "none": _("no network"),
    },
    "network.wifi.security": {
        "open": _("open, without encryption"),
        "owe": "OWE",
        "wep": "WEP",
        "psk": "WPA/WPA2 (PSK)",
        "sae": "WPA3 (SAE)",
        "eap": "WPA Enterprise (EAP)",
        "passpoint": "Passpoint",
    },
    "network.class": {
        "organisation": _("the organisation's"),
        "private": _("private"),
        "public": _("public"),
        "cellular": _("mobile data"),
        "offline": _("offline"),
    },
    "device.verified_boot": {
        "green": _("green"),
        "yellow": _("yellow"),
        "orange": _("orange"),
        "red": _("red"),
    },
}


def in_words(name: str, value: str) -> str | None:
    """The word for a fact's value; None for one that is no closed choice, or that a later agent added."""
    word = _CHOICES.get(name, {}).get(value)
    return None if word is None else str(word)
