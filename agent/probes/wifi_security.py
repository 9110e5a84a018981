"""Android's many words for how a Wi-Fi link is protected, and the contract's word for each.

None stands for a protection that the contract has no word for (WAPI, OSEN, DPP) or that nobody can name:
its security is then unknown, which is never the same as open.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Literal

Security = Literal["open", "owe", "wep", "psk", "sae", "eap", "passpoint"]

# WifiInfo's and SecurityParams' numbers, API 31 and later (WifiConfiguration.SECURITY_TYPE_*).
BY_NUMBER: Mapping[int, Security | None] = {
    0: "open",
    1: "wep",
    2: "psk",
    3: "eap",
    4: "sae",
    5: "eap",  # WPA3-Enterprise 192-bit
    6: "owe",
    7: None,  # WAPI
    8: None,
    9: "eap",  # WPA3-Enterprise
    10: None,  # OSEN
    11: "passpoint",
    12: "passpoint",
    13: None,  # DPP
}

# `cmd wifi list-networks` (WifiShellCommand): API 30 first, then API 31 and later (WifiInfo's names of types,
# also in netstats' network keys), then the names that netstats' keys have in AOSP's WifiConfiguration.
BY_WORD: Mapping[str, Security | None] = {
    "wpa3": "sae",
    "wpa2": "psk",
    "eap": "eap",
    "null": None,  # what API 30 has no word for, WEP among them
    "open": "open",
    "owe": "owe",
    "wep": "wep",
    "wpa2-psk": "psk",
    "wpa2-enterprise": "eap",
    "wpa3-sae": "sae",
    "wpa3 enterprise": "eap",
    "wpa3 enterprise 192-bit": "eap",
    "wapi-psk": None,
    "wapi-cert": None,
    "passpoint r1/r2": "passpoint",
    "passpoint r3": "passpoint",
    "dpp": None,
    "unknown": None,
    "NONE": "open",
    "OWE": "owe",
    "WEP": "wep",
    "WPA_PSK": "psk",
    "WPA2_PSK": "psk",
    "FT_PSK": "psk",
    "WPA_PSK_SHA256": "psk",
    "SAE": "sae",
    "FT_SAE": "sae",
    "WPA_EAP": "eap",
    "WPA_EAP_SHA256": "eap",
    "WPA3_EAP": "eap",
    "FT_EAP": "eap",
    "SUITE_B_192": "eap",
    "WAPI_PSK": None,
    "WAPI_CERT": None,
    "OSEN": None,
    "DPP": None,
}

_ENTERPRISE = {"WPA_EAP", "WPA_EAP_SHA256", "WPA3_EAP", "FT_EAP", "SUITE_B_192", "IEEE8021X"}


def of_key_management(words: Iterable[str], auth_algorithms: Iterable[str]) -> frozenset[Security | None]:
    """Read a configured network's `KeyMgmt:` and `AuthAlgorithms:` (WifiConfiguration.toString, API 26 and later).

    `Protocols: WPA RSN` beside NONE is a default and says nothing. NONE with SHARED is how WEP is written down.
    IEEE8021X alone is WEP with changing keys: no word of the contract.
    """
    named = set(words)
    if named == {"NONE"}:
        return frozenset({"wep" if "SHARED" in auth_algorithms else "open"})
    if named & _ENTERPRISE:
        return frozenset({"eap" if named <= _ENTERPRISE and named != {"IEEE8021X"} else None})
    return frozenset(BY_WORD.get(word) for word in named) or frozenset({None})


_TYPE = re.compile("|".join(re.escape(word) for word in sorted(BY_WORD, key=len, reverse=True)))


def of_list(text: str) -> frozenset[Security | None] | None:
    """Read the last column of `list-networks`: words joined by `/`, `^` where Android added one by itself.

    None: a word that AOSP does not have, so the row proves nothing.
    """
    found: set[Security | None] = set()
    rest = text
    while word := _TYPE.match(rest):
        found.add(BY_WORD[word[0]])
        rest = rest[word.end() :].removeprefix("^")
        if not rest:
            return frozenset(found)
        if not rest.startswith("/"):
            return None
        rest = rest[1:]
    return None
