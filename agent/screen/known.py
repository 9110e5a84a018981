"""What is known of WhatsApp's screens: resource-ids as public automation code names them, and labels as a check.

Seen in code that drives WhatsApp, not read on a phone: a screen that matches nothing here is left, and unknown.
All ids are without their package: those of WhatsApp Business are the same.
"""

from dataclasses import dataclass

PACKAGES = ("com.whatsapp", "com.whatsapp.w4b")

LISTS = ("linked_device_recycler_view", "biz_linked_device_recycler_view")
NAME, STATUS = "name", "status"
LINK_BUTTON, DESCRIPTION = "link_device_button", "linked_devices_description_text"
ENCRYPTION, ENCRYPTION_VALUE = "settings_gdrive_e2e_encryption", "settings_gdrive_e2e_encryption_value"

OVERFLOW, TAB, TITLE = "menuitem_overflow", "me_tab_root_layout", "title"
_LINKED_ROWS = ("linked_devices", "menuitem_linked_devices", "settings_linked_devices_row", "linked_devices_row")
CHATS, CHAT_BACKUP = "settings_chat", "chat_backup_preference"

NO_ACCOUNT = "registration_phone"
NO_ACCOUNT_SCREENS = ("RegisterPhone", "EULA")
APP_LOCK_SCREENS = ("AppAuthenticationActivity",)
BIOMETRICS = ("com.samsung.android.biometrics.app.setting",)
STOPS = ("qr_scanner_view", "enter_code_boxes", "logout_text")

# es, en, pt. In another language the menu's last row is taken: it has been Settings since there is one.
LINKED_LABELS = ("Linked devices", "Dispositivos vinculados", "Dispositivos conectados")
SETTINGS_LABELS = ("Settings", "Ajustes", "Configuración", "Configurações", "Definições")


@dataclass(frozen=True, slots=True)
class Hop:
    """One touch on the way: what may be touched, by id or, in the menu, by label.

    `last`: in a menu none of whose labels is known, the last row. `far`: it may have to be scrolled to.
    """

    ids: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    last: bool = False
    far: bool = False


@dataclass(frozen=True, slots=True)
class Goal:
    """A screen that is read: the ids that only it has, and the ways there from WhatsApp's first screen."""

    markers: tuple[str, ...]
    ways: tuple[tuple[Hop, ...], ...]


_MENU, _ME = Hop(ids=(OVERFLOW,)), Hop(ids=(TAB,))
_SETTINGS = Hop(labels=SETTINGS_LABELS, last=True)
_LINKED = Hop(ids=_LINKED_ROWS, far=True)
_BACKUP = (Hop(ids=(CHATS,), far=True), Hop(ids=(CHAT_BACKUP,), far=True))

LINKED = Goal(
    markers=(*LISTS, LINK_BUTTON),
    ways=((_MENU, Hop(ids=_LINKED_ROWS, labels=LINKED_LABELS)), (_ME, _LINKED), (_MENU, _SETTINGS, _LINKED)),
)
BACKUP = Goal(
    markers=("google_drive_backup_now_btn", "settings_gdrive_backup_now_category_title", ENCRYPTION),
    ways=((_ME, *_BACKUP), (_MENU, _SETTINGS, *_BACKUP)),
)

TOUCHED = frozenset({OVERFLOW, TAB, TITLE, *_LINKED_ROWS, CHATS, CHAT_BACKUP})
"""All that is ever tapped: neither a chat, nor a device, nor a button that links, logs out or backs up."""

WANTED = TOUCHED | {
    *LINKED.markers, *BACKUP.markers, DESCRIPTION, ENCRYPTION_VALUE, NO_ACCOUNT, *STOPS,
}  # fmt: skip
