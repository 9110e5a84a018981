"""What is on a simulated phone's screen: WhatsApp's screens as files that `uiautomator`, `input` and `am` move among.

Each screen is three files below `screen/`: NAME.xml, in the form of AccessibilityNodeInfoDumper; NAME.taps, a line
`left top right bottom what-to-do where` for each place that can be touched; NAME.front, the component in front.
`stack` holds the names of the screens that Back leads through, the one in front last.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape

from pydantic import BaseModel, ConfigDict, Field

from agent.simulator.moments import Clock, fill

Language = Literal["en", "es", "pt", "fr"]

WIDTH, HEIGHT, ROW = 1080, 2340, 150
_WORDS: dict[Language, tuple[str, ...]] = {
    # The menu, its last row the settings; then Chats, Chat backup, the backup's encryption, on and off.
    "en": ("New group", "Linked devices", "Settings", "Chats", "Chat backup",
           "End-to-end encrypted backup", "On", "Off"),
    "es": ("Nuevo grupo", "Dispositivos vinculados", "Ajustes", "Chats", "Copia de seguridad",
           "Copia de seguridad cifrada de extremo a extremo", "Activada", "Desactivada"),
    "pt": ("Novo grupo", "Dispositivos conectados", "Configurações", "Conversas", "Backup de conversas",
           "Backup criptografado de ponta a ponta", "Ativado", "Desativado"),
    "fr": ("Nouveau groupe", "Appareils connectés", "Paramètres", "Discussions", "Sauvegarde",
           "Sauvegarde chiffrée de bout en bout", "Activée", "Désactivée"),
}  # fmt: skip


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LinkedDevice(_Strict):
    """A row of Linked devices, as WhatsApp words it; a status may hold moments (`{{now-3d:%d/%m/%Y}}`)."""

    name: str
    status: str


class WhatsAppScreens(_Strict):
    """One WhatsApp's screens.

    layout: `menu` (three dots), `tabs` (a tab "You"), `unknown` (ids that nobody knows). lock: what asks before it
    opens. shows: the screen that was left open. encrypted: None where the screen does not say. dialog: a question of
    another app's lies over it. rows: how many devices fit on the screen.
    """

    chats: tuple[str, ...] = ("Ana: nos vemos a las 9",)
    layout: Literal["menu", "tabs", "unknown"] = "menu"
    language: Language = "es"
    linked: tuple[LinkedDevice, ...] = ()
    rows: int = Field(default=8, ge=2, le=8)
    encrypted: bool | None = True
    last_backup: str = "Local: 2:00 a. m."
    account: str = "ana@example.org"
    lock: Literal["none", "app", "fingerprint"] = "none"
    shows: Literal["first", "chat"] = "first"
    registered: bool = True
    dialog: bool = False


class Screens(_Strict):
    """The screen of the phone. front: the component in front; user: whose screen it is; dump: how UI Automator does."""

    state: Literal["unlocked", "locked", "asleep"] = "unlocked"
    front: str = "com.android.launcher3/.Launcher"
    user: int = 0
    dump: Literal["works", "restless", "rootless", "endless"] = "works"
    apps: Mapping[Literal["com.whatsapp", "com.whatsapp.w4b"], WhatsAppScreens] = Field(default_factory=dict)


@dataclass
class _Page:
    """A screen being drawn, from top to bottom."""

    package: str
    front: str
    nodes: list[str] = field(default_factory=list)
    taps: list[str] = field(default_factory=list)
    down: str = ""
    y: int = 100

    def open(self, name: str = "", *, scrolls: bool = False, height: int = 0) -> None:
        bounds = (0, self.y, WIDTH, self.y + height if height else HEIGHT)
        self.nodes.append(_opened(_node(self.package, name, bounds, scrollable=scrolls)))

    def close(self) -> None:
        self.nodes.append("</node>")

    def row(self, name: str, texts: Sequence[tuple[str, str]], tap: str = "", description: str = "") -> None:
        """Draw a row that can be touched, with texts by id; `tap`: what a touch does."""
        bounds = (0, self.y, WIDTH, self.y + ROW)
        node = _node(self.package, name, bounds, description=description, clickable=bool(tap))
        self.nodes.append(_opened(node) if texts else node)
        for at, (own, text) in enumerate(texts):
            inner = (160, self.y + 20 + at * 55, WIDTH, self.y + 70 + at * 55)
            self.nodes.append(_node(self.package, own, inner, text=text))
        if texts:
            self.close()
        if tap:
            self.taps.append(" ".join(map(str, bounds)) + f" {tap}")
        self.y += ROW

    def button(self, name: str, place: tuple[int, int, int, int], tap: str, description: str = "") -> None:
        self.nodes.append(_node(self.package, name, place, description=description, clickable=True))
        self.taps.append(" ".join(map(str, place)) + f" {tap}")

    def write(self, folder: Path, name: str, clock: Clock) -> None:
        body = _opened(_node(self.package, "", (0, 0, WIDTH, HEIGHT))) + "".join(self.nodes) + "</node>"
        text = f"<?xml version='1.0' encoding='UTF-8' standalone='yes' ?><hierarchy rotation=\"0\">{body}</hierarchy>"
        (folder / f"{name}.xml").write_bytes(fill(text.encode(), clock))
        (folder / f"{name}.taps").write_text("".join(f"{tap}\n" for tap in self.taps), "utf-8")
        (folder / f"{name}.front").write_text(f"{self.front}\n", "utf-8")
        (folder / f"{name}.down").write_text(f"{self.down}\n", "utf-8")


def build(root: Path, screens: Screens, clock: Clock, api: int) -> None:
    """Draw every screen below `root/screen`, and answer for what the phone says of its state."""
    folder = root / "screen"
    folder.mkdir()
    former = _Page(screens.front.partition("/")[0], screens.front)
    former.row("workspace", [("", "Clima: 24°")])
    former.write(folder, "former", clock)
    home = _Page("com.android.launcher3", "com.android.launcher3/.Launcher")
    home.write(folder, "launcher", clock)
    for package, app in screens.apps.items():
        for name, page in _pages(package, app):
            page.write(folder, f"{package}.{name}", clock)
    shown = screens.front.partition("/")[0]
    (folder / "stack").write_text(f"{shown}.first\n" if shown in screens.apps else "former\n", "utf-8")
    (folder / "dump").write_text(f"{screens.dump}\n", "utf-8")
    awake = "Asleep" if screens.state == "asleep" else "Awake"
    locked = str(screens.state != "unlocked").lower()
    answers = root / "answers"
    (answers / "am-get-current-user").write_text(f"{screens.user}\n", "utf-8")
    (answers / "dumpsys-power").write_text(f"Power Manager State:\n  mWakefulness={awake}\n", "utf-8")
    policy = f"    KeyguardServiceDelegate\n      showing={locked}\n      inputRestricted={locked}\n"
    (answers / "dumpsys-window-policy").write_text(f"WINDOW MANAGER POLICY STATE\n{policy}", "utf-8")
    (folder / "resumed").write_text("topResumedActivity=\n" if api >= 31 else "mResumedActivity:\n", "utf-8")


def _pages(package: str, app: WhatsAppScreens) -> Iterator[tuple[str, _Page]]:
    if not app.registered:
        page = _Page(package, f"{package}/com.whatsapp.registration.app.phonenumberentry.RegisterPhone")
        page.row("registration_phone", [])
        yield "first", page
        return
    if app.lock != "none":
        page = _Page(package, f"{package}/com.whatsapp.authentication.AppAuthenticationActivity")
        if app.lock == "fingerprint":
            page.package, page.front = "com.samsung.android.biometrics.app.setting", f"{package}/.HomeActivity"
        page.row("icon", [])
        yield "first", page
        return
    words = _WORDS[app.language]
    yield "first", _first(package, app)
    yield "menu", _menu(package, app, words)
    yield "settings", _settings(package, app, words)
    page = _Page(package, f"{package}/com.whatsapp.settings.SettingsChat")
    page.open(scrolls=True)
    page.row("chat_backup_preference", [("title", words[4])], f"push {package}.backup")
    page.close()
    yield "chats", page
    yield "backup", _backup(package, app, words)
    yield from _linked(package, app)


def _first(package: str, app: WhatsAppScreens) -> _Page:
    page = _Page(package, f"{package}/.HomeActivity")
    if app.dialog:
        page.package = "com.android.systemui"
    if app.shows == "chat":
        page.front = f"{package}/com.whatsapp.Conversation"
        for chat in app.chats:
            page.row("message_text", [("", chat)])
        return page
    if app.layout != "unknown":
        page.button("menuitem_overflow", (980, 100, 1080, 200), f"push {package}.menu", "Más opciones")
    page.y = 220
    page.open(scrolls=True, height=8 * ROW)
    for chat in app.chats:
        texts = [("conversations_row_contact_name", chat), ("title", chat), ("name", chat), ("status", chat)]
        page.row("contact_row_container", texts, f"push {package}.chat", chat)
    page.close()
    if app.layout == "tabs":
        page.button("me_tab_root_layout", (810, 2200, 1080, 2340), f"push {package}.settings", "You")
    return page


def _menu(package: str, app: WhatsAppScreens, words: Sequence[str]) -> _Page:
    page = _Page(package, f"{package}/.HomeActivity")
    rows = [(words[0], "group"), (words[1], "linked-0"), (words[2], "settings")]
    for text, where in rows if app.layout == "menu" else rows[:1]:
        page.row("content", [("title", text)], f"replace {package}.{where}")
    return page


def _settings(package: str, app: WhatsAppScreens, words: Sequence[str]) -> _Page:
    page = _Page(package, f"{package}/com.whatsapp.settings.ui.SettingsActivity")
    page.open(scrolls=True)
    page.row("profile_info", [("profile_info_name", "Ana Rueda"), ("profile_info_status", "Ocupada")], "push nowhere")
    page.row("settings_linked_devices_row", [("title", words[1])], f"push {package}.linked-0")
    page.row("settings_chat", [("title", words[3])], f"push {package}.chats")
    page.close()
    if app.layout == "tabs":
        page.front = f"{package}/.HomeActivity"
        page.button("me_tab_root_layout", (810, 2200, 1080, 2340), f"replace {package}.settings", "You")
    return page


def _backup(package: str, app: WhatsAppScreens, words: Sequence[str]) -> _Page:
    page = _Page(package, f"{package}/com.whatsapp.backup.google.SettingsGoogleDrive")
    page.open(scrolls=True)
    page.row("settings_gdrive_backup_now_category_title", [("gdrive_last_backup", app.last_backup)])
    page.row("settings_gdrive_change_account_view", [("settings_gdrive_account_name_summary", app.account)])
    page.row("google_drive_backup_now_btn", [("", "Guardar")], "push nowhere")
    if app.encrypted is not None:
        value = f"{words[6]} · 64" if app.encrypted else words[7]
        page.row("settings_gdrive_e2e_encryption", [("", words[5])], "push nowhere", f"{words[5]},{value}")
    page.close()
    return page


def _linked(package: str, app: WhatsAppScreens) -> Iterator[tuple[str, _Page]]:
    """The list, as many screens as it takes; each begins with the row that ended the one before."""
    step = app.rows - 1
    starts = [0, *range(step, max(len(app.linked) - 1, 0), step)] if len(app.linked) > app.rows else [0]
    for number, start in enumerate(starts):
        page = _Page(package, f"{package}/com.whatsapp.companiondevice.LinkedDevicesActivity")
        if not number:
            page.row("linked_devices_description_text", [])
        page.row("link_device_button", [("", "+")], "push nowhere")
        page.open("linked_device_recycler_view", scrolls=len(starts) > 1, height=app.rows * ROW)
        page.y += number  # it never comes to rest where it was before
        for device in app.linked[start : start + app.rows]:
            page.row("device_row", [("name", device.name), ("status", device.status)], "push nowhere")
        page.close()
        page.down = f"{package}.linked-{number + 1}" if number + 1 < len(starts) else ""
        yield f"linked-{number}", page


def _node(
    package: str,
    name: str,
    bounds: tuple[int, int, int, int],
    *,
    text: str = "",
    description: str = "",
    clickable: bool = False,
    scrollable: bool = False,
) -> str:
    left, top, right, bottom = bounds
    values = {
        "index": "0",
        "text": text,
        "resource-id": f"{package}:id/{name}" if name else "",
        "class": "android.view.View",
        "package": package,
        "content-desc": description,
        "checkable": "false",
        "checked": "false",
        "clickable": str(clickable).lower(),
        "enabled": "true",
        "focusable": "false",
        "focused": "false",
        "scrollable": str(scrollable).lower(),
        "long-clickable": str(clickable).lower(),
        "password": "false",
        "selected": "false",
        "bounds": f"[{left},{top}][{right},{bottom}]",
    }
    attributes = " ".join(f"{key}={_quoted(value)}" for key, value in values.items())
    return f"<node {attributes} />"


def _opened(node: str) -> str:
    return f"{node.removesuffix(' />')}>"


def _quoted(value: str) -> str:
    """Quote an attribute as KXmlSerializer does, always in double quotes."""
    return '"' + escape(value, {'"': "&quot;", "\n": "&#10;"}) + '"'
