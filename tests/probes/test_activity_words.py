"""When a linked device was active last, as WhatsApp's screen words it: never more than the words say."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.probes.activity_words import Activity, platform, read

BOGOTA = ZoneInfo("America/Bogota")
NOW = datetime(2026, 5, 4, 20, 30, tzinfo=UTC)  # Monday, 15:30 in Bogotá


def at(*moment: int) -> Activity:
    return Activity(active_now=False, at=datetime(2026, *moment, tzinfo=BOGOTA).astimezone(UTC))


UNTOLD = Activity(None, None)


@pytest.mark.parametrize("status", ["Active now", "Activo ahora", " \u200eActiva ahora", "Ativo agora"])
def test_active_now(status: str) -> None:
    assert read(status, NOW, BOGOTA) == Activity(active_now=True, at=None)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Last active today at 12:29 PM", at(5, 4, 12, 29)),
        ("Last active today at 12:29\u202fAM", at(5, 4, 0, 29)),
        ("Última vez activo hoy a las 3:05 p. m.", at(5, 4, 15, 5)),
        ("Activo por última vez ayer a la 1:07\u00a0a.\u00a0m.", at(5, 3, 1, 7)),
        ("Ativo pela última vez ontem às 18:05", at(5, 3, 18, 5)),
        ("Last active yesterday at 18.05", at(5, 3, 18, 5)),
        ("Last active Friday at 9:03 AM", at(5, 1, 9, 3)),
        ("Última vez activo el miércoles a las 10:00", at(4, 29, 10, 0)),
        ("Ativo pela última vez segunda-feira às 7:00", at(4, 27, 7, 0)),
        ("Last active April 12, 2026 at 10:24", at(4, 12, 10, 24)),
        ("Last active 12 Apr, 10:24", at(4, 12, 10, 24)),
        ("Última vez activo el 21 de abril de 2026 a las 10:24", at(4, 21, 10, 24)),
        ("Última vez activo el 30 de dic. a las 10:24", Activity(False, datetime(2025, 12, 30, 15, 24, tzinfo=UTC))),
        ("Last active 4/28/26, 10:24", at(4, 28, 10, 24)),
        ("Ativo pela última vez em 28/04/2026 às 10:24", at(4, 28, 10, 24)),
        ("Last active 2026-04-03 10:24", at(4, 3, 10, 24)),
        ("Last active 28.04.2026", at(4, 28, 23, 59, 59)),
    ],
)
def test_a_moment_that_the_words_tell(status: str, expected: Activity) -> None:
    assert read(status, NOW, BOGOTA) == expected


@pytest.mark.parametrize(
    ("status", "locale", "expected"),
    [
        ("Last active 3/5/26, 10:24", "", UNTOLD),  # 3 May or 5 March
        ("Last active 3/5/26, 10:24", "en-US", at(3, 5, 10, 24)),
        ("Última vez activo el 3/5/2026 a las 10:24", "es-CO", at(5, 3, 10, 24)),
        ("Última vez activo el 3/5/2026 a las 10:24", "es-Latn-PA", UNTOLD),
        ("Última vez activo el 3/5/2026 a las 10:24", "en-US", UNTOLD),  # the app speaks another language
    ],
)
def test_a_short_date_is_read_by_the_phones_own_order_or_not_at_all(
    status: str, locale: str, expected: Activity
) -> None:
    assert read(status, NOW, BOGOTA, locale) == expected


@pytest.mark.parametrize(
    "status",
    [
        "",
        "?",
        "Syncing…",
        "Vinculado el 21 de abril a las 10:24",  # when it was linked says nothing of its use
        "Dernière activité aujourd'hui à 10:24",
        "Last active today",
        "Last active yesterday",
        "Last active today at 25:10",
        "Last active today at 13:10 PM",
        "Last active today at 23:50",  # later than now
        "Last active today, Friday at 10:10",
        "Last active 31 February at 10:10",
        "Last active 5 minutes ago at 10:10",
        "Last active 12 Apr 1999 at 10:10",
        "Last active today at 10:10 on 2 phones",
    ],
)
def test_words_that_tell_too_little_tell_nothing(status: str) -> None:
    assert read(status, NOW, BOGOTA) == UNTOLD


@pytest.mark.parametrize("second", [-60, 60])
def test_at_midnight_today_may_be_either_day(second: int) -> None:
    midnight = datetime(2026, 5, 4, tzinfo=BOGOTA)
    assert read("Last active yesterday at 20:00", midnight + timedelta(seconds=second), BOGOTA) == UNTOLD
    assert read("Last active April 12, 2026 at 10:24", midnight, BOGOTA) == at(4, 12, 10, 24)


def test_without_the_phones_zone_no_local_time_is_sure() -> None:
    assert read("Last active today at 12:29 PM", NOW, None) == UNTOLD


@given(text=st.text(max_size=60), prefix=st.sampled_from(["", "Last active ", "Última vez activo hoy a las "]))
def test_any_words_are_read_or_say_nothing(text: str, prefix: str) -> None:
    seen = read(prefix + text, NOW, BOGOTA, "es-CO")
    assert seen.at is None or seen.at.tzinfo is UTC


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Google Chrome (Windows)", "chrome"), ("Windows", "desktop"), ("iPad", "ipad"), ("Ana", "unknown")],
)
def test_a_name_tells_the_kind(name: str, kind: str) -> None:
    assert platform(name) == kind
