"""What ingest leaves behind for `noticing`: one small row for each phone that stands otherwise, else nothing."""

from collections.abc import Iterable

from server_stub.alerts.models import Change


def changed(keys: Iterable[str]) -> None:
    """Have these phones looked at, soon. Call it within the transaction that changes them."""
    if rows := [Change(phone_key=key) for key in sorted(set(keys))]:
        Change.objects.bulk_create(rows, batch_size=500)
